"""C2ST: how well the rows of one table can be distinguished from the real ones."""

from __future__ import annotations

from relsynth.evaluate.detection import Detection, balanced_rows, detect, tests_as_scores
from relsynth.evaluate.features import encode
from relsynth.evaluate.measure import CEILING, Comparison, Figure, Measure, Scores
from relsynth.evaluate.stretches import find_stretches


def measure_c2st(comparison: Comparison) -> Scores:
    """Return the detection accuracy of every table by itself, keys left out.

    Lookup tables are not tested: their rows are copied on purpose. Rows of one or few series
    are tested on stretches of time the classifier has not seen, see `find_stretches`.

    References
    ----------
    SyntheRela, SingleTableDetection with XGBoost.
    """
    tables = {name: detect_table(comparison, name) for name in comparison.real.learned}
    found = {name: outcome.as_scores() for name, outcome in tables.items() if outcome}
    return tests_as_scores("c2st", list(tables.values())) | {"tables": found}


def detect_table(comparison: Comparison, table: str) -> Detection | None:
    """Return the two-sample test of one table."""
    real, synthetic = comparison.real, comparison.synthetic
    limit, seed = comparison.limits.detection_rows, comparison.classifier_seed
    a, b = balanced_rows(real.rows[table], synthetic.rows[table], limit, seed)
    sides = encode(
        {column: values[a] for column, values in real.values[table].items()},
        {column: values[b] for column, values in synthetic.values[table].items()},
        real.kinds[table],
    )
    return detect(*sides, seed, groups=find_stretches(comparison, table, a, b))


C2ST = Measure(
    "c2st",
    "Detection of rows (C2ST)",
    "A classifier tries to tell synthetic rows of a table from real ones.",
    (
        Figure(
            "c2st",
            "Detection of rows, mean over tables",
            "Share of rows a classifier tells right. .5 is a coin toss; below .5 is memorisation.",
            "near",
            0.5,
        ),
        Figure(
            "c2st_max",
            "Detection of rows, worst table",
            "The same for the table that is easiest to tell.",
            "near",
            0.5,
        ),
    ),
    measure_c2st,
    lines=CEILING,
)
