"""A guess is corrected in one line; what would contradict the rest changes nothing."""

from __future__ import annotations

import pandas as pd
import pytest

import relsynth as rs


@pytest.fixture
def tables():
    return {
        "people": pd.DataFrame(
            {"id": range(60), "zip": [10115, 20095, 80331] * 20, "town": ["A", "B", "C"] * 20}
        ),
        "visits": pd.DataFrame(
            {"who": [i // 2 for i in range(120)], "day": ["2020-01-01", "2020-02-03"] * 60,
             "start": range(120), "stop": range(1, 121)}
        ),
    }  # fmt: skip


@pytest.fixture
def metadata(tables):
    return rs.Metadata.detect(tables)


def test_fields_of_a_column_are_set_by_either_name(metadata, tables, tmp_path):
    assert metadata.set("people", "zip", type="categorical") is metadata
    metadata.set("people", "town", treatment="fake", provider="city", locale="de_DE")
    metadata.set("visits", "start", min=0, high=500, values=None)
    assert metadata.tables["people"].columns["zip"].kind == "categorical"
    assert metadata.treatments["people"]["town"] == "fake"
    assert (metadata.tables["visits"].columns["start"].low, 500) == (0, 500)
    told = [str(note) for note in metadata.notes if note.where == "people.zip"]
    assert told == ["people.zip: type 'categorical' (as set by the user)"]
    metadata.save(tmp_path / "schema.json")
    assert rs.Metadata.load(tmp_path / "schema.json") == metadata
    fake = rs.RelationalSynthesizer(metadata, model="cart").fit(tables).sample()
    assert set(fake["people"]["zip"]) <= {10115, 20095, 80331}


def test_a_table_gets_a_role(metadata):
    assert metadata.set("people", role="subject").tables["people"].role == "subject"
    assert "people" in metadata.subjects


def test_keys_are_added_and_dropped(metadata, tables):
    if metadata.foreign_keys:
        metadata.drop_key("visits", "who")
    assert metadata.graph.number_of_edges() == 0
    metadata.set_primary_key("people", "id").add_key("visits", "who", "people")
    (key,) = metadata.foreign_keys
    assert (key.columns, key.parent_columns) == (("who",), ("id",))
    assert metadata.graph.number_of_edges() == 1
    metadata.check(tables)
    assert metadata.plan().order == ("people", "visits")
    fake = rs.RelationalSynthesizer(metadata, model="cart").fit(tables).sample()
    assert fake["visits"]["who"].isin(fake["people"]["id"]).all()
    assert metadata.drop_key("visits", ["who"], "people").foreign_keys == ()


def test_a_check_is_kept_by_what_is_drawn(metadata, tables):
    metadata.add_check("visits", "stop > start")
    fake = rs.RelationalSynthesizer(metadata, model="cart").fit(tables).sample()["visits"]
    assert (fake["stop"] > fake["start"]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.set("poeple", "zip", kind="text"), "did you mean 'people'?"),
        (lambda m: m.set("people", "zpi", kind="text"), "did you mean 'zip'?"),
        (lambda m: m.set("people", "zip", knid="text"), "no field 'knid'; did you mean 'kind'?"),
        (lambda m: m.set("people", "zip", kind="txt"), "did you mean 'text'?"),
        (lambda m: m.set("people", "zip", treatment="fke"), "did you mean 'fake'?"),
        (lambda m: m.set("people", "zip", low=9, high=1), "is greater than max"),
        (lambda m: m.set("people", "zip"), "nothing to set"),
        (lambda m: m.set("people", kind="text"), "no field 'kind'"),
        (lambda m: m.drop_key("visits", "day"), "visits has no foreign key 'day'"),
        (lambda m: m.add_key("visits", "start", "peple"), "did you mean 'people'?"),
        (lambda m: m.set_primary_key("people", "idd"), "did you mean 'id'?"),
        (lambda m: m.add_check("visits", "stp > start"), "did you mean 'stop'?"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(metadata, change, said):
    before = metadata.to_dict()
    with pytest.raises(rs.SchemaError) as error:
        change(metadata)
    assert said in str(error.value)
    assert metadata.to_dict() == before
