"""Print SyntheRela's own C2ST and DDA (XGBoost) as JSON."""

import json
import sys
import warnings
from pathlib import Path

from syntherela.data import load_tables
from syntherela.metadata import Metadata
from syntherela.metrics.multi_table.detection import AggregationDetection
from syntherela.metrics.single_table.detection import SingleTableDetection
from xgboost import XGBClassifier

warnings.simplefilter("ignore")
OPTIONS = {"classifier_cls": XGBClassifier, "classifier_args": {"seed": 0}, "random_state": 42}


def main(real_folder: str, synthetic_folder: str) -> None:
    path = Path(real_folder) / "metadata.json"
    metadata = Metadata().load_from_json(path)
    real, synthetic = (load_tables(folder, metadata) for folder in (real_folder, synthetic_folder))
    found = {"c2st": {}, "dda": {}}
    for name in metadata.get_tables():
        table = metadata.tables[name].to_dict()
        if any(column["sdtype"] != "id" for column in table["columns"].values()):
            outcome = SingleTableDetection(**OPTIONS).run(real[name], synthetic[name], table)
            found["c2st"][name] = outcome["accuracy"]
    outcomes = AggregationDetection(**OPTIONS).run(real, synthetic, metadata)
    found["dda"] = {name: outcome["accuracy"] for name, outcome in outcomes.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
