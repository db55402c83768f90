"""Databases are fitted where they lie: some families are read, everything is counted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import relsynth as rs
from relsynth.cli import cli
from relsynth.warehouse import extract

ROOTS = 150


@pytest.fixture(scope="module")
def shop():
    rng = np.random.default_rng(0)
    customers = pd.DataFrame(
        {"id": np.arange(900) + 1, "land": rng.choice(["DE", "FR", "IT"], 900)}
    )
    products = pd.DataFrame(
        {"code": [f"P{i:04d}" for i in range(60)], "price": rng.gamma(2, 20, 60).round(2)}
    )
    counts = rng.poisson(3, 900)
    orders = pd.DataFrame(
        {
            "id": np.arange(counts.sum()) + 1,
            "customer_id": np.repeat(customers["id"], counts).to_numpy(),
            "total": rng.gamma(2, 30, counts.sum()).round(2),
        }
    )
    lines = pd.DataFrame(
        {
            "order_id": np.repeat(orders["id"], 2).to_numpy(),
            "line": np.tile([1, 2], len(orders)),
            "product": rng.choice(products["code"], 2 * len(orders)),
        }
    )
    return {"customers": customers, "products": products, "orders": orders, "lines": lines}


@pytest.fixture(scope="module")
def metadata(shop):
    return rs.Metadata.detect(shop)


def drawn(metadata, source, **options):
    synth = rs.RelationalSynthesizer(metadata, model="cart", seed=3)
    return synth.fit(source, roots=ROOTS, **options).sample()


def as_csv(tables):
    return {name: table.to_csv(index=False) for name, table in tables.items()}


@pytest.fixture(scope="module")
def expected(shop, metadata):
    return as_csv(drawn(metadata, shop))


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_files_give_the_bytes_of_frames(shop, metadata, expected, tmp_path, form):
    rs.write_tables(shop, tmp_path / "shop", form)
    assert as_csv(drawn(metadata, tmp_path / "shop", memory="400MB")) == expected


def test_a_pattern_of_files_needs_no_number_of_roots(shop, metadata, expected, tmp_path):
    rs.write_tables(shop, tmp_path / "shop", "parquet")
    pattern = str(tmp_path / "shop" / "*.parquet")
    assert as_csv(drawn(metadata, pattern)) == expected
    synth = rs.RelationalSynthesizer(metadata, model="cart").fit(pattern)
    assert synth.plan_.rows["orders"] == len(shop["orders"])


def test_a_connection_and_relations_of_duckdb(shop, metadata, expected):
    with duckdb.connect() as connection:
        for name, frame in shop.items():
            connection.register(f"held_{name}", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM held_{name}")
        assert as_csv(drawn(metadata, connection)) == expected
        relations = {name: connection.table(name) for name in shop}
        assert as_csv(drawn(metadata, relations)) == expected
        left = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        assert {name for (name,) in left} == set(shop)


def test_sqlite_is_asked_in_its_own_sql(shop, metadata, expected, tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    rs.write_tables(shop, url, metadata=metadata)
    assert as_csv(drawn(metadata, url)) == expected


def test_postgresql_is_asked_in_its_own_sql(shop, metadata, expected, postgres_url):
    rs.write_tables(shop, postgres_url, metadata=metadata)
    assert as_csv(drawn(metadata, postgres_url)) == expected


def test_families_are_whole_and_sizes_are_those_of_all(shop, metadata):
    taken = extract(shop, metadata, roots=ROOTS)
    tables, orders = taken.tables, shop["orders"]
    assert len(tables["customers"]) == ROOTS
    theirs = orders[orders["customer_id"].isin(tables["customers"]["id"])]
    pd.testing.assert_frame_equal(tables["orders"], theirs.reset_index(drop=True))
    assert len(tables["lines"]) == 2 * len(theirs)
    assert tables["lines"]["product"].isin(tables["products"]["code"]).all()
    assert taken.sizes == {name: len(table) for name, table in shop.items()}


def test_other_seeds_take_other_roots(shop, metadata):
    first, other = (extract(shop, metadata, roots=ROOTS, seed=seed) for seed in (0, 1))
    same = first.tables["customers"]["id"].isin(other.tables["customers"]["id"])
    assert same.mean() < 0.5


def test_managers_of_managers_come_along():
    staff = pd.DataFrame({"id": range(500), "boss": [None, *[i // 3 for i in range(499)]]})
    staff["boss"] = staff["boss"].astype("Int64")
    metadata = rs.Metadata.detect({"staff": staff})
    assert metadata.foreign_keys
    taken = extract({"staff": staff}, metadata, roots=100).tables["staff"]
    assert 100 < len(taken) < 400
    assert taken["boss"].dropna().isin(taken["id"]).all()


def test_sizes_of_the_sample_are_those_of_the_whole(shop, metadata):
    fake = drawn(metadata, shop)
    assert len(fake["customers"]) == len(shop["customers"])
    assert len(fake["orders"]) == pytest.approx(len(shop["orders"]), rel=0.1)


def test_faults_are_counted_over_all_rows(shop, metadata):
    orders = shop["orders"].assign(
        customer_id=lambda t: t["customer_id"].where(t["id"] > 7, 99_999)
    )
    lines = pd.concat([shop["lines"], shop["lines"].head(3)])
    with pytest.raises(rs.DataError) as caught:
        drawn(metadata, {**shop, "orders": orders, "lines": lines})
    assert "lines.order_id+line: 3 rows repeat a value of the primary key" in str(caught.value)
    assert "orders.customer_id: 7 rows refer to no row of 'customers'" in str(caught.value)


def test_what_is_missing_is_listed(shop, metadata, tmp_path):
    rs.write_tables({n: t for n, t in shop.items() if n != "lines"}, tmp_path / "x", "parquet")
    frame = shop["products"].rename(columns={"price": "prize"})
    rs.write_tables({"products": frame}, tmp_path / "x", "parquet")
    with pytest.raises(rs.DataError) as caught:
        drawn(metadata, tmp_path / "x")
    assert "the table 'lines' is missing" in str(caught.value)
    assert "products.price: the column is missing; did you mean 'prize'?" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("frames", {"roots": 0}, "roots must be at least 1"),
        ("frames", {"roots": 10, "memory": "lots"}, "memory: 'lots' is no size"),
        ("frames", {"memory": "1GB"}, "give roots= as well"),
    ],
)
def test_arguments_are_checked(shop, metadata, source, options, message):
    with pytest.raises(rs.DataError, match=message):
        rs.RelationalSynthesizer(metadata).fit(shop, **options)


def test_a_pattern_that_nothing_meets(metadata, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file has such a name"):
        rs.RelationalSynthesizer(metadata).fit(str(Path(tmp_path) / "*.parquet"))


def test_the_command_line_fits_in_place_as_the_library_does(metadata, shop, tmp_path):
    folder, model = tmp_path / "data", tmp_path / "m.relsynth"
    rs.write_tables(shop, folder, "parquet")
    metadata.save(tmp_path / "schema.json")
    pattern, schema = str(folder / "*.parquet"), str(tmp_path / "schema.json")
    command = ["fit", pattern, "-o", str(model), "--model", "cart", "--seed", "3"]
    bare = CliRunner().invoke(cli, [*command, "--roots", str(ROOTS)])
    assert bare.exit_code == 2
    assert "--schema" in bare.output
    asked = [*command, "--schema", schema, "--memory", "1GB"]
    assert "give --roots" in CliRunner().invoke(cli, asked).output
    done = CliRunner().invoke(cli, [*asked, "--roots", str(ROOTS)])
    assert done.exit_code == 0, done.output
    made = rs.RelationalSynthesizer.load(model).sample()
    assert as_csv(made) == as_csv(drawn(metadata, pattern))
