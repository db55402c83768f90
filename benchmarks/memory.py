"""Peak memory of fitting beside the size of the tables.

    RELSYNTH_DATA=/data python benchmarks/memory.py rossmann_full baseball

Three figures per database, in MB: the tables (pandas, deep), the peak of what fitting
allocates through Python and numpy on top of them (tracemalloc), and the peak resident set of
the whole process, interpreter and libraries included, in a run without tracing.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path


def main() -> None:
    data = Path(os.environ["RELSYNTH_DATA"])
    for name in sys.argv[1:]:
        found = [_child(data / name, mode) for mode in ("traced", "resident")]
        tables, traced = (float(part) for part in found[0].split())
        _, resident = (float(part) for part in found[1].split())
        print(
            f"{name}: tables {tables:.0f}, allocated by fit {traced:.0f} "
            f"({traced / tables:.1f} x), whole process {resident:.0f} ({resident / tables:.1f} x)"
        )


def _child(folder: Path, mode: str) -> str:
    command = [sys.executable, __file__, "--one", mode, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def measure(mode: str, folder: Path) -> None:
    """Fit one database and print the size of its tables and the peak, in MB."""
    import relsynth as rs

    metadata = rs.Metadata.load(folder / "metadata.json")
    tables = rs.read_tables(folder, metadata)
    size = sum(table.memory_usage(deep=True).sum() for table in tables.values()) / 2**20
    if mode == "traced":
        tracemalloc.start()
    rs.RelationalSynthesizer(metadata, seed=0).fit(tables)
    if mode == "traced":
        peak = tracemalloc.get_traced_memory()[1] / 2**20
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(size, peak)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
