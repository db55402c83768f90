"""Peak memory, time and validity of outputs of several sizes, drawn whole and in parts.

    RELSYNTH_DATA=/data python benchmarks/streaming.py cdnow --scales 2 20

One process for every figure: the model is fitted, saved, and loaded anew, so that the peak
resident set is that of drawing and writing Parquet files. What was drawn in parts is read back
and checked: references, keys, unique sets, ranges.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import relsynth as rs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", default=["cdnow"])
    parser.add_argument("--scales", nargs="*", type=float, default=[2.0, 20.0])
    parser.add_argument("--child", nargs=3)
    said = parser.parse_args()
    if said.child:
        draw(*said.child)
        return
    for name in said.data:
        source = Path(os.environ["RELSYNTH_DATA"]) / name
        metadata = rs.Metadata.load(source / "metadata.json")
        real = rs.read_tables(source, metadata)
        with tempfile.TemporaryDirectory() as folder:
            model, out = Path(folder) / "model.relsynth", Path(folder) / "out"
            rs.RelationalSynthesizer(metadata, seed=0).fit(real).save(model)
            for scale in said.scales:
                for way in ("whole", "parts"):
                    words = [sys.executable, __file__, "--child", way, str(model), str(scale)]
                    found = json.loads(
                        subprocess.run(
                            words, check=True, capture_output=True, text=True, cwd=folder
                        ).stdout
                    )
                    print(
                        f"{name} x {scale:g}, {way}: {found['rows']:,} rows, "
                        f"{found['seconds']:.1f} s, peak {found['peak']:.0f} MB "
                        f"(loaded {found['loaded']:.0f})"
                    )
                faults(real, rs.read_tables(out, metadata), metadata)


def draw(way: str, model: str, scale: str) -> None:
    """Draw and write one output; print rows, seconds and the peak resident set in MB."""
    synthesizer = rs.RelationalSynthesizer.load(model)
    loaded, start = peak(), time.perf_counter()
    if way == "parts":
        rows = sum(synthesizer.sample_to("out", float(scale), seed=1).values())
    else:
        made = synthesizer.sample(float(scale), seed=1)
        rs.write_tables(made, "whole", format="parquet")
        rows = sum(map(len, made.values()))
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": rows, "seconds": seconds, "loaded": loaded, "peak": peak()}))


def peak() -> float:
    """Return the highest resident set so far, in MB; unlike ``ru_maxrss`` not the caller's."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(told["VmHWM"].split()[0]) / 1024


def faults(real, made, metadata) -> None:
    """Check what was read back."""
    from relsynth.evaluate import check_validity

    metadata.check(made)
    found = [v for v in check_validity(real, made, metadata).found if v.strict]
    print(f"  read back: {len(found)} rules broken" + "".join(f"\n  {v}" for v in found))


if __name__ == "__main__":
    main()
