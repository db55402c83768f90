"""Several synthetic databases beside each other, with the spread over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.arguments import names_given
from relsynth.errors import DataError
from relsynth.evaluate.measure import Limits
from relsynth.evaluate.run import evaluate
from relsynth.formats.html import html_table
from relsynth.metadata.sources import metadata_of
from relsynth.storage import tables_of
from relsynth.storage.atomic import replacing
from relsynth.typing import Source

if TYPE_CHECKING:
    from relsynth.evaluate.measure import Figure
    from relsynth.metadata import Metadata

_SPECIAL = {"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$"}


class Compared:
    """The outcome of `compare`.

    Attributes
    ----------
    scores : DataFrame
        One row per candidate, seed and figure: ``name``, ``seed``, ``figure``, ``score``.
    lines : DataFrame
        Ceiling and floor per figure, mean over the seeds.
    """

    def __init__(
        self, scores: pd.DataFrame, lines: pd.DataFrame, figures: Mapping[str, Figure]
    ) -> None:
        self.scores = scores
        self.lines = lines
        self.figures = dict(figures)

    def table(self) -> pd.DataFrame:
        """Return mean and spread of every candidate by figure.

        The spread is the standard deviation over the seeds; missing with a single one.
        Columns are pairs ``(candidate, "mean")`` and ``(candidate, "spread")``, then the lines.
        """
        grouped = self.scores.groupby(["figure", "name"], sort=False)["score"]
        parts = {"mean": grouped.mean(), "spread": grouped.std(ddof=1)}
        wide = pd.concat(parts, axis=1).unstack("name").swaplevel(axis=1)
        names = list(dict.fromkeys(self.scores["name"]))
        wide = wide[[(name, part) for name in names for part in parts]]
        for line in self.lines:
            wide[(line, "mean")] = self.lines[line]
        return wide.reindex([name for name in self.figures if name in wide.index])

    def best(self) -> dict[str, str]:
        """Return by figure the candidate with the best mean; figures nobody has are left out."""
        found = {}
        for figure, means in self._means().iterrows():
            known = means.dropna()
            if len(known):
                better = self.figures[str(figure)]
                loss = -known if better.better == "higher" else (known - better.ideal).abs()
                found[str(figure)] = str(loss.idxmin())
        return found

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the table as CSV, and write it where a path is given."""
        flat = self.table()
        flat.columns = pd.Index([f"{name} {part}" for name, part in flat.columns])
        return _written(flat.to_csv(lineterminator="\n"), path)

    def to_latex(self, path: str | Path | None = None, decimals: int = 3) -> str:
        """Return the table as LaTeX (booktabs), the best mean of a row in bold; see `to_csv`."""
        table, best = self.table(), self.best()
        names = list(dict.fromkeys(name for name, _ in table.columns))
        head = " & ".join(["figure", *map(_escaped, names)])
        lines = [rf"\begin{{tabular}}{{l{'r' * len(names)}}}", r"\toprule", rf"{head} \\"]
        lines.append(r"\midrule")
        for figure, row in table.iterrows():
            cells = [_cell(row, name, decimals, best.get(str(figure)) == name) for name in names]
            lines.append(" & ".join([_escaped(str(figure)), *cells]) + r" \\")
        return _written("\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""]), path)

    def _means(self) -> pd.DataFrame:
        wide = self.table()
        names = list(dict.fromkeys(self.scores["name"]))
        return pd.DataFrame({name: wide[(name, "mean")] for name in names})

    def __str__(self) -> str:
        return self.table().to_string(float_format=lambda value: f"{value:.4f}", na_rep="-")

    def _repr_html_(self) -> str:
        table, best = self.table(), self.best()
        names = list(dict.fromkeys(name for name, _ in table.columns))
        rows = [
            (figure, *(_plain(row, name) for name in names), best.get(str(figure), ""))
            for figure, row in table.iterrows()
        ]
        return html_table(("figure", *names, "best"), rows)


def compare(
    candidates: Mapping[str, Source | Callable[[int], Source]],
    real: Source,
    metadata: Metadata | str | Path,
    *,
    seeds: Iterable[int] = (0, 1, 2),
    holdout: Source | None = None,
    measures: Iterable[str] | None = None,
    baselines: bool = True,
    limits: Limits | None = None,
) -> Compared:
    """Evaluate several synthetic databases, or synthesizers, on the same real data.

    Parameters
    ----------
    candidates : mapping of str to tables, synthesizer or callable
        Tables are evaluated as they are; a fitted synthesizer draws once per seed, and so does
        a function of the seed, which wraps any other tool.
    real : mapping of str to frame, frame, str or Path
    metadata : Metadata, str or Path
    seeds : iterable of int
        Of drawing and of measuring; the spread over them is reported.
    holdout, measures, limits
        As for `evaluate`.
    baselines : bool
        Measure ceiling and floor as well, once per seed.

    Returns
    -------
    Compared

    Raises
    ------
    DataError
        Without candidates or seeds.

    Examples
    --------
    >>> import pandas as pd, relsynth as rs
    >>> people = pd.DataFrame({"age": [30, 40, 50, 60] * 5})
    >>> schema = rs.Metadata.detect(people)
    >>> shuffled = {"same": people, "half": people.assign(age=30)}
    >>> rs.compare(shuffled, people, schema, seeds=[0], measures=["shapes"]).best()
    {'shapes': 'same'}
    """
    names = None if measures is None else names_given(measures, "measures")
    if isinstance(seeds, int):
        raise TypeError(f"seeds: give a list of whole numbers, such as [{seeds}], not {seeds}")
    if not isinstance(candidates, Mapping):
        raise TypeError(
            "candidates: give a mapping of names to tables or synthesizers, such as "
            f"{{'mine': synth}}, not a {type(candidates).__name__}"
        )
    numbers = list(seeds)
    if not candidates or not numbers:
        raise DataError("compare: at least one candidate and one seed are needed")
    schema = metadata_of(metadata)
    tables = tables_of(real, schema, "the real data")
    unseen = None if holdout is None else tables_of(holdout, schema, "the holdout data")
    rows, lines = [], []
    figures: dict[str, Figure] = {}
    for seed in numbers:
        for position, (name, candidate) in enumerate(candidates.items()):
            report = evaluate(
                tables, _drawn(candidate, seed), schema, unseen,
                measures=names, seed=seed, limits=limits, baselines=baselines and position == 0,
            )  # fmt: skip
            figures |= report.figures
            for figure, line in report.scores["summary"].items():
                rows.append((name, seed, figure, line["score"]))
                if position == 0:
                    lines.append((figure, line["ceiling"], line["floor"]))
    scores = pd.DataFrame(rows, columns=["name", "seed", "figure", "score"])
    known = pd.DataFrame(lines, columns=["figure", "ceiling", "floor"])
    types = {"ceiling": float, "floor": float}
    means = known.astype(types).groupby("figure", sort=False).mean()
    return Compared(scores.astype({"score": float}), means if baselines else means[[]], figures)


def _drawn(candidate: Any, seed: int) -> Any:
    if hasattr(candidate, "sample") and hasattr(candidate, "fit"):
        return candidate.sample(seed=seed)
    return candidate(seed) if callable(candidate) else candidate


def _plain(row: pd.Series, name: str, decimals: int = 3) -> str:
    mean, spread = row[(name, "mean")], row.get((name, "spread"))
    if pd.isna(mean):
        return "–"
    shown = f"{mean:.{decimals}f}"
    return shown if spread is None or pd.isna(spread) else f"{shown} ± {spread:.{decimals}f}"


def _cell(row: pd.Series, name: str, decimals: int, best: bool) -> str:
    shown = _plain(row, name, decimals).replace("–", "--").replace("±", r"$\pm$")
    return rf"\textbf{{{shown}}}" if best else shown


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        with replacing(Path(path)) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return text
