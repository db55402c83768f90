"""Every measure by name, in the order of the report."""

from __future__ import annotations

from relsynth.evaluate.c2st import C2ST
from relsynth.evaluate.cardinality import CARDINALITY
from relsynth.evaluate.dda import DDA
from relsynth.evaluate.measure import Measure
from relsynth.evaluate.pairs import PAIRS
from relsynth.evaluate.shapes import SHAPES
from relsynth.evaluate.validity import VALIDITY

MEASURES: dict[str, Measure] = {
    measure.name: measure for measure in (VALIDITY, SHAPES, PAIRS, CARDINALITY, C2ST, DDA)
}
