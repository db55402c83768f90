"""Databases larger than memory are compared and cut in part: the same roots, keys over all."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import relsynth as rs
from relsynth.cli import cli
from relsynth.errors import CapacityError

ROOTS = 200
MEASURES = ["shapes", "cardinality", "validity"]


def shop(customers: int, seed: int) -> dict[str, pd.DataFrame]:
    """Customers with orders of products: families share the products."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(4, customers)
    orders = np.repeat(np.arange(customers), counts)
    return {
        "customers": pd.DataFrame(
            {"id": np.arange(customers) + 1, "land": rng.choice(["DE", "FR", "IT"], customers)}
        ),
        "products": pd.DataFrame(
            {"code": [f"P{i:03d}" for i in range(30)], "price": rng.gamma(2, 20, 30).round(2)}
        ),
        "orders": pd.DataFrame(
            {
                "id": np.arange(len(orders)) + 1,
                "customer": orders + 1,
                "product": rng.choice([f"P{i:03d}" for i in range(30)], len(orders)),
                "total": rng.gamma(2, 30, len(orders)).round(2),
            }
        ),
    }


@pytest.fixture(scope="module")
def real():
    return shop(1_000, 0)


@pytest.fixture(scope="module")
def metadata(real):
    return rs.Metadata.detect(real)


@pytest.fixture(scope="module")
def places(real, tmp_path_factory):
    """Real and synthetic data as Parquet files, the latter twice as many."""
    folder = tmp_path_factory.mktemp("places")
    rs.write_tables(real, folder / "real", "parquet")
    rs.write_tables(shop(2_000, 1), folder / "fake", "parquet")
    return folder


def compared(places, metadata, **said):
    real, fake = (str(places / name / "*.parquet") for name in ("real", "fake"))
    return rs.evaluate(
        real, fake, metadata, measures=MEASURES, baselines=False, roots=ROOTS, **said
    )


def test_the_same_share_of_families_is_compared(places, metadata):
    report = compared(places, metadata, memory="400MB")
    rows, about = report.scores["rows"], report.scores["about"]
    assert rows["customers"] == {"real": 100, "synthetic": 200}
    assert about["real data"].startswith("customers: 100 of 1,000 rows read; orders: ")
    assert about["synthetic data"].startswith("customers: 200 of 2,000 rows read; orders: ")
    assert rows["products"] == {"real": 30, "synthetic": 30}
    figures = report.table()["score"]
    assert figures["validity"] == 0
    assert figures["shapes"] > 0.85
    assert json.loads(json.dumps(report.scores)) == report.scores
    assert "real data: customers: 100 of 1,000 rows read" in str(report)


def test_frames_folders_and_patterns_give_the_same(places, metadata, real):
    expected = compared(places, metadata).scores["summary"]
    folders = rs.evaluate(
        real, places / "fake", metadata, measures=MEASURES, baselines=False, roots=ROOTS
    )
    assert folders.scores["summary"] == expected


def test_families_that_share_nothing_are_as_many_on_both_sides(places, metadata):
    report = rs.evaluate(
        places / "real",
        places / "fake",
        rs.Metadata(
            [metadata.tables[name] for name in ("customers", "orders")],
            [key for key in metadata.foreign_keys if key.parent == "customers"],
        ),
        measures=["cardinality"],
        baselines=False,
        roots=ROOTS,
    )
    assert report.scores["rows"]["customers"] == {"real": 200, "synthetic": 200}


def test_broken_keys_are_counted_over_all_rows(places, metadata, tmp_path):
    bad = shop(2_000, 1)
    bad["orders"].loc[bad["orders"].index[-9:], "customer"] = 10**6 + np.arange(9)
    bad["customers"] = pd.concat([bad["customers"], bad["customers"].tail(5)])
    rs.write_tables(bad, tmp_path / "bad", "parquet")
    report = rs.evaluate(
        places / "real",
        tmp_path / "bad",
        metadata,
        measures=["validity"],
        baselines=False,
        roots=ROOTS,
    )
    found = {(v["where"], v["rule"]): v["count"] for v in report.scores["validity"]["found"]}
    assert found["orders.customer", "orphan"] == 9
    assert found["customers.id", "duplicate primary key"] == 5
    assert report.scores["validity"]["validity"] == 14


def test_without_roots_memory_has_no_meaning(real, metadata):
    with pytest.raises(rs.DataError, match="give roots= as well"):
        rs.evaluate(real, real, metadata, memory="1GB")
    with pytest.raises(rs.DataError, match="give roots= as well"):
        rs.subset(real, metadata, {"customers": 10}, memory="1GB")


def test_a_small_part_is_chosen_among_the_roots_read(places, metadata, real):
    small = rs.subset(
        str(places / "real" / "*.parquet"), metadata, {"customers": 0.02}, roots=ROOTS
    )
    assert len(small["customers"]) == 20  # two of a hundred of all customers, not of those read
    metadata.check(small)
    theirs = real["orders"][real["orders"]["customer"].isin(small["customers"]["id"])]
    assert sorted(small["orders"]["id"]) == sorted(theirs["id"])
    with pytest.raises(CapacityError, match="300 rows asked for but 200 were read; raise roots"):
        rs.subset(places / "real", metadata, {"customers": 300}, roots=ROOTS)
    with pytest.raises(CapacityError, match="there are 1000"):
        rs.subset(places / "real", metadata, {"customers": 3_000}, roots=ROOTS)


def test_a_part_with_broken_keys_is_refused(metadata, real):
    orders = real["orders"].copy()
    orders.loc[:3, "customer"] = 10**6
    with pytest.raises(rs.DataError, match=r"orders\.customer: 4 rows refer to no row"):
        rs.subset({**real, "orders": orders}, metadata, {"customers": 10}, roots=ROOTS)


def test_the_command_line_says_what_was_read(places, metadata, tmp_path):
    schema = tmp_path / "schema.json"
    metadata.save(schema)
    real, fake = (str(places / name / "*.parquet") for name in ("real", "fake"))
    common = ["--schema", str(schema), "--roots", str(ROOTS), "--memory", "400MB"]
    asked = ["evaluate", real, fake, "--measures", "shapes", "--no-baselines", *common]
    page = tmp_path / "report.html"
    done = CliRunner().invoke(cli, [*asked, "-o", str(page)])
    assert done.exit_code == 0, done.output
    assert "customers: 100 of 1,000 rows read" in page.read_text()
    out = tmp_path / "small"
    asked = ["subset", real, "--rows", "customers=2%", "-o", str(out), *common]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 0, done.output
    assert "chosen among 200 rows of every table without a parent" in done.output
    assert len(rs.read_tables(out)["customers"]) == 20
    alone = CliRunner().invoke(
        cli, ["subset", real, "--rows", "customers=2", "-o", "x", *common[4:]]
    )
    assert "give --roots" in alone.output
