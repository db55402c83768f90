"""Print mostlyai-qa's own accuracy of a flat table as JSON."""

import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from mostlyai.qa._accuracy import (
    binning_data,
    calculate_bivariates,
    calculate_trivariates,
    calculate_univariates,
)
from mostlyai.qa._filesystem import Statistics
from mostlyai.qa._sampling import prepare_data_for_accuracy

warnings.simplefilter("ignore")


def main(real_folder: str, synthetic_folder: str, table: str) -> None:
    np.random.seed(0)  # noqa: NPY002 - what the original draws from
    metadata = json.loads((Path(real_folder) / "metadata.json").read_text())
    columns = metadata["tables"][table]["columns"]
    text = {c: str for c, info in columns.items() if info["sdtype"] in ("categorical", "boolean")}
    kept = [c for c, info in columns.items() if info["sdtype"] != "id"]
    sides = [
        prepare_data_for_accuracy(df_tgt=pd.read_csv(Path(f) / f"{table}.csv", dtype=text)[kept])
        for f in (real_folder, synthetic_folder)
    ]
    with tempfile.TemporaryDirectory() as folder:
        real, synthetic = binning_data(*sides, Statistics(path=folder))
    levels = {
        "univariate": calculate_univariates(real, synthetic),
        "bivariate": calculate_bivariates(real, synthetic),
        "trivariate": calculate_trivariates(real, synthetic),
    }
    found = {name: float(frame.accuracy.mean()) for name, frame in levels.items()}
    found["accuracy"] = float(np.mean(list(found.values())))
    found["maximum"] = float(np.mean([frame.accuracy_max.mean() for frame in levels.values()]))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
