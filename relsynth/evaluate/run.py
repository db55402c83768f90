"""The evaluation itself: prepare, measure, draw the two lines, judge."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from relsynth.arguments import check_seed, names_given
from relsynth.errors import Faults, RelsynthError, did_you_mean
from relsynth.evaluate.baselines import context_keys, permute_links, real_halves
from relsynth.evaluate.catalogue import MEASURES
from relsynth.evaluate.database import check_present, prepare
from relsynth.evaluate.detection import detector
from relsynth.evaluate.judgement import errors_needed, judge, settle_tests, single_tests
from relsynth.evaluate.measure import Comparison, Limits, Measure, Scores
from relsynth.evaluate.privacy import privacy_verdict, suspects
from relsynth.evaluate.report import Report, plain
from relsynth.evaluate.spread import grant_spread
from relsynth.metadata.sources import metadata_of
from relsynth.metadata.treatments import find_references, replaced_columns
from relsynth.seeding import Seed
from relsynth.storage import tables_of
from relsynth.storage.plain import plain_tables
from relsynth.typing import Source, Tables
from relsynth.version import __version__
from relsynth.warehouse import parts_of

if TYPE_CHECKING:
    from relsynth.metadata import Metadata


def evaluate(
    real: Source,
    synthetic: Source,
    metadata: Metadata | str | Path,
    holdout: Source | None = None,
    *,
    measures: Iterable[str] | None = None,
    seed: Seed = 0,
    targets: Mapping[str, str] | None = None,
    baselines: bool = True,
    limits: Limits | None = None,
    progress: bool | None = False,
    about: Mapping[str, str] | None = None,
    roots: int | None = None,
    memory: str | None = None,
) -> Report:
    """Compare a synthetic database with the real one.

    Parameters
    ----------
    real, synthetic : mapping of str to frame, frame, str or Path
        The tables of the schema, as frames of pandas, polars, PyArrow or DuckDB, or a folder
        or database to read; dates as dates or as text in the schema's format.
    metadata : Metadata, str or Path
    holdout : mapping of str to frame, frame, str or Path, optional
        Real data the synthesizer has not seen; without them privacy is judged against a
        half of the real data only by copies.
    measures : iterable of str, optional
        Names out of ``relsynth.evaluate.MEASURES``; all by default.
    seed : int or SeedSequence
        0 gives the folds and samples of the published detection protocol.
    targets : mapping of str to str, optional
        For utility: the column to predict per table; by default the column that depends
        most on the others.
    baselines : bool
        Measure the two lines as well, on disjoint real halves: one half in place of the
        synthetic data (ceiling), and the same with permuted foreign keys (floor).
    limits : Limits, optional
        Row caps; they are stated in the report.
    progress : bool or None
        Show a progress bar; ``None`` only on a terminal.
    about : mapping of str to str, optional
        What the head of the report tells further, such as ``{"models": "cart"}``.
    roots : int, optional
        For data larger than memory: read so many rows of every table without a parent, with
        all their descendants and the parents these need, as `RelationalSynthesizer.fit` does.
        Keys are checked over all rows. The report says what was read. 50,000 for a pattern of
        file names or a connection of DuckDB, all rows otherwise.
    memory : str, optional
        What DuckDB may use then, such as ``"2GB"``.

    Returns
    -------
    Report

    Raises
    ------
    DataError
        Listing every missing table and column.
    RelsynthError
        For an unknown measure.

    Notes
    -----
    Cost is linear in cells for counting measures and bounded by the caps for the others.

    Examples
    --------
    >>> import pandas as pd
    >>> import relsynth as rs
    >>> from relsynth.metadata import Column, Table
    >>> table = Table("people", {"age": Column("age", "integer")})
    >>> people = {"people": pd.DataFrame({"age": [30, 40, 50]})}
    >>> report = rs.evaluate(people, people, rs.Metadata([table]), measures=["shapes"])
    >>> report.scores["shapes"]["shapes"]
    1.0
    """
    check_seed(seed)
    chosen = choose(measures)
    metadata = metadata_of(metadata)
    by_role = {"real": real, "synthetic": synthetic}
    if holdout is not None:
        by_role["holdout"] = holdout
    parts = parts_of(by_role, metadata, roots, memory, seed)
    given: dict[str, Tables] = {
        name: plain_tables(
            parts[name].tables if parts else tables_of(source, metadata, f"the {name} data")
        )
        for name, source in by_role.items()
    }
    metadata = _with_kept(metadata, given)
    prepared = prepare(metadata, given)
    comparison = Comparison(
        prepared[0],
        prepared[1],
        prepared[2] if holdout is not None else None,
        {"real": given["real"], "synthetic": given["synthetic"]},
        limits or Limits(),
        seed,
        context_keys(prepared[0]),
        targets or {},
        parts["synthetic"].broken if parts else None,
    )
    runs = {"": comparison}
    if baselines:
        runs |= _lines(comparison)
    scores = plain(_measure(chosen, runs, progress))
    if baselines:
        for measure in chosen:
            grant_spread(scores, measure, comparison)
    needed = _settle(scores, comparison, chosen)
    scores["summary"] = {
        figure.name: judge(
            figure,
            scores[measure.name][figure.name],
            scores["ceiling"].get(measure.name, {}).get(figure.name),
            scores["floor"].get(measure.name, {}).get(figure.name),
            scores[measure.name],
            needed,
            halved=baselines and "ceiling" in measure.lines,
        )
        for measure in chosen
        for figure in measure.figures
    }
    scores["detector"] = detector()
    scores["about"] = {
        "database": metadata.source,
        "date": date.today().isoformat(),
        "relsynth": __version__,
        "seed": seed if isinstance(seed, int) else None,
        **{f"{name} data": "; ".join(part.notes) or None for name, part in parts.items()},
        **(about or {}),
    }
    return Report(scores, chosen, comparison)


def _with_kept(metadata: Metadata, given: Mapping[str, Tables]) -> Metadata:
    """Return the schema with the reference tables marked that were kept as they are.

    They are no copies of people: a table counts as kept where it is one that a synthesizer
    keeps by default, and the same in both databases.
    """
    check_present(metadata, given)
    found = find_references(metadata, given["real"], metadata.subjects)
    for name in found:
        other = list(replaced_columns(metadata.tables[name]))
        sides = (given[side][name] for side in ("real", "synthetic"))
        real, synthetic = (frame.drop(columns=other, errors="ignore") for frame in sides)
        if real.reset_index(drop=True).equals(synthetic.reset_index(drop=True)):
            metadata = metadata.replace_table(name, role="reference")
    return metadata


def choose(names: Iterable[str] | None) -> list[Measure]:
    """Return measures by name in the order of the report, all for ``None``."""
    if names is None:
        return list(MEASURES.values())
    wanted = list(dict.fromkeys(names_given(names, "measures")))
    with Faults("measures", RelsynthError) as faults:
        for name in wanted:
            if name not in MEASURES:
                faults.add(f"no measure {name!r}; {did_you_mean(name, MEASURES)}")
    return [measure for name, measure in MEASURES.items() if name in wanted]


def _lines(comparison: Comparison) -> dict[str, Comparison]:
    """Return the comparisons that give ceiling and floor."""
    halves = real_halves(comparison, comparison.seed)
    broken = permute_links(halves.synthetic, comparison.seed)
    return {"ceiling": halves, "floor": replace(halves, synthetic=broken)}


def _settle(scores: Scores, comparison: Comparison, chosen: Iterable[Measure]) -> float:
    """Judge the single tests together; return how many standard errors are granted to each.

    Where a classifier finds synthetic records too close to real ones, their distances are
    looked at, whether privacy is asked for or not.
    """
    needed = errors_needed(scores, [measure.name for measure in chosen])
    settle_tests(scores, needed)
    looked: dict[str, dict[str, Any]] = {"rows": {}, "families": {}}
    for table, unit, found in single_tests(scores):
        if found["verdict"] == "copied" and "privacy" not in scores and table not in looked[unit]:
            looked[unit][table] = plain(suspects(comparison, table, unit))
    if "privacy" not in scores and any(looked.values()):
        settle_tests(scores | {"privacy": looked}, needed)
    if "privacy" in scores:
        held = comparison.holdout is not None
        scores["privacy"]["verdict"] = privacy_verdict(scores["privacy"], held, needed)
    return needed


def _measure(
    chosen: list[Measure], runs: dict[str, Comparison], progress: bool | None
) -> dict[str, Any]:
    scores: dict[str, Any] = {"ceiling": {}, "floor": {}, "seconds": {}}
    jobs = [(m, line) for m in chosen for line in runs if not line or line in m.lines]
    hidden = None if progress is None else not progress
    for measure, line in tqdm(jobs, desc="evaluate", unit="measure", disable=hidden, leave=False):
        started = time.process_time()
        found: Scores = measure.run(runs[line])
        (scores[line] if line else scores)[measure.name] = found
        spent = scores["seconds"].get(measure.name, 0.0) + time.process_time() - started
        scores["seconds"][measure.name] = round(spent, 2)
    real, synthetic = runs[""].real, runs[""].synthetic
    scores["rows"] = {
        name: {"real": real.rows[name], "synthetic": synthetic.rows[name]} for name in real.rows
    }
    scores["limits"] = asdict(runs[""].limits)
    return scores
