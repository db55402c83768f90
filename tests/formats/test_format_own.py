"""The library's own schema file: what is read, written and refused."""

from __future__ import annotations

import json

import pytest
from damaged_documents import damaged, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.formats.shipped import shipped_schema
from relsynth.metadata import KINDS, Column, ForeignKey, Metadata, Table

SHOP = {
    "relsynth": 1,
    "tables": {
        "customers": {
            "columns": {
                "id": {"type": "key", "pattern": "C[0-9]{4}"},
                "born": {"type": "datetime", "format": "%d.%m.%Y", "min": "01.01.1900"},
                "tier": {"type": "ordinal", "values": ["basic", "gold"], "weights": [3, 1]},
                "email": {"type": "text", "provider": "email", "pii": True, "max_length": 80},
            },
            "primary_key": ["id"],
            "unique": [["email"]],
            "rows": 10,
        },
        "orders": {
            "columns": {
                "customer": {"type": "key", "nullable": True},
                "total": {"type": "numeric", "min": 0, "max": 99.5, "decimals": 2},
                "note": {"type": "text", "null_share": 0.25, "nullable": True},
            },
            "checks": ["total >= 0"],
            "constraints": [{"type": "sequence", "index": "total"}],
        },
    },
    "foreign_keys": [
        {
            "name": "buyer",
            "child": "orders",
            "columns": ["customer"],
            "parent": "customers",
            "parent_columns": ["id"],
            "nullable": True,
            "children": {"name": "poisson", "mean": 3},
            "context": True,
        }
    ],
}


def shop(**changes):
    document = json.loads(json.dumps(SHOP))
    for path, value in changes.items():
        target = document
        *way, last = path.split("__")
        for step in way:
            target = target[int(step) if step.isdigit() else step]
        target[last] = value
    return document


def test_document_comes_back_unchanged():
    metadata = Metadata.from_dict(SHOP)
    assert metadata.to_dict() == SHOP
    assert Metadata.from_dict(metadata.to_dict()) == metadata


def test_json_names_become_attributes():
    metadata = Metadata.from_dict(SHOP)
    total = metadata.tables["orders"].columns["total"]
    assert (total.kind, total.low, total.high, total.decimals) == ("numeric", 0, 99.5, 2)
    assert metadata.tables["customers"].columns["tier"].weights == (3, 1)
    assert metadata.foreign_keys[0].children == {"name": "poisson", "mean": 3}


def test_saved_file_is_loaded_again(tmp_path):
    path = tmp_path / "new" / "schema.json"
    metadata = Metadata.from_dict(SHOP)
    metadata.save(path)
    assert Metadata.load(path) == metadata
    assert [file.name for file in path.parent.iterdir()] == ["schema.json"]


def test_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text("old")
    broken = Metadata([Table("a", {"x": Column("x", "numeric", distribution={"name": {1, 2}})})])
    with pytest.raises(TypeError):
        broken.save(path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_parent_columns_default_to_the_primary_key():
    document = shop()
    del document["foreign_keys"][0]["parent_columns"]
    assert Metadata.from_dict(document).foreign_keys[0].parent_columns == ("id",)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"tables__orders__colums": {}}, ["tables.orders", "'colums'", "did you mean 'columns'?"]),
        (
            {"tables__orders__columns__total__minimum": 0},
            ["tables.orders.columns.total", "'minimum'", "did you mean 'min'?"],
        ),
        (
            {"tables__orders__columns__total__type": "nummeric"},
            ["tables.orders.columns.total.type", "'nummeric'", "did you mean 'numeric'?"],
        ),
        (
            {"tables__customers__primary_key": "id"},
            ["tables.customers.primary_key", "'id'", "array"],
        ),
        ({"foreign_keys__0__parrent": "x"}, ["foreign_keys.0", "did you mean 'parent'?"]),
        ({"tables": {}}, ["tables"]),
        ({"relsynth": 0}, ["relsynth"]),
        ({"tables__orders__columns__total": {}}, ["tables.orders.columns.total", "'type'"]),
        ({"tables__customers__rows": -1}, ["tables.customers.rows"]),
    ],
)
def test_fault_names_its_place_and_a_cure(changes, parts):
    with pytest.raises(rs.SchemaError) as caught:
        Metadata.from_dict(shop(**changes), source="shop.json")
    assert str(caught.value).startswith("shop.json: ")
    for part in parts:
        assert part in str(caught.value)


def test_all_faults_are_reported_together():
    changes = {
        "tables__orders__columns__total__minimum": 0,
        "tables__orders__columns__note__typ": "text",
        "tables__customers__primary_key": "id",
    }
    with pytest.raises(rs.SchemaError) as caught:
        Metadata.from_dict(shop(**changes))
    assert len(caught.value.faults) == 3


ONE = '{"columns": {"id": {"type": "key"}}}'
TWO = '{"columns": {"id": {"type": "key"}, "id": {"type": "text"}}}'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f'{{"relsynth": 1, "tables": {{"a": {ONE}, "a": {ONE}}}}}', "'a' stands 2 times"),
        (f'{{"relsynth": 1, "tables": {{"a": {TWO}}}}}', "'id' stands 2 times"),
        ('{"relsynth": 1,\n "tables": }', "line 2, column 12"),
    ],
    ids=["table twice", "column twice", "broken"],
)
def test_a_file_that_is_no_schema_says_where(tmp_path, text, fault):
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(rs.SchemaError, match=fault):
        Metadata.load(path)


def test_not_a_number_is_refused(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(shop(tables__orders__columns__total__max=float("nan"))))
    with pytest.raises(rs.SchemaError, match="NaN"):
        Metadata.load(path)


def test_newer_version_asks_for_a_newer_release():
    with pytest.raises(rs.SchemaError, match=r"version 2.*newer release"):
        Metadata.from_dict(shop(relsynth=2))


@pytest.mark.parametrize("content", ["[1, 2]", '{"a": 1}', "create nothing", "", "3"])
def test_unknown_content_lists_the_known_formats(tmp_path, content):
    path = tmp_path / "schema.txt"
    path.write_text(content)
    with pytest.raises(rs.SchemaError, match="relsynth JSON, SDV metadata JSON"):
        Metadata.load(path)


def test_binary_file_is_no_schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(rs.SchemaError, match="not UTF-8"):
        Metadata.load(path)


def test_schema_file_is_shipped_and_names_every_attribute():
    schema = json.loads(shipped_schema("relsynth.schema.json").read_text())
    column = schema["$defs"]["column"]["properties"]
    named = {"kind": "type", "low": "min", "high": "max"}
    expected = {named.get(name, name) for name in Column.__slots__ if name != "name"}
    assert set(column) == expected
    assert tuple(column["type"]["enum"]) == KINDS
    keys = {*ForeignKey.__slots__}
    assert set(schema["$defs"]["foreign_key"]["properties"]) == keys
    assert set(schema["$defs"]["table"]["properties"]) == {*Table.__slots__} - {"name"}


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def columns(draw, name):
    numbers = st.none() | st.floats(-1e6, 1e6)
    low, high = sorted(draw(st.tuples(st.floats(-9, 9), st.floats(-9, 9))))
    return Column(
        name,
        draw(st.sampled_from(["key", "categorical", "ordinal", "boolean", "text"])),
        draw(st.sampled_from([None, True])),
        low=low if draw(st.booleans()) else None,
        high=high if draw(st.booleans()) else None,
        values=draw(st.none() | st.lists(names, min_size=1, unique=True).map(tuple)),
        max_length=draw(st.none() | st.integers(1, 99)),
        null_share=draw(st.none() | st.floats(0, 1)),
        distribution=draw(st.none() | st.fixed_dictionaries({"name": names, "mean": numbers})),
        provider=draw(st.none() | names),
        pii=draw(st.booleans()),
        native=draw(st.none() | st.sampled_from(["INTEGER", "VARCHAR(9)", "odd"])),
    )


@st.composite
def schemas(draw):
    tables = []
    for name in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        parts = draw(st.lists(names, min_size=1, max_size=5, unique=True))
        described = {part: draw(columns(part)) for part in parts}
        described["the key"] = Column("the key", "key")
        tables.append(
            Table(name, described, ("the key",), rows=draw(st.none() | st.integers(0, 9)))
        )
    keys = []
    for child in tables:
        if draw(st.booleans()):
            parent = draw(st.sampled_from(tables))
            column = draw(st.sampled_from([name for name in child.columns if name != "the key"]))
            keys.append(ForeignKey(child.name, (column,), parent.name, ("the key",)))
    return tables, keys


@settings(deadline=None, max_examples=40)
@given(schemas())
def test_any_schema_comes_back_through_json_text(drawn):
    try:
        metadata = Metadata(*drawn)
    except rs.SchemaError:
        return
    text = json.dumps(metadata.to_dict(), allow_nan=False)
    again = Metadata.from_dict(json.loads(text))
    assert again == metadata
    assert [*again.tables] == [*metadata.tables]
    assert again.foreign_keys == metadata.foreign_keys


@settings(deadline=None, max_examples=300)
@given(damaged(shop(), ["type", "columns", "name"]))
def test_any_damage_is_a_schema_error_or_harmless(document):
    read_or_refused(document)
