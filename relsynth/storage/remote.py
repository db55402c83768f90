"""Tables in object stores and other file systems that fsspec reaches, such as ``s3://bucket/shop``.

An object store cannot rename a folder. Parts are uploaded below a prefix that begins with an
underscore, which readers of Parquet folders pass over. When all are there they are moved to
their names, and ``_SUCCESS`` is written last, with the rows of every table.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from relsynth.errors import DataError
from relsynth.optional import require
from relsynth.storage.folder import write_file

if TYPE_CHECKING:
    from relsynth.typing import Tables

SCHEMES = (
    "abfs", "abfss", "adl", "az", "file", "ftp", "gcs", "gs", "hdfs", "http", "https", "memory",
    "oss", "s3", "s3a", "sftp", "ssh", "webdav", "webhdfs",
)  # fmt: skip
DONE = "_SUCCESS"
_DRIVERS = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "adl": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "oss": "ossfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "webdav": "webdav4",
}


def is_remote(source: Any) -> bool:
    """Return whether a source is the URL of a file system, not of a database."""
    return isinstance(source, str) and source.partition("://")[0].lower() in SCHEMES


@contextmanager
def fetched(source: str) -> Iterator[Path]:
    """Copy a file or folder of a remote file system into a temporary folder.

    Raises
    ------
    FileNotFoundError
        Where there is nothing.
    """
    files, root = _open(source)
    if not files.exists(root):
        raise FileNotFoundError(f"{source}: no such file or folder")
    with tempfile.TemporaryDirectory(prefix="relsynth-") as folder:
        if files.isfile(root):
            local = Path(folder) / root.rstrip("/").rpartition("/")[2]
            files.get_file(root, str(local))
            yield local
            return
        base = root.rstrip("/")
        for path in files.find(base):
            inside = path.removeprefix(base).lstrip("/")
            if not inside.startswith(("_", ".")):
                local = Path(folder) / inside
                local.parent.mkdir(parents=True, exist_ok=True)
                files.get_file(path, str(local))
        yield Path(folder)


@dataclass(frozen=True, slots=True)
class RemoteParts:
    """Parts of tables in a remote file system; what `relsynth.storage.parts.Parts` is in a folder.

    Attributes
    ----------
    target : str
        URL of the folder to make.
    staging : str
        Path of the prefix that parts are uploaded to.
    """

    target: str
    staging: str
    recorded: bool = False
    written: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def write(self, number: int, tables: Tables) -> dict[str, dict[str, int]]:
        """Write one part to a temporary folder and upload it; return its tables."""
        files, _ = _open(self.target)
        folder = Path(tempfile.mkdtemp(prefix="relsynth-"))
        try:
            for name, table in tables.items():
                local = folder / _part(number)
                write_file(table, local, "parquet", name)
                files.makedirs(f"{self.staging}/{name}", exist_ok=True)
                files.put_file(str(local), f"{self.staging}/{name}/{_part(number)}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return {name: {} for name in tables}

    def record(self, number: int, rows: Mapping[str, int], details: Mapping[str, Any]) -> None:
        """Note that a part is finished, where parts are recorded."""
        if not self.recorded:
            return
        files, _ = _open(self.target)
        sizes = {name: files.size(f"{self.staging}/{name}/{_part(number)}") for name in details}
        text = json.dumps({"rows": dict(rows), "sizes": sizes})
        files.pipe_file(f"{self.staging}/{number:05d}.json", text.encode())

    def finished(self, number: int) -> tuple[dict[str, int], dict[str, dict[str, int]]] | None:
        """Return what was recorded of a part, if its files have the sizes they had."""
        files, _ = _open(self.target)
        files.invalidate_cache()
        try:
            found = json.loads(files.cat_file(f"{self.staging}/{number:05d}.json"))
            for name, size in found["sizes"].items():
                if files.size(f"{self.staging}/{name}/{_part(number)}") != size:
                    return None
            return found["rows"], {name: {} for name in found["sizes"]}
        except (OSError, ValueError, KeyError, AttributeError):
            return None

    def publish(self, rows: Mapping[str, int]) -> None:
        """Move all parts to their names, then say that they are complete."""
        files, root = _open(self.target)
        numbers: dict[str, list[int]] = {}
        for number, names in sorted(self.written.items()):
            for name in names:
                numbers.setdefault(name, []).append(number)
        for name, parts in numbers.items():
            final = f"{root}/{name}.parquet"
            if len(parts) > 1:
                files.makedirs(final, exist_ok=True)
            for number in parts:
                there = f"{final}/{_part(number)}" if len(parts) > 1 else final
                files.mv(f"{self.staging}/{name}/{_part(number)}", there)
        files.rm(self.staging, recursive=True)
        files.pipe_file(f"{root}/{DONE}", json.dumps({"rows": dict(rows)}, indent=1).encode())


@contextmanager
def publishing(
    target: str, form: str, names: Collection[str], kept: str | None
) -> Iterator[RemoteParts]:
    """Give a remote place for parts; the caller publishes them when all are there.

    Raises
    ------
    DataError
        For another format than Parquet, and where the target holds anything already.
    """
    if form != "parquet":
        raise DataError(f"{target}: a remote folder takes Parquet, not {form!r}")
    files, root = _open(target)
    files.invalidate_cache()
    names_there = [path.rstrip("/").rpartition("/")[2] for path in _listed(files, root)]
    there = [name for name in names_there if not name.startswith("_unfinished-")]
    if there:
        raise DataError(
            f"{target}: the folder is not empty (there is {', '.join(sorted(there)[:3])}); "
            "remote folders cannot be replaced in one step, so choose a new one"
        )
    parts = RemoteParts(target, f"{root}/_unfinished-{kept or uuid4().hex}", kept is not None)
    files.makedirs(parts.staging, exist_ok=True)
    try:
        yield parts
    finally:
        if kept is None and files.exists(parts.staging):
            files.rm(parts.staging, recursive=True)


def _listed(files: Any, root: str) -> list[str]:
    try:
        return list(files.ls(root, detail=False))
    except FileNotFoundError:
        return []


def _open(url: str) -> tuple[Any, str]:
    fsspec = require("fsspec", "remote", "a remote file system")
    scheme = url.partition("://")[0].lower()
    try:
        files, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        driver = _DRIVERS.get(scheme, error.name or "fsspec")
        raise DataError(f"{url}: {scheme}:// needs {driver}: pip install {driver}") from error
    except ValueError as error:
        raise DataError(f"{url}: {error}") from error
    return files, root.rstrip("/")


def _part(number: int) -> str:
    return f"part-{number:05d}.parquet"
