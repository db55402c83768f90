"""Arguments that make no sense are refused by a sentence that names them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs

SHOP = {"shop": pd.DataFrame({"id": range(60), "v": np.arange(60.0), "c": ["a", "b", "c"] * 20})}
METADATA = rs.Metadata.detect(SHOP)


@pytest.fixture(scope="module")
def synth():
    return rs.RelationalSynthesizer(METADATA, model="cart").fit(SHOP)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"rows": 5}, "rows"),
        ({"rows": {"shop": 1.5}}, "rows"),
        ({"rows": {"shop": True}}, "rows"),
        ({"rows": {"shop": float("nan")}}, "rows"),
        ({"rows": {"shop": "x"}}, "rows"),
        ({"rows": [1]}, "rows"),
        ({"rows": {"shopp": 5}}, "shop"),
        ({"scale": -1}, "scale"),
        ({"scale": "2"}, "scale"),
        ({"scale": None}, "scale"),
        ({"scale": float("inf")}, "scale"),
        ({"seed": "x"}, "seed"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"where": "c"}, "where"),
        ({"where": {"shop": "c"}}, "shop"),
        ({"where": {"shop": {"c": [[1]]}}}, "c"),
    ],
)
def test_what_to_sample(synth, tmp_path, asked, word):
    for call in (synth.sample, lambda **said: synth.sample_to(tmp_path / "out", **said)):
        with pytest.raises((ValueError, TypeError), match=word):
            call(**asked)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"workers": "x"}, "workers"),
        ({"workers": 0}, "workers"),
        ({"workers": 1.5}, "workers"),
        ({"rows_of_a_part": "x"}, "rows_of_a_part"),
        ({"rows_of_a_part": 0}, "rows_of_a_part"),
        ({"format": "xls"}, "xls"),
        ({"format": None}, "format"),
        ({"format": ["csv"]}, "format"),
    ],
)
def test_how_to_write(synth, tmp_path, asked, word):
    with pytest.raises((ValueError, TypeError), match=word):
        synth.sample_to(tmp_path / "out", **asked)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"keep": "shop"}, r"\['shop'\]"),
        ({"keep": 5}, "keep"),
        ({"keep": [5]}, "keep"),
        ({"seed": "x"}, "seed"),
        ({"models": "cart"}, "models"),
        ({"orphans": "drop"}, "orphans"),
    ],
)
def test_how_to_learn(asked, word):
    with pytest.raises((ValueError, TypeError), match=word):
        rs.RelationalSynthesizer(METADATA, **asked)


@pytest.mark.parametrize("given", [5, None, [1], "nowhere"])
def test_tables_are_frames_by_name(synth, given):
    for call in (
        synth.fit,
        lambda tables: synth.sample_children(of=tables),
        lambda tables: rs.refine(tables, SHOP, METADATA),
        lambda tables: rs.evaluate(tables, SHOP, METADATA),
        lambda tables: rs.subset(tables, METADATA, {"shop": 5}),
    ):
        with pytest.raises((rs.RelsynthError, FileNotFoundError)):
            call(given)


@pytest.mark.parametrize("given", [5, None, SHOP])
def test_metadata_is_an_object_or_a_path(given):
    for call in (
        rs.RelationalSynthesizer,
        rs.generate,
        lambda metadata: rs.subset(SHOP, metadata, {"shop": 5}),
        lambda metadata: rs.refine(SHOP, SHOP, metadata),
        lambda metadata: rs.evaluate(SHOP, SHOP, metadata),
    ):
        with pytest.raises(rs.RelsynthError, match=r"schema|metadata"):
            call(given)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"rows": "x"}, "rows"),
        ({"rows": True}, "rows"),
        ({"rows": {"shop": "x"}}, "rows"),
        ({"rows": -1}, "rows"),
        ({"rows": {"shop": -1}}, "rows"),
        ({"seed": "x"}, "seed"),
        ({"profile": 5}, "profile"),
        ({"profile": "odd"}, "profile"),
        ({"locale": None}, "locale"),
    ],
)
def test_what_to_generate(asked, word):
    with pytest.raises((ValueError, TypeError), match=word):
        rs.generate(METADATA, **asked)


def test_what_to_evaluate(tmp_path):
    with pytest.raises(TypeError, match="measures: give a list of names, such as"):
        rs.evaluate(SHOP, SHOP, METADATA, measures="shapes")
    with pytest.raises(TypeError, match="candidates: give a mapping of names"):
        rs.compare([SHOP], SHOP, METADATA)
    with pytest.raises(TypeError, match=r"seeds: give a list of whole numbers, such as \[3\]"):
        rs.compare({"same": SHOP}, SHOP, METADATA, seeds=3)
    report = rs.evaluate(SHOP, SHOP, METADATA, measures=["shapes"], baselines=False)
    with pytest.raises(rs.DataError, match=r"r\.pdf: a report is written as \.html or \.json"):
        report.save(tmp_path / "r.pdf")
    assert not list(tmp_path.iterdir())
