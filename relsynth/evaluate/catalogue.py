"""Every measure by name, in the order of the report."""

from __future__ import annotations

from relsynth.evaluate.accuracy import ACCURACY
from relsynth.evaluate.c2st import C2ST
from relsynth.evaluate.cardinality import CARDINALITY
from relsynth.evaluate.dda import DDA
from relsynth.evaluate.diamonds import DIAMONDS
from relsynth.evaluate.joined import JOINED
from relsynth.evaluate.measure import Measure
from relsynth.evaluate.order import ORDER
from relsynth.evaluate.pairs import PAIRS
from relsynth.evaluate.privacy import PRIVACY
from relsynth.evaluate.repeats import REPEATS
from relsynth.evaluate.shapes import SHAPES
from relsynth.evaluate.siblings import SIBLINGS
from relsynth.evaluate.time import TIME
from relsynth.evaluate.trained_on_synthetic import UTILITY
from relsynth.evaluate.trends import TRENDS
from relsynth.evaluate.validity import VALIDITY

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        VALIDITY,
        SHAPES,
        PAIRS,
        CARDINALITY,
        TRENDS,
        C2ST,
        DDA,
        JOINED,
        ORDER,
        TIME,
        SIBLINGS,
        DIAMONDS,
        REPEATS,
        ACCURACY,
        UTILITY,
        PRIVACY,
    )
}
