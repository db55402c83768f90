"""Model files: a zip of JSON and arrays, without pickle, that a crash cannot spoil.

::

    manifest.json   format, format version, library version, kind, SHA-256 of the others
    state.json      nested dicts, lists, tuples and JSON values; arrays by number
    arrays.npz      the arrays
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relsynth.errors import ModelFileError
from relsynth.storage.atomic import replacing
from relsynth.storage.state_tree import pack, unpack
from relsynth.typing import Array
from relsynth.version import __version__

FORMAT = "relsynth model"
FORMAT_VERSION = 1
_PARTS = ("state.json", "arrays.npz")
_EPOCH = (1980, 1, 1, 0, 0, 0)
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
)


def write_model(path: str | Path, kind: str, state: Mapping[str, Any]) -> None:
    """Write a state to a model file; the file is replaced in one step.

    Parameters
    ----------
    path : str or Path
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
    parts = {"state.json": _json(tree), "arrays.npz": _npz(arrays)}
    manifest = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "library": __version__,
        "kind": kind,
        "sha256": {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()},
    }
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            _add(archive, "manifest.json", _json(manifest), zipfile.ZIP_DEFLATED)
            for name, part in parts.items():
                _add(archive, name, part, zipfile.ZIP_DEFLATED)
        file.flush()
        os.fsync(file.fileno())


def read_model(path: str | Path, kind: str) -> dict[str, Any]:
    """Read back what `write_model` wrote.

    Parameters
    ----------
    path : str or Path
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
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            file.seek(0)
            if file.read(2) == b"PK":
                raise _damaged(path, "it ends too early or its directory is broken") from error
            raise _foreign(path, "it is not a zip archive") from error
        with archive:
            manifest = _manifest(path, archive)
            _check_version(path, manifest, kind)
            parts = {name: _verified(path, archive, manifest, name) for name in _PARTS}
    try:
        with np.load(io.BytesIO(parts["arrays.npz"]), allow_pickle=False) as stored:
            arrays = [stored[str(number)] for number in range(len(stored.files))]
        state = unpack(json.loads(parts["state.json"]), arrays)
    except _DAMAGE as error:
        raise _damaged(path, f"its content cannot be understood ({error})") from error
    if not isinstance(state, dict):
        raise _damaged(path, "its state is not a mapping")
    return state


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if "manifest.json" not in archive.namelist():
        raise _foreign(path, "it is a zip archive without manifest.json")
    try:
        manifest = json.loads(_read(archive, "manifest.json"))
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
        part = _read(archive, name)
        expected = manifest["sha256"][name]
    except _DAMAGE as error:
        raise _damaged(path, f"{name} cannot be read ({error})") from error
    if hashlib.sha256(part).hexdigest() != expected:
        raise _damaged(path, f"{name} does not match its checksum")
    return part


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("unknown compression")
    return archive.read(name)


def _add(archive: zipfile.ZipFile, name: str, part: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, part, method)


def _json(document: Any) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()


def _npz(arrays: list[Array]) -> bytes:
    """Return the arrays as an archive that is compressed as a whole by the outer one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, array in enumerate(arrays):
            part = io.BytesIO()
            np.lib.format.write_array(part, array, allow_pickle=False)
            _add(archive, f"{number}.npy", part.getvalue(), zipfile.ZIP_STORED)
    return buffer.getvalue()


def _damaged(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: model file is damaged: {found}; restore it from a copy or fit and save again"
    )


def _foreign(path: Path, found: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: not a model file of relsynth: {found}; give a file that "
        f"`relsynth fit` or `RelationalSynthesizer.save` has written"
    )
