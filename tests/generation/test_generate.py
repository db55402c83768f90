"""What one asks of generate: rows, profiles, keys of every kind, seeds, people, refusals."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import faker
import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.generation.children import ChildrenPerParent, fit_total_within
from relsynth.generation.pools import people_pool
from relsynth.metadata import Column, ForeignKey, Metadata, Table

SCHEMAS = Path(__file__).parents[2] / "schemas"
GOLDEN = Path(__file__).parent / "golden_fixtures.json"
NOW = "2025-01-01"  # the present of the recorded rows
EXAMPLES = (
    "shop", "org", "orders", "tickets", "clinic", "warehouse", "bank", "school", "airline", "forum",
)  # fmt: skip
ID = Column("id", "key")


def digest(tables: dict[str, pd.DataFrame]) -> str:
    """Return a hash of every value as text, which no version of pandas changes."""
    found = hashlib.sha256()
    for name, frame in sorted(tables.items()):
        for column in frame:
            text = frame[column].astype(object).where(frame[column].notna(), None).map(str)
            found.update(f"{name}.{column}\n".encode() + "\n".join(text).encode())
    return found.hexdigest()[:16]


def without_people(metadata: Metadata) -> Metadata:
    """Return the schema without the columns whose values come from Faker's lists."""
    for name, table in metadata.tables.items():
        kept = metadata.key_columns(name) | {n for group in table.unique for n in group}
        plain = {
            n: Column(n, "key", native="VARCHAR(40)") if c.provider and n in kept else c
            for n, c in table.columns.items()
            if n in kept or not c.provider
        }
        metadata = metadata.replace_table(name, columns=plain)
    return metadata


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", EXAMPLES)
def test_same_seed_same_bytes_as_recorded(name, seed):
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    metadata = rs.Metadata.load(SCHEMAS / f"{name}.json")
    plain = digest(rs.generate(without_people(metadata), 200, seed=seed, now=NOW))
    assert plain == golden["plain"][f"{name}/{seed}"]
    if golden["faker"] == faker.VERSION:
        assert (
            digest(rs.generate(metadata, 200, seed=seed, now=NOW))
            == golden["whole"][f"{name}/{seed}"]
        )


def test_neither_hash_seed_nor_table_order_matters():
    metadata = rs.Metadata.load(SCHEMAS / "forum.json")
    turned = Metadata(dict(reversed(metadata.tables.items())), metadata.foreign_keys[::-1])
    expected = digest(rs.generate(metadata, 100, seed=3))
    assert digest(rs.generate(turned, 100, seed=3)) == expected
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/generation']; import relsynth as rs\n"
        "from test_generate import digest, SCHEMAS\n"
        "print(digest(rs.generate(rs.Metadata.load(SCHEMAS / 'forum.json'), 100, seed=3)))"
    )
    root = SCHEMAS.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "123", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == expected, done.stderr


def test_rows_of_one_table_leave_unrelated_tables_as_they_were():
    metadata = rs.Metadata.load(SCHEMAS / "shop.json")
    some = rs.generate(metadata, {"customers": 50, "products": 30}, seed=1)
    more = rs.generate(metadata, {"customers": 500, "products": 30}, seed=1)
    pd.testing.assert_frame_equal(some["products"], more["products"])
    assert len(more["customers"]) == 500


@pytest.mark.parametrize("rows", [1, 10, 1_000])
def test_explicit_rows_are_met_exactly(rows):
    metadata = rs.Metadata.load(SCHEMAS / "warehouse.json")
    tables = rs.generate(metadata, {"sales": rows, "stores": 3})
    assert (len(tables["sales"]), len(tables["stores"])) == (rows, 3)


LAWS = [
    ({"name": "fixed", "value": 3}, 3, 3),
    ({"name": "range", "min": 1, "max": 5}, 1, 5),
    ({"name": "poisson", "mean": 2}, 0, None),
    ({"name": "geometric", "mean": 2, "max": 4}, 0, 4),
    ({"name": "zipf", "mean": 3, "exponent": 1.5, "min": 1}, 1, None),
    ({"name": "list", "values": [0, 2, 7], "weights": [1, 1, 2]}, 0, 7),
]


@pytest.mark.parametrize(("law", "low", "high"), LAWS, ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("total", [None, 1_500])
def test_children_per_parent_keep_their_bounds_and_their_total(law, low, high, total):
    parents = Table("p", {"id": ID}, primary_key=("id",))
    child = Table("c", {"id": ID, "p": Column("p", "key")}, primary_key=("id",))
    metadata = Metadata([parents, child], [ForeignKey("c", ("p",), "p", ("id",), children=law)])
    rows = {"p": 500} | ({} if total is None else {"c": total})
    tables = rs.generate(metadata, rows, seed=2)
    counts = tables["c"].groupby("p").size().reindex(tables["p"]["id"], fill_value=0)
    assert counts.min() >= low
    assert high is None or counts.max() <= high
    if total is not None:
        assert counts.sum() == total
    if law["name"] == "list" and total is None:
        assert set(counts) == {0, 2, 7}


def test_means_of_distributions_are_met():
    rng = np.random.default_rng(0)
    for law, _, _ in LAWS[:3]:
        drawn = ChildrenPerParent("k", law).draw(20_000, rng)
        assert drawn.mean() == pytest.approx(ChildrenPerParent("k", law).mean, rel=0.05)


def test_totals_are_met_by_the_smallest_change():
    counts = np.array([1, 5, 0, 10])
    out = fit_total_within(counts, 8, 0, 4, np.random.default_rng(0), "t")
    assert out.sum() == 8
    assert out.max() <= 4


@pytest.mark.parametrize("name", EXAMPLES)
def test_minimal_touches_every_table_key_null_and_not_null(name):
    metadata = rs.Metadata.load(SCHEMAS / f"{name}.json")
    tables = rs.generate(metadata, profile="minimal")
    metadata.check(tables)
    assert all(len(frame) >= 1 for frame in tables.values())
    assert sum(map(len, tables.values())) <= 6 * len(tables) + 40
    for key in metadata.foreign_keys:
        part = tables[key.child][list(key.columns)]
        assert part.notna().all(axis=1).any(), key.name
        if key.nullable and all(
            metadata.tables[key.child].columns[n].nullable for n in key.columns
        ):
            assert part.isna().any(axis=None), key.name


def test_edge_holds_boundaries_awkward_texts_leap_days_and_empty_groups():
    columns = {
        "id": ID,
        "n": Column("n", "integer", native="SMALLINT"),
        "t": Column("t", "text", max_length=30),
        "d": Column("d", "datetime"),
    }
    parent = Table("p", columns, primary_key=("id",), rows=200)
    child = Table("c", {"id": ID, "p": Column("p", "key")}, primary_key=("id",), rows=100)
    loop = {"id": ID, "up": Column("up", "key", nullable=True)}
    metadata = Metadata(
        [parent, child, Table("loop", loop, primary_key=("id",), rows=50)],
        [
            ForeignKey("c", ("p",), "p", ("id",)),
            ForeignKey("loop", ("up",), "loop", ("id",), nullable=True),
        ],
    )
    tables = rs.generate(metadata, profile="edge")
    frame = tables["p"]
    assert {32_767, -32_767, 0} <= set(frame["n"])
    texts = set(frame["t"])
    assert any("DROP TABLE" in text for text in texts) or any("'" in text for text in texts)
    assert {"", "x" * 30, "O'Brien"} <= texts
    assert any(not text.isascii() for text in texts)
    assert frame["t"].str.len().max() <= 30
    assert pd.Timestamp("2020-02-29") in set(frame["d"])
    assert pd.Timestamp("2021-03-28 02:30") in set(frame["d"])
    counts = tables["c"].groupby("p").size().reindex(frame["id"], fill_value=0)
    assert (counts == 0).any()
    ups = tables["loop"].set_index("id")["up"]
    depth, row = 0, ups.index[-1]
    while pd.notna(row):
        row, depth = ups.get(row), depth + 1
    assert depth == 50


def test_polymorphic_keys_refer_to_the_table_their_type_names():
    metadata = rs.Metadata.load(SCHEMAS / "tickets.json")
    tables = rs.generate(metadata, 500, seed=4)
    comments = tables["comments"]
    for kind, parent in (("ticket", "tickets"), ("customer", "customers"), ("comment", "comments")):
        part = comments.loc[comments["subject_type"] == kind, "subject_id"]
        assert len(part)
        assert part.isin(tables[parent]["id"]).all()


def test_shared_columns_of_two_composite_keys_agree():
    tenant = Table("tenants", {"id": ID}, primary_key=("id",))
    owned = {"tenant": Column("tenant", "key"), "no": Column("no", "integer")}
    tables = [tenant, *(Table(n, owned, primary_key=("tenant", "no")) for n in ("users", "docs"))]
    columns = {
        "tenant": Column("tenant", "key"),
        "user": Column("user", "integer"),
        "doc": Column("doc", "integer"),
        "boss": Column("boss", "integer", nullable=True),
    }
    tables.append(Table("reads", columns, primary_key=("tenant", "user", "doc")))
    keys = [ForeignKey(n, ("tenant",), "tenants", ("id",)) for n in ("users", "docs")]
    keys += [
        ForeignKey("reads", ("tenant", "user"), "users", ("tenant", "no")),
        ForeignKey("reads", ("tenant", "doc"), "docs", ("tenant", "no")),
        ForeignKey("reads", ("tenant", "boss"), "users", ("tenant", "no"), nullable=True),
    ]
    metadata = Metadata(tables, keys)
    rows = {"tenants": 8, "users": 40, "docs": 40, "reads": 60}
    for seed in range(5):
        made = rs.generate(metadata, rows, seed=seed)
        metadata.check(made)
        assert len(made["reads"]) == 60


def test_people_come_from_the_locale_and_match_the_length():
    columns = {
        "id": ID,
        "email": Column("email", "text", max_length=60),
        "city": Column("city", "text", provider="city"),
        "name": Column("name", "text"),
    }
    metadata = Metadata([Table("customers", columns, primary_key=("id",), unique=(("email",),))])
    frame = rs.generate(metadata, {"customers": 5_000}, locale="de_DE")["customers"]
    assert frame["email"].is_unique
    assert frame["email"].str.fullmatch(r"[^@ ]+@[^@ ]+\.\w+").all()
    assert frame["email"].str.len().max() <= 60
    german = set(people_pool("t.c", "city", "de_DE").values)
    assert set(frame["city"]) <= german
    assert frame["name"].str.contains(" ").mean() > 0.9


def test_addresses_spell_the_name_beside_them():
    metadata = rs.Metadata.load(SCHEMAS / "shop.json")
    first = rs.generate(metadata, {"customers": 2_000}, seed=1)
    people = first["customers"]
    letters = people["last_name"].str.lower().str.replace("[^a-z]", "", regex=True)
    spelled = [name in mail for name, mail in zip(letters, people["email"], strict=True)]
    assert np.mean(spelled) > 0.95
    assert people["email"].is_unique
    more = rs.generate(metadata, {"customers": 2_000}, seed=2, existing=first)["customers"]
    assert more["email"].is_unique
    assert not more["email"].isin(people["email"]).any()


@pytest.mark.parametrize("provider", ["name", "email", "address", "phone_number", "company"])
def test_people_are_drawn_at_a_hundred_thousand_a_second(provider):
    pool = people_pool("t.c", provider)
    rng = np.random.default_rng(0)
    pool.draw(10, rng)
    started = time.process_time()
    assert len(pool.draw(200_000, rng)) == 200_000
    unique = pool.issue(200_000, rng)
    seconds = time.process_time() - started
    assert unique.is_unique
    assert 400_000 / seconds > 100_000


@pytest.mark.parametrize(
    ("distribution", "mean"),
    [
        ({"name": "normal", "mean": 50, "std": 5}, 50),
        ({"name": "lognormal", "mean": 20, "sigma": 0.5}, 20),
        ({"name": "exponential", "mean": 10}, 10),
        ({"name": "poisson", "mean": 4}, 4),
        ({"name": "triangular", "min": 0, "mode": 30, "max": 60}, 30),
        ({"name": "beta", "a": 2, "b": 2, "min": 0, "max": 80}, 40),
    ],
)
def test_distributions_of_numbers(distribution, mean):
    column = Column("x", "numeric", low=0, high=1_000, distribution=distribution, decimals=3)
    metadata = Metadata([Table("t", {"id": ID, "x": column}, primary_key=("id",))])
    frame = rs.generate(metadata, {"t": 20_000})["t"]
    assert frame["x"].mean() == pytest.approx(mean, rel=0.05)
    assert frame["x"].between(0, 1_000).all()


def test_null_shares_weights_and_patterns():
    columns = {
        "id": ID,
        "a": Column("a", "integer", nullable=True, null_share=0.3),
        "b": Column("b", "categorical", values=("x", "y"), weights=(9, 1)),
        "c": Column("c", "text", pattern="[A-F]{2}-[0-9]{3}"),
    }
    frame = rs.generate(Metadata([Table("t", columns, primary_key=("id",))]), {"t": 20_000})["t"]
    assert frame["a"].isna().mean() == pytest.approx(0.3, abs=0.02)
    assert (frame["b"] == "x").mean() == pytest.approx(0.9, abs=0.02)
    assert frame["c"].str.fullmatch("[A-F]{2}-[0-9]{3}").all()
    assert str(frame["a"].dtype) == "Int64"


def pair(child: Table, *keys: ForeignKey) -> Metadata:
    tables = [Table(n, {"id": ID}, primary_key=("id",)) for n in ("a", "b")]
    return Metadata([*tables, child], keys)


BRIDGE = Table("ab", {"a": Column("a", "key"), "b": Column("b", "key")}, primary_key=("a", "b"))
BRIDGED = pair(
    BRIDGE, ForeignKey("ab", ("a",), "a", ("id",)), ForeignKey("ab", ("b",), "b", ("id",))
)
REFUSED = [
    (BRIDGED, {"a": 3, "b": 4, "ab": 13}, rs.CapacityError, r"3 \* 4 = 12"),
    (BRIDGED, {"a": 0, "b": 4, "ab": 1}, rs.CapacityError, r"0"),
    (BRIDGED, {"c": 4}, rs.SchemaError, r"no table 'c'"),
    (BRIDGED, {"a": -1}, rs.SchemaError, r"-1 rows"),
    (
        Metadata([Table("t", {"id": Column("id", "key", pattern="[A-C][0-9]")}, ("id",))]),
        {"t": 31}, rs.CapacityError, r"31 rows.*30",
    ),
    (
        Metadata([Table("t", {"x": Column("x", "text", provider="emial")})]),
        None, rs.SchemaError, r"t\.x: unknown provider 'emial'; did you mean 'email'",
    ),
    (
        Metadata([Table("t", {"x": Column("x", "numeric", distribution={"name": "norml"})})]),
        None, rs.SchemaError, r"did you mean 'normal'",
    ),
    (
        Metadata([Table("t", {"x": Column("x", "text", pattern="(?=a)b")})]),
        None, rs.SchemaError, r"no text can be generated",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("metadata", "rows", "error", "message"), REFUSED)
def test_requests_that_cannot_hold_are_refused(metadata, rows, error, message):
    with pytest.raises(error, match=message):
        rs.generate(metadata, rows)


def test_full_bridges_and_one_to_one_keys_are_filled_to_the_last_pair():
    tables = rs.generate(BRIDGED, {"a": 30, "b": 40, "ab": 1_200}, seed=1)
    assert not tables["ab"].duplicated().any()
    with pytest.raises(rs.CapacityError, match=r"5 \* 0 = 0"):
        rs.generate(BRIDGED, {"a": 5, "b": 0, "ab": 2})


def test_required_cycles_are_refused():
    sides = [
        Table(n, {"id": ID, "o": Column("o", "key", nullable=False)}, primary_key=("id",))
        for n in ("a", "b")
    ]
    keys = [
        ForeignKey("a", ("o",), "b", ("id",), nullable=False),
        ForeignKey("b", ("o",), "a", ("id",), nullable=False),
    ]
    with pytest.raises(rs.SchemaError, match="cycle of required foreign keys"):
        Metadata(sides, keys)


@pytest.mark.parametrize("profile", ["", "realstic"])
def test_unknown_profile(profile):
    with pytest.raises(rs.SchemaError, match="unknown profile"):
        rs.generate(BRIDGED, profile=profile)


def test_existing_rows_must_fit_the_schema():
    existing = {"a": pd.DataFrame({"idd": [1]}), "c": pd.DataFrame()}
    with pytest.raises(rs.DataError, match=r"(?s)a\.id: the column is missing.*no table 'c'"):
        rs.generate(BRIDGED, existing=existing)


def test_unknown_locale():
    metadata = Metadata([Table("t", {"x": Column("x", "text", provider="name")})])
    with pytest.raises(rs.SchemaError, match="unknown locale 'xx_YY'"):
        rs.generate(metadata, locale="xx_YY")


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_files_are_rendered_from_one_source(name):
    sys.path.insert(0, str(SCHEMAS))
    try:
        from render import rendered
    finally:
        sys.path.remove(str(SCHEMAS))
    for file, text in rendered(name).items():
        assert (SCHEMAS / file).read_text(encoding="utf-8") == text, file


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_schemas_are_valid_and_their_sql_and_sdv_forms_generate(name):
    own = rs.Metadata.load(SCHEMAS / f"{name}.json")
    for other in (f"{name}.sql", f"{name}.sdv.json"):
        metadata = rs.Metadata.load(SCHEMAS / other)
        assert set(metadata.tables) == set(own.tables)
        metadata.check(rs.generate(metadata, 200))


if __name__ == "__main__":
    recorded: dict[str, object] = {"faker": faker.VERSION, "plain": {}, "whole": {}}
    for example in EXAMPLES:
        schema = rs.Metadata.load(SCHEMAS / f"{example}.json")
        for number in (0, 7):
            place = f"{example}/{number}"
            recorded["plain"][place] = digest(  # type: ignore[index]
                rs.generate(without_people(schema), 200, seed=number)
            )
            recorded["whole"][place] = digest(rs.generate(schema, 200, seed=number))  # type: ignore[index]
    GOLDEN.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
