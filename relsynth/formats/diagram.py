"""The schema as an SVG drawing: tables in layers, foreign keys as curves."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from relsynth.schema.graph import break_cycles

if TYPE_CHECKING:
    from relsynth.schema import ForeignKey, Schema

WIDTH, HEIGHT = 168, 46
# colours that can be read on white and on black, for a drawing that stands alone
STYLE = (
    "<style>.schema rect{fill:none;stroke:#8b929c}.schema .stripe{fill:#e8833a;stroke:none}"
    ".schema text{font:12px sans-serif;fill:currentColor}.schema .name{font-weight:600}"
    ".schema .note{font-size:10.5px;opacity:.75}.schema .link{fill:none;stroke:#8b929c}"
    ".schema .end{fill:#8b929c}</style>"
)
GAP_X, GAP_Y = 64, 16
MARGIN = 14  # pixels
Place = tuple[float, float]


class Diagram(str):
    """A schema drawn as SVG text; notebooks show it, `save` writes it."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: str | Path) -> Path:
        """Write the drawing; the file is replaced in one step."""
        target = Path(path)
        temporary = target.with_name(f".{target.name}.part")
        temporary.write_text(self, encoding="utf-8")
        return temporary.replace(target)


def draw_alone(metadata: Schema, notes: Mapping[str, str]) -> Diagram:
    """Return the schema as SVG that needs no page around it."""
    drawn = draw_schema(metadata, notes, {}, {})
    start = drawn.index(">") + 1
    opened = drawn[:start].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return Diagram(opened + STYLE + drawn[start:])


def draw_schema(
    metadata: Schema,
    notes: Mapping[str, str],
    table_classes: Mapping[str, str],
    key_classes: Mapping[str, str],
) -> str:
    """Return the schema as SVG: parents left, children right.

    Parameters
    ----------
    notes : mapping of str to str
        A line below every table's name.
    table_classes, key_classes : mapping of str to str
        CSS class per table and per foreign key name; the page gives them colours.
    """
    layers = _ordered(metadata, _layers(metadata))
    tallest = max(len(layer) for layer in layers)
    places = {
        table: (
            MARGIN + depth * (WIDTH + GAP_X),
            MARGIN + (row + (tallest - len(layer)) / 2) * (HEIGHT + GAP_Y),
        )
        for depth, layer in enumerate(layers)
        for row, table in enumerate(layer)
    }
    width = 2 * MARGIN + len(layers) * (WIDTH + GAP_X) - GAP_X / 2
    height = 2 * MARGIN + tallest * (HEIGHT + GAP_Y) - GAP_Y
    curves = "".join(
        _curve(key, places, key_classes.get(key.name, "")) for key in metadata.foreign_keys
    )
    boxes = "".join(
        _box(table, place, notes.get(table, ""), table_classes.get(table, ""))
        for table, place in places.items()
    )
    style = f"min-width:{min(width, 620):.0f}px;max-width:{1.15 * width:.0f}px"
    return (
        f'<svg class="schema" role="img" aria-label="Schema diagram" style="{style}" '
        f'viewBox="0 0 {width} {height}">{curves}{boxes}</svg>'
    )


def _layers(metadata: Schema) -> list[list[str]]:
    """Return tables by their longest distance from a root."""
    late = set(break_cycles(metadata.graph))
    depth: dict[str, int] = dict.fromkeys(metadata.tables, 0)
    for _ in metadata.tables:
        for key in metadata.foreign_keys:
            if key.name not in late:
                depth[key.child] = max(depth[key.child], depth[key.parent] + 1)
    return [
        [table for table in metadata.tables if depth[table] == level]
        for level in range(max(depth.values()) + 1)
    ]


def _ordered(metadata: Schema, layers: list[list[str]]) -> list[list[str]]:
    """Order every layer by the mean place of its parents, which keeps curves short."""
    for level in range(1, len(layers)):
        rank = {table: row for layer in layers[:level] for row, table in enumerate(layer)}
        means = {}
        for table in layers[level]:
            above = [rank[k.parent] for k in metadata.parents_of(table) if k.parent in rank]
            means[table] = sum(above) / len(above) if above else 0.0
        layers[level].sort(key=lambda table: (means[table], table))
    return layers


def _box(table: str, place: Place, note: str, style: str) -> str:
    x, y = place
    name = table if len(table) <= 20 else table[:19] + "…"
    return (
        f'<a href="#table-{escape(table, quote=True)}" class="box {style}">'
        f"<title>{escape(table)}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        f'<rect class="stripe" x="{x}" y="{y}" width="5" height="{HEIGHT}" rx="2.5"/>'
        f'<text class="name" x="{x + 16}" y="{y + 19}">{escape(name)}</text>'
        f'<text class="note" x="{x + 16}" y="{y + 35}">{escape(note)}</text></a>'
    )


def _curve(key: ForeignKey, places: Mapping[str, Place], style: str) -> str:
    x1, y1 = places[key.parent][0] + WIDTH, places[key.parent][1] + HEIGHT / 2
    x2, y2 = places[key.child][0], places[key.child][1] + HEIGHT / 2
    if key.is_self_reference:
        path = f"M{x1},{y1 - 10} c34,-14 34,34 0,20"
    elif x2 > x1:
        bend = (x2 - x1) / 2
        path = f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}"
    else:
        path = f"M{x1},{y1} C{x1 + 50},{y1 + 60} {x2 - 50},{y2 + 60} {x2},{y2}"
    return (
        f'<path class="link {style}" d="{path}"><title>{escape(key.name)}</title></path>'
        f'<circle class="end {style}" cx="{x1 if key.is_self_reference else x2}" '
        f'cy="{y1 + 10 if key.is_self_reference else y2}" r="3"/>'
    )
