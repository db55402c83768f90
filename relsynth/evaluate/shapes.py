"""Column shapes: how alike the distribution of every single column is."""

from __future__ import annotations

from relsynth.distance import kolmogorov_smirnov, total_variation
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import CEILING, Comparison, Figure, Measure, Scores, mean_of


def measure_shapes(comparison: Comparison) -> Scores:
    """Return 1 - KS of numbers and dates and 1 - TVD of categories, missing values left out.

    References
    ----------
    SDMetrics 0.32, ColumnShapes (KSComplement, TVComplement).
    """
    real, synthetic = comparison.real, comparison.synthetic
    columns = {
        table: {column: column_shape(real, synthetic, table, column) for column in kinds}
        for table, kinds in real.kinds.items()
    }
    every = [score for scores in columns.values() for score in scores.values()]
    return {"shapes": mean_of(every), "columns": columns}


def column_shape(real: Database, synthetic: Database, table: str, column: str) -> float:
    """Return the likeness of one column, 0 to 1; ``NaN`` where a side has no value."""
    a, b = real.values[table][column], synthetic.values[table][column]
    if real.kinds[table][column] == "category":
        return 1.0 - total_variation(a[a >= 0], b[b >= 0])
    return 1.0 - kolmogorov_smirnov(a, b)


SHAPES = Measure(
    "shapes",
    "Column shapes",
    "Every column by itself: are its values as frequent as in the real data?",
    (
        Figure(
            "shapes",
            "Column shapes",
            "Mean likeness of single columns. 1 is identical; compare the ceiling.",
        ),
    ),
    measure_shapes,
    lines=CEILING,
)
