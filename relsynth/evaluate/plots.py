"""Pictures of a report: matplotlib figures as SVG that takes its colours from the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import numpy as np

from relsynth.evaluate.association import correlations
from relsynth.evaluate.database import Database, Kind
from relsynth.optional import require
from relsynth.typing import Array, Floats

REAL, SYNTHETIC, INK = "#0a0a01", "#0a0a02", "#0a0a03"
COLOURS = {REAL: "var(--real)", SYNTHETIC: "var(--synthetic)", INK: "currentColor"}
PIXELS = 96  # an inch, as in browsers
BLUE, RED, AMBER = "#3b6fb6", "#c9433f", "#e8833a"
PER_ROW = 4  # pictures side by side on a page
LEVELS = 8  # bars of a category that can be read
BARS = 24  # of a number; twice as many show noise
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "relsynth",
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.5,
    "xtick.major.width": 0.5,
}
Panel = Callable[[Any], None]


def grid(
    panels: Sequence[Panel], per_row: int = PER_ROW, size: tuple[float, float] = (2.4, 1.55)
) -> str:
    """Return panels drawn side by side as one SVG."""
    if not panels:
        return ""
    plt = require("matplotlib.pyplot", "report", "drawing the report")
    columns = min(per_row, len(panels))
    rows = -(-len(panels) // columns)
    with plt.rc_context(SETTINGS):
        figure, axes = plt.subplots(
            rows, columns, figsize=(size[0] * columns, size[1] * rows), squeeze=False
        )
        for axis in axes.ravel()[len(panels) :]:
            axis.set_axis_off()
        for draw, axis in zip(panels, axes.ravel(), strict=False):
            draw(axis)
        figure.tight_layout(pad=0.6, w_pad=1.2, h_pad=1.2)
        text = _svg(figure, PIXELS * size[0] * columns)
        plt.close(figure)
    return text


def distribution(
    real: Array, synthetic: Array, kind: Kind, title: str, levels: Sequence[str]
) -> Panel:
    """Return a panel with one column of both sides."""

    def draw(axis: Any) -> None:
        if kind == "category":
            _category_bars(axis, real, synthetic, levels)
        else:
            _histogram(axis, real, synthetic, date=kind == "date")
        _title(axis, title)

    return draw


def column_panel(
    real: Database, synthetic: Database, table: str, column: str, score: float | None
) -> Panel:
    """Return the distribution panel of a column, its score in the title."""
    shown = "" if score is None else f"  {score:.3f}"
    return distribution(
        real.values[table][column],
        synthetic.values[table][column],
        real.kinds[table][column],
        f"{_short(column, 22)}{shown}",
        real.levels[table].get(column, ()),
    )


def counts_panel(real: Array, synthetic: Array, title: str) -> Panel:
    """Return a panel with the number of children per parent of both sides."""

    def draw(axis: Any) -> None:
        if not len(real) + len(synthetic):
            axis.set_axis_off()
            return
        top = max(int(np.quantile(np.append(real, synthetic), 0.99)), 1)
        if top < BARS:
            places = np.arange(top + 1)
            for values, colour, shift in ((real, REAL, -0.2), (synthetic, SYNTHETIC, 0.2)):
                share = np.bincount(np.minimum(values, top), minlength=top + 1) / max(
                    len(values), 1
                )
                axis.bar(places + shift, share, 0.4, color=colour)
            axis.xaxis.get_major_locator().set_params(integer=True)
        else:
            _histogram(axis, real.astype(float), synthetic.astype(float), date=False)
        axis.set_yticks([])
        axis.set_xlabel("children per parent", fontsize=7)
        _title(axis, title)

    return draw


def correlation_panels(real: Database, synthetic: Database, table: str) -> list[Panel]:
    """Return the correlation matrices of numbers and dates: real, synthetic and difference."""
    names = [name for name, kind in real.kinds[table].items() if kind != "category"]
    if len(names) < 2:
        return []
    a = correlations(real.values[table], names)
    b = correlations(synthetic.values[table], names)
    return [
        _matrix(a, names, "real", labels=True),
        _matrix(b, names, "synthetic", labels=False),
        _matrix(np.abs(a - b), names, "difference", labels=False),
    ]


def pair_panels(real: Floats, synthetic: Floats, names: tuple[str, str]) -> list[Panel]:
    """Return the joint tables of a pair of columns, real and synthetic, in equal shades.

    Parameters
    ----------
    real, synthetic : ndarray of float, shape (n_first, n_second)
        Shares per cell.
    """
    top = max(real.max(), synthetic.max())

    def panel(values: Floats, title: str) -> Panel:
        def draw(axis: Any) -> None:
            axis.imshow(
                np.sqrt(values.T / top),
                cmap=_shades(AMBER),
                vmin=0,
                vmax=1,
                aspect="auto",
                origin="lower",
                interpolation="nearest",
            )
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_xlabel(_short(names[0], 30), fontsize=7)
            axis.set_ylabel(_short(names[1], 24), fontsize=7)
            _title(axis, title)

        return draw

    return [panel(real, "real"), panel(synthetic, "synthetic")]


def _matrix(values: Floats, names: Sequence[str], title: str, *, labels: bool) -> Panel:
    def draw(axis: Any) -> None:
        plain = title == "difference"
        axis.imshow(
            np.ma.masked_invalid(values),
            cmap=_shades(RED) if plain else _shades(BLUE, RED),
            vmin=0 if plain else -1,
            vmax=1,
            interpolation="nearest",
        )
        axis.set_xticks([])
        axis.set_yticks(range(len(names)) if labels else [])
        if labels:
            axis.set_yticklabels([_short(name, 18) for name in names], fontsize=6.5)
        axis.tick_params(length=0)
        _title(axis, title)

    return draw


def _histogram(axis: Any, real: Floats, synthetic: Floats, *, date: bool) -> None:
    known = np.concatenate([real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]])
    if not len(known):
        axis.set_axis_off()
        return
    low, high = np.quantile(known, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1, BARS + 1)
    for values, colour, alpha in ((real, REAL, 0.55), (synthetic, SYNTHETIC, 0.5)):
        kept = values[~np.isnan(values)]
        count = np.histogram(np.clip(kept, edges[0], edges[-1]), edges)[0] / max(len(kept), 1)
        axis.stairs(count, edges, fill=True, color=colour, alpha=alpha, linewidth=0)
        axis.stairs(count, edges, color=colour, linewidth=0.9)
    axis.set_yticks([])
    ticks = np.linspace(edges[0], edges[-1], 3)
    axis.set_xticks(ticks, [_day(tick) if date else compact(tick) for tick in ticks], fontsize=6.5)


def _category_bars(axis: Any, real: Array, synthetic: Array, levels: Sequence[str]) -> None:
    codes = np.append(real, synthetic) + 1
    if not len(codes):
        axis.set_axis_off()
        return
    top = np.argsort(-np.bincount(codes), kind="stable")[:LEVELS] - 1
    top = top[np.isin(top, codes - 1)]
    places = np.arange(len(top))
    for values, colour, shift in ((real, REAL, -0.2), (synthetic, SYNTHETIC, 0.2)):
        share = np.bincount(values + 1, minlength=int(codes.max()) + 1)[top + 1] / max(
            len(values), 1
        )
        axis.bar(places + shift, share, 0.4, color=colour)
    names = ["missing" if code < 0 else _short(str(levels[code]), 9) for code in top]
    axis.set_xticks(places, names, fontsize=6, rotation=30, ha="right", rotation_mode="anchor")
    axis.set_yticks([])
    axis.tick_params(length=0)


def _title(axis: Any, title: str) -> None:
    axis.set_title(title, fontsize=8, loc="left", pad=4)


def compact(value: float) -> str:
    """Return a number in few characters: 1.2 M, 45 k, 3.25."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == ' k' else size):.3g}{unit}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _shades(*colours: str) -> Any:
    """Return a colour map between a colour, nothing (the page shines through) and another."""
    colors = require("matplotlib.colors", "report", "drawing the report")
    stops = [(0.0, colors.to_rgba(colours[0], float(len(colours) > 1)))]
    if len(colours) > 1:
        stops += [(0.5, colors.to_rgba(colour, 0.0)) for colour in colours]
    stops.append((1.0, colors.to_rgba(colours[-1])))
    return colors.LinearSegmentedColormap.from_list("page", stops)


def _day(seconds: float) -> str:
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _svg(figure: Any, width: float) -> str:
    buffer = StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    text = re.sub(r' id="(?:figure|axes|patch|text|line2d|matplotlib|xtick|ytick)[^"]*"', "", text)
    for colour, variable in COLOURS.items():
        text = text.replace(colour, variable)
    return text.replace("<svg ", f'<svg role="img" style="max-width:{width:.0f}px" ', 1)
