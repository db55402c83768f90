"""Model files: exact round trips, equal bytes, and every kind of broken file refused."""

import hashlib
import io
import json
import math
import os
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relsynth.errors import DataError, ModelFileError
from relsynth.storage.model_file import FORMAT_VERSION, read_model, write_model

STATE = {
    "none": None,
    "numbers": [1, -(10**30), 0.1, -0.0, float("inf"), float("-inf"), float("nan")],
    "text": "ä\ud800\x00",
    "pair": (1, (True, "x"), []),
    "by number": {1: "one", (2, 3): np.arange(3)},
    "tagged": {"$": "array", "at": 0},
    "arrays": {
        "float": np.array([[1.5, np.nan], [np.inf, -0.0]]),
        "int8": np.array([1, -2], np.int8),
        "flags": np.array([True, False]),
        "empty": np.empty((0, 4), np.float32),
        "text": np.array(["a", "ßß", ""]),
        "dates": np.array(["2020-01-01", "NaT"], "datetime64[us]"),
        "spans": np.array([1, 2], "timedelta64[ns]"),
        "objects": np.array([["a", None], ["b", 3]], object),
        "zero dimensions": np.array(3.5),
    },
    "scalars": [np.float64(0.1), np.int32(7), np.bool_(True), np.datetime64("2020-01-01", "ns")],
}


def same(a, b):
    """Whether two values are equal in type, dtype and value, ``NaN`` equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray | np.generic):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind == "O":
            return all(map(same, a.ravel(), b.ravel()))
        return a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a, math.copysign(1, a)) == (
            b,
            math.copysign(1, b),
        )
    return a == b


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.relsynth"


def test_every_kind_of_value_comes_back_as_it_was(path):
    write_model(path, "test", STATE)
    assert same(read_model(path, "test"), STATE)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=5)
)
ARRAYS = hnp.arrays(
    hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.boolean_dtypes(),
    hnp.array_shapes(min_side=0, max_dims=3, max_side=3),
)
TREES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(tree=TREES)
def test_any_nested_state_round_trips(tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / "m"
    write_model(path, "test", {"tree": tree})
    assert same(read_model(path, "test"), {"tree": tree})


def test_same_state_gives_same_bytes(path, tmp_path):
    write_model(path, "test", STATE)
    other = tmp_path / "other"
    write_model(other, "test", dict(STATE))
    assert path.read_bytes() == other.read_bytes()


def test_file_holds_no_pickle(path):
    write_model(path, "test", STATE)
    with zipfile.ZipFile(path) as archive, archive.open("arrays.npz") as arrays:
        assert sorted(archive.namelist()) == ["arrays.npz", "manifest.json", "state.json"]
        loaded = np.load(arrays, allow_pickle=False)
        assert all(loaded[name].dtype.kind != "O" for name in loaded.files)


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"a": [0, {1, 2}]}, r"state\['a'\]\[1\]: a set"),
        ({"f": print}, r"state\['f'\]: a builtin"),
        ({"o": np.array([object()])}, r"an object of state\['o'\]"),
        ({"r": np.zeros(1, [("x", int)])}, r"state\['r'\]: a ndarray of dtype"),
    ],
)
def test_what_cannot_be_stored_is_named_and_nothing_is_written(path, state, place):
    with pytest.raises(TypeError, match=place):
        write_model(path, "test", state)
    assert not path.exists()


def test_a_crash_while_writing_leaves_the_old_file(path, monkeypatch):
    write_model(path, "test", {"a": 1})
    before = path.read_bytes()

    def crash(descriptor):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="no space"):
        write_model(path, "test", {"a": 2})
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_missing_file_is_an_input_error(path):
    with pytest.raises(FileNotFoundError):
        read_model(path, "test")


@pytest.mark.parametrize("content", [b"", b"hello", b"{}" * 100])
def test_not_a_zip_is_foreign(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"not a model file of relsynth: .*zip.*relsynth fit"):
        read_model(path, "test")


@pytest.mark.parametrize("manifest", [None, {"format": "other"}, [1]])
def test_a_foreign_zip_is_refused(path, manifest):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.txt", "x")
        if manifest is not None:
            archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(ModelFileError, match=r"not a model file of relsynth: .*manifest\.json"):
        read_model(path, "test")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_file_cut_short_is_damaged(path, share):
    write_model(path, "test", STATE)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelFileError, match=r"damaged: it ends too early.*fit and save again"):
        read_model(path, "test")


def test_no_flipped_byte_changes_what_is_read(path):
    state = {"a": np.arange(5), "b": "text"}
    write_model(path, "test", state)
    content = path.read_bytes()
    refused = 0
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 0x55
        path.write_bytes(flipped)
        try:
            assert same(read_model(path, "test"), state), place
        except ModelFileError:
            refused += 1
    assert refused > len(content) / 2


def rewrite(path, **changes):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"]) | changes
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def test_a_newer_file_says_so(path):
    write_model(path, "test", {})
    rewrite(path, version=FORMAT_VERSION + 1, library="9.9")
    with pytest.raises(ModelFileError, match=r"newer.*relsynth 9\.9.*upgrade relsynth"):
        read_model(path, "test")


def test_a_file_of_another_kind_is_refused(path):
    write_model(path, "fixture", {})
    with pytest.raises(ModelFileError, match=r"holds a 'fixture', not a 'test'"):
        read_model(path, "test")


def test_a_wrong_checksum_is_damage(path):
    write_model(path, "test", {})
    rewrite(path, sha256={"state.json": "0", "arrays.npz": "0"})
    with pytest.raises(ModelFileError, match="does not match its checksum"):
        read_model(path, "test")


def _rewritten(path, **parts):
    """Replace parts of a model file, with the right checksums."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    for name, part in parts.items():
        held[name.replace("_", ".")] = part
    manifest = json.loads(held["manifest.json"])
    for name in manifest["sha256"]:
        manifest["sha256"][name] = hashlib.sha256(held[name]).hexdigest()
    held["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in held.items():
            archive.writestr(name, part)
    return path


def _npy(header: bytes) -> bytes:
    padded = header.ljust(117) + b"\n"
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("0.npy", b"\x93NUMPY\x01\x00v\x00" + padded)
    return box.getvalue()


@pytest.mark.parametrize(
    "parts",
    [
        {"state_json": b"{}" + b" " * (64 << 20)},
        {"state_json": b"[" + b"[]," * (8 << 20) + b"[]]"},
        {"state_json": b'{"a":"' + b"x" * (64 << 20) + b'"}'},
        {"state_json": b"[" * 200_000 + b"]" * 200_000},
        {"state_json": b'{"a":' * 50_000 + b"1" + b"}" * 50_000},
        {"arrays_npz": b"\x00" * (64 << 20)},
        {"arrays_npz": _npy(b"{'descr':'<f8','fortran_order':False,'shape':(1000000000000,)}")},
        {"arrays_npz": _npy(b"{'descr':'<f8','fortran_order':False,'shape':(-1,-16)}")},
        {"arrays_npz": _npy(b"{'descr':'|O','fortran_order':False,'shape':(1,)}")},
        {"arrays_npz": _npy(b"{'descr':'<U0','fortran_order':False,'shape':(1000000000000,)}")},
        {"manifest_json": b" " * (64 << 20)},
    ],
    ids=lambda parts: f"{next(iter(parts))} {next(iter(parts.values()))[-60:]}",
)
def test_a_bomb_is_refused_at_once_and_in_little_memory(path, parts):
    write_model(path, "test", {"a": np.arange(3)})
    if "manifest_json" in parts:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", parts["manifest_json"])
    else:
        _rewritten(path, **parts)
    del parts
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(ModelFileError) as refusal:
        read_model(path, "test")
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "\n" not in str(refusal.value)
    assert taken < 60 << 20
    assert time.process_time() - started < 2


def test_an_archive_of_many_files_is_refused_unread(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_000):
            archive.writestr(str(number), b"")
    with pytest.raises(ModelFileError, match="many files"):
        read_model(path, "test")


def test_what_packs_well_is_stored_so_that_it_is_read_again(path):
    state = {"zeros": np.zeros(400_000), "same": [0] * 1_200_000}
    write_model(path, "test", state)
    again = read_model(path, "test")
    assert again["same"] == state["same"]
    assert not again["zeros"].any()
    with zipfile.ZipFile(path) as archive:
        assert {i.compress_type for i in archive.infolist()} == {zipfile.ZIP_STORED, 8}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_a_pipe_is_refused_and_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(DataError, match="a pipe"):
        read_model(path, "test")
