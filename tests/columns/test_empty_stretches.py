"""Where the values of a column leave a long stretch empty, synthetic ones do too."""

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


def _days(start, days):
    return pd.Series(pd.Timestamp(start) + pd.to_timedelta(days, unit="D"))


@pytest.mark.parametrize("model", ["cart", "gaussian_copula", "hvrt"])
@pytest.mark.parametrize("kind", ["text", "datetime64", "numbers"])
def test_nothing_appears_between_a_mark_and_the_real_values(kind, model):
    rng = np.random.default_rng(len(kind))
    n = 900
    days = rng.integers(0, 500, n)
    if kind == "numbers":
        known = pd.Series(np.round(rng.gamma(3.0, 20.0, n), 2))
        last, first = 99_999.0, -9_999.0
    else:
        known, last, first = _days("2020-01-01", days), "2260-12-31", "1900-01-01"
        last, first = pd.Timestamp(last), pd.Timestamp(first)
    open_end, unknown = rng.random(n) < 0.3, rng.random(n) < 0.1
    real = pd.DataFrame(
        {"id": range(n), "until": known.where(~open_end, last), "since": known.mask(unknown, first)}
    )
    if kind == "text":
        real[["until", "since"]] = real[["until", "since"]].apply(
            lambda c: c.dt.strftime("%d.%m.%Y")
        )
    fake = rs.RelationalSynthesizer(rs.Metadata.detect({"price": real}), model=model, seed=1)
    drawn = fake.fit({"price": real}).sample()["price"]
    if kind == "text":
        drawn[["until", "since"]] = drawn[["until", "since"]].apply(
            lambda c: pd.to_datetime(c, format="%d.%m.%Y")
        )
    for name, mark in (("until", last), ("since", first)):
        mark = pd.Timestamp(mark) if kind == "text" else mark
        inside = drawn[name][drawn[name] != mark]
        assert inside.between(known.min(), known.max()).all()
        share = (open_end if name == "until" else unknown).mean()
        assert (drawn[name] == mark).mean() == pytest.approx(share, abs=0.05)


def test_two_groups_of_numbers_stay_apart():
    rng = np.random.default_rng(3)
    small, large = rng.normal(20, 2, 300), rng.normal(90_000, 300, 300)
    real = pd.DataFrame({"id": range(600), "load": np.round(np.append(small, large), 1)})
    fake = rs.RelationalSynthesizer(rs.Metadata.detect({"rod": real}), seed=0).fit({"rod": real})
    load = fake.sample()["rod"]["load"]
    assert not load.between(small.max() + 1, large.min() - 1).any()
    assert (load > 1_000).mean() == pytest.approx(0.5, abs=0.05)
