"""Reference tables: rows that are copied, never invented."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relsynth.columns.dtype import Dtype
from relsynth.columns.protection import Holders
from relsynth.columns.text import TextEncoder
from relsynth.metadata.treatments import replaced_columns
from relsynth.packing import packable
from relsynth.schema import Table
from relsynth.seeding import Seed, stream


@packable
@dataclass(frozen=True, slots=True)
class KeptRows:
    """A table kept as it is, but for what tells of people; stored as Parquet in model files."""

    frame: pd.DataFrame

    @classmethod
    def of(cls, frame: pd.DataFrame, table: Table, locale: str, seed: Seed) -> KeptRows:
        """Return the rows of a table with other telephones and names of people in them."""
        made = {}
        holders = replace(Holders.rows(len(frame)), locale=locale)
        for name in replaced_columns(table):
            encoder = TextEncoder.learn(frame[name], table.columns[name], holders)
            rng = stream(seed, "replaced", name)
            made[name] = encoder.decode(encoder.encode(frame[name]), rng)
        return cls(frame.assign(**made) if made else frame)

    def to_state(self) -> dict[str, Any]:
        """Return the table as the bytes of a Parquet file."""
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(self.frame, preserve_index=False), buffer)
        dtypes = [(name, Dtype.of(self.frame[name])) for name in self.frame]
        return {"parquet": np.frombuffer(buffer.getvalue(), dtype=np.uint8), "dtypes": dtypes}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> KeptRows:
        """Rebuild from `to_state`."""
        source = pa.BufferReader(np.asarray(state["parquet"], np.uint8).tobytes())
        frame = pq.read_table(source).to_pandas()
        for name, dtype in state["dtypes"]:
            frame[name] = dtype.cast(frame[name])
        return cls(frame)
