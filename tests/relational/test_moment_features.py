"""Children follow how long it is between moments of their parent, and days of the week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


@pytest.fixture(scope="module")
def library():
    """Return loans and a fine for each that came back late, by its days."""
    rng = np.random.default_rng(5)
    lent = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, 900), "D")
    back = lent + pd.to_timedelta(rng.integers(1, 43, 900), "D")
    loans = pd.DataFrame(
        {"id": np.arange(900) + 1, "due": lent + pd.Timedelta(days=21), "back": back}
    )
    late = loans[loans["back"] > loans["due"]]
    days = (late["back"] - late["due"]).dt.days
    fines = pd.DataFrame(
        {"id": np.arange(len(late)) + 1, "loan_id": late["id"].to_numpy(), "days": days.to_numpy()}
    )
    return {"loans": loans, "fines": fines}


def test_a_fine_follows_a_late_return(library):
    metadata = rs.Metadata.detect(library)
    fake = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(library).sample()
    fines = fake["fines"].merge(fake["loans"], left_on="loan_id", right_on="id")
    late = (fines["back"] - fines["due"]).dt.days
    assert (late > 0).mean() > 0.9
    assert np.corrcoef(late, fines["days"])[0, 1] > 0.8
    fined = fake["loans"]["id"].isin(fake["fines"]["loan_id"])
    assert fined[fake["loans"]["back"] > fake["loans"]["due"]].mean() > 0.9


def test_numbers_of_children_follow_the_weekday_of_the_parent():
    rng = np.random.default_rng(6)
    days = pd.Timestamp("2023-01-02") + pd.to_timedelta(np.arange(700), "D")
    counts = np.where(days.day_of_week >= 5, rng.poisson(1, 700), rng.poisson(6, 700))
    day = np.repeat(np.arange(700) + 1, counts)
    real = {
        "days": pd.DataFrame({"id": np.arange(700) + 1, "day": days}),
        "orders": pd.DataFrame(
            {"id": np.arange(len(day)) + 1, "day_id": day, "amount": rng.gamma(2, 9, len(day))}
        ),
    }
    metadata = rs.Metadata.detect(real)
    fake = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(real).sample()
    orders = fake["orders"].groupby("day_id").size().reindex(fake["days"]["id"], fill_value=0)
    weekend = (pd.to_datetime(fake["days"]["day"]).dt.day_of_week >= 5).to_numpy()
    assert orders[weekend].mean() < 2
    assert orders[~weekend].mean() > 5
