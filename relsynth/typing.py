"""Names for the types that cross package borders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Tables = Mapping[str, pd.DataFrame]
Source = Mapping[str, Any] | str | Path | Any
"""What public functions take as tables; `relsynth.frames.tables_of` says what that is."""
Shown = Callable[[Iterable[Any], int], Iterable[Any]]
"""Shows progress over an iterable of so many items, which it hands on."""
