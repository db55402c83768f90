"""DDA: how well parents can be distinguished from real ones by the summary of their children."""

from __future__ import annotations

from relsynth.evaluate.aggregates import families
from relsynth.evaluate.detection import Detection, balanced_rows, detect, tests_as_scores
from relsynth.evaluate.features import Form, encode
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores
from relsynth.evaluate.stretches import find_stretches

FORMS: dict[str, Form] = {"base": "published", "full": "full"}


def measure_dda(comparison: Comparison) -> Scores:
    """Return the detection accuracy of parents with child aggregates, two sets of them.

    ``base`` has the aggregates of the published protocol; ``full`` also sees spread,
    extremes, sums, dates, shares and the last child.

    References
    ----------
    SyntheRela, AggregationDetection (C2ST-Agg, DDA) with XGBoost.
    """
    metadata = comparison.real.metadata
    parents = [table for table in comparison.real.learned if metadata.children_of(table)]
    scores: Scores = {"tests": {}}
    tables: Scores = {}
    for name, form in FORMS.items():
        found = {table: detect_families(comparison, table, form) for table in parents}
        part = tests_as_scores("dda" if name == "base" else "dda_full", list(found.values()))
        scores["tests"] |= part.pop("tests")
        scores |= part
        for table, outcome in found.items():
            if outcome:
                tables.setdefault(table, {})[name] = outcome.as_scores()
    return {**scores, "tables": tables}


def detect_families(comparison: Comparison, table: str, form: Form) -> Detection | None:
    """Return the two-sample test of one parent table."""
    real, synthetic = families(comparison.real, comparison.synthetic, table, form)
    limit, seed = comparison.limits.detection_rows, comparison.classifier_seed
    rows = comparison.real.rows[table], comparison.synthetic.rows[table]
    a, b = balanced_rows(*rows, limit, seed)
    sides = encode(real.take(a), synthetic.take(b), real.kinds, form)
    return detect(*sides, seed, form=form, groups=find_stretches(comparison, table, a, b))


_SAYS = "Share of parents classified right from their own columns and "
DDA = Measure(
    "dda",
    "Detection of families (DDA)",
    "A classifier tries to tell synthetic parents by their own columns and what their children "
    "add up to.",
    (
        Figure(
            "dda",
            "Detection of families, mean over parent tables",
            _SAYS + "the published summaries of their children. .5 is a coin toss.",
            "near",
            0.5,
        ),
        Figure(
            "dda_max",
            "Detection of families, worst parent table",
            "The same for the parent table that is easiest to tell.",
            "near",
            0.5,
        ),
        Figure(
            "dda_full",
            "Detection of families, full summaries, mean",
            _SAYS + "spread, extremes, sums, dates and the last child too: far stricter.",
            "near",
            0.5,
        ),
        Figure(
            "dda_full_max",
            "Detection of families, full summaries, worst",
            "The same for the parent table that is easiest to tell.",
            "near",
            0.5,
        ),
    ),
    measure_dda,
)
