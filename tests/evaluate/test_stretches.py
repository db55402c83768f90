"""Rows of few series are told apart by what they are like, not by the path of one year."""

from __future__ import annotations

import numpy as np
import pandas as pd

import relsynth as rs


def _weather(seed: int, spread: float = 1.0) -> dict[str, pd.DataFrame]:
    """Return hourly readings of two stations that wander from day to day."""
    rng = np.random.default_rng(seed)
    hours = pd.date_range("2020-01-01", periods=1_500, freq="h")
    rows = []
    for station in (0, 1):
        paths = np.zeros((2, len(hours)))
        for at in range(1, len(hours)):
            paths[:, at] = 0.97 * paths[:, at - 1] + rng.normal(0, spread, 2)
        columns = {"station_id": station, "at": hours, "level": paths[0], "flow": paths[1]}
        rows.append(pd.DataFrame(columns))
    stations = pd.DataFrame({"station_id": [0, 1], "built": [1990, 2004]})
    return {"stations": stations, "readings": pd.concat(rows, ignore_index=True)}


def _told_apart(real: dict[str, pd.DataFrame], made: dict[str, pd.DataFrame]) -> float:
    metadata = rs.Metadata.detect(real)
    report = rs.evaluate(real, made, metadata, measures=["c2st"], baselines=False)
    return report.scores["c2st"]["tables"]["readings"]["accuracy"]


def test_another_year_of_the_same_stations_is_no_fake():
    real = _weather(0)
    assert _told_apart(real, _weather(1)) < 0.62
    assert _told_apart(real, _weather(2, spread=2.0)) > 0.62
