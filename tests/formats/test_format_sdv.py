"""SDV metadata: versions, spellings, round trips and faults."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from damaged_documents import damaged, read_or_refused
from hypothesis import given, settings

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table

HOTELS = {
    "METADATA_SPEC_VERSION": "V2",
    "tables": {
        "hotels": {
            "primary_key": "hotel_id",
            "columns": {
                "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"},
                "rating": {
                    "sdtype": "numerical",
                    "range_min": 0,
                    "range_max": 5,
                    "decimal_places": 1,
                    "range_is_nullable": True,
                },
                "latitude": {"sdtype": "latitude", "pii": True},
                "longitude": {"sdtype": "longitude", "pii": True},
            },
            "column_relationships": [{"type": "gps", "column_names": ["latitude", "longitude"]}],
        },
        "guests": {
            "primary_key": "guest_email",
            "alternate_keys": ["card"],
            "sequence_key": "stay",
            "sequence_index": "checkin",
            "columns": {
                "guest_email": {"sdtype": "email", "pii": True},
                "card": {"sdtype": "credit_card_number", "pii": True},
                "hotel_id": {"sdtype": "id", "range_is_nullable": True},
                "checkin": {
                    "sdtype": "datetime",
                    "datetime_format": "%d %b %Y",
                    "range_min": "01 Jan 2020",
                },
                "tier": {"sdtype": "ordinal", "range_values": ["basic", "gold"]},
                "room": {"sdtype": "categorical", "high_cardinality": True},
                "member": {"sdtype": "boolean"},
                "stay": {"sdtype": "id"},
                "remark": {"sdtype": "unknown", "pii": False},
            },
        },
        "visits": {
            "primary_key": ["guest_email", "day"],
            "columns": {
                "guest_email": {"sdtype": "email", "pii": True},
                "day": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"},
            },
        },
    },
    "relationships": [
        {
            "parent_table_name": "hotels",
            "parent_primary_key": "hotel_id",
            "child_table_name": "guests",
            "child_foreign_key": "hotel_id",
        },
        {
            "parent_table_name": "guests",
            "parent_primary_key": "guest_email",
            "child_table_name": "visits",
            "child_foreign_key": "guest_email",
        },
    ],
}


def changed(change):
    document = json.loads(json.dumps(HOTELS))
    change(document)
    return document


def test_everything_sdv_says_comes_back():
    metadata = Metadata.from_dict(HOTELS)
    assert metadata.to_sdv() == HOTELS
    through_own = Metadata.from_dict(json.loads(json.dumps(metadata.to_dict())))
    assert through_own == metadata
    assert through_own.to_sdv() == HOTELS


def test_types_become_kinds():
    guests = Metadata.from_dict(HOTELS).tables["guests"].columns
    assert {name: column.kind for name, column in guests.items()} == {
        "guest_email": "text",
        "card": "text",
        "hotel_id": "key",
        "checkin": "datetime",
        "tier": "ordinal",
        "room": "categorical",
        "member": "boolean",
        "stay": "key",
        "remark": "text",
    }
    assert (guests["card"].provider, guests["card"].pii) == ("credit_card_number", True)
    assert (guests["remark"].provider, guests["remark"].pii) == (None, False)
    assert guests["tier"].values == ("basic", "gold")


def test_faker_types_are_personal_unless_said_otherwise():
    document = changed(lambda d: d["tables"]["guests"]["columns"]["card"].pop("pii"))
    assert Metadata.from_dict(document).tables["guests"].columns["card"].pii
    document = changed(lambda d: d["tables"]["guests"]["columns"]["remark"].pop("pii"))
    assert Metadata.from_dict(document).tables["guests"].columns["remark"].pii


def test_nullable_reference_is_told_by_its_columns():
    keys = {key.child: key.nullable for key in Metadata.from_dict(HOTELS).foreign_keys}
    assert keys == {"guests": True, "visits": None}


@pytest.mark.parametrize("version", ["V1", "MULTI_TABLE_V1", None])
def test_first_version_and_unversioned_files(version):
    document = {
        "tables": {
            "parts": {
                "columns": {
                    "id": {"sdtype": "id"},
                    "size": {"sdtype": "categorical", "order": ["S", "M", "L"]},
                    "rank": {"sdtype": "categorical", "order_by": "numerical_value"},
                    "n": {"sdtype": "numerical", "computer_representation": "Int64"},
                },
                "primary_key": "id",
            }
        },
        "relationships": [],
    }
    if version:
        document["METADATA_SPEC_VERSION"] = version
    columns = Metadata.from_dict(document).tables["parts"].columns
    assert (columns["size"].kind, columns["size"].values) == ("ordinal", ("S", "M", "L"))
    assert columns["rank"].kind == "ordinal"
    assert columns["n"].native == "Int64"
    written = Metadata.from_dict(document).to_sdv()
    assert written["METADATA_SPEC_VERSION"] == "V2"
    assert written["tables"]["parts"]["columns"]["size"] == {
        "sdtype": "ordinal",
        "range_values": ["S", "M", "L"],
    }


def test_single_table_document():
    document = {
        "columns": {"age": {"sdtype": "numerical"}},
        "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
    }
    assert list(Metadata.from_dict(document).tables) == ["table"]


def test_keys_may_be_names_or_lists():
    def as_lists(document):
        document["relationships"][0]["parent_primary_key"] = ["hotel_id"]
        document["relationships"][0]["child_foreign_key"] = ["hotel_id"]
        document["tables"]["hotels"]["primary_key"] = ["hotel_id"]
        document["tables"]["guests"]["alternate_keys"] = [["card"]]

    assert Metadata.from_dict(changed(as_lists)) == Metadata.from_dict(HOTELS)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (
            lambda d: d["tables"]["hotels"]["columns"]["rating"].update(decimals=1),
            ["hotels.rating", "'decimals'", "decimal_places"],
        ),
        (lambda d: d["tables"]["hotels"].update(primary_keys="x"), ["hotels", "'primary_key'"]),
        (lambda d: d.update(relations=[]), ["'relations'", "did you mean 'relationships'?"]),
        (lambda d: d.update(METADATA_SPEC_VERSION="V9"), ["'V9'", "V2"]),
        (lambda d: d["relationships"][0].pop("child_foreign_key"), ["relationship 1", "lacks"]),
        (lambda d: d["tables"]["hotels"]["columns"]["rating"].pop("sdtype"), ["hotels.rating"]),
        (lambda d: d["tables"].update(hotels=3), ["hotels", "int"]),
        (lambda d: d.update(relationships={}), ["relationships", "dict"]),
        (lambda d: d["tables"]["hotels"].update(primary_key=7), ["primary_key", "7"]),
        (
            lambda d: d["relationships"][1].update(parent_table_name="guest"),
            ["'guest'", "did you mean 'guests'?"],
        ),
        (
            lambda d: d["tables"]["hotels"].update(column_relationships=["gps"]),
            ["hotels", "column_names"],
        ),
    ],
)
def test_faults_are_named(change, parts):
    with pytest.raises(rs.SchemaError) as caught:
        Metadata.from_dict(changed(change))
    for part in parts:
        assert part in str(caught.value)


def test_files_from_before_1_0_are_recognised_and_refused():
    old = {"tables": {"users": {"primary_key": "id", "fields": {"id": {"type": "id"}}}}}
    with pytest.raises(rs.SchemaError, match="unknown key 'fields'"):
        Metadata.from_dict(old)


def test_what_sdv_cannot_say_is_left_out():
    customers = Table(
        "customers",
        {"id": Column("id", "integer"), "wait": Column("wait", "timedelta")},
        ("id",),
        role="reference",
        rows=3,
    )
    notes = Table(
        "notes",
        {"about": Column("about", "integer"), "what": Column("what")},
        unique=(("about", "what"),),
        checks=("about > 0",),
    )
    orders = Table("orders", {"customer": Column("customer", "integer")})
    keys = [
        ForeignKey("notes", ("about",), "customers", ("id",), when={"what": "customer"}),
        ForeignKey("orders", ("customer",), "customers", ("id",)),
    ]
    written = Metadata([customers, notes, orders], keys).to_sdv()
    assert written["tables"]["customers"] == {
        "columns": {"id": {"sdtype": "id"}, "wait": {"sdtype": "unknown", "pii": False}},
        "primary_key": "id",
    }
    assert written["tables"]["orders"]["columns"] == {"customer": {"sdtype": "id"}}
    assert [rel["child_table_name"] for rel in written["relationships"]] == ["orders"]
    assert "unique" not in str(written)


@pytest.mark.skipif("RELSYNTH_DATA" not in os.environ, reason="RELSYNTH_DATA is not set")
def test_real_files_load_and_come_back():
    files = sorted(Path(os.environ["RELSYNTH_DATA"]).glob("*/metadata.json"))
    assert files
    for path in files:
        metadata = Metadata.load(path)
        assert Metadata.from_dict(metadata.to_dict()) == metadata
        written, original = metadata.to_sdv(), json.loads(path.read_text())
        assert written["tables"] == original["tables"]
        assert written["relationships"] == original["relationships"]


@settings(deadline=None, max_examples=300)
@given(damaged(HOTELS, ["sdtype", "columns", "x"]))
def test_any_damage_is_a_schema_error_or_harmless(document):
    metadata = read_or_refused(document)
    if metadata is not None:
        metadata.to_sdv()
