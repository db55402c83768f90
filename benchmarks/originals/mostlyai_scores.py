"""Print mostlyai-qa's own accuracy of a table, with or without its parent, as JSON."""

import json
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from mostlyai.qa._accuracy import (
    bin_data,
    binning_data,
    calculate_bivariates,
    calculate_trivariates,
    calculate_univariates,
)
from mostlyai.qa._coherence import (
    calculate_distinct_categories_per_sequence,
    calculate_distinct_categories_per_sequence_accuracy,
    calculate_sequences_per_distinct_category,
    calculate_sequences_per_distinct_category_accuracy,
)
from mostlyai.qa._filesystem import Statistics
from mostlyai.qa._sampling import prepare_data_for_accuracy, prepare_data_for_coherence

warnings.simplefilter("ignore")


def main(
    real_folder: str, synthetic_folder: str, table: str, parent: str = "", key: str = ""
) -> None:
    np.random.seed(0)  # noqa: NPY002 - what the original draws from
    metadata = json.loads((Path(real_folder) / "metadata.json").read_text())
    folders = (Path(real_folder), Path(synthetic_folder))
    target = [load(folder, metadata, table, key) for folder in folders]
    context = [load(folder, metadata, parent, key) if parent else None for folder in folders]
    sides = [
        prepare_data_for_accuracy(
            df_tgt=mine,
            df_ctx=above,
            ctx_primary_key=key or None,
            tgt_context_key=key or None,
            setup="1:N" if parent else None,
        )
        for mine, above in zip(target, context, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        real, synthetic = binning_data(*sides, Statistics(path=folder))
    pairs = calculate_bivariates(real, synthetic)
    after = pairs["type"] == "nxt"
    levels = {
        "univariate": [calculate_univariates(real, synthetic)],
        "bivariate": [pairs[~after]],
        "trivariate": [calculate_trivariates(real, synthetic)],
    }
    if parent:
        levels["coherence"] = [pairs[after], *coherence(*target, key)]
    found = {name: mean(frame.accuracy for frame in frames) for name, frames in levels.items()}
    found["accuracy"] = float(np.mean(list(found.values())))
    maxima = [mean(frame.accuracy_max for frame in frames) for frames in levels.values()]
    print(json.dumps(found | {"maximum": float(np.mean(maxima))}))


def load(folder: Path, metadata: dict, table: str, key: str) -> pd.DataFrame:
    columns = metadata["tables"][table]["columns"]
    text = {c: str for c, info in columns.items() if info["sdtype"] in ("categorical", "boolean")}
    kept = [c for c, info in columns.items() if info["sdtype"] != "id" or c == key]
    frame = pd.read_csv(folder / f"{table}.csv", dtype=text)[kept]
    for column in kept:
        if columns[column]["sdtype"] == "datetime":
            frame[column] = pd.to_datetime(frame[column])
    return frame


def coherence(real: pd.DataFrame, synthetic: pd.DataFrame, key: str) -> list[pd.DataFrame]:
    real, bins = prepare_data_for_coherence(df_tgt=real, tgt_context_key=key)
    synthetic, _ = prepare_data_for_coherence(df_tgt=synthetic, tgt_context_key=key, bins=bins)
    distinct, bins = bin_data(calculate_distinct_categories_per_sequence(real, key), bins=10)
    other, _ = bin_data(calculate_distinct_categories_per_sequence(synthetic, key), bins=bins)
    _, top, names, _ = calculate_sequences_per_distinct_category(real, key)
    _, other_top, _, _ = calculate_sequences_per_distinct_category(synthetic, key, names)
    return [
        calculate_distinct_categories_per_sequence_accuracy(distinct, other),
        calculate_sequences_per_distinct_category_accuracy(
            ori_seqs_per_top_cat_cnts=top, syn_seqs_per_top_cat_cnts=other_top
        ),
    ]


def mean(series: Iterable[pd.Series]) -> float:
    return float(np.mean([values.mean() for values in series]))


if __name__ == "__main__":
    main(*sys.argv[1:])
