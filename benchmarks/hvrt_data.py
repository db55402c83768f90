"""The data sets of the HVRT benchmarks: real ones and the recorded heavy-tailed one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from hvrt_measures import Task
from sklearn import datasets


def split(name: str, frame: pd.DataFrame, seed: int, *, classification: bool) -> Task:
    order = np.random.default_rng(seed).permutation(len(frame))
    half = len(frame) // 2
    cut = [frame.iloc[order[:half]], frame.iloc[order[half : 2 * half]]]
    return Task(name, *[part.reset_index(drop=True) for part in cut], classification)


def adult(seed: int, rows: int | None = 5000) -> Task:
    """UCI Adult from the folder RELSYNTH_DATA; the outcome is the income class."""
    path = Path(os.environ["RELSYNTH_DATA"]) / "adult" / "adult.csv.gz"
    frame = pd.read_csv(path)
    if rows is not None:
        frame = frame.sample(2 * rows, random_state=seed)
    return split("adult", frame, seed, classification=True)


def heavy_tail(seed: int, rows: int = 2000) -> Task:
    """Log-normal, t and exponential columns with a non-linear outcome.

    The noise gives the R^2 of .88 that is recorded for real rows.
    """
    rng = np.random.default_rng(1000 + seed)
    count = 2 * rows
    base = rng.standard_normal(count)
    frame = pd.DataFrame(
        {
            "lognormal": np.exp(base + 0.5 * rng.standard_normal(count)),
            "t2": rng.standard_t(2, count) + 0.5 * base,
            "t3": rng.standard_t(3, count),
            "exponential": rng.exponential(1.0, count),
            "lognormal2": rng.lognormal(0.0, 0.75, count),
            "mixed": base + rng.exponential(0.5, count),
        }
    )
    frame["y"] = (
        np.log1p(frame["lognormal"]) * np.sign(frame["t2"]) * np.sqrt(np.abs(frame["t2"]))
        + np.tanh(frame["t3"])
        + 0.5 * frame["exponential"]
        + 0.38 * rng.standard_normal(count)
    )
    return split("heavy tail", frame, seed, classification=False)


def diabetes(seed: int) -> Task:
    frame = datasets.load_diabetes(as_frame=True, scaled=False).frame
    return split("diabetes", frame, seed, classification=False)


def wine(seed: int) -> Task:
    return _classes("wine", datasets.load_wine(as_frame=True).frame, seed)


def breast(seed: int) -> Task:
    return _classes("breast cancer", datasets.load_breast_cancer(as_frame=True).frame, seed)


def rare_class(seed: int, rows: int = 2000) -> Task:
    """Eight normal columns, and a class of one row in twenty beyond a curved boundary."""
    rng = np.random.default_rng(4000 + seed)
    x = rng.standard_normal((2 * rows, 8))
    latent = x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * rng.standard_normal(2 * rows)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(8)])
    frame["y"] = np.where(latent > np.quantile(latent, 0.95), "yes", "no")
    return split("rare class", frame, seed, classification=True)


def _classes(name: str, frame: pd.DataFrame, seed: int) -> Task:
    labelled = frame.assign(target=frame["target"].map("class {}".format))
    return split(name, labelled, seed, classification=True)
