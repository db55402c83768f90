"""Few parents with many children each: routes with their trips, branches with their sales."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.models.whole_rows import WholeRows
from relsynth.packing import pack, unpack


def timetable(n_routes: int, n_trips: int):
    """Return routes whose trips follow shapes of their own, and whose stops follow the shape."""
    rng = np.random.default_rng(1)
    routes = pd.DataFrame({"id": range(n_routes), "label": [f"Line {i}" for i in range(n_routes)]})
    route = rng.integers(n_routes, size=n_trips)
    shape = rng.choice(3, n_trips, p=[0.6, 0.3, 0.1])
    trips = pd.DataFrame(
        {
            "id": range(n_trips),
            "route_id": route,
            "shape": [f"S{r * 7919 + s * 104729:08d}" for r, s in zip(route, shape, strict=True)],
            "length": 10.0 * route + shape,
        }
    )
    sizes = (4 + route % 3 + 2 * shape)[:, None]
    stops = pd.DataFrame(
        {
            "trip_id": np.repeat(trips["id"], sizes.ravel()),
            "wait": rng.integers(3, size=sizes.sum()),
        }
    )
    metadata = rs.Metadata(
        [
            table("routes", {"id": "key", "label": "text"}, "id"),
            table(
                "trips",
                {"id": "key", "route_id": "key", "shape": "categorical", "length": "numeric"},
                "id",
            ),
            table("stops", {"trip_id": "key", "wait": "integer"}),
        ],
        [link("trips", "route_id", "routes"), link("stops", "trip_id", "trips")],
    )
    return metadata, {"routes": routes, "trips": trips, "stops": stops}


def distance(real: pd.Series, fake: pd.Series) -> float:
    """Return the total variation between two distributions."""
    shares = [part.value_counts(normalize=True) for part in (real, fake)]
    return float(shares[0].sub(shares[1], fill_value=0.0).abs().sum() / 2)


@pytest.mark.parametrize("n_routes", [2, 6, 25, 40])
def test_what_the_children_of_few_parents_share_keeps_its_shares(n_routes):
    metadata, real = timetable(n_routes, 60 * n_routes)
    fake = cart(metadata, real).sample(seed=3)
    assert distance(real["trips"]["shape"], fake["trips"]["shape"]) < 0.08
    sizes = [part.groupby("trip_id").size() for part in (real["stops"], fake["stops"])]
    assert distance(*sizes) < 0.08


def test_levels_that_one_route_has_are_not_invented_anew():
    metadata, real = timetable(25, 1_500)
    fake = cart(metadata, real).sample(seed=3)
    assert set(fake["trips"]["shape"]) <= set(real["trips"]["shape"])


@pytest.mark.parametrize("name", ["customers", "suppliers", "partner_companies"])
def test_persons_and_firms_are_protected_however_many_rows_each_has(name):
    metadata, real = timetable(25, 1_500)
    renamed = {name: real["routes"], "trips": real["trips"], "stops": real["stops"]}
    tables = [
        table(name, {"id": "key", "label": "text"}, "id"),
        *(metadata.tables[other] for other in ("trips", "stops")),
    ]
    keys = [link("trips", "route_id", name), link("stops", "trip_id", "trips")]
    fake = cart(rs.Metadata(tables, keys), renamed).sample(seed=3)
    assert set(fake["trips"]["shape"]).isdisjoint(real["trips"]["shape"])


def test_twice_as_many_parents_take_every_summary_twice():
    metadata, real = timetable(6, 600)
    fake = cart(metadata, real).sample(scale=2.0, seed=0)
    counts = [
        part.groupby("route_id").size().sort_values() for part in (real["trips"], fake["trips"])
    ]
    assert counts[1].tolist() == np.repeat(counts[0].to_numpy(), 2).tolist()


def lengths_by_size(tables):
    """Return the mean length of the trips of each parent, by their number."""
    grouped = tables["trips"].groupby("route_id")["length"]
    return dict(zip(grouped.size(), grouped.mean().round(-1), strict=True))


@pytest.mark.parametrize(("name", "lends"), [("routes", True), ("suppliers", False)])
def test_only_what_is_no_person_or_firm_lends_its_summaries_as_a_whole(name, lends):
    metadata, real = timetable(6, 600)
    tables = [table(name, {"id": "key", "label": "text"}, "id"), metadata.tables["trips"]]
    given = {name: real["routes"], "trips": real["trips"]}
    fake = cart(rs.Metadata(tables, [link("trips", "route_id", name)]), given).sample(seed=3)
    assert (lengths_by_size(fake) == lengths_by_size(given)) == lends


def clubs():
    """Return 30 large clubs of two leagues and 90 small ones of many, with their seasons."""
    rng = np.random.default_rng(2)
    sizes = np.r_[rng.integers(60, 140, 30), rng.integers(1, 4, 90)]
    league = np.r_[rng.choice(["A", "B"], 30), rng.choice(["A", "B", "C", "D", "E"], 90)]
    club = np.repeat(np.arange(120), sizes)
    seasons = pd.DataFrame(
        {"club_id": club, "league": league[club], "wins": rng.poisson(40 + 20 * (club % 3))}
    )
    metadata = rs.Metadata(
        [
            table("clubs", {"id": "key"}, "id"),
            table("seasons", {"club_id": "key", "league": "categorical", "wins": "integer"}),
        ],
        [link("seasons", "club_id", "clubs")],
    )
    return metadata, {"clubs": pd.DataFrame({"id": np.arange(120)}), "seasons": seasons}


def test_large_families_do_not_take_over_what_only_small_ones_have():
    metadata, real = clubs()
    fake = cart(metadata, real).sample(seed=1)
    shares = [part["seasons"]["league"].isin(["C", "D", "E"]).mean() for part in (real, fake)]
    assert shares[1] == pytest.approx(shares[0], abs=0.02)
    sizes = [part["seasons"].groupby("club_id").size() for part in (real, fake)]
    assert sorted(sizes[0])[-30:] == pytest.approx(sorted(sizes[1])[-30:], rel=0.1)


def test_whole_rows_come_equally_often_and_go_to_the_most_alike():
    rng = np.random.default_rng(0)
    context = Matrix(("x", "c"), ("number", "category"), rng.integers(5, size=(7, 2)) * 1.0)
    rows = Matrix(
        ("a", "b"), ("number", "count"), np.column_stack([np.arange(7), -np.arange(7)]) * 1.0
    )
    model = WholeRows().fit(rows, context)
    again = unpack(pack(model))
    drawn = again.sample(context.take(np.tile(np.arange(7), 300)), np.random.default_rng(1))
    assert np.array_equal(drawn[:, 0], -drawn[:, 1])
    assert np.array_equal(np.bincount(drawn[:, 0].astype(int)), np.full(7, 300))
    alike = context.values[drawn[:, 0].astype(int)] == np.tile(context.values, (300, 1))
    assert alike.mean() > 0.95
    assert len(model.sample(context.take(np.array([], int)), rng)) == 0
