"""Print SDMetrics' own column shapes, cardinality and inter-table trends as JSON."""

import json
import sys
import warnings
from pathlib import Path

import pandas as pd
from sdmetrics.multi_table import CardinalityShapeSimilarity
from sdmetrics.reports.multi_table._properties import ColumnShapes, InterTableTrends
from sdmetrics.reports.single_table._properties import ColumnPairTrends, base

warnings.simplefilter("ignore")
base.DEFAULT_NUM_ROWS_SUBSAMPLE = None  # all rows, so that the comparison has no sampling noise


def load(folder: Path, metadata: dict) -> dict[str, pd.DataFrame]:
    tables = {}
    for name, table in metadata["tables"].items():
        text = {
            column: str
            for column, info in table["columns"].items()
            if info["sdtype"] in ("categorical", "ordinal", "boolean", "id")
        }
        frame = pd.read_csv(folder / f"{name}.csv", dtype=text)
        for column, info in table["columns"].items():
            if info["sdtype"] == "datetime":
                form = info.get("datetime_format")
                frame[column] = pd.to_datetime(frame[column], format=form)
        tables[name] = frame
    return tables


def main(real_folder: str, synthetic_folder: str) -> None:
    metadata = json.loads((Path(real_folder) / "metadata.json").read_text())
    real, synthetic = (load(Path(f), metadata) for f in (real_folder, synthetic_folder))
    shapes = ColumnShapes()
    shapes.get_score(real, synthetic, metadata)
    found = {
        "shapes": {
            f"{row['Table']}.{row['Column']}": row["Score"] for _, row in shapes.details.iterrows()
        },
        "pairs": {},
        "cardinality": None,
        "hop1": {},
    }
    for name, table in metadata["tables"].items():
        pairs = ColumnPairTrends()
        details = pairs._generate_details(real[name], synthetic[name], table)
        for _, row in details.iterrows():
            found["pairs"][f"{name}: {row['Column 1']}|{row['Column 2']}"] = row["Score"]
    if metadata.get("relationships"):
        found["cardinality"] = CardinalityShapeSimilarity.compute(real, synthetic, metadata)
        trends = InterTableTrends()
        trends.get_score(real, synthetic, metadata)
        for _, row in trends.details.iterrows():
            keys = row["Foreign Key"].strip("[]'").replace("', '", "+")
            path = f"{row['Parent Table']} > {row['Child Table']}.{keys}"
            pair = f"{row['Parent Table']}.{row['Column 1']}|{row['Child Table']}.{row['Column 2']}"
            found["hop1"][f"{path}: {pair}"] = row["Score"]
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
