"""Arrays as an ``.npz`` archive, read without trusting what their headers say."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np

from relsynth.storage.limits import MODEL_ARRAYS
from relsynth.storage.state_tree import ARRAY_KINDS
from relsynth.typing import Array

# the first date of a ZIP entry, so that bytes do not depend on the day
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ENTRY = b"PK\x01\x02"


def add_entry(archive: zipfile.ZipFile, name: str, part: bytes, method: int) -> None:
    """Add a part to an archive; the same part gives the same bytes at any time."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, part, method)


def write_arrays(arrays: list[Array]) -> bytes:
    """Return arrays as an archive that is not compressed, because the outer one is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, array in enumerate(arrays):
            part = io.BytesIO()
            np.lib.format.write_array(part, array, allow_pickle=False)
            add_entry(archive, f"{number}.npy", part.getvalue(), zipfile.ZIP_STORED)
    return buffer.getvalue()


def read_arrays(content: bytes) -> list[Array]:
    """Return the arrays of an archive that `write_arrays` made.

    Raises
    ------
    ValueError, KeyError
        Where the archive is another one, or a header states another size than there is.
    """
    if content.count(_ENTRY) > MODEL_ARRAYS:
        raise ValueError("too many arrays")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("an array is compressed by itself")
        if sum(entry.file_size for entry in entries) > len(content):
            raise ValueError("arrays overlap")
        return [_array(archive.read(f"{number}.npy")) for number in range(len(entries))]


def _array(part: bytes) -> Array:
    stream = io.BytesIO(part)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, by_columns, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"an array has the format {version}")
    start = stream.tell()
    if dtype.kind not in ARRAY_KINDS or any(size < 0 for size in shape):
        raise ValueError(f"an array has the dtype {dtype} and the shape {shape}")
    if math.prod(shape) * dtype.itemsize != len(part) - start:
        raise ValueError(f"an array of shape {shape} and dtype {dtype} has other bytes")
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    if dtype.itemsize == 0:
        raise ValueError("an array has values of no size")
    values = np.frombuffer(part, dtype, offset=start)
    return values.reshape(shape, order="F" if by_columns else "C").copy(order="K")
