"""Drawing more than is wanted and keeping what is most like the real data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Literal

from relsynth.arguments import number_fault
from relsynth.errors import DataError, did_you_mean
from relsynth.metadata import Metadata, Plan

Refine = Literal["off", "fast", "best"]
# rounds of exchanges: two bring most of what twenty do
ROUNDS = {"fast": 2, "best": None}


def check_refine(refine: str, oversample: float, where: Any) -> None:
    """Refuse unknown ways, pools that leave nothing to choose, and conditions."""
    if refine not in ("off", *ROUNDS):
        raise DataError(f"refine={refine!r}: {did_you_mean(refine, ('off', *ROUNDS))}")
    if refine != "off" and number_fault("oversample", oversample, above=1):
        raise DataError(f"oversample must be above 1 (got {oversample!r})")
    if refine != "off" and where is not None:
        raise DataError(
            "refine compares with all real rows, where= asks for some of them; sample without one"
        )


def refined_sample(
    draw: Callable[..., dict[str, Any]],
    real: Any,
    metadata: Metadata,
    plan: Plan,
    sizes: Mapping[str, int],
    *,
    refine: str,
    oversample: float,
    scale: float,
    rows: Mapping[str, int] | None,
    seed: Any,
    output: Any,
) -> dict[str, Any]:
    """Return the best part of a pool that `draw` draws."""
    if real is None:
        raise DataError(
            "refine needs the real data, which a loaded model does not hold; call "
            "relsynth.refine(synth.sample(scale=5), tables, metadata)"
        )
    wanted = {name: int(count) for name, count in (rows or {}).items()}
    for step in plan.steps:
        if (
            step.context is None
            and not step.kept
            and metadata.tables[step.table].role != "reference"
        ):
            wanted.setdefault(step.table, round(sizes[step.table] * scale))
    larger = {name: round(wanted[name] * oversample) for name in rows or {}}
    pool = draw(scale * oversample, rows=larger or None, seed=seed)
    # selection builds on this package, so it is looked up when it is asked for
    choose = import_module("relsynth.selection").refine
    chosen: dict[str, Any] = choose(
        pool, real, metadata, wanted, seed=0 if seed is None else seed, output=output,
        swaps=ROUNDS[refine],
    )  # fmt: skip
    return chosen
