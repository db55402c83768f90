"""Render every example schema from its own JSON to SQL DDL, SDV JSON and Mermaid.

Run ``python schemas/render.py`` after changing one; the tests compare.
"""

from __future__ import annotations

import json
from pathlib import Path

import relsynth as rs
from relsynth.formats.tables import write_ddl

HERE = Path(__file__).parent
EXAMPLES = (
    "shop", "org", "orders", "tickets", "clinic", "warehouse", "bank", "school", "airline", "forum",
)  # fmt: skip


def rendered(name: str) -> dict[str, str]:
    """Return the content of each file that belongs to an example, by file name."""
    metadata = rs.Metadata.load(HERE / f"{name}.json")
    return {
        f"{name}.sql": write_ddl(metadata),
        f"{name}.sdv.json": json.dumps(metadata.to_sdv(), indent=2, ensure_ascii=False) + "\n",
        f"{name}.mmd": metadata.to_mermaid().rstrip("\n") + "\n",
    }


if __name__ == "__main__":
    for example in EXAMPLES:
        for file, text in rendered(example).items():
            (HERE / file).write_text(text, encoding="utf-8")
