"""A generated racing championship: several keys a table, places that are unique in a race.

    python benchmarks/championship.py [--years 25] [--seed 0]

Drivers and teams of lasting strength race from March to November; results hold the place on
the grid, the place reached and the points of that place, standings the points so far. Prints
how well a synthetic championship keeps what hangs together, and the scores of the evaluation.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import relsynth as rs

POINTS = np.array([10, 8, 6, 5, 4, 3, 2, 1])
TEAMS, DRIVERS, CIRCUITS, STARTERS = 45, 220, 40, 22
MEASURES = ("validity", "shapes", "pairs", "cardinality", "c2st", "dda")


def championship(years: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return circuits, races, drivers, teams, results and standings."""
    rng = np.random.default_rng(seed)
    strength, skill = rng.normal(0, 1, TEAMS), rng.normal(0, 0.8, DRIVERS)
    debut = rng.integers(-6, years, DRIVERS)
    career = 1 + rng.geometric(0.22, DRIVERS)
    races, results, standings = [], [], []
    for year in range(years):
        active = rng.permutation(np.flatnonzero((debut <= year) & (debut + career > year)))
        active = active[:STARTERS]
        team = np.repeat(np.argsort(-strength + rng.normal(0, 0.8, TEAMS)), 2)[: len(active)]
        active = active[np.argsort(-skill[active])]
        points = np.zeros(len(active))
        wins = np.zeros(len(active), int)
        for number, circuit in enumerate(rng.permutation(CIRCUITS)[: rng.integers(16, 20)]):
            race = len(races)
            held = pd.Timestamp(1985 + year, 3, 15) + pd.Timedelta(days=int(13 * number))
            held += pd.Timedelta(days=int(rng.integers(0, 5)))
            races.append((race, circuit, 1985 + year, number + 1, held))
            pace = strength[team] + skill[active] + rng.normal(0, 0.5, len(active))
            out = rng.random(len(active)) < 0.28
            reached = pace + rng.normal(0, 0.6, len(active)) - 20 * out
            grid, place = (np.argsort(np.argsort(-part)) + 1 for part in (pace, reached))
            won = np.where((place <= len(POINTS)) & ~out, POINTS[np.minimum(place, 8) - 1], 0)
            points, wins = points + won, wins + (place == 1)
            rank = np.argsort(np.argsort(-points, kind="stable")) + 1
            for row in range(len(active)):
                entry = (race, active[row], team[row], grid[row], place[row], won[row])
                results.append((len(results), *entry))
                standings.append((len(standings), *entry[:2], points[row], rank[row], wins[row]))
    born = 1960 + debut + rng.normal(0, 3, DRIVERS).round().astype(int)
    length = rng.normal(5, 1, CIRCUITS).round(3)
    return {
        "circuits": pd.DataFrame({"id": range(CIRCUITS), "length": length}),
        "races": pd.DataFrame(races, columns=["id", "circuit", "year", "round", "held"]),
        "drivers": pd.DataFrame({"id": range(DRIVERS), "born": born}),
        "teams": pd.DataFrame({"id": range(TEAMS), "base": rng.choice(list("abcde"), TEAMS)}),
        "results": pd.DataFrame(
            results, columns=["id", "race", "driver", "team", "grid", "place", "points"]
        ),
        "standings": pd.DataFrame(
            standings, columns=["id", "race", "driver", "points", "rank", "wins"]
        ),
    }


def coherence(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return shares of rows that keep the rules of the sport."""
    results, races = tables["results"], tables["races"]
    due = np.where(results["place"] <= len(POINTS), POINTS[results["place"].clip(1, 8) - 1], 0)
    return {
        "place given once a race": float(1 - results.duplicated(["race", "place"]).mean()),
        "grid given once a race": float(1 - results.duplicated(["race", "grid"]).mean()),
        "points of the place, or none": float(
            ((results["points"] == due) | (results["points"] == 0)).mean()
        ),
        "mean points of winners": float(results.loc[results["place"] == 1, "points"].mean()),
        "in season": float(races["held"].dt.month.between(3, 11).mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    real = championship(arguments.years, arguments.seed)
    keys = [("races", "circuit", "circuits")]
    keys += [
        (child, key, f"{key}s") for child in ("results", "standings") for key in ("race", "driver")
    ]
    keys += [("results", "team", "teams")]
    metadata = rs.Metadata(
        [
            rs.metadata.Table(
                name, {c: rs.metadata.Column(c, kind(name, c, keys)) for c in frame}, ("id",)
            )
            for name, frame in real.items()
        ],
        [rs.metadata.ForeignKey(child, (key,), parent, ("id",)) for child, key, parent in keys],
    )
    fake = rs.RelationalSynthesizer(metadata, seed=arguments.seed).fit(real).sample()
    rules = {"real": coherence(real), "synthetic": coherence(fake)}
    print(pd.DataFrame(rules).round(3).to_string())
    report = rs.evaluate(real, fake, metadata, measures=MEASURES, baselines=False)
    print(report)


def kind(table: str, column: str, keys: list[tuple[str, str, str]]) -> str:
    if column == "id" or (table, column) in {key[:2] for key in keys}:
        return "key"
    kinds = {"held": "datetime", "length": "numeric", "base": "categorical"}
    return kinds.get(column, "integer")


if __name__ == "__main__":
    main()
