"""Composite keys that share a column: a row's parents agree in it, whatever else must hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.errors import CapacityError
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.relational.proof import prove_keys
from relsynth.relational.sources.unique_rule import observed_rules
from relsynth.relational.unique.redraw import Choices, redraw, redraw_jointly

CALM = settings(max_examples=10, deadline=None, derandomize=True)
SCALES = (0.3, 1.0, 2.0)
KINDS = {"group": "key", "left": "key", "right": "key", "id": "key", "line": "integer"}


@dataclass(frozen=True)
class Shape:
    """One way in which the keys of ``uses`` to ``parts`` and ``tools`` share their group."""

    one_parent: bool
    has_groups: bool
    group_key: bool
    group_context: bool
    primary: tuple[str, ...]
    nullable: bool
    alternate: bool
    codes: str
    density: float
    kept: bool
    seed: int


SHAPES = st.builds(
    Shape,
    one_parent=st.booleans(),
    has_groups=st.booleans(),
    group_key=st.booleans(),
    group_context=st.booleans(),
    primary=st.sampled_from(
        [
            ("group", "left", "right"),
            ("id",),
            ("group", "right", "line"),
            ("group", "line"),
            ("left", "right"),
            ("group", "left", "line"),
            ("group", "right"),
        ]
    ),
    nullable=st.booleans(),
    alternate=st.booleans(),
    codes=st.sampled_from(["numbers", "letters", "serial"]),
    density=st.sampled_from([0.1, 0.4, 0.8, 1.0]),
    kept=st.booleans(),
    seed=st.integers(0, 999),
)


PLAIN = Shape(
    one_parent=True,
    has_groups=True,
    group_key=True,
    group_context=False,
    primary=("group", "left", "right"),
    nullable=False,
    alternate=False,
    codes="letters",
    density=0.4,
    kept=False,
    seed=1,
)


def parents(rng: np.random.Generator, shape: Shape, groups: np.ndarray, name: str) -> pd.DataFrame:
    rows = [(group, place) for group in groups for place in range(int(rng.integers(1, 9)))]
    frame = pd.DataFrame(rows, columns=["group", "place"])
    if shape.codes == "letters":
        frame[name] = [chr(65 + place) for place in frame["place"]]
    elif shape.codes == "serial":
        frame[name] = np.arange(len(frame)) + 100
    else:
        frame[name] = frame["place"] + 1
    frame["size"] = rng.normal(frame["place"], 1).round(2)
    return frame[["group", name, "size"]]


def database(shape: Shape) -> tuple[Metadata, dict[str, pd.DataFrame]]:
    """Return a random database of a shape, and its schema."""
    rng = np.random.default_rng(shape.seed)
    if shape.primary == ("left", "right"):
        shape = replace(shape, codes="serial")
    groups = np.arange(12) * 3 + 10
    tables = {"parts": parents(rng, shape, groups, "part")}
    if not shape.one_parent:
        tables["tools"] = parents(rng, shape, groups, "tool")
    second, own = ("parts", "part") if shape.one_parent else ("tools", "tool")
    left, right = tables["parts"], tables[second]
    uses = left.merge(right, on="group", suffixes=("", "_other"))
    other = "part_other" if shape.one_parent else "tool"
    uses = uses.rename(columns={"part": "left", other: "right"})[["group", "left", "right"]]
    uses = uses[rng.random(len(uses)) < shape.density].reset_index(drop=True)
    if "line" in shape.primary or len(uses) < 5:
        free = [name for name in shape.primary if name in ("group", "left", "right")]
        uses["line"] = uses.groupby(free).cumcount() + 1 if free else 1
    uses["amount"] = rng.gamma(2, 5, len(uses)).round(1)
    if "line" not in shape.primary and "id" not in shape.primary:
        shuffled = uses.iloc[rng.permutation(len(uses))]
        uses = shuffled.drop_duplicates(list(shape.primary)).reset_index(drop=True)
    if shape.primary == ("id",):
        uses.insert(0, "id", np.arange(len(uses)) + 1)
    if shape.nullable and "right" not in shape.primary:
        uses["right"] = uses["right"].mask(rng.random(len(uses)) < 0.3)
    tables["uses"] = uses
    keys = [
        ForeignKey("uses", ("group", "left"), "parts", ("group", "part"), name="left"),
        ForeignKey("uses", ("group", "right"), second, ("group", own), name="right"),
    ]
    if shape.has_groups:
        tables["groups"] = pd.DataFrame({"group": groups, "mood": rng.choice(["x", "y"], 12)})
        keys += [
            ForeignKey(name, ("group",), "groups", ("group",), name=f"{name}.group")
            for name in ("parts", second)[: 1 if shape.one_parent else 2]
        ]
        if shape.group_key:
            keys.append(
                ForeignKey(
                    "uses",
                    ("group",),
                    "groups",
                    ("group",),
                    name="uses.group",
                    context=shape.group_context,
                )
            )
    return Metadata(_schema(shape, tables), keys), tables


def _schema(shape: Shape, tables: dict[str, pd.DataFrame]) -> list[Table]:
    found = []
    for name, frame in tables.items():
        columns = {
            column: Column(column, KINDS.get(column, "key" if column in ("part", "tool") else kind))
            for column in frame
            for kind in ["categorical" if column == "mood" else "numeric"]
        }
        primary = {"groups": ("group",), "uses": shape.primary}.get(name, tuple(frame)[:2])
        unique: tuple[tuple[str, ...], ...] = ()
        if shape.alternate and name in ("parts", "tools"):
            frame.insert(0, "id", np.arange(len(frame)) + 1)
            columns = {"id": Column("id", "key"), **columns}
            primary, unique = ("id",), (primary,)
        role = "reference" if shape.kept and name in ("groups", "tools") else None
        if name == "tools" and shape.has_groups is False and role:
            role = "reference"
        found.append(Table(name, columns, primary_key=primary, unique=unique, role=role))
    return found


def scales_of(shape: Shape) -> tuple[float, ...]:
    """Return scales at which the groups, which are few where they are not issued, suffice."""
    return SCALES if shape.has_groups and not shape.kept else SCALES[:2]


def faults(metadata: Metadata, tables: dict[str, pd.DataFrame]) -> list[str]:
    """Return every repeated key and every orphan, counted with merges of the values alone."""
    found = []
    for name, table in metadata.tables.items():
        for columns in table.candidate_keys:
            present = tables[name].dropna(subset=list(columns))
            if present.duplicated(list(columns)).any():
                found.append(f"{name}: {columns} repeats")
        if table.primary_key and tables[name][list(table.primary_key)].isna().any(axis=None):
            found.append(f"{name}: null in the primary key")
    for key in metadata.foreign_keys:
        child = (
            tables[key.child][list(key.columns)]
            .dropna()
            .astype(str)
            .replace(r"\.0$", "", regex=True)
        )
        parent = tables[key.parent][list(key.parent_columns)].astype(str)
        parent.columns = child.columns
        merged = child.merge(parent, how="left", indicator=True)
        if (merged["_merge"] == "left_only").any():
            found.append(f"{key.name}: {int((merged['_merge'] == 'left_only').sum())} orphans")
    return found


@CALM
@given(SHAPES)
def test_no_key_repeats_and_no_reference_is_lost(shape):
    metadata, tables = database(shape)
    assert not faults(metadata, tables)
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    for scale in scales_of(shape):
        fake = fitted.sample(scale=scale, seed=2)
        assert faults(metadata, fake) == []
        assert len(fake["uses"])


def schema(tables: dict[str, dict[str, str]], keys: dict[str, tuple[str, ...]], *links) -> Metadata:
    """Return a schema from kinds and primary keys by table, and links as (columns, parent)."""
    found = [
        Table(
            name,
            {column: Column(column, kind) for column, kind in columns.items()},
            primary_key=keys.get(name, ()),
        )
        for name, columns in tables.items()
    ]
    return Metadata(found, [ForeignKey(*link) for link in links])


def staff(rng: np.random.Generator, *, has_firms: bool) -> tuple[Metadata, dict[str, pd.DataFrame]]:
    rows = [(firm, number) for firm in range(1, 16) for number in range(1, rng.integers(3, 14))]
    people = pd.DataFrame(rows, columns=["firm", "number"])
    boss = (people["number"] - rng.integers(1, 4, len(people))).clip(lower=1).astype("Int64")
    people["boss"] = boss.mask(people["number"] == 1)
    people["pay"] = rng.gamma(3, 900, len(people)).round()
    kinds = {"firm": "key", "number": "key", "boss": "key", "pay": "numeric"}
    tables = {"people": people}
    links = [("people", ("firm", "boss"), "people", ("firm", "number"))]
    described = {"people": kinds}
    if has_firms:
        tables["firms"] = pd.DataFrame({"firm": range(1, 16), "rank": range(15)})
        described["firms"] = {"firm": "key", "rank": "numeric"}
        links.append(("people", ("firm",), "firms", ("firm",)))
    keys = {"people": ("firm", "number"), "firms": ("firm",)}
    return schema(described, keys, *links), tables


@pytest.mark.parametrize("has_firms", [True, False])
def test_the_boss_is_of_the_same_firm(has_firms):
    metadata, tables = staff(np.random.default_rng(3), has_firms=has_firms)
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    for scale in SCALES if has_firms else SCALES[:2]:
        fake = fitted.sample(scale=scale, seed=2)
        assert faults(metadata, fake) == []
        assert fake["people"]["boss"].notna().any()


def test_three_keys_that_share_columns_in_a_circle_are_refused_where_they_cannot_agree():
    rng = np.random.default_rng(0)
    pairs = pd.DataFrame([(a, b) for a in range(8) for b in range(8)], columns=["x", "y"])
    sides = {name: pairs[rng.random(64) < 0.7].reset_index(drop=True) for name in ("p", "q", "r")}
    whole = sides["p"].rename(columns={"x": "a", "y": "b"})
    whole = whole.merge(sides["q"].rename(columns={"x": "b", "y": "c"}))
    whole = whole.merge(sides["r"].rename(columns={"x": "a", "y": "c"}))
    tables = {**sides, "t": whole.sample(60, random_state=0).reset_index(drop=True)}
    metadata = schema(
        {
            **{name: {"x": "key", "y": "key"} for name in sides},
            "t": {"a": "key", "b": "key", "c": "key"},
        },
        dict.fromkeys(sides, ("x", "y")) | {"t": ("a", "b", "c")},
        ("t", ("a", "b"), "p", ("x", "y")),
        ("t", ("b", "c"), "q", ("x", "y")),
        ("t", ("a", "c"), "r", ("x", "y")),
    )
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    with pytest.raises(CapacityError, match=r"t: .* rows find no row of 'r' for a\+c"):
        fitted.sample(scale=0.5, seed=2)


@pytest.mark.parametrize("kept", [(), ("regions", "prices"), ("regions",)])
def test_kept_tables_that_share_a_column_agree(kept):
    rng = np.random.default_rng(5)
    lands = [f"L{number}" for number in range(10)]
    regions = pd.DataFrame([(land, n) for land in lands for n in range(3)], columns=["land", "n"])
    prices = pd.DataFrame(
        [(land, unit) for land in lands for unit in ("EUR", "USD")], columns=["land", "unit"]
    )
    chosen = rng.integers(30, size=300)
    orders = pd.DataFrame(
        {
            "id": range(300),
            "land": regions["land"].iloc[chosen].to_numpy(),
            "n": regions["n"].iloc[chosen].to_numpy(),
            "unit": rng.choice(["EUR", "USD"], 300),
            "size": rng.normal(chosen, 2),
        }
    )
    metadata = schema(
        {
            "regions": {"land": "key", "n": "key"},
            "prices": {"land": "key", "unit": "key"},
            "orders": {
                "id": "key",
                "land": "key",
                "n": "key",
                "unit": "key",
                "size": "numeric",
            },
        },
        {"regions": ("land", "n"), "prices": ("land", "unit"), "orders": ("id",)},
        ("orders", ("land", "n"), "regions", ("land", "n")),
        ("orders", ("land", "unit"), "prices", ("land", "unit")),
    )
    tables = {"regions": regions, "prices": prices, "orders": orders}
    fitted = rs.RelationalSynthesizer(metadata, model="cart", keep=kept, seed=1).fit(tables)
    for scale in SCALES[:2]:
        assert faults(metadata, fitted.sample(scale=scale, seed=2)) == []


def test_one_column_that_refers_to_two_tables_has_values_of_both():
    rng = np.random.default_rng(1)
    tables = {
        "people": pd.DataFrame({"id": range(1, 101), "age": rng.integers(20, 60, 100)}),
        "staff": pd.DataFrame({"id": range(1, 61), "pay": rng.normal(50, 9, 60)}),
        "notes": pd.DataFrame({"person": rng.integers(1, 61, 300), "size": rng.normal(size=300)}),
    }
    metadata = schema(
        {
            "people": {"id": "key", "age": "integer"},
            "staff": {"id": "key", "pay": "numeric"},
            "notes": {"person": "key", "size": "numeric"},
        },
        {"people": ("id",), "staff": ("id",)},
        ("notes", ("person",), "people", ("id",)),
        ("notes", ("person",), "staff", ("id",)),
    )
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    for scale in SCALES:
        fake = fitted.sample(scale=scale, seed=2)
        assert faults(metadata, fake) == []
        assert len(fake["notes"]) == pytest.approx(300 * scale, rel=0.2)


def test_more_rows_than_combinations_are_refused():
    metadata, tables = database(
        Shape(
            True,
            True,
            False,
            False,
            ("group", "left", "right"),
            False,
            False,
            "letters",
            1,
            False,
            4,
        )
    )
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    fake = fitted.sample(seed=2)
    places = int((fake["parts"].groupby("group").size() ** 2).sum())
    full = fitted.sample(rows={"groups": 12, "parts": len(fake["parts"])}, seed=2)
    assert faults(metadata, full) == []
    with pytest.raises(CapacityError, match="uses: 99999 rows are asked for"):
        fitted.sample(rows={"uses": 99_999}, seed=2)
    full = fitted.sample(rows={"uses": places}, seed=2)
    assert faults(metadata, full) == []
    assert len(full["uses"]) == places


def test_children_of_given_parents_agree_with_them():
    metadata, tables = database(
        Shape(
            False,
            True,
            True,
            False,
            ("group", "left", "right"),
            False,
            True,
            "numbers",
            0.4,
            False,
            8,
        )
    )
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    given = {name: tables[name] for name in ("groups", "parts", "tools")}
    fake = fitted.sample_children(of=given, seed=3)
    assert faults(metadata, fake) == []
    assert len(fake["uses"])


def test_what_no_mending_could_keep_is_never_handed_out():
    metadata, tables = database(
        Shape(
            True,
            True,
            True,
            False,
            ("group", "left", "right"),
            False,
            False,
            "letters",
            0.4,
            False,
            1,
        )
    )
    prove_keys(tables, metadata, tables)
    uses = tables["uses"].copy()
    uses.loc[1, ["left", "right"]] = uses.loc[0, ["left", "right"]]
    uses.loc[1, "group"] = uses.loc[0, "group"]
    uses.loc[2, "left"] = "Z"
    with pytest.raises(CapacityError) as caught:
        prove_keys(tables | {"uses": uses}, metadata, tables)
    assert "uses.group+left+right: 1 of" in str(caught.value)
    assert "uses.group+left: 1 of" in str(caught.value)
    prove_keys(tables | {"uses": uses}, metadata, ["parts", "groups"])


def places(codes: list[int], blocks: list[int], row_blocks: list[int]) -> Choices:
    return Choices.of(np.array(codes), np.array(blocks), np.array(row_blocks))


def test_a_full_grid_is_found_only_by_changing_both_parts():
    left, right = [0, 0, 0, 1], [0, 0, 0, 1]
    fixed, rng = np.zeros(4, int), np.random.default_rng(0)
    choices = [places(part, [0] * 4, [0] * 4) for part in (left, right)]
    sources, rows = redraw_jointly(fixed, choices, rng)
    assert not len(rows)
    found = {(left[a], right[b]) for a, b in zip(*sources, strict=True)}
    assert found == {(0, 0), (0, 1), (1, 0), (1, 1)}
    _, rows = redraw(fixed, choices[0], np.arange(4), np.array([1, 2]), True, rng)
    assert len(rows) == 2


@CALM
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 5))
def test_redrawn_rows_stay_in_their_block_and_repeat_nothing(seed, width, height):
    rng = np.random.default_rng(seed)
    row_blocks = np.repeat([0, 1], width * height)
    n_rows = len(row_blocks)
    choices = []
    for size in (width, height):
        codes = np.concatenate([row_blocks * size, np.arange(2 * size)])
        blocks = np.concatenate([row_blocks, np.arange(2 * size) // size])
        choices.append(Choices.of(codes, blocks, row_blocks))
    sources, rows = redraw_jointly(np.zeros(n_rows, int), choices, rng)
    assert not len(rows)
    pairs = [part.codes[source] for part, source in zip(choices, sources, strict=True)]
    assert len(set(zip(*pairs, strict=True))) == n_rows
    for part, source in zip(choices, sources, strict=True):
        assert (part.blocks[source] == row_blocks).all()


def test_inside_a_few_large_cells_rows_choose_the_parents_they_go_with():
    rng = np.random.default_rng(2)
    tenants = [1, 2, 3]
    people = pd.DataFrame([(t, n) for t in tenants for n in range(40)], columns=["tenant", "n"])
    people["taste"] = rng.choice(["tea", "beer"], len(people))
    goods = pd.DataFrame([(t, n) for t in tenants for n in range(30)], columns=["tenant", "n"])
    goods["kind"] = np.where(goods["n"] % 2 == 0, "tea", "beer")
    rows = []
    for person in people.itertuples():
        liked = goods[(goods["tenant"] == person.tenant) & (goods["kind"] == person.taste)]
        rows += [(person.tenant, person.n, n) for n in rng.choice(liked["n"], 8)]
    sales = pd.DataFrame(rows, columns=["tenant", "person", "good"])
    metadata = schema(
        {
            "people": {"tenant": "key", "n": "key", "taste": "categorical"},
            "goods": {"tenant": "key", "n": "key", "kind": "categorical"},
            "sales": {"tenant": "key", "person": "key", "good": "key"},
        },
        {"people": ("tenant", "n"), "goods": ("tenant", "n")},
        ("sales", ("tenant", "person"), "people", ("tenant", "n")),
        ("sales", ("tenant", "good"), "goods", ("tenant", "n")),
    )
    tables = {"people": people, "goods": goods, "sales": sales}
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    fake = fitted.sample(seed=2)
    assert faults(metadata, fake) == []
    both = fake["sales"].merge(
        fake["people"], left_on=["tenant", "person"], right_on=["tenant", "n"]
    )
    both = both.merge(fake["goods"], left_on=["tenant", "good"], right_on=["tenant", "n"])
    assert len(both) == len(fake["sales"])
    assert (both["taste"] == both["kind"]).mean() > 0.85


def one_key(name: str, *columns: str, parent: str = "p") -> ForeignKey:
    return ForeignKey("t", columns or (name,), parent, columns or ("id",), name=name)


def test_what_is_unique_by_chance_is_no_rule_and_what_is_surprisingly_so_is():
    rng = np.random.default_rng(0)
    three = tuple(one_key(name, parent=name) for name in ("a", "b", "c"))
    spread = {"a": rng.permutation(9000)[:200], "b": rng.integers(900, size=200)}
    links = spread | {"c": np.zeros(200, int)}
    assert observed_rules(three, links, {}, dict.fromkeys("abc", 10**6)) == ()
    assert [r.keys for r in observed_rules(three, links, {}, dict.fromkeys("abc", 900))] == [("a",)]
    grid = rng.permutation(900)[:200]
    links = {"a": grid // 30, "b": grid % 30, "c": np.zeros(200, int)}
    found = observed_rules(three, links, {}, dict.fromkeys("abc", 30))
    assert [rule.keys for rule in found] == [("a", "b")]
    junction = observed_rules(three[:2], spread, {}, dict.fromkeys("abc", 10**6))
    assert [rule.keys for rule in junction] == [("a", "b")]


def test_a_reference_that_no_two_rows_share_stays_so_though_nobody_declared_it():
    rng = np.random.default_rng(4)
    tables = {
        "types": pd.DataFrame({"id": range(260), "size": rng.normal(size=260)}),
        "spaces": pd.DataFrame({"id": range(8), "rank": range(8)}),
        "classes": pd.DataFrame({"space": rng.integers(8, size=240), "x": rng.normal(size=240)}),
    }
    rows = pd.Series(rng.permutation(260)[:240], dtype="Int64")
    tables["classes"]["type"] = rows.mask(rng.random(240) < 0.3)
    metadata = schema(
        {
            "types": {"id": "key", "size": "numeric"},
            "spaces": {"id": "key", "rank": "numeric"},
            "classes": {"space": "key", "x": "numeric", "type": "key"},
        },
        {"types": ("id",), "spaces": ("id",)},
        ("classes", ("space",), "spaces", ("id",), "space", None, None, None, True),
        ("classes", ("type",), "types", ("id",)),
    )
    fitted = rs.RelationalSynthesizer(metadata, model="cart", seed=1).fit(tables)
    for scale in SCALES:
        fake = fitted.sample(scale=scale, seed=2)
        assert faults(metadata, fake) == []
        assert fake["classes"]["type"].dropna().is_unique
        assert 0.5 < fake["classes"]["type"].notna().mean() < 0.9
