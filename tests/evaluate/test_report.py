"""The report: gates, table, files, and a page that needs nothing from outside."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from evaluate_shop import copy_of, make_shop, shop_schema, shuffled

import relsynth as rs
from relsynth.cli import main
from relsynth.cli.evaluate import evaluate as command
from relsynth.errors import RelsynthError
from relsynth.evaluate import MEASURES, Limits

pytest.importorskip("xgboost")
pytest.importorskip("matplotlib")
REAL = make_shop(120)
FEW = Limits(detection_rows=100, joined_rows=100, distance_rows=100)
SCHEMA = shop_schema()
SECTIONS = (
    "summary",
    "figures",
    "schema",
    "evidence",
    "validity",
    "tables",
    "table-shops",
    "table-customers",
    "table-orders",
    "table-visits",
    "relationships",
    "utility",
    "privacy",
    "method",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def report():
    fake = make_shop(120, seed=1)
    fake["orders"]["customer"] = shuffled(fake["orders"], "customer")
    fake["customers"].loc[0, "id"] = 101
    return rs.evaluate(REAL, fake, SCHEMA, make_shop(120, seed=2), limits=FEW)


@pytest.fixture(scope="module")
def page(report, tmp_path_factory) -> Path:
    return report.save(tmp_path_factory.mktemp("report") / "report.html")


def test_every_figure_has_a_score_two_lines_and_a_meaning(report):
    table = report.table()
    assert list(table.index) == [f.name for m in MEASURES.values() for f in m.figures]
    assert table.loc["dda", ["score", "ceiling", "floor"]].notna().all()
    assert table["meaning"].str.len().between(15, 200).all()
    json.dumps(report.scores, allow_nan=False)


def test_gates_follow_the_direction_of_a_figure(report):
    assert report.fails(under={"shapes": 0.5, "dda": 0.99}) == []
    failed = report.fails(under={"shapes": 1.0, "dda_full_max": 0.55, "validity": 0})
    assert [sentence.split()[0] for sentence in failed] == ["shapes", "dda_full_max", "validity"]
    assert report.fails(under={"hop3": 0.5}) == ["hop3 could not be measured, the gate is 0.5"]
    with pytest.raises(RelsynthError, match="did you mean 'shapes'"):
        report.fails(under={"shape": 0.5})


def test_unknown_measures_are_refused():
    with pytest.raises(RelsynthError, match="did you mean 'c2st'"):
        rs.evaluate(REAL, REAL, SCHEMA, measures=["c2s"])


def test_importing_the_package_keeps_the_function_callable():
    import relsynth.evaluate.validity

    assert relsynth.evaluate.validity.check_validity(REAL, REAL, SCHEMA).violations == 0
    report = rs.evaluate(REAL, REAL, SCHEMA, measures=["shapes"], baselines=False)
    assert report.scores["shapes"]["shapes"] == 1.0


def test_json_and_html_are_written(report, page, tmp_path):
    path = report.save(tmp_path / "scores.json")
    assert json.loads(path.read_text()) == report.scores
    assert page.stat().st_size < 3_000_000


def test_the_page_has_every_section_and_asks_for_nothing(page):
    text = page.read_text(encoding="utf-8")
    for name in SECTIONS:
        assert f'id="{name}"' in text, name
    assert "<script" not in text
    sources = re.findall(r'(?:src|href|xlink:href)="([^"]*)"', text)
    assert all(source.startswith(("#", "data:")) for source in sources)
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text


def test_every_inner_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r' id="([^"]+)"', text))
    links = set(re.findall(r'<a [^>]*href="#([^"]+)"', text))
    assert links <= targets


def test_names_are_escaped(tmp_path):
    name = "<b>&\"'"
    table = rs.metadata.Table(name, {name: rs.metadata.Column(name, "categorical")})
    tables = {name: pd.DataFrame({name: ["<i>", "x"] * 20})}
    report = rs.evaluate(tables, tables, rs.Metadata([table]), measures=["shapes", "c2st"])
    text = report.save(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<b>&" not in text
    assert "<i>" not in text


def test_the_same_report_gives_the_same_page(report, page, tmp_path):
    assert report.save(tmp_path / "again.html").read_bytes() == page.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_shows_every_section_without_errors_or_requests(page, tmp_path, theme):
    log = tmp_path / "net.json"
    options = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-extensions", "--no-first-run",
        f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--dump-dom",
        "--enable-logging=stderr", "--v=0",
    ]  # fmt: skip
    if theme == "dark":
        options.append("--blink-settings=preferredColorScheme=0")
    done = subprocess.run(
        [*options, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert all(f'id="{name}"' in done.stdout for name in SECTIONS)
    assert "CONSOLE" not in done.stderr
    assert not _requests_of_the_page(log)


def _requests_of_the_page(log: Path) -> set[str]:
    """Return what the page asked for; what the browser asks of its own accord has no origin."""
    events = json.loads(log.read_text())["events"]
    asked = [event["params"] for event in events if "initiator" in event.get("params", {})]
    return {
        request["url"]
        for request in asked
        if request["initiator"] != "not an origin" and not request["url"].startswith("data:")
    }


def _folder(path: Path, tables: dict[str, pd.DataFrame]) -> str:
    path.mkdir()
    for name, frame in tables.items():
        frame.to_csv(path / f"{name}.csv", index=False)
    return str(path)


@pytest.fixture
def files(tmp_path) -> tuple[str, str, str]:
    schema = tmp_path / "schema.json"
    SCHEMA.save(schema)
    fake = copy_of(REAL)
    fake["orders"]["total"] = 1.5
    real = _folder(tmp_path / "real", REAL)
    return real, _folder(tmp_path / "fake", fake), str(schema)


def test_the_command_prints_scores_and_passes_gates(files):
    real, fake, schema = files
    arguments = [real, fake, "--schema", schema, "--measures", "shapes,cardinality"]
    done = CliRunner().invoke(command, [*arguments, "--fail-under", "shapes=0.5", "--json"])
    assert done.exit_code == 0, done.output
    scores = json.loads(done.stdout)
    assert scores["cardinality"]["cardinality"] == 1.0
    assert scores["failed"] == []


def test_the_command_fails_where_a_gate_fails(files, tmp_path):
    real, fake, schema = files
    page = tmp_path / "out" / "report.html"
    arguments = [real, fake, "-s", schema, "--measures", "shapes", "--no-baselines"]
    gates = ["--fail-under", "shapes=0.99", "--output", str(page)]
    done = CliRunner().invoke(command, [*arguments, *gates])
    assert done.exit_code == 1
    assert "shapes is" in done.stderr
    assert page.exists()


@pytest.mark.parametrize(("gate", "status"), [("shapes=0.99", 1), ("shapes=0.1", 3)])
def test_the_exit_status_reaches_the_shell(files, tmp_path, monkeypatch, gate, status):
    real, fake, schema = files
    fake = fake if status == 1 else str(tmp_path / "nowhere")
    options = ["-s", schema, "--measures", "shapes", "--no-baselines", "--fail-under", gate]
    monkeypatch.setattr(sys, "argv", ["relsynth", "evaluate", real, fake, *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == status


def test_a_gate_that_is_no_number_is_refused(files):
    real, fake, schema = files
    done = CliRunner().invoke(command, [real, fake, "-s", schema, "--fail-under", "dda"])
    assert done.exit_code == 2
    assert "such as dda=0.6" in done.stderr
