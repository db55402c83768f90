"""A model from reviewable aggregates alone; no cell belongs to fewer than k subjects."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import relsynth as rs

K = 5


@pytest.fixture(scope="module")
def hospital():
    """Patients and visits, with values that one or few patients have."""
    rng = np.random.default_rng(0)
    patients = pd.DataFrame(
        {
            "patient_id": np.arange(400) + 1,
            "name": [f"Patient {i}" for i in range(400)],
            "ward": rng.choice(["A", "B", "C"], 400),
        }
    )
    patients.loc[:3, "ward"] = "isolation"
    counts = rng.poisson(4, 400)
    counts[0] = 60
    visits = pd.DataFrame(
        {
            "visit_id": np.arange(counts.sum()) + 1,
            "patient_id": np.repeat(patients["patient_id"], counts).to_numpy(),
            "cost": rng.gamma(2, 100, counts.sum()).round(2),
            "code": rng.choice(["flu", "cold"], counts.sum()),
            "day": pd.Timestamp("2024-03-01")
            + pd.to_timedelta(rng.integers(0, 90, counts.sum()), "D"),
        }
    )
    visits.loc[:59, "code"] = "rare disease"
    visits.loc[5, "cost"] = 987_654.0
    visits.loc[100:300, "code"] = None
    return {"patients": patients, "visits": visits}


@pytest.fixture(scope="module")
def metadata(hospital):
    return rs.Metadata.detect(hospital)


@pytest.fixture(scope="module")
def written(hospital, metadata, tmp_path_factory):
    path = tmp_path_factory.mktemp("statistics") / "stats.json"
    rs.RelationalSynthesizer(metadata, k=K).statistics(path, hospital)
    return path


def test_nothing_of_few_subjects_is_in_the_file(written):
    text = written.read_text()
    for planted in ("rare disease", "isolation", "987654", "Patient 7"):
        assert planted not in text
    columns = json.loads(text)["tables"]["visits"]["columns"]
    assert max(columns["cost"]["distribution"]["values"]) < 30_000
    assert set(columns["code"]["values"]) == {"flu", "cold"}


def test_what_was_left_out_is_noted(hospital, metadata, tmp_path):
    synth = rs.RelationalSynthesizer(metadata, k=K)
    found = synth.statistics(tmp_path / "stats.json", hospital)
    notes = [str(note) for note in found.notes]
    assert any("visits.code" in note and "1 levels are left out" in note for note in notes)
    assert any("patients.ward" in note for note in notes)


def test_a_model_needs_nothing_else(written, hospital):
    synth = rs.RelationalSynthesizer.from_statistics(written, seed=2)
    fake = synth.sample()
    real = hospital["visits"]
    assert len(fake["patients"]) == 400
    assert len(fake["visits"]) == pytest.approx(len(real), rel=0.1)
    assert fake["visits"]["patient_id"].isin(fake["patients"]["patient_id"]).all()
    assert fake["visits"]["cost"].median() == pytest.approx(real["cost"].median(), rel=0.1)
    missing = real["code"].isna().mean()
    assert fake["visits"]["code"].isna().mean() == pytest.approx(missing, abs=0.03)
    days = pd.to_datetime(fake["visits"]["day"])
    assert days.min() >= real["day"].min() - pd.Timedelta(days=1)
    assert days.max() <= real["day"].max() + pd.Timedelta(days=1)


@pytest.mark.parametrize("form", ["csv", "parquet", "sqlite"])
def test_files_and_databases_give_the_same_file(hospital, metadata, written, tmp_path, form):
    source = f"sqlite:///{tmp_path / 'x.db'}" if form == "sqlite" else tmp_path / "tables"
    if form == "sqlite":
        rs.write_tables(hospital, source, metadata=metadata)
    else:
        rs.write_tables(hospital, source, form)
    path = tmp_path / "stats.json"
    rs.RelationalSynthesizer(metadata, k=K).statistics(path, source)
    assert json.loads(path.read_text())["tables"] == json.loads(written.read_text())["tables"]


def test_the_source_of_a_fit_is_remembered(hospital, metadata, written, tmp_path):
    rs.write_tables(hospital, tmp_path / "tables", "parquet")
    synth = rs.RelationalSynthesizer(metadata, model="cart", k=K)
    synth.fit(tmp_path / "tables", roots=200)
    synth.statistics(tmp_path / "stats.json")
    found = json.loads((tmp_path / "stats.json").read_text())
    assert found["tables"] == json.loads(written.read_text())["tables"]
    with pytest.raises(rs.DataError, match="give the data"):
        rs.RelationalSynthesizer(metadata).statistics(tmp_path / "stats.json")


def test_a_file_without_sizes_is_refused(metadata, tmp_path):
    metadata.save(tmp_path / "schema.json")
    with pytest.raises(rs.SchemaError) as caught:
        rs.RelationalSynthesizer.from_statistics(tmp_path / "schema.json")
    assert "patients: no number of rows" in str(caught.value)
    assert "visits: no number of rows" in str(caught.value)
