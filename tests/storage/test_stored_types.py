"""Columns come back in the type they came in, or are refused by name before fitting."""

import datetime as dt
import decimal
import enum
import ipaddress
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import relsynth as rs
from relsynth.storage.plain import Storage

N = 80
RNG = np.random.default_rng(0)
MOMENTS = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(RNG.integers(0, 10**7, N), "s"))


class Tone(enum.Enum):
    WARM = 1


def arrow(values, kind):
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, kind)))


COLUMNS = {
    "days": pd.Series([None, *MOMENTS.dt.date[1:]], dtype=object),
    "durations": pd.Series([dt.timedelta(minutes=i) for i in range(N)], dtype=object),
    "integers": pd.Series([None, *range(1, N)], dtype=object),
    "large integers": pd.Series([10**25 + i for i in range(N)], dtype=object),
    "bytes": pd.Series([bytes([i, 255 - i]) for i in range(N)], dtype=object),
    "uuids": pd.Series([uuid.UUID(int=i) for i in range(N)], dtype=object),
    "addresses": pd.Series([ipaddress.ip_address(i) for i in range(N)], dtype=object),
    "periods": pd.Series(pd.period_range("2020-01", periods=N, freq="Q")),
    "groups": pd.cut(pd.Series(range(N)), 4),
    "zoneinfo": MOMENTS.dt.tz_localize("UTC").dt.tz_convert(zoneinfo.ZoneInfo("Asia/Tokyo")),
    "string": pd.Series(list("ab") * (N // 2), dtype="string[pyarrow]"),
    "date32": arrow(list(MOMENTS.dt.date), pa.date32()),
    "decimal": arrow([decimal.Decimal(i) / 100 for i in range(N)], pa.decimal128(12, 2)),
    "long decimal": arrow([decimal.Decimal(i) / 100 for i in range(N)], pa.decimal128(30, 2)),
    "dictionary": pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array(list("ab") * (N // 2)).dictionary_encode())
    ),
    "lists": arrow([[i, None] for i in range(N)], pa.list_(pa.int64())),
    "large string": arrow([None, *map(str, range(1, N))], pa.large_string()),
    "small integers": arrow([None, *range(1, N)], pa.int16()),
    "time": arrow([dt.time(i % 24, 5) for i in range(N)], pa.time64("us")),
    "nothing": pd.Series(pd.arrays.ArrowExtensionArray(pa.nulls(N))),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_goes_to_a_plain_type_and_back(name):
    real = {"t": pd.DataFrame({"x": COLUMNS[name]})}
    storage = Storage.of(real)
    assert Storage.of(storage.plain(real)).forms == {}
    back = storage.restored(storage.plain(real))["t"].x
    assert back.dtype == COLUMNS[name].dtype
    assert list(map(str, back)) == list(map(str, COLUMNS[name]))


def test_synthetic_rows_have_the_types_of_the_real_ones_also_from_a_file(tmp_path):
    names = ["days", "date32", "decimal", "bytes", "uuids", "periods", "groups"]
    real = pd.DataFrame({"id": range(N), **{name: COLUMNS[name] for name in names}})
    synth = rs.RelationalSynthesizer(rs.Metadata.detect({"t": real}), model="cart").fit({"t": real})
    fake = synth.sample()["t"]
    for name in names:
        assert fake[name].dtype == real[name].dtype
        kinds = set(map(type, fake[name].dropna()))
        assert kinds <= set(map(type, real[name].dropna()))
    synth.save(tmp_path / "model")
    again = rs.RelationalSynthesizer.load(tmp_path / "model").sample()["t"]
    pd.testing.assert_frame_equal(again, fake)


@pytest.mark.parametrize("values", [[Tone.WARM] * 5, [{1}] * 5, [2**70, 5, 2**70, 1, 1]])
def test_objects_that_cannot_be_learned_are_refused_by_name(values):
    frame = pd.DataFrame({"id": range(5), "odd": pd.Series(values, dtype=object)})
    with pytest.raises(rs.DataError, match=r"t\.odd"):
        rs.Metadata.detect({"t": frame})


def test_an_index_that_would_be_lost_is_refused():
    frame = pd.DataFrame({"v": range(5)}, index=pd.Index(range(5), name="id"))
    with pytest.raises(rs.DataError, match="index holds 'id'"):
        rs.Metadata.detect({"t": frame})
