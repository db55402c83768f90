"""How many rows a synthesizer needs: accuracy, rules, usefulness and privacy by size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relsynth.arguments import number_fault, refuse
from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.evaluate import evaluate
from relsynth.metadata import Metadata
from relsynth.models import MODELS
from relsynth.optional import require
from relsynth.relational import RelationalSynthesizer
from relsynth.seeding import integer_seed, stream

TABLE = "table"
# rows that judge usefulness and distances; more change the figures by less than their error
JUDGED = 10_000


@dataclass(frozen=True)
class SizeStudy:
    """The results of `size_vs_accuracy`.

    Attributes
    ----------
    results : DataFrame
        One row per size, model and repeat, and rows for the training and the held-out rows
        themselves; the columns are ``rows, model, repeat, accuracy, accuracy_max, seconds,
        auc, dcr_share``, one ``rule: A -> B`` per rule and one per group mean.
    target : str
    """

    results: pd.DataFrame
    target: str

    def summary(self) -> pd.DataFrame:
        """Return means over repeats."""
        measured = self.results.drop(columns="repeat")
        return measured.groupby(["model", "rows"], sort=False).mean().reset_index()

    def plot(self, path: Any = None) -> Any:
        """Draw accuracy, usefulness, the first rule and seconds against rows.

        Parameters
        ----------
        path : str or Path, optional
            Write a picture there.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            Without matplotlib, with the command that installs it.
        """
        require("matplotlib", "report", "a plot of a study")
        from matplotlib.figure import Figure

        rules = [name for name in self.results if name.startswith("rule: ")]
        shown = ["accuracy", "auc", *rules[:1], "seconds"]
        figure = Figure(figsize=(3.3 * len(shown), 3), layout="constrained")
        table = self.summary()
        lines = table[~table["model"].isin(["training rows", "held-out rows"])]
        for axis, name in zip(figure.subplots(1, len(shown)), shown, strict=True):
            for model, part in lines.groupby("model", sort=False):
                axis.plot(part["rows"], part[name], marker="o", markersize=3, label=model)
            real = table[table["model"] == "training rows"]
            if name == "auc" and len(real):
                axis.axhline(real[name].iloc[0], color="grey", linestyle=":", label="training rows")
            axis.set(xscale="log", xlabel="training rows", title=name)
            axis.title.set_fontsize(9)
        axis.legend(fontsize=7)
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure


def size_vs_accuracy(
    df: pd.DataFrame,
    sizes: Sequence[int] = (200, 400, 1_600, 6_400, 25_600),
    models: str | Sequence[str] = ("auto",),
    holdout: pd.DataFrame | float = 0.2,
    target: str = "income",
    rules: Sequence[tuple[str, str]] = (),
    *,
    groups: Sequence[tuple[str, str]] = (),
    n: int = 10_000,
    repeats: int = 3,
    seed: int = 0,
) -> SizeStudy:
    """Learn from more and more rows, and measure what is drawn against rows never seen.

    Parameters
    ----------
    df : DataFrame
        One table.
    sizes : sequence of int
        Rows to learn from, drawn at random.
    models : str or sequence of str, default ("auto",)
        Names of table models.
    holdout : DataFrame or float, default 0.2
        Rows never learned from, or the share of `df` to hold out.
    target : str, default "income"
        Column with two levels that LightGBM is to predict.
    rules : sequence of (str, str)
        Columns of which the first determines the second; the share of drawn rows that agree
        with the real table is measured.
    groups : sequence of (str, str)
        A number and a column: the number's mean is measured in each of its levels that have
        at least 1 % of the rows.
    n : int, default 10,000
        Rows to draw.
    repeats : int, default 3
    seed : int, default 0

    Returns
    -------
    SizeStudy

    Raises
    ------
    DataError
        Listing unknown columns and models, sizes that are not there, and a target without
        exactly two levels.
    ImportError
        Without LightGBM: ``pip install "relsynth-hma[studies]"``.

    Notes
    -----
    Accuracy is ``1 - TVD`` over one, two and three binned columns against training and held-out
    rows together; ``accuracy_max`` is what two samples of these sizes of one distribution
    reach. ``auc`` is that of LightGBM trained on drawn rows, tested on held-out ones;
    ``dcr_share`` the share of drawn rows nearer to a training than to a held-out row (.5 is
    ideal). Seconds are wall time of fit and draw. About 10 s a size and repeat.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> age = rng.integers(18, 80, 400)
    >>> df = pd.DataFrame({"age": age, "income": age + rng.normal(0, 15, 400) > 45})
    >>> study = size_vs_accuracy(df, sizes=(50, 200), models="cart", n=200, repeats=1)
    >>> study.summary()["model"].tolist()
    ['cart', 'cart', 'training rows', 'held-out rows']
    """
    lightgbm = require("lightgbm", "studies", "size_vs_accuracy")
    names = [models] if isinstance(models, str) else list(models)
    train, unseen = _split(df, holdout, seed)
    _check(train, unseen, sizes, names, target, rules, groups)
    faults = number_fault("n", n, least=1, whole=True)
    refuse("size_vs_accuracy", faults + number_fault("repeats", repeats, least=1, whole=True))
    everything = pd.concat([train, unseen], ignore_index=True)
    metadata = Metadata.detect({TABLE: everything})
    rows = []

    def judge(
        kind: str, size: int, repeat: int, drawn: pd.DataFrame, learned: pd.DataFrame
    ) -> dict[str, Any]:
        found: dict[str, Any] = {"rows": size, "model": kind, "repeat": repeat}
        whole = {TABLE: everything}, {TABLE: drawn}, metadata
        judged = evaluate(*whole, measures=["accuracy"], baselines=False, seed=seed).scores
        found["accuracy"] = float(judged["accuracy"]["accuracy"])
        found["accuracy_max"] = float(judged["accuracy"]["accuracy_maximum"])
        near = evaluate(
            {TABLE: learned},
            {TABLE: drawn},
            metadata,
            {TABLE: unseen},
            measures=["privacy"],
            baselines=False,
            seed=seed,
        ).scores
        share = near["summary"]["dcr_share"]["score"]
        found["dcr_share"] = np.nan if share is None else float(share)
        found["auc"] = _auc(lightgbm, drawn, unseen, target)
        for one, other in rules:
            known = df.drop_duplicates(one).set_index(one)[other]
            found[f"rule: {one} -> {other}"] = float((drawn[one].map(known) == drawn[other]).mean())
        for number, by in groups:
            frequent = df[by].value_counts(normalize=True)
            for level in frequent.index[frequent >= 0.01]:
                mean = drawn.loc[drawn[by] == level, number].mean()
                found[f"mean {number}: {by} = {level}"] = float(mean)
        return found

    for repeat in range(repeats):
        order = stream(seed, "rows", repeat).permutation(len(train))
        for size in sizes:
            learned = train.iloc[np.sort(order[:size])].reset_index(drop=True)
            for name in names:
                start = time.perf_counter()
                synth = RelationalSynthesizer(
                    metadata, model=name, seed=integer_seed(seed, name, size, repeat)
                )
                drawn = synth.fit({TABLE: learned}).sample(rows={TABLE: n})[TABLE]
                seconds = time.perf_counter() - start
                rows.append({**judge(name, size, repeat, drawn, learned), "seconds": seconds})
    few = train.sample(min(n, len(train)), random_state=seed).reset_index(drop=True)
    half = unseen.sample(min(n, len(unseen)), random_state=seed).reset_index(drop=True)
    rows.append(judge("training rows", len(train), 0, few, train))
    # held-out rows judged by themselves say nothing of usefulness and privacy
    itself = {"auc": np.nan, "dcr_share": np.nan}
    rows.append({**judge("held-out rows", len(unseen), 0, half, train), **itself})
    first = ["rows", "model", "repeat", "accuracy", "accuracy_max", "seconds", "auc", "dcr_share"]
    table = pd.DataFrame(rows)
    return SizeStudy(table[[*first, *table.columns.difference(first, sort=False)]], target)


def _split(
    df: pd.DataFrame, holdout: pd.DataFrame | float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not isinstance(df, pd.DataFrame):
        raise TypeError(f"df: give a DataFrame, not {type(df).__name__}")
    if isinstance(holdout, pd.DataFrame):
        absent = [name for name in df.columns if name not in holdout.columns]
        if absent:
            raise DataError(f"holdout: lacks the columns {absent} of df")
        return df.reset_index(drop=True), holdout.reset_index(drop=True)
    if number_fault("holdout", holdout, above=0, most=1) or holdout == 1:
        raise DataError(f"holdout must be a table or a share between 0 and 1 (got {holdout!r})")
    order = stream(seed, "holdout").permutation(len(df))
    cut = round(len(df) * holdout)
    parts = order[cut:], order[:cut]
    train, unseen = (df.iloc[np.sort(part)].reset_index(drop=True) for part in parts)
    if not cut:
        raise DataError(f"holdout: {holdout} of {len(df)} rows are none; give more rows")
    return train, unseen


def _check(
    train: pd.DataFrame,
    unseen: pd.DataFrame,
    sizes: Sequence[int],
    models: Sequence[str],
    target: str,
    rules: Sequence[tuple[str, str]],
    groups: Sequence[tuple[str, str]],
) -> None:
    with Faults("size_vs_accuracy", DataError) as faults:
        pairs = _pairs([*rules, *groups], faults)
        numbers = train.select_dtypes(["number", "bool"]).columns
        for number, by in _pairs(groups, None):
            if number in train.columns.difference(numbers):
                faults.add(f"groups: {number!r} of ({number!r}, {by!r}) holds no numbers")
        for name, several, hint in (
            ("sizes", sizes, "give numbers of rows, such as (200, 400)"),
            ("models", models, f"choose from {', '.join((*MODELS, 'auto'))}"),
        ):
            if not len(several):
                faults.add(f"{name} is empty; {hint}")
        for column in dict.fromkeys([target, *(name for pair in pairs for name in pair)]):
            if column not in train.columns:
                faults.add(f"no column {column!r}; {did_you_mean(column, train.columns)}")
        if target in train.columns and train[target].nunique() != 2:
            faults.add(f"target {target!r} has {train[target].nunique()} levels; 2 are needed")
        for model in models:
            if model not in (*MODELS, "auto"):
                faults.add(f"no model {model!r}; {did_you_mean(model, (*MODELS, 'auto'))}")
        for size in sizes:
            if number_fault("size", size, least=1, most=len(train), whole=True):
                faults.add(
                    f"size {size!r}: whole numbers from 1 to the {len(train)} rows are allowed"
                )


def _pairs(given: Sequence[Any], faults: Faults | None) -> list[tuple[str, str]]:
    """Return what is a pair of columns, and note as a fault what is none."""
    pairs = list[tuple[str, str]]()
    for pair in given:
        if not isinstance(pair, str) and len(pair) == 2:
            pairs.append((pair[0], pair[1]))
        elif faults is not None:
            faults.add(f"{pair!r} is no pair of columns, such as ('education', 'years')")
    return pairs


def _auc(lightgbm: Any, drawn: pd.DataFrame, unseen: pd.DataFrame, target: str) -> float:
    """Return the AUC on unseen rows of boosted trees trained on drawn ones; .5 for one level."""
    from sklearn.metrics import roc_auc_score

    positive = sorted(unseen[target].dropna().astype(str).unique())[-1]
    y = (drawn[target].astype(str) == positive).to_numpy()
    truth = (unseen[target].astype(str) == positive).to_numpy()
    if len(np.unique(y)) < 2 or len(np.unique(truth)) < 2:
        return 0.5
    sides = []
    for frame in (drawn, unseen):
        columns = {}
        for name in unseen.columns.drop(target):
            values = frame[name]
            if pd.api.types.is_numeric_dtype(unseen[name].dtype):
                columns[name] = pd.to_numeric(values, errors="coerce").to_numpy(float)
            else:
                levels = sorted(unseen[name].dropna().astype(str).unique())
                columns[name] = pd.Categorical(values.astype(str), categories=levels).codes.astype(
                    float
                )
        # named alike on both sides, and by numbers: LightGBM refuses signs such as brackets
        sides.append(pd.DataFrame({f"x{at}": side for at, side in enumerate(columns.values())}))
    learner = lightgbm.LGBMClassifier(random_state=1, n_jobs=1, verbose=-1)
    learner.fit(sides[0][:JUDGED], y[:JUDGED])
    return float(roc_auc_score(truth, learner.predict_proba(sides[1])[:, 1]))
