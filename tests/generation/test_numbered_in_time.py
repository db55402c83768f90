"""Numbers that tell the rows of a parent apart rise with their moments."""

from __future__ import annotations

import pytest

import relsynth as rs

pytest.importorskip("sqlglot")


@pytest.mark.parametrize("seed", [0, 1])
def test_scans_are_numbered_as_they_happen(tmp_path, seed):
    path = tmp_path / "schema.sql"
    path.write_text(
        """CREATE TABLE parcels (id bigint PRIMARY KEY, weight_kg numeric(6,2) NOT NULL);
        CREATE TABLE scans (parcel_id bigint NOT NULL REFERENCES parcels, seq int NOT NULL,
            scanned_at timestamp NOT NULL, place text, PRIMARY KEY (parcel_id, seq));"""
    )
    made = rs.generate(path, rows={"parcels": 40, "scans": 200}, seed=seed)["scans"]
    assert made.groupby("parcel_id").size().max() > 2
    ordered = made.sort_values(["parcel_id", "seq"])
    assert ordered.groupby("parcel_id")["scanned_at"].is_monotonic_increasing.all()
    assert not made.duplicated(["parcel_id", "seq"]).any()
