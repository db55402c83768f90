"""The report as one HTML page: what the template shows, put together from the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relsynth.evaluate import evidence
from relsynth.evaluate.judgement import number_of_tests
from relsynth.evaluate.measure import Comparison, Measure
from relsynth.evaluate.plots import column_panel, correlation_panels, counts_panel, grid
from relsynth.formats.diagram import Diagram, draw_schema
from relsynth.optional import require

TEMPLATES = Path(__file__).parent / "templates"
COLUMNS = 24  # pictures a table; more make the page slow
RANKED = ("memorisation", "poor", "fair", "within noise", "good", "not measured")
WELL = ("good", "within noise")
POINTS = 3  # sentences a card
# the page's colours, for a picture without the page
STANDALONE = {"var(--real)": "#5b6b85", "var(--synthetic)": "#e8833a"}
Scores = Mapping[str, Any]


def render(scores: Scores, measures: Sequence[Measure], comparison: Comparison) -> str:
    """Return the page as text.

    Parameters
    ----------
    scores : mapping
        As `Report.scores`.
    comparison : Comparison
        The databases, for the pictures.

    Notes
    -----
    At most 24 columns per table are drawn, those with the lowest scores first.
    """
    jinja2 = require("jinja2", "report", "writing the report")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["percent"] = lambda value: "–" if value is None else f"{value:.1%}"
    metadata = comparison.real.metadata
    return environment.get_template("report.html").render(
        scores=scores,
        measures=measures,
        headlines=headlines(scores, measures),
        about=_about(scores),
        apart=_apart(comparison),
        schema=_schema(scores, comparison),
        detections=evidence.detections(scores),
        pictures=evidence.pictures(scores, comparison),
        tables=[_table(name, scores, comparison) for name in metadata.tables],
        keys=[_key(key, scores, comparison) for key in metadata.foreign_keys],
        column_limit=COLUMNS,
        tests=number_of_tests(scores, [measure.name for measure in measures]),
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
    )


def draw_columns(
    scores: Scores, comparison: Comparison, table: str, columns: Sequence[str] | None = None
) -> Diagram:
    """Return the distributions of columns of both databases as one drawing that stands alone."""
    shapes = scores.get("shapes", {}).get("columns", {}).get(table, {})
    chosen = columns or _worst_first(comparison, table, shapes)[:COLUMNS]
    sides = comparison.real, comparison.synthetic
    drawn = grid([column_panel(*sides, table, c, shapes.get(c)) for c in chosen])
    for variable, colour in STANDALONE.items():
        drawn = drawn.replace(variable, colour)
    return Diagram(drawn)


def _worst_first(comparison: Comparison, table: str, shapes: Mapping[str, Any]) -> list[str]:
    return sorted(
        comparison.real.kinds[table], key=lambda c: (shapes.get(c) is None, shapes.get(c) or 0.0)
    )


def headlines(scores: Scores, measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """Return the questions a reader has, each with its worst verdict and why.

    A question is as good as its worst figure; figures that even real halves do not reach for
    want of rows count as good, and are numbered.
    """
    groups = (
        ("Is it valid?", ("validity",), "keys, references, formats"),
        ("Does it look real?", ("shapes", "pairs", "c2st", "accuracy"), "rows of single tables"),
        (
            "Do tables fit together?",
            (
                *("cardinality", "trends", "dda", "joined"),
                *("order", "time", "siblings", "diamonds", "repeats"),
            ),
            "families across foreign keys",
        ),
        ("Is it useful?", ("utility",), "models trained on it"),
        ("Is it private?", ("privacy",), "copies and near copies"),
    )
    by_name = {measure.name: measure for measure in measures}
    cards = []
    for question, names, about in groups:
        figures = [figure for name in names if name in by_name for figure in by_name[name].figures]
        lines = [(scores["summary"][figure.name], figure) for figure in figures]
        measured = [line for line in lines if line[0]["score"] is not None]
        if not measured:
            continue
        ranked = sorted(measured, key=lambda line: RANKED.index(line[0]["verdict"]))
        verdict = ranked[0][0]["verdict"]
        cards.append(
            {
                "question": question,
                "about": about,
                "verdict": "good" if verdict in WELL else verdict,
                "good": sum(line["verdict"] in WELL for line, _ in measured),
                "noisy": sum(line["verdict"] == "within noise" for line, _ in measured),
                "count": len(measured),
                "points": [
                    {"title": figure.title, "reason": line["reason"]}
                    for line, figure in ranked
                    if line["verdict"] not in WELL
                ][:POINTS],
            }
        )
    return cards


def _about(scores: Scores) -> list[tuple[str, str]]:
    """Return what the head of the page tells about the run."""
    entries = [(name, str(value)) for name, value in scores["about"].items() if value is not None]
    return [*entries, ("detection by", scores["detector"])]


def _apart(comparison: Comparison) -> dict[str, list[str]]:
    """Return the columns of every table that are replaced on purpose, and so not compared."""
    real = comparison.real
    found = {
        name: [column for column in table.columns if column not in real.kinds[name]]
        for name, table in real.metadata.tables.items()
    }
    return {name: columns for name, columns in found.items() if columns}


def _schema(scores: Scores, comparison: Comparison) -> str:
    keys = scores.get("cardinality", {}).get("keys", {})
    return draw_schema(
        comparison.real.metadata,
        {
            name: f"{rows['real']:,} → {rows['synthetic']:,} rows"
            for name, rows in scores["rows"].items()
        },
        {name: _loudness(scores, name) for name in scores["rows"]},
        {name: _likeness(found["score"]) for name, found in keys.items()},
    )


def _table(name: str, scores: Scores, comparison: Comparison) -> dict[str, Any]:
    shapes = scores.get("shapes", {}).get("columns", {}).get(name, {})
    columns = _worst_first(comparison, name, shapes)
    sides = comparison.real, comparison.synthetic
    panels = [column_panel(*sides, name, c, shapes.get(c)) for c in columns[:COLUMNS]]
    c2st = _detection(scores, name)
    return {
        "name": name,
        "rows": scores["rows"][name],
        "hidden": max(len(columns) - COLUMNS, 0),
        "c2st": c2st,
        "c2st_class": _loudness(scores, name),
        "families": scores.get("dda", {}).get("tables", {}).get(name),
        "accuracy": scores.get("accuracy", {}).get("tables", {}).get(name),
        "utility": scores.get("utility", {}).get("tables", {}).get(name),
        "distributions": grid(panels),
        "correlations": grid(correlation_panels(*sides, name), 3, (3.0, 2.3)),
        "faults": [
            fault
            for fault in scores.get("validity", {}).get("found", [])
            if fault["where"].split(".")[0] == name
        ],
    }


def _key(key: Any, scores: Scores, comparison: Comparison) -> dict[str, Any]:
    counts = scores.get("cardinality", {}).get("keys", {}).get(key.name)
    path = f"{key.parent} > {key.child}.{'+'.join(key.columns)}"
    pairs = scores.get("trends", {}).get("paths", {}).get(path, {})
    strongest = sorted(
        ((pair, found) for pair, found in pairs.items() if found["strength"] is not None),
        key=lambda item: -item[1]["strength"],
    )
    panel = counts_panel(comparison.real.counts(key), comparison.synthetic.counts(key), "")
    return {
        "name": f"{key.child}.{'+'.join(key.columns)}",
        "parent": key.parent,
        "child": key.child,
        "counts": counts,
        "class": _likeness(counts["score"] if counts else None),
        "joined": scores.get("joined", {}).get("tables", {}).get(key.name),
        "strongest": strongest[:6],
        "picture": grid([panel], 1, (4.2, 1.7)),
    }


def _detection(scores: Scores, table: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = scores.get("c2st", {}).get("tables", {}).get(table)
    return found


def _loudness(scores: Scores, table: str) -> str:
    best = _detection(scores["ceiling"], table)
    return evidence.colour_of(_detection(scores, table), best["accuracy"] if best else None)


def _likeness(score: float | None) -> str:
    if score is None:
        return "unknown"
    return "good" if score >= 0.95 else "fair" if score >= 0.85 else "poor"


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}"
