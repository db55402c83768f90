"""When a family begins and ends, and which values of a scale it uses, are its own."""

import numpy as np
import pandas as pd
from small_databases import cart

import relsynth as rs


def visits(n_users: int = 250, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Users who give stars in one sitting or in several, over years; half give whole stars only."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(15, 40, n_users)
    owner = np.repeat(np.arange(n_users), counts)
    begin = rng.uniform(0, 8 * 365 * 86_400, n_users)
    gaps = rng.exponential(20, len(owner))
    returns = (rng.random(n_users) < 0.4)[owner] & (rng.random(len(owner)) < 0.1)
    gaps += returns * rng.exponential(20 * 86_400, len(owner))
    moment = begin[owner] + pd.Series(gaps).groupby(owner).cumsum().to_numpy()
    halves = (rng.random(n_users) < 0.5)[owner] & (rng.random(len(owner)) < 0.4)
    stars = rng.integers(1, 5, len(owner)) + 0.5 * halves
    rating = pd.DataFrame(
        {
            "id": range(len(owner)),
            "user_id": owner,
            "rated_at": pd.Timestamp("2010-01-01") + pd.to_timedelta(moment.round(), unit="s"),
            "stars": stars,
        }
    )
    return {"user": pd.DataFrame({"id": range(n_users)}), "rating": rating}


def test_sittings_last_as_long_as_real_ones_and_whole_stars_stay_whole():
    real = visits()
    fake = cart(rs.Metadata.detect(real), real, seed=0).sample()
    lasts, halves = [], []
    for rating in (real["rating"], fake["rating"]):
        moments = rating.groupby("user_id").rated_at.agg(["min", "max"])
        lasts.append((moments["max"] - moments["min"]).dt.total_seconds())
        halves.append((rating.stars % 1 > 0).groupby(rating.user_id).any())
    short = [(last < 3_600).mean() for last in lasts]
    assert abs(short[0] - short[1]) < 0.12
    assert abs(halves[0].mean() - halves[1].mean()) < 0.15


def test_families_that_go_on_to_the_end_do_so():
    rng = np.random.default_rng(3)
    begin = rng.uniform(0, 600, 200)
    counts = rng.integers(6, 12, 200)
    owner = np.repeat(np.arange(200), counts)
    share = np.concatenate([np.sort(rng.random(n)) for n in counts])
    day = begin[owner] + share * (720 - begin[owner])
    order = pd.DataFrame(
        {
            "id": range(len(owner)),
            "customer_id": owner,
            "ordered": pd.Timestamp("2020-01-01") + pd.to_timedelta(day.round(), unit="D"),
        }
    )
    real = {"customer": pd.DataFrame({"id": range(200)}), "order": order}
    fake = cart(rs.Metadata.detect(real), real, seed=0).sample()
    last = [tables["order"].groupby("customer_id").ordered.max() for tables in (real, fake)]
    late = [(days > pd.Timestamp("2021-06-01")).mean() for days in last]
    assert abs(late[0] - late[1]) < 0.1
