"""Targets beside results for HVRT, the table models, and gaussian, sequences, clustering, studies.

Run ``python benchmarks/seeds.py [PART] ...``. By default ``hvrt gaussian sequences series
clustering law``, in about four minutes on one core. Longer: ``sparse`` (few children of many
parents), ``growth`` (clusters of up to a million rows), ``auto`` (what it chooses for kinds of
tables). RELSYNTH_DATA names the folder of databases for ``models`` (detection and cardinality
beside ``cart``), ``rules`` and ``size``, the last with LightGBM. Times are CPU seconds of this process.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hvrt_sparse
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import relsynth as rs
from relsynth.clustering import METHODS, choose_k
from relsynth.gaussian import GaussianSampler
from relsynth.hvrt import HVRT
from relsynth.sequences import NextTokenModel, QuantileTokenizer


def say(what: str, found: float, target: float, *, least: bool = False) -> None:
    met = found >= target if least else found <= target
    sign = ">=" if least else "<="
    print(f"  {what:58} {found:10.4f} {sign} {target:g}: {met}", flush=True)


def milliseconds(call: Callable[[], Any], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken) * 1e3


def hvrt() -> None:
    from xgboost import XGBClassifier

    print("HVRT")
    X = np.random.default_rng(0).normal(size=(500, 6))
    sizes = (20, 30, 50, 75, 100, 200)
    trees = [HVRT(n_partitions=k).fit(X) for k in sizes]
    calls = [np.unique(HVRT().fit(X).expand(500, n_partitions=k), axis=0) for k in sizes]
    own = [np.unique(tree.expand(500), axis=0) for tree in trees]
    alike = all(np.array_equal(a, b) for a, b in zip(own, calls, strict=True))
    print(f"  leaves for n_partitions of {sizes}: {[tree.n_partitions_ for tree in trees]}")
    say("different trees of six numbers", len({t.n_partitions_ for t in trees}), 6, least=True)
    print(f"  constructor and call draw the same rows: {alike}")
    kept = []
    for k in sizes:
        y = np.tanh(X[:, 0] * X[:, 1]) + X[:, 2]
        rows = np.column_stack([X, y])
        drawn = HVRT(n_partitions=k).fit(rows).expand(500)
        unseen = np.random.default_rng(1).normal(size=(2_000, 6))
        truth = np.tanh(unseen[:, 0] * unseen[:, 1]) + unseen[:, 2]
        learner = RandomForestRegressor(50, random_state=0).fit(drawn[:, :6], drawn[:, 6])
        kept.append(round(learner.score(unseen, truth), 3))
    print(f"  R2 on unseen rows, trained on draws: {kept}")
    say("different figures of six numbers", len(set(kept)), 6, least=True)
    data = load_diabetes(scaled=False)
    rows = np.column_stack([data.data, data.target])
    told = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(rows))
        train, unseen = rows[order[:221]], rows[order[221:]]
        drawn = HVRT(random_state=seed).fit(train).expand(len(train))
        both = np.vstack([unseen, drawn])
        side = np.repeat([0, 1], [len(unseen), len(drawn)])
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        told.append(
            (cross_val_predict(XGBClassifier(n_jobs=1), both, side, cv=folds) == side).mean()
        )
    say("default bandwidth, diabetes of 221 rows, told from unseen", float(np.mean(told)), 0.60)


def gaussian() -> None:
    print("Gaussian templates (iris, 10,000 draws, mean of 5 seeds)")
    X, template = load_iris().data, [5.1, None, 1.4, None]
    known = np.array([0, 2])
    free = np.array([1, 3])
    S = np.cov(X.T)
    slope = S[np.ix_(free, known)] @ np.linalg.inv(S[np.ix_(known, known)])
    mean = X.mean(axis=0)[free] + slope @ (np.array([5.1, 1.4]) - X.mean(axis=0)[known])
    left = S[np.ix_(free, free)] - slope @ S[np.ix_(known, free)]
    model = GaussianSampler().fit(X)
    means, covariances, exact = [], [], True
    for seed in range(5):
        drawn = model.conditional_sample(template, 10_000, seed)
        exact &= bool((drawn[:, known] == [5.1, 1.4]).all())
        means.append(np.abs(drawn[:, free].mean(axis=0) - mean).max())
        whole = model.sample(10_000, seed)
        covariances.append(np.abs(np.cov(whole.T) - S).max())
        covariances.append(np.abs(np.cov(drawn[:, free].T) - left).max())
    say("mean given the template, largest error", float(np.mean(means)), 0.03)
    say("covariances, largest error", float(np.mean(covariances)), 0.05)
    print(f"  known values exact: {exact}")
    say("fit, ms", milliseconds(lambda: GaussianSampler().fit(X)), 1.0)
    say("10,000 free draws, ms", milliseconds(lambda: model.sample(10_000, 0)), 2.0)
    asked = milliseconds(lambda: model.conditional_sample(template, 10_000, 0))
    say("10,000 draws for the template, ms", asked, 2.0)
    small = X * 1e-5
    drawn = GaussianSampler().fit(small).sample(10_000, 0)
    off = np.linalg.norm(np.cov(drawn.T) - np.cov(small.T)) / np.linalg.norm(np.cov(small.T))
    say("data scaled by 1e-5, relative error of the covariance", float(off), 0.02)


def sequences() -> None:
    print("sequences")
    place = Path(__file__).parents[1] / "examples" / "08_sequences.py"
    spec = importlib.util.spec_from_file_location("sequences_example", place)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    series = example.source(6_000)
    train, test = series[:5_000], series[5_000:]
    tokenizer = QuantileTokenizer().fit(train)
    tokens = tokenizer.tokenize(train)
    off = {h: rmse(tokenizer.detokenize(tokens, h), train) for h in ("mean", "centre")}
    print(f"  spread {train.std():.3f}; tokens and back by bin centre {off['centre']:.4f}")
    say("tokens and back by mean, RMSE (source of spread .863: .0156)", off["mean"], 0.0156)
    tails = np.random.default_rng(0).standard_t(2, size=(5_000, 20))
    heavy = QuantileTokenizer().fit(tails)
    say("t(2) by mean", rmse(heavy.detokenize(heavy.tokenize(tails), "mean"), tails), 1.95)
    rng = np.random.default_rng(0)
    zeros = np.where(rng.random((5_000, 1)) < 0.6, 0.0, rng.normal(size=(5_000, 1)))
    own = QuantileTokenizer().fit(zeros)
    print(
        f"  60 % zeros exact: {bool((own.detokenize(own.tokenize(zeros))[zeros == 0] == 0).all())}"
    )
    start = time.process_time()
    model = NextTokenModel().fit(train)
    say("fit of 5,000 rows, s", time.process_time() - start, 10.0)
    found = model.score(test)
    say(f"next row, RMSE (mean {found.rmse_mean:.3f})", found.rmse, 0.60)
    say("token accuracy over chance", found.token_accuracy / found.chance, 2.0, least=True)
    say(f"log loss (of {found.log_tokens:.3f})", found.log_loss, found.log_tokens - 0.2)
    say("one prediction, ms", milliseconds(lambda: model.predict(test[:5]), 200), 1.0)
    # longer than the real one: its own error of a correlation is about .01 then
    drawn = model.sample(12_000, random_state=0)
    lags = [
        np.array([np.corrcoef(x[1:, j], x[:-1, j])[0, 1] for j in range(20)])
        for x in (train, drawn)
    ]
    say("lag-one correlation, largest error", float(np.abs(lags[0] - lags[1]).max()), 0.05)


def series(rows: int = 3_000) -> None:
    """Draw a table without parents whose rows follow each other, by every table model."""
    print("one long series as a table, persistence .91, .86, .90")
    for irregular in (False, True):
        rng = np.random.default_rng(0)
        x = np.zeros((rows, 3))
        for t in range(1, rows):
            x[t] = (0.91, 0.86, 0.90) * x[t - 1] + rng.normal(size=3)
        gaps = rng.exponential(3_600, rows).round() + 1 if irregular else np.full(rows, 3_600)
        when = pd.Timestamp("2021-03-01") + pd.to_timedelta(np.cumsum(gaps), unit="s")
        real = pd.DataFrame({"when": when, **dict(zip("abc", x.round(3).T, strict=True))})
        metadata = rs.Metadata.detect({"reading": real})
        for model in ("cart", "hvrt", "gaussian_copula"):
            for scale in (0.5, 1, 3):
                off = []
                for seed in (0, 1):
                    synth = rs.RelationalSynthesizer(metadata, model=model, seed=seed)
                    drawn = synth.fit({"reading": real}).sample(scale)["reading"]
                    ordered = drawn.sort_values("when")
                    off += [abs(ordered[n].autocorr(1) - real[n].autocorr(1)) for n in "abc"]
                name = f"{model}, scale {scale}, {'irregular' if irregular else 'hourly'}"
                say(f"lag-one, {name}, largest error of 2 seeds", max(off), 0.05)


def rules() -> None:
    """Draw education and its number from samples of adult, by every table model."""
    print("a column that follows from another, rarest levels of one row; least of 5 seeds")
    file = Path(os.environ["RELSYNTH_DATA"]) / "adult" / "adult.csv.gz"
    table = pd.read_csv(file).rename(columns=lambda name: name.replace("-", "_"))
    truth = table.drop_duplicates("education").set_index("education")["education_num"]
    for size in (200, 400):
        for model in ("cart", "bagged_trees", "hvrt", "gaussian_copula", "auto"):
            held = []
            for seed in range(5):
                some = {"adult": table.sample(size, random_state=seed).reset_index(drop=True)}
                metadata = rs.Metadata.detect(some)
                synth = rs.RelationalSynthesizer(metadata, model=model, seed=seed).fit(some)
                drawn = synth.sample(rows={"adult": 2_000})["adult"]
                agrees = drawn["education"].map(truth) == drawn["education_num"]
                held.append(float(agrees.mean()))
            say(f"rows that agree, {size} rows, {model}", min(held), 0.99, least=True)


def auto(seeds: tuple[int, ...] = (0, 1)) -> None:
    """Let ``auto`` choose for kinds of tables of up to 2,000 rows."""
    print("what auto chooses, with the AUC of each model (.5 is not told from real rows)")
    for kind, make in KINDS.items():
        for seed in seeds:
            table = make(np.random.default_rng(seed))
            metadata = rs.Metadata.detect({"table": table})
            notes = rs.RelationalSynthesizer(metadata, seed=seed).fit({"table": table}).notes_
            reason = next(note for note in notes["table"] if note.startswith("rows: "))
            print(f"  {kind}, {table.shape}, seed {seed}: {reason.removeprefix('rows: ')}")


def hidden(rng: np.random.Generator, rows: int, columns: int, few: int, bend: bool) -> pd.DataFrame:
    """Return numbers that depend on few hidden ones, in a straight line or saturating."""
    values = rng.normal(size=(rows, few)) @ np.random.default_rng(99).normal(size=(few, columns))
    values = np.tanh(values) + 0.3 * values if bend else values
    values += 0.3 * rng.normal(size=values.shape)
    return pd.DataFrame(values.round(3), columns=[f"x{j}" for j in range(columns)])


def rings(rng: np.random.Generator) -> pd.DataFrame:
    angle, radius = rng.uniform(0, 2 * np.pi, 800), rng.choice([1.0, 2.0], 800)
    points = radius * np.array([np.cos(angle), np.sin(angle)]) + 0.05 * rng.normal(size=(2, 800))
    return pd.DataFrame(points.T.round(3), columns=["x", "y"])


KINDS: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    "20 numbers in a straight line of 7 hidden ones": lambda rng: hidden(rng, 1_200, 20, 7, False),
    "20 numbers that saturate in 7 hidden ones": lambda rng: hidden(rng, 1_200, 20, 7, True),
    "8 numbers in a straight line of 2 hidden ones": lambda rng: hidden(rng, 600, 8, 2, False),
    "points on two rings": rings,
    "diabetes": lambda _: load_diabetes(as_frame=True).frame,
    "breast cancer": lambda _: load_breast_cancer(as_frame=True).frame,
    "wine": lambda _: load_wine(as_frame=True).frame,
    "iris": lambda _: load_iris(as_frame=True).frame,
}


def clustering() -> None:
    print("clustering: choices on iris (2 to 10) and on k groups in a ring")
    X = load_iris().data
    for name, rows in (("raw", X), ("standardised", (X - X.mean(axis=0)) / X.std(axis=0))):
        print(f"  {name}: {dict(choose_k(rows, method='all').choices)}")
    for k in (2, 3, 5, 8, 12):
        angle = 2 * np.pi * np.arange(k) / k
        centres = 4 * k * np.column_stack([np.cos(angle), np.sin(angle)])
        rows = centres[np.arange(600) % k] + np.random.default_rng(k).normal(size=(600, 2))
        print(f"  {k} groups: {dict(choose_k(rows, range(1, 15), method='all').choices)}")
    growth((1_000, 4_000, 16_000))


def growth(sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)) -> None:
    print("  seconds and growth with rows (exponent of n), quoted beside")
    from relsynth.clustering.criteria import QUOTED

    spent: dict[str, list[float]] = {name: [] for name in ("partitions", *METHODS)}
    for n in sizes:
        rows = np.random.default_rng(0).normal(size=(n, 4))
        found = choose_k(rows, (2, 3), method="all")
        for name in spent:
            spent[name].append(found.seconds[name] + 1e-9)
    for name, seconds in spent.items():
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        print(
            f"  {name:18} {np.round(seconds, 4).tolist()} n^{slope:.2f}, quoted {QUOTED.get(name, QUOTED['elbow'])}"
        )


def sparse() -> None:
    """Draw children of few of many parents; each line holds its target."""
    hvrt_sparse.counts()
    hvrt_sparse.spread()


def models(seeds: tuple[int, ...] = (0, 1)) -> None:
    """Compare every table model with ``cart`` on three databases."""
    print("table models beside cart")
    for name in ("rossmann", "berka_small", "chinook"):
        for seed in seeds:
            hvrt_sparse.real((name,), seed)


def law() -> None:
    """Fit a law to errors of a known one, with two per cent of noise."""
    from relsynth.studies import fit_law

    print("a law of errors, 3 x^-.5 + .1, eight sizes of three seeds")
    x = np.repeat(50.0 * 2.0 ** np.arange(8), 3)
    noise = np.random.default_rng(0).normal(0, 0.02, len(x))
    found = fit_law(x, (3 * x**-0.5 + 0.1) * np.exp(noise))
    print(f"  {found}")
    say("exponent, error", abs(found.b - 0.5), 0.1)
    say("floor, error", abs(found.c - 0.1), 0.03)


def size() -> None:
    from relsynth.studies import size_vs_accuracy

    file = Path(os.environ["RELSYNTH_DATA"]) / "adult" / "adult.csv.gz"
    table = pd.read_csv(file).rename(columns=lambda name: name.replace("-", "_"))
    models, rules = ("auto", "bagged_trees"), [("education", "education_num")]
    study = size_vs_accuracy(table, models=models, rules=rules, repeats=3)
    targets = {
        "accuracy": (0.90, 0.925, 0.950, 0.967, 0.977),
        "auc": (0.83, 0.84, 0.89, 0.90, 0.91),
    }
    found = study.summary()
    for model in models:
        rows = found[found["model"] == model]
        for name, wanted in targets.items():
            for (_, row), target in zip(rows.iterrows(), wanted, strict=True):
                what = f"{model}: {name} from {row['rows']:,} rows"
                say(what, float(row[name]), target, least=True)
    print(study.summary().round(3).T.to_string())


def rmse(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).mean()))


if __name__ == "__main__":
    parts = (
        hvrt,
        gaussian,
        sequences,
        series,
        clustering,
        law,
        rules,
        sparse,
        models,
        growth,
        size,
        auto,
    )
    for part in sys.argv[1:] or [f.__name__ for f in parts[:6]]:
        {f.__name__: f for f in parts}[part]()
