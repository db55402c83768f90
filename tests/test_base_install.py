"""What works without any extra and without `copulas`; continuous integration runs it that way."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.cli import main
from relsynth.models.gaussian_copula import GaussianCopula

pytestmark = pytest.mark.base


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    customers = pd.DataFrame(
        {
            "id": np.arange(80) + 1,
            "email": [f"user{i}@example.org" for i in range(80)],
            "land": rng.choice(["DE", "FR", "IT"], 80),
        }
    )
    owner = rng.integers(1, 81, 200)
    orders = pd.DataFrame(
        {
            "id": np.arange(200) + 1,
            "customer_id": np.sort(owner),
            "total": rng.gamma(2, 30, 200).round(2),
        }
    )
    rs.write_tables({"customers": customers, "orders": orders}, tmp_path / "shop")
    return tmp_path / "shop"


def run(capsys, monkeypatch, *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["relsynth", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    told = capsys.readouterr()
    assert stop.value.code == 0, told.err
    return told.out


def test_synth_with_a_report_comes_to_its_end(folder, tmp_path, capsys, monkeypatch):
    out, report = tmp_path / "out", tmp_path / "report.html"
    said = ("synth", str(folder), "-o", str(out), "--report", str(report), "--json")
    told = run(capsys, monkeypatch, *said)
    assert json.loads(told)["scores"]["validity"]["validity"] == 0
    assert report.stat().st_size > 1_000
    fake = rs.read_tables(out)
    assert fake["orders"]["customer_id"].isin(fake["customers"]["id"]).all()
    assert not set(fake["customers"]["email"]) & set(rs.read_tables(folder)["customers"]["email"])


def test_every_verb_of_the_api(folder, tmp_path):
    tables = rs.read_tables(folder)
    metadata = rs.Metadata.detect(tables)
    synth = rs.RelationalSynthesizer(metadata, seed=0).fit(tables)
    synth.save(tmp_path / "shop.relsynth")
    fake = rs.RelationalSynthesizer.load(tmp_path / "shop.relsynth").sample(scale=2)
    assert len(rs.refine(fake, tables, metadata)["customers"]) == 80
    assert len(rs.subset(tables, metadata, rows={"customers": 30})["customers"]) == 30
    assert rs.evaluate(tables, fake, metadata).scores["shapes"]
    assert len(rs.generate(metadata, rows={"customers": 10})["customers"]) == 10
    synth.sample_to(tmp_path / "parts", scale=2, format="parquet")
    assert set(rs.read_tables(tmp_path / "parts")) == {"customers", "orders"}


def test_what_is_missing_names_a_command_that_installs_it(folder):
    tables = rs.read_tables(folder)
    metadata = rs.Metadata.detect(tables)
    asked = {
        "copulas": lambda: GaussianCopula(marginals="empirical"),
        "duckdb": lambda: rs.RelationalSynthesizer(metadata).fit(tables, roots=10),
        "sqlalchemy": lambda: rs.read_tables("postgresql://nobody@localhost/nothing"),
    }
    for package, ask in asked.items():
        try:
            __import__(package)
        except ImportError:
            with pytest.raises((ImportError, rs.RelsynthError), match="pip install"):
                ask()
