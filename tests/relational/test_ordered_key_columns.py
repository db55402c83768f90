"""Rows that refer to a team and a season are drawn with the season, in the order of seasons."""

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


@pytest.fixture(scope="module")
def league():
    """40 seasons of 12 teams; each of 400 players plays a run of seasons, mostly for one team."""
    rng = np.random.default_rng(2)
    seasons, teams = np.arange(1970, 2010), [f"T{number:02}" for number in range(12)]
    table = pd.MultiIndex.from_product([seasons, teams], names=["season", "team"])
    table = table.to_frame(index=False)
    table["wins"] = rng.integers(20, 60, len(table))
    players = pd.DataFrame(
        {"player": np.arange(400) + 1, "height": rng.normal(185, 7, 400).round()}
    )
    rows = [
        (player, season, teams[rng.integers(12)], int(rng.integers(1, 80)))
        for player in players["player"]
        for first in [rng.integers(1970, 2005)]
        for season in range(first, min(first + 1 + int(rng.geometric(0.25)), 2010))
    ]
    entries = pd.DataFrame(rows, columns=["player", "season", "team", "games"])
    return {"teams": table, "players": players, "entries": entries}


@pytest.fixture(scope="module")
def metadata(league):
    found = rs.Metadata.detect({name: league[name] for name in ("teams", "players", "entries")})
    found.set_primary_key("teams", ["season", "team"])
    keys = {(key.child, key.parent) for key in found.foreign_keys}
    if ("entries", "teams") not in keys:
        found.add_key("entries", ["season", "team"], "teams", ["season", "team"])
    return found


def test_seasons_of_a_player_follow_each_other(league, metadata):
    fake = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(league).sample(seed=1)
    there = fake["teams"].set_index(["season", "team"]).index
    entries = fake["entries"]
    assert pd.MultiIndex.from_frame(entries[["season", "team"]]).isin(there).all()
    spans = [
        data["entries"].groupby("player")["season"].agg(lambda s: s.max() - s.min()).mean()
        for data in (league, fake)
    ]
    assert spans[1] < 1.3 * spans[0]
    steps = entries.sort_values(["player", "season"]).groupby("player")["season"].diff().dropna()
    assert (steps == 1).mean() > 0.85


def test_seasons_are_as_full_as_real_ones(league, metadata):
    fake = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(league).sample(seed=1)
    real, drawn = (
        (data["entries"].groupby("season").size() / len(data["entries"])).quantile([0.1, 0.5, 0.9])
        for data in (league, fake)
    )
    assert ((drawn - real).abs() < 0.006).all()
