"""Sparse child tables under the table model ``hvrt``: how many children, how widely they vary.

Run ``python benchmarks/hvrt_sparse.py [counts|spread|real] ...``; all by default. RELSYNTH_DATA
names the folder of databases that ``real`` reads.

    counts   n parents of whom m have one child: the number of children must lie within
             two standard errors of m, and values vary as the real ones do
    spread   the model alone on 20 to 200 rows beside 0 to 40 columns of context
    real     detection and cardinality per table, against the model ``cart``
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.models import make_model

CASES = ((40, 300), (30, 1000), (100, 1000), (150, 300))
COLUMNS = (2, 4, 8)
SEEDS = (0, 1, 2)


def sparse(few: int, many: int, columns: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return parents with numbers and levels, and one child for some of them."""
    rng = np.random.default_rng(seed)
    parents = pd.DataFrame({"id": np.arange(many)})
    for j in range(columns):
        parents[f"p{j}"] = (
            rng.choice(list("abc"), many) if j % 2 else np.round(rng.normal(50, 10, many), 2)
        )
    which = np.sort(rng.permutation(many)[:few])
    days = rng.integers(0, 1500, few)
    child = pd.DataFrame(
        {
            "id": np.arange(few),
            "parent_id": which,
            "amount": np.round(rng.lognormal(7, 0.9, few), 2),
            "when": pd.Timestamp("2019-01-01") + pd.to_timedelta(days, "D"),
            "rate": np.round(rng.uniform(1, 9, few), 2),
        }
    )
    for j in range(columns - 2):
        child[f"c{j}"] = (
            rng.choice(list("xyz"), few) if j % 2 else np.round(rng.normal(0, 1, few), 3)
        )
    return {"parents": parents, "loans": child}


def predicted(real: dict[str, pd.DataFrame], model: str, seed: int) -> int:
    """Return the children drawn by a model of the summaries of a parent: count, values, gaps."""
    parents, loans = real["parents"].drop(columns="id"), real["loans"].set_index("parent_id")
    names = [*parents, "children", *loans.columns[1:]]
    joined = parents.assign(children=parents.index.isin(loans.index).astype(float))
    joined = joined.join(loans.drop(columns="id"))
    values, kinds = [], []
    for name in names:
        column = joined[name]
        if column.dtype == object:
            codes = pd.factorize(column, sort=True)[0].astype(float)
            values.append(np.where(codes < 0, np.nan, codes))
            kinds.append("category")
        else:
            if column.dtype.kind == "M":
                column = (column - pd.Timestamp("2019-01-01")).dt.days
            values.append(column.to_numpy(dtype=float, na_value=np.nan))
            kinds.append("count" if name == "children" else "number")
    table = Matrix(tuple(names), tuple(kinds), np.column_stack(values))
    width = parents.shape[1]
    context, rows = table.columns(slice(0, width)), table.columns(slice(width, None))
    fitted = make_model(model).fit(rows, context, seed=seed)
    return int(fitted.sample(context, np.random.default_rng(seed))[:, 0].sum())


def counts(model: str = "hvrt") -> None:
    print(f"\nmodel={model!r}: children the model draws, before they are fitted to the total")
    for few, many in CASES:
        for columns in COLUMNS:
            found, spreads = [], []
            for seed in SEEDS:
                real = sparse(few, many, columns, seed)
                metadata = rs.Metadata.detect(real)
                synth = rs.RelationalSynthesizer(metadata, model=model, seed=seed).fit(real)
                fake = synth.sample(seed=seed)["loans"]
                found.append(predicted(real, model, seed))
                width = [
                    fake[name].std() / real["loans"][name].std() for name in ("amount", "rate")
                ]
                days = [t["when"].astype("int64").std() for t in (fake, real["loans"])]
                spreads.append([*width, days[0] / days[1]] if len(fake) > 1 else [0.0] * 3)
            error = np.sqrt(few * (1 - few / many))
            off = (np.array(found) - few) / error
            print(
                f"  {few:4}/{many:5} x {columns}: {found}, {np.round(off, 1).tolist()}, target "
                f"within 2: {bool((np.abs(off) <= 2).all())}; spread of amount, rate, date "
                f"{np.round(np.mean(spreads, axis=0), 2).tolist()}",
                flush=True,
            )


def spread(model: str = "hvrt") -> None:
    print(
        f"\nmodel={model!r}: spread of one number drawn / real, mean of 5 seeds, target .9 to 1.1"
    )
    for rows in (20, 40, 80, 200):
        line = []
        for width in (0, 2, 5, 10, 20, 40):
            ratios = []
            for seed in range(5):
                rng = np.random.default_rng(seed)
                names = tuple(f"p{j}" for j in range(width))
                context = Matrix(names, ("number",) * width, rng.normal(size=(rows, width)))
                values = rng.normal(size=(rows, 1))
                if width:
                    values[:, 0] += 0.5 * context.values[:, 0]
                fitted = make_model(model).fit(
                    Matrix(("x",), ("number",), values), context, seed=seed
                )
                pick = np.random.default_rng(seed + 99).integers(rows, size=2000)
                drawn = fitted.sample(context.take(pick), np.random.default_rng(seed))
                ratios.append(drawn.std() / values.std())
            line.append(f"{np.mean(ratios):.2f}")
        print(
            f"  {rows:4} rows x 0, 2, 5, 10, 20, 40 columns of context: {'  '.join(line)}",
            flush=True,
        )


def real(names: tuple[str, ...] = ("berka_small", "chinook", "rossmann"), seed: int = 0) -> None:
    folder = Path(os.environ["RELSYNTH_DATA"])
    for name in names:
        metadata = rs.Metadata.load(folder / name / "metadata.json")
        tables = rs.read_tables(folder / name, metadata)
        if name == "rossmann":
            tables["store"] = tables["store"].head(200)
            kept = tables["historical"]["Store"].isin(tables["store"]["Store"])
            tables["historical"] = tables["historical"][kept].reset_index(drop=True)
        reports = {}
        for model in ("cart", "hvrt", "gaussian_copula"):
            start = time.perf_counter()
            synth = rs.RelationalSynthesizer(metadata, model=model, seed=seed).fit(tables)
            report = rs.evaluate(
                tables,
                synth.sample(seed=seed),
                metadata,
                measures=["validity", "cardinality", "c2st"],
                baselines=False,
            )
            reports[model] = report.scores
            print(f"{name} {model}, seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)
        told = {
            model: {t: v["accuracy"] for t, v in scores["c2st"]["tables"].items()}
            for model, scores in reports.items()
        }
        print(pd.DataFrame(told).round(3).to_string())
        for model, scores in reports.items():
            worst = max(told[model][t] - told["cart"][t] for t in told["cart"])
            cards = [v["score"] for v in scores["cardinality"]["keys"].values()]
            faults = scores["summary"]["validity"]["score"]
            print(
                f"  {model}: above cart by {worst:+.3f} (target .15); least cardinality "
                f"{min(cards):.3f} (.95); faults {faults} (0)",
                flush=True,
            )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for part in sys.argv[1:] or ["counts", "spread", "real"]:
        {"counts": counts, "spread": spread, "real": real}[part]()
