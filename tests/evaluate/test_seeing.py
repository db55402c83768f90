"""What a notebook shows: metadata, plan, synthesizer and report, and single pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from evaluate_shop import make_shop, shop_schema

import relsynth as rs

pytest.importorskip("matplotlib")
REAL = make_shop(60)


@pytest.fixture(scope="module")
def report():
    return rs.evaluate(
        REAL, make_shop(60, seed=1), shop_schema(), measures=["shapes"], baselines=False
    )


def test_metadata_plan_and_synthesizer_show_themselves():
    metadata = shop_schema()
    synthesizer = rs.RelationalSynthesizer(metadata, model="cart")
    assert "not fitted yet" in synthesizer._repr_html_()
    synthesizer.fit(REAL)
    for shown in (metadata, synthesizer.plan_, synthesizer):
        page = shown._repr_html_()
        assert all(f">{name}" in page for name in metadata.tables)
    assert ">60</td>" in synthesizer.plan_._repr_html_()
    assert "children of customers by customer" in synthesizer._repr_html_()


def test_bars_are_shown_where_they_are_asked_for_only(capsys):
    synthesizer = rs.RelationalSynthesizer(shop_schema(), model="cart", progress=True).fit(REAL)
    synthesizer.sample()
    told = capsys.readouterr().err
    assert "fit: 100%" in told
    assert "draw: 100%" in told
    synthesizer.progress = False
    synthesizer.sample()
    assert capsys.readouterr().err == ""


def test_names_cannot_break_the_page():
    odd = rs.Metadata.detect({"<b>&": pd.DataFrame({"<i>": [1, 2]})})
    assert "<b>&" not in odd._repr_html_()
    assert "<b>&" not in odd.plan()._repr_html_()
    ET.fromstring(odd.diagram())  # noqa: S314 - our own


def test_the_diagram_and_a_plot_are_files_of_their_own(report, tmp_path):
    for number, picture in enumerate(
        (shop_schema().diagram(), report.plot("orders", "total"), report.plot("customers"))
    ):
        saved = picture.save(tmp_path / f"{number}.svg")
        root = ET.parse(saved).getroot()  # noqa: S314 - our own
        assert root.tag.endswith("svg")
        assert "var(--" not in picture
        assert picture._repr_svg_() == saved.read_text(encoding="utf-8")


def test_a_report_shows_its_cards_and_its_figures(report):
    page = report._repr_html_()
    assert "Does it look real?" in page
    assert "shapes" in page
    with pytest.raises(rs.RelsynthError, match="did you mean 'orders'"):
        report.plot("ordrs")
    with pytest.raises(rs.RelsynthError, match=r"orders\.totl is not compared; did you mean"):
        report.plot("orders", "totl")
