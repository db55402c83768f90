"""Temporal realism: identical data score one, and each figure sees the fault it is meant for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Table

FIGURES = ("repeats", "gaps", "lag", "season", "season_family", "spectrum")


def database(seed: int = 0) -> dict[str, pd.DataFrame]:
    """Customers who order on a weekday of their own, more in summer, amounts that go on."""
    rng = np.random.default_rng(seed)
    rows = []
    for owner in range(120):
        day, weeks = int(rng.integers(0, 7)), np.sort(rng.choice(104, rng.integers(6, 20), False))
        amount = rng.normal(0, 20)
        for week in weeks:
            if rng.random() < 0.5 and not 22 <= week % 52 <= 38:
                continue
            amount = 0.9 * amount + rng.normal(0, 5)
            rows.append(
                (owner, pd.Timestamp("2021-01-04") + pd.Timedelta(days=week * 7 + day), amount)
            )
    return {
        "customer": pd.DataFrame({"id": range(120)}),
        "order": pd.DataFrame(rows, columns=["customer_id", "day", "amount"]),
    }


def scores(synthetic, real=None, split: bool = False) -> dict[str, float]:
    columns = {"customer_id": "key", "day": "datetime", "amount": "numeric"}
    if split:
        columns = {"customer_id": "key", "year": "categorical", "month": "integer"}
    metadata = rs.Metadata(
        [
            Table("customer", {"id": Column("id", "key")}, primary_key=("id",)),
            Table("order", {name: Column(name, kind) for name, kind in columns.items()}),
        ],
        [ForeignKey("order", ("customer_id",), "customer", ("id",))],
    )
    real = database() if real is None else real
    found = rs.evaluate(real, synthetic, metadata, measures=["time"]).scores
    assert set(found["summary"]) == {"time", *(f"time_{name}" for name in FIGURES)}
    return found["time"]


def changed(**columns) -> dict[str, pd.DataFrame]:
    tables = database()
    return {**tables, "order": tables["order"].assign(**columns)}


def test_the_same_data_score_one_and_others_like_them_nearly_so():
    same = scores(database())
    assert all(same[f"time_{name}"] == pytest.approx(1) for name in FIGURES)
    assert scores(database(1))["time"] > 0.9


def shuffled(column: pd.Series) -> np.ndarray:
    return np.random.default_rng(0).permutation(column.to_numpy())


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_sees_its_fault(figure):
    order = database()["order"]
    monday = order.day - pd.to_timedelta(order.day.dt.day_of_week, unit="D")
    first = order.groupby("customer_id").day.transform("first")
    year_end = pd.Series(pd.Timestamp("2021-01-04") + (order.day - order.day.min()) / 8)
    synthetic = {
        "repeats": changed(day=first.where(order.index % 2 == 0, order.day)),
        "gaps": changed(day=first + (order.day - first) / 4),
        "lag": changed(amount=shuffled(order.amount)),
        "season": changed(day=year_end.dt.floor("D")),
        "season_family": changed(
            day=monday + pd.to_timedelta(shuffled(order.day.dt.day_of_week), unit="D")
        ),
        "spectrum": changed(
            day=pd.Timestamp("2021-01-04")
            + pd.to_timedelta(np.random.default_rng(0).integers(0, 728, len(order)), unit="D")
        ),
    }[figure]
    assert scores(synthetic)[f"time_{figure}"] < 0.9


def test_a_date_in_parts_is_a_moment():
    tables = database()
    order = tables["order"]
    day = order.pop("day")
    order = order.drop(columns="amount").assign(year=day.dt.year.astype(str), month=day.dt.month)
    real = {**tables, "order": order}
    found = scores(real, real, split=True)
    assert list(found["tables"]["order"]) == ["year+month"]
    mixed = {**tables, "order": order.assign(month=1)}
    assert scores(mixed, real, split=True)["time_gaps"] < 0.9
