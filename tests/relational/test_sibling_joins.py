"""Keys between sibling tables that nobody declared: found, kept, never invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_databases import Tables, assert_valid, cart, link, table

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.errors import CapacityError
from relsynth.metadata import Plan
from relsynth.metadata.references import parent_rows, shared_codes
from relsynth.relational.children.counts import fit_total, share_out
from relsynth.relational.sibling_join.find import find_sibling_joins
from relsynth.relational.sibling_join.join_keys import JoinKeys, inside_keys, key_cells, neighbours

NAN = np.nan
TEAMS = np.array(["red", "blue", "green", "grey"])
PLACES = np.array(["goal", "back", "wing"])


def sport_schema(*, places_key: tuple[str, ...] = ()) -> rs.Metadata:
    """Players with their seasons, and the places they played at in some of these."""
    seasons = {"player": "key", "year": "integer", "team": "categorical", "games": "integer"}
    places = {**seasons, "place": "categorical"}
    return rs.Metadata(
        [
            table("players", {"id": "key", "height": "integer"}, "id"),
            table("seasons", seasons),
            table("places", places, places_key),
        ],
        [link("seasons", "player", "players"), link("places", "player", "players")],
    )


def sport(
    n_players: int = 120, *, seed: int = 0, stray: float = 0.0, orphaned: int = 0, most: int = 3
) -> Tables:
    """Return seasons in a row and, for most of them, up to `most` places with fewer games."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 8, n_players)
    player = np.repeat(np.arange(n_players), sizes)
    nth = np.arange(len(player)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    year = np.repeat(rng.integers(1950, 2000, n_players), sizes) + nth
    seasons = pd.DataFrame(
        {
            "player": player,
            "year": year,
            "team": TEAMS[(np.repeat(rng.integers(0, 4, n_players), sizes) + nth // 3) % 4],
            "games": rng.integers(2, 60, len(player)),
        }
    )
    below = np.minimum(seasons["games"] // 12, most).to_numpy()
    places = seasons.loc[np.repeat(np.arange(len(seasons)), below)].reset_index(drop=True)
    rank = np.arange(len(places)) - np.repeat(np.cumsum(below) - below, below)
    places["games"] = (places["games"] * rng.uniform(0.2, 1.0, len(places))).astype(int)
    places["place"] = PLACES[(rank + places["player"]) % len(PLACES)]
    strays = rng.random(len(places)) < stray
    places.loc[strays, "year"] += 100
    if orphaned:
        places["player"] = places["player"].astype("Int64")
        places.loc[rng.permutation(len(places))[:orphaned], "player"] = pd.NA
    players = pd.DataFrame(
        {"id": np.arange(n_players), "height": rng.integers(160, 200, n_players)}
    )
    return {"players": players, "seasons": seasons, "places": places}


def found_share(fake: Tables, *columns: str) -> float:
    """Return the share of places, with a player, whose values are found among the seasons."""
    names = ["player", *columns]
    places = fake["places"].dropna(subset=["player"])
    own, theirs = (
        pd.MultiIndex.from_frame(frame[names].astype(object).where(frame[names].notna(), "-"))
        for frame in (places, fake["seasons"])
    )
    return float(own.isin(theirs).mean())


def hung(metadata: rs.Metadata, tables: Tables) -> Plan:
    """Return the plan with every table below the sibling its rows belong to."""
    links = parent_rows(metadata.foreign_keys, tables)
    return find_sibling_joins(metadata, metadata.plan(tables), tables, links)


def beside(metadata: rs.Metadata, tables: Tables) -> dict[str, str]:
    """Return the table that every table was found to hang below."""
    plan = hung(metadata, tables)
    return {
        step.table: step.sibling_join.sibling
        for step in plan.steps
        if step.sibling_join is not None
    }


# --- what is found


def test_a_shared_key_is_found_and_told():
    metadata, tables = sport_schema(), sport()
    plan = hung(metadata, tables)
    assert plan.order == ("players", "seasons", "places")
    key = plan["places"].sibling_join
    assert key is not None
    assert plan["seasons"].sibling_join is None
    assert (key.sibling, key.columns, key.sibling_columns) == (
        "seasons",
        ("year", "team"),
        ("year", "team"),
    )
    assert "below the rows of seasons by year, team (100.0% of the rows are found" in str(plan)
    fitted = cart(metadata, tables)
    assert fitted.plan_ == plan
    assert any(
        note.startswith("sibling: below the rows of seasons") for note in fitted.notes_["places"]
    )


def test_columns_of_other_names_are_found():
    tables = sport()
    tables["places"] = tables["places"].rename(columns={"year": "when", "team": "side"})
    metadata = rs.Metadata(
        [
            *(sport_schema().tables[name] for name in ("players", "seasons")),
            table(
                "places",
                {
                    "player": "key",
                    "when": "integer",
                    "side": "categorical",
                    "games": "integer",
                    "place": "categorical",
                },
            ),
        ],
        sport_schema().foreign_keys,
    )
    plan = hung(metadata, tables)
    assert plan["places"].sibling_join is not None
    assert dict(
        zip(
            plan["places"].sibling_join.columns,
            plan["places"].sibling_join.sibling_columns,
            strict=True,
        )
    ) == {
        "when": "year",
        "side": "team",
    }


def _on_a_calendar(tables: Tables) -> None:
    years = np.arange(2000, 2004)
    players = tables["players"]["id"].to_numpy()
    tables["seasons"] = pd.DataFrame(
        {"player": np.repeat(players, 4), "year": np.tile(years, len(players))}
    ).assign(team="red", games=np.arange(4 * len(players)) % 50)
    rng = np.random.default_rng(1)
    tables["places"]["year"] = rng.choice(years, len(tables["places"]))


def _as_ranks(tables: Tables) -> None:
    for name in ("seasons", "places"):
        tables[name]["year"] = tables[name].groupby("player").cumcount() + 1
        tables[name]["team"] = "red"


def _of_the_player(tables: Tables) -> None:
    rng = np.random.default_rng(1)
    years = pd.Series(rng.integers(1900, 2000, len(tables["players"])))
    for name in ("seasons", "places"):
        tables[name]["year"] = years[tables[name]["player"]].to_numpy()
        tables[name]["team"] = "red"


def _apart(tables: Tables) -> None:
    rng = np.random.default_rng(1)
    tables["places"]["year"] = rng.permutation(tables["places"]["year"])
    tables["places"]["team"] = rng.permutation(tables["places"]["team"])


def _half_stray(tables: Tables) -> None:
    tables["places"].loc[::2, "year"] += 100
    tables["places"].loc[::2, "team"] = "plum"


def _few(tables: Tables) -> None:
    tables["places"] = tables["places"].head(30)


@pytest.mark.parametrize(
    "change", [_on_a_calendar, _as_ranks, _of_the_player, _apart, _half_stray, _few]
)
def test_what_is_no_key_is_not_taken_for_one(change):
    tables = sport()
    assert beside(sport_schema(), tables) == {"places": "seasons"}
    change(tables)
    assert beside(sport_schema(), tables) == {}


def test_a_declared_key_is_enough():
    tables, schema = sport(), sport_schema()
    tables["seasons"].insert(0, "id", np.arange(len(tables["seasons"])))
    merged = tables["places"].merge(
        tables["seasons"][["id", "player", "year"]], on=["player", "year"], how="left"
    )
    tables["places"]["season"] = merged["id"]
    seasons = {"id": "key", **{n: c.kind for n, c in schema.tables["seasons"].columns.items()}}
    places = {**{n: c.kind for n, c in schema.tables["places"].columns.items()}, "season": "key"}
    metadata = rs.Metadata(
        [schema.tables["players"], table("seasons", seasons, "id"), table("places", places)],
        [*schema.foreign_keys, link("places", "season", "seasons")],
    )
    assert beside(metadata, tables) == {}


def test_rows_of_both_directions_hang_below_those_that_are_distinct():
    tables = sport()
    kept = tables["places"]["player"].astype(str) + "/" + tables["places"]["year"].astype(str)
    seasons = tables["seasons"]
    tables["seasons"] = seasons[
        (seasons["player"].astype(str) + "/" + seasons["year"].astype(str)).isin(kept)
    ].reset_index(drop=True)
    assert beside(sport_schema(), tables) == {"places": "seasons"}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.booleans())
def test_random_siblings_are_linked_where_they_share_a_key(seed, linked):
    tables = sport(80, seed=seed)
    if not linked:
        _apart(tables)
    assert beside(sport_schema(), tables) == ({"places": "seasons"} if linked else {})


# --- what is drawn


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_every_row_finds_its_own_in_the_sibling(seed):
    metadata, tables = sport_schema(), sport(80, seed=seed)
    fake = cart(metadata, tables).sample(seed=seed)
    assert found_share(fake, "year", "team") == 1.0
    assert_valid(metadata, tables, fake)


def test_numbers_below_the_rows_and_their_bounds_are_kept():
    metadata, tables = sport_schema(), sport(300)
    fake = cart(metadata, tables).sample()

    def below(found: Tables) -> pd.DataFrame:
        sizes = found["places"].groupby(["player", "year"]).size().rename("below")
        return found["seasons"].join(sizes, on=["player", "year"]).fillna({"below": 0})

    shares = [below(found)["below"].value_counts(normalize=True) for found in (tables, fake)]
    assert shares[0].sub(shares[1], fill_value=0).abs().max() < 0.05
    both = fake["places"].merge(fake["seasons"], on=["player", "year", "team"])
    assert (both["games_x"] <= both["games_y"]).all()
    assert below(fake)[["games", "below"]].corr().iloc[0, 1] > 0.8


def test_rows_without_a_partner_stay_about_as_many():
    metadata, tables = sport_schema(), sport(600, stray=0.03)
    real = 1 - found_share(tables, "year")
    assert 0.02 < real < 0.04
    fake = cart(metadata, tables).sample()
    assert 1 - found_share(fake, "year") == pytest.approx(real, abs=0.012)
    strays = fake["places"].loc[fake["places"]["year"] > 2040]
    assert len(strays) == pytest.approx(real * len(fake["places"]), rel=0.4)


def test_rows_without_a_parent_stay():
    metadata, tables = sport_schema(), sport(200, orphaned=25)
    assert beside(metadata, tables) == {"places": "seasons"}
    fake = cart(metadata, tables).sample()
    assert fake["places"]["player"].isna().sum() == pytest.approx(25, abs=3)
    assert fake["places"]["year"].notna().all()
    assert found_share(fake, "year", "team") == 1.0
    assert_valid(metadata, tables, fake)


def test_missing_values_of_a_further_column_are_values():
    metadata, tables = sport_schema(), sport(200)
    for name in ("seasons", "places"):
        tables[name].loc[tables[name]["year"] < 1960, "team"] = None
    fake = cart(metadata, tables).sample()
    assert found_share(fake, "year", "team") == 1.0
    assert 0 < fake["places"]["team"].isna().mean() < 0.5


def test_a_unique_key_is_kept_in_every_size():
    metadata = sport_schema(places_key=("player", "year"))
    tables = sport(150, most=1)
    fitted = cart(metadata, tables)
    assert beside(metadata, tables) == {"places": "seasons"}
    for wanted in (len(tables["places"]), len(tables["places"]) + 60):
        fake = fitted.sample(rows={"places": wanted})
        assert len(fake["places"]) == wanted
        assert not fake["places"].duplicated(["player", "year"]).any()
        assert found_share(fake, "year", "team") == 1.0
    with pytest.raises(CapacityError, match="hang below the rows of 'seasons', which offer"):
        fitted.sample(rows={"places": 2 * len(tables["seasons"])})


@pytest.mark.parametrize("wanted", [0, 7, 400, 1_100])
def test_exact_numbers_of_rows(wanted):
    fake = cart(sport_schema(), sport()).sample(rows={"places": wanted})
    assert len(fake["places"]) == wanted
    assert wanted == 0 or found_share(fake, "year", "team") == 1.0


def test_no_rows_hang_below_no_rows():
    fitted = cart(sport_schema(), sport())
    fake = fitted.sample(rows={"seasons": 0})
    assert len(fake["seasons"]) == len(fake["places"]) == 0
    with pytest.raises(CapacityError, match="offer 0 places; ask for more rows of 'seasons'"):
        fitted.sample(rows={"seasons": 0, "places": 10})


def test_rows_are_as_many_as_the_rows_they_hang_below_call_for():
    tables = sport()
    fake = cart(sport_schema(), tables).sample(rows={"seasons": 4 * len(tables["seasons"]) // 3})
    per_season = len(tables["places"]) / len(tables["seasons"])
    join_keys = len(fake["seasons"].drop_duplicates(["player", "year", "team"]))
    assert len(fake["places"]) == pytest.approx(per_season * join_keys, rel=0.06)


def test_scale():
    tables = sport()
    fake = cart(sport_schema(), tables).sample(scale=3)
    assert len(fake["places"]) == pytest.approx(3 * len(tables["places"]), rel=0.1)
    assert found_share(fake, "year", "team") == 1.0


def test_the_same_seed_draws_the_same_rows(tmp_path):
    metadata, tables = sport_schema(), sport(stray=0.03)
    fitted = cart(metadata, tables)
    one = fitted.sample(seed=3)
    turned = cart(metadata, dict(reversed(tables.items())))
    fitted.save(tmp_path / "sport.relsynth")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "sport.relsynth")
    assert loaded.plan_ == fitted.plan_
    for other in (fitted.sample(seed=3), turned.sample(seed=3), loaded.sample(seed=3)):
        for name, frame in one.items():
            pd.testing.assert_frame_equal(frame, other[name])
    assert not one["places"].equals(fitted.sample(seed=4)["places"])


def test_a_model_file_knows_the_levels_that_are_rare_here(tmp_path):
    tables = sport(200)
    team = tables["seasons"]["team"].copy()
    tables["seasons"].loc[tables["seasons"].index % 9 == 0, "team"] = "plum"
    joined = tables["places"].merge(
        tables["seasons"].drop_duplicates(["player", "year"]), on=["player", "year"], how="left"
    )
    tables["places"]["team"] = joined["team_y"]
    many = tables["places"]["team"] == "plum"
    tables["places"] = tables["places"].drop(many[many].index[3:]).reset_index(drop=True)
    assert len(team) == len(tables["seasons"])
    fitted = cart(sport_schema(), tables)
    fitted.save(tmp_path / "sport.relsynth")
    again = rs.RelationalSynthesizer.load(tmp_path / "sport.relsynth").sample()
    for name, frame in fitted.sample().items():
        pd.testing.assert_frame_equal(frame, again[name])


@pytest.mark.parametrize("seed", range(3))
def test_keys_that_belong_to_single_families_are_invented_and_shared(seed, tmp_path):
    metadata, tables = sport_schema(), sport(60, seed=seed)
    rng = np.random.default_rng(seed)
    numbers = rng.choice(np.arange(10_000, 100_000), 900, replace=False)
    codes = {name: f"T-{number}" for name, number in enumerate(numbers)}
    for name in ("seasons", "places"):
        frame = tables[name]
        spell = frame["player"] * 15 + (frame["year"] - 1950) // 4
        frame["team"] = spell.map(codes).astype("str")
        frame["year"] = 1950 + frame["year"] % 4
    plan = hung(metadata, tables)
    assert plan["places"].sibling_join is not None
    assert "team" in plan["places"].sibling_join.columns
    fitted = cart(metadata, tables)
    fake = fitted.sample()
    assert found_share(fake, "team") == 1.0
    assert_valid(metadata, tables, fake, observed=False)
    assert not set(fake["seasons"]["team"]) & set(tables["seasons"]["team"])
    fitted.save(tmp_path / "sport.relsynth")
    again = rs.RelationalSynthesizer.load(tmp_path / "sport.relsynth").sample()
    pd.testing.assert_frame_equal(fake["places"], again["places"])


# --- below given rows, and in longer chains


def test_children_of_given_rows():
    fitted = cart(sport_schema(), sport())
    mine = pd.DataFrame({"id": [7, 9], "height": [170, 190]})
    fake = fitted.sample_children(of={"players": mine})
    assert set(fake["places"]["player"]) <= {7, 9}
    assert found_share(fake, "year", "team") == 1.0
    seasons = pd.DataFrame(
        {"player": [9] * 30, "year": range(1960, 1990), "team": "blue", "games": 59}
    )
    fake = fitted.sample_children(of={"players": mine, "seasons": seasons})
    pd.testing.assert_frame_equal(fake["seasons"], seasons)
    assert set(fake["places"]["player"]) == {9}
    assert found_share(fake, "year", "team") == 1.0


def test_the_sibling_comes_along_where_children_are_drawn_through_another_key():
    metadata, tables = _with_coaches()
    fitted = cart(metadata, tables)
    fake = fitted.sample_children(of={"coaches": tables["coaches"]})
    assert set(fake) == {"players", "coaches", "seasons", "places"}
    assert found_share(fake, "year", "team") == 1.0
    assert fake["places"]["coach"].isin(tables["coaches"]["id"]).all()


def _with_coaches() -> tuple[rs.Metadata, Tables]:
    schema, tables = sport_schema(), sport(150)
    rng = np.random.default_rng(5)
    tables["coaches"] = pd.DataFrame({"id": range(20), "age": rng.integers(40, 70, 20)})
    tables["places"]["coach"] = rng.integers(0, 20, len(tables["places"]))
    places = {n: c.kind for n, c in schema.tables["places"].columns.items()}
    player = link("places", "player", "players", context=True)
    metadata = rs.Metadata(
        [
            schema.tables["players"],
            table("coaches", {"id": "key", "age": "integer"}, "id"),
            schema.tables["seasons"],
            table("places", {**places, "coach": "key"}),
        ],
        [schema.foreign_keys[0], player, link("places", "coach", "coaches")],
    )
    return metadata, tables


def test_a_linked_parent_is_assigned_as_ever():
    metadata, tables = _with_coaches()
    fake = cart(metadata, tables).sample()
    assert_valid(metadata, tables, fake, observed=False)
    assert found_share(fake, "year", "team") == 1.0


def test_a_chain_of_siblings():
    schema, tables = sport_schema(), sport(150)
    rng = np.random.default_rng(2)
    rows = tables["places"].drop_duplicates(["player", "year"])
    awards = rows[rng.random(len(rows)) < 0.6][["player", "year"]].reset_index(drop=True)
    awards["award"] = rng.choice(["cup", "medal"], len(awards))
    tables["awards"] = awards
    kinds = {"player": "key", "year": "integer", "award": "categorical"}
    metadata = rs.Metadata(
        [*schema.tables.values(), table("awards", kinds)],
        [*schema.foreign_keys, link("awards", "player", "players")],
    )
    found = beside(metadata, tables)
    assert found == {"places": "seasons", "awards": "seasons"}
    fake = cart(metadata, tables).sample()
    assert_valid(metadata, tables, fake)
    years = pd.MultiIndex.from_frame(fake["seasons"][["player", "year"]])
    assert pd.MultiIndex.from_frame(fake["awards"][["player", "year"]]).isin(years).all()


def test_kept_parents_and_siblings():
    metadata, tables = sport_schema(), sport(150)
    places = link("places", "player", "players", context=True)
    metadata = rs.Metadata(metadata.tables.values(), [metadata.foreign_keys[0], places])
    fitted = cart(metadata, tables, keep=["players", "seasons"])
    fake = fitted.sample()
    pd.testing.assert_frame_equal(fake["seasons"], tables["seasons"])
    assert found_share(fake, "year", "team") == 1.0
    assert len(fake["places"]) == pytest.approx(len(tables["places"]), rel=0.1)


@pytest.mark.parametrize("dtype", ["datetime", "text", "category"])
def test_keys_of_other_types(dtype):
    tables = sport(150)
    kind = "datetime" if dtype != "category" else "categorical"
    for name in ("seasons", "places"):
        year = tables[name]["year"].astype(str)
        if dtype == "datetime":
            tables[name]["year"] = pd.to_datetime(year + "-05-01")
        elif dtype == "text":
            tables[name]["year"] = year + "-05-01"
        else:
            tables[name]["year"] = year.astype("category")
    kinds = {"player": "key", "year": kind, "team": "categorical", "games": "integer"}
    metadata = rs.Metadata(
        [
            sport_schema().tables["players"],
            table("seasons", kinds),
            table("places", {**kinds, "place": "categorical"}),
        ],
        sport_schema().foreign_keys,
    )
    fake = cart(metadata, tables).sample()
    assert beside(metadata, tables) == {"places": "seasons"}
    # below 1 since rare levels are replaced in each table by itself; that this is why is not proven
    assert found_share(fake, "year", "team") > 0.98
    assert fake["places"].dtypes.astype(str).equals(tables["places"].dtypes.astype(str))


def test_other_models_follow_the_link():
    fake = cart(sport_schema(), sport(), model="gaussian_copula").sample()
    assert found_share(fake, "year", "team") == 1.0


# --- by hand


def test_nodes_by_hand():
    links = np.array([1, 0, 0, 1, 0, -1, 1])
    years = pd.Series([5.0, 7.0, 6.0, 5.0, 6.0, 5.0, NAN])
    teams = pd.Series(["a", "b", None, "c", None, "a", "a"])
    order = np.column_stack([years, pd.factorize(teams)[0]]).astype(float)
    join_keys = JoinKeys.of(links, [years, teams], order)
    assert join_keys.parents.tolist() == [0, 0, 1, 1]
    assert join_keys.first.tolist() == [2, 1, 0, 3]
    assert join_keys.row_keys.tolist() == [2, 1, 0, 3, 0, -1, -1]
    own_years, own_teams = pd.Series([6.0, 7.0, 5.0, NAN]), pd.Series([None, "a", "c", "a"])
    pairs = [shared_codes([years, own_years]), shared_codes([teams, own_teams])]
    found = join_keys.match(
        [links, *(theirs for theirs, _ in pairs)],
        [np.array([0, 0, 1, 1]), *(own for _, own in pairs)],
    )
    assert found.tolist() == [0, -1, 3, -1]


def test_open_nodes_by_hand():
    links, years = np.array([1, 1, 0]), pd.Series([2, 1, 9])
    join_keys = JoinKeys.of(links, [years], years.to_numpy(float)[:, None], n_open=3)
    assert join_keys.parents.tolist() == [0, 0, 1, 1, 1, 2]
    assert join_keys.first.tolist() == [2, -1, 1, 0, -1, -1]
    assert join_keys.row_keys.tolist() == [3, 2, 0]
    assert join_keys.open_of(np.array([0, 1, 2])).tolist() == [1, 4, 5]
    empty = np.empty(0, np.int64)
    alone = JoinKeys.of(empty, [pd.Series(empty)], np.empty((0, 1)), n_open=2)
    assert alone.first.tolist() == [-1, -1]
    assert neighbours(alone, alone.features(Matrix.empty(0), (), ())).values.shape == (2, 3)


def test_features_by_hand():
    links, years = np.array([0, 0, 0, 1]), pd.Series([1, 1, 2, 1])
    own = Matrix(
        ("year", "sum", "level"),
        ("number", "number", "category"),
        np.array([[1, 2.0, 0], [1, NAN, 1], [2, NAN, 1], [1, 4.0, 0]]),
    )
    join_keys = JoinKeys.of(links, [years], years.to_numpy(float)[:, None])
    told = join_keys.features(own, ("year",), ("sum",))
    assert told.names == ("#rows", "sum", "level")
    np.testing.assert_array_equal(told.values, [[2, 2, 0], [1, NAN, 1], [1, 4, 0]])
    around = neighbours(join_keys, told)
    assert around.names[3:] == (
        "#before.#rows",
        "#before.sum",
        "#before.level",
        "#after.#rows",
        "#after.sum",
        "#after.level",
    )
    np.testing.assert_array_equal(around.values[:, 3], [NAN, 2, NAN])
    np.testing.assert_array_equal(around.values[:, 6], [1, NAN, NAN])


def test_places_inside_nodes_by_hand():
    told = inside_keys(np.array([4, 4, -1, -1, 6]))
    assert told.values.tolist() == [[0, 1], [1, 0], [0, 0], [0, 0], [0, 0]]


def test_cells_are_equal_for_equal_keys_only():
    parents, first = np.array([0, 1, 0, 0, 2]), np.array([3, 3, 3, -1, 0])
    second = np.array([-1, 0, -1, 0, 0])
    cells = key_cells(parents, [first, second])
    assert cells[0] == cells[2]
    assert cells[3] == -1
    assert len(set(cells.tolist())) == 4


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.sampled_from([1.0, 3.0, np.inf]),
    st.integers(0, 99),
)
def test_shares_add_up_inside_their_limits(members, wanted, limit, seed):
    groups = np.sort(np.array([group for group, _ in members]))
    counts = np.minimum([count for _, count in members], limit).astype(np.int64)
    most = np.full(len(counts), limit)
    places = np.bincount(groups, most, 5)
    totals = np.minimum(wanted, places).astype(np.int64)
    shared = share_out(counts, groups, totals, most, np.random.default_rng(seed))
    assert np.bincount(groups, shared, 5).tolist() == totals.tolist()
    assert (shared <= most).all()
    assert (shared >= 0).all()
    same = np.bincount(groups, counts, 5) == totals
    assert (shared == counts)[same[groups]].all()


def test_a_total_is_met_inside_limits_of_each():
    limits = np.array([0.0, 2.0, 9.0])
    found = fit_total(np.array([0, 2, 1]), 10, np.random.default_rng(0), at_most=limits)
    assert found.sum() == 10
    assert (found <= limits).all()
