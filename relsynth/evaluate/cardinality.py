"""Cardinality: how many children parents have, per foreign key."""

from __future__ import annotations

from relsynth.distance import kolmogorov_smirnov
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, mean_of


def measure_cardinality(comparison: Comparison) -> Scores:
    """Return 1 - KS of the number of children per parent, parents without a child included.

    References
    ----------
    SDMetrics 0.32, CardinalityShapeSimilarity.
    """
    found = {}
    for key in comparison.real.metadata.foreign_keys:
        a = comparison.real.counts(key).astype(float)
        b = comparison.synthetic.counts(key).astype(float)
        found[key.name] = {
            "score": 1.0 - kolmogorov_smirnov(a, b),
            "real_mean": mean_of([a.mean()]) if len(a) else None,
            "synthetic_mean": mean_of([b.mean()]) if len(b) else None,
            "real_childless": mean_of([(a == 0).mean()]) if len(a) else None,
            "synthetic_childless": mean_of([(b == 0).mean()]) if len(b) else None,
        }
    scores = [key["score"] for key in found.values()]
    return {"cardinality": mean_of(scores), "keys": found}


CARDINALITY = Measure(
    "cardinality",
    "Cardinality",
    "Do parents have as many children as in the real data, including none?",
    (
        Figure(
            "cardinality",
            "Cardinality",
            "Mean likeness of children per parent over all foreign keys. 1 is identical.",
        ),
    ),
    measure_cardinality,
)
