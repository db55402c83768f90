"""Model files: a zip of JSON and arrays, without pickle, that a crash cannot spoil.

::

    manifest.json   format, format version, library version, kind, SHA-256 of the others
    state.json      nested dicts, lists, tuples and JSON values; arrays by number
    arrays.npz      the arrays
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from relsynth.errors import ModelFileError
from relsynth.storage.array_archive import add_entry, read_arrays, write_arrays
from relsynth.storage.atomic import replacing
from relsynth.storage.limits import (
    FREE,
    MODEL_ENTRIES,
    MODEL_NODES,
    MODEL_RATIO,
    check_ratio,
    refuse_special,
)
from relsynth.storage.state_tree import pack, unpack
from relsynth.version import __version__

FORMAT = "relsynth model"
FORMAT_VERSION = 2  # raised where older releases could not read what is written
_PARTS = ("state.json", "arrays.npz")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    MemoryError,
    SyntaxError,
)
_TAIL = 1 << 17  # bytes in which the end of a zip archive lies: 65,557 and the record before


def write_model(path: str | Path, kind: str, state: Mapping[str, Any]) -> None:
    """Write a state to a model file; the file is replaced in one step.

    Parameters
    ----------
    kind : str
        What the state belongs to, such as ``"synthesizer"``.
    state : mapping
        Nested dicts, lists and tuples of JSON values (``NaN`` and infinities allowed),
        numpy scalars and arrays: numeric, bool, unicode, dates, or objects that are JSON
        values.

    Raises
    ------
    TypeError
        Naming the place of a value of another type.

    Notes
    -----
    The same state gives the same bytes. All parts are built in memory before the file is
    touched, then written under a temporary name, synchronised to disk and renamed.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> path = Path(tempfile.mkdtemp()) / "small.relsynth"
    >>> write_model(path, "example", {"grid": np.arange(3), "name": "a"})
    >>> read_model(path, "example")
    {'grid': array([0, 1, 2]), 'name': 'a'}
    """
    tree, arrays = pack(dict(state))
    parts = {"state.json": _json(tree), "arrays.npz": write_arrays(arrays)}
    manifest = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "library": __version__,
        "kind": kind,
        "sha256": {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()},
    }
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            add_entry(archive, "manifest.json", _json(manifest), zipfile.ZIP_DEFLATED)
            for name, part in parts.items():
                add_entry(archive, name, part, _method(part))
        file.flush()
        os.fsync(file.fileno())


def read_model(path: str | Path, kind: str) -> dict[str, Any]:
    """Read back what `write_model` wrote.

    Parameters
    ----------
    kind : str
        What the file must hold.

    Raises
    ------
    ModelFileError
        When the file is foreign, damaged, of another kind or written by a newer version.
    OSError
        When there is no such file or it may not be read.
    """
    path = Path(path)
    refuse_special(path, "a model")
    with path.open("rb") as file:
        _check_entries(path, file)
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            file.seek(0)
            if file.read(2) == b"PK":
                raise _damaged(path, "it ends too early or its directory is broken") from error
            raise _foreign(path, "it is not a zip archive") from error
        with archive:
            manifest = _manifest(path, archive)
            foreign = sorted(set(archive.namelist()) - {"manifest.json", *_PARTS})
            if foreign:
                raise _foreign(path, f"it holds {foreign[0]!r} besides")
            _check_version(path, manifest, kind)
            parts = {name: _verified(path, archive, manifest, name) for name in _PARTS}
            packed = archive.getinfo("state.json").compress_size
    if _nodes(parts["state.json"]) > _most_nodes(packed):
        raise ModelFileError(f"{path}: model file refused: state.json holds too many values")
    try:
        state = unpack(json.loads(parts["state.json"]), read_arrays(parts["arrays.npz"]))
    except _DAMAGE as error:
        raise _damaged(path, f"its content cannot be understood ({error})") from error
    if not isinstance(state, dict):
        raise _damaged(path, "its state is not a mapping")
    return state


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if "manifest.json" not in archive.namelist():
        raise _foreign(path, "it is a zip archive without manifest.json")
    try:
        manifest = json.loads(_read(path, archive, "manifest.json"))
    except ModelFileError:
        raise
    except _DAMAGE as error:
        raise _damaged(path, f"manifest.json cannot be read ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _foreign(path, f"manifest.json does not name the format {FORMAT!r}")
    return manifest


def _check_version(path: Path, manifest: Mapping[str, Any], kind: str) -> None:
    version = manifest.get("version")
    if not isinstance(version, int) or version < 1:
        raise _damaged(path, f"manifest.json gives the format version {version!r}")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: model file is newer: format version {version}, written by relsynth "
            f"{manifest.get('library')}; relsynth {__version__} reads up to version "
            f"{FORMAT_VERSION}; upgrade relsynth or write the model with this version"
        )
    if manifest.get("kind") != kind:
        raise ModelFileError(f"{path}: model file holds a {manifest.get('kind')!r}, not a {kind!r}")


def _verified(
    path: Path, archive: zipfile.ZipFile, manifest: Mapping[str, Any], name: str
) -> bytes:
    try:
        part = _read(path, archive, name)
        expected = manifest["sha256"][name]
    except ModelFileError:
        raise
    except _DAMAGE as error:
        raise _damaged(path, f"{name} cannot be read ({error})") from error
    if hashlib.sha256(part).hexdigest() != expected:
        raise _damaged(path, f"{name} does not match its checksum")
    return part


def _read(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("unknown compression")
    check_ratio(path, name, entry.compress_size, entry.file_size)
    return archive.read(name)


def _method(part: bytes) -> int:
    """Return how to store a part: as it is where packing it would look like an attack."""
    packed = len(zlib.compress(part, 6))
    small = len(part) <= FREE or len(part) * 1.2 < MODEL_RATIO * packed
    few = part[:1] != b"{" or _nodes(part) < _most_nodes(packed)
    return zipfile.ZIP_DEFLATED if small and few else zipfile.ZIP_STORED


def _nodes(state: bytes) -> int:
    """Return about how many values a JSON text has."""
    return sum(state.count(sign) for sign in (b"[", b"{", b","))


def _most_nodes(packed: int) -> int:
    return MODEL_NODES + packed // 2


def _check_entries(path: Path, file: IO[bytes]) -> None:
    """Refuse a directory of many entries before it is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    directory = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    wide = tail.rfind(b"PK\x06\x06")
    if directory == 0xFFFFFFFF and wide >= 0:
        directory = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    if directory > MODEL_ENTRIES:
        raise _foreign(path, "it is an archive of many files")


def _json(document: Any) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()


def _damaged(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: model file is damaged: {found}; restore it from a copy or fit and save again"
    )


def _foreign(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: not a model file of relsynth: {found}; give a file that "
        f"`relsynth fit` or `RelationalSynthesizer.save` has written"
    )
