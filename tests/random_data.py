"""Random databases of every value type and size, what can be done with them, and what must hold."""

from __future__ import annotations

import datetime as dt
import tempfile
import traceback
import uuid
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Table

Tables = dict[str, pd.DataFrame]
SIZES = (0, 1, 2, 3, 7, 25, 60, 120)
START = np.datetime64("2020-01-01", "us")
TEXTS = ["", " ", "a,b", 'say "x"', "line\nbreak", "NA", "null", "ü", "=1+1", "007", "x\x00y", "%s"]

_FAR = np.array(["9999-12-31", "2024-01-01"], "datetime64[us]")


def _days(rng: np.random.Generator, n: int) -> Any:
    return START + rng.integers(0, 900, n).astype("timedelta64[D]")


def _moments(rng: np.random.Generator, n: int) -> Any:
    return START + rng.integers(0, 10**14, n).astype("timedelta64[us]")


VALUES: dict[str, tuple[str, Callable[[np.random.Generator, int], Any]]] = {
    "small ints": ("integer", lambda r, n: r.integers(-3, 9, n)),
    "bytes of ints": ("integer", lambda r, n: r.integers(0, 255, n).astype("uint8")),
    "large ints": ("integer", lambda r, n: r.integers(2**61, 2**62, n)),
    "limits": ("integer", lambda r, n: r.choice(np.array([2**63 - 1, -(2**63), 0]), n)),
    "nullable": ("integer", lambda r, n: pd.array(r.integers(0, 99, n), dtype="Int64")),
    "floats": ("numeric", lambda r, n: r.normal(size=n)),
    "money": ("numeric", lambda r, n: r.gamma(2, 90, n).round(2)),
    "huge floats": ("numeric", lambda r, n: r.choice([1e308, -1e308, 0.5], n)),
    "single precision": ("numeric", lambda r, n: r.normal(size=n).astype("float32")),
    "constant": ("numeric", lambda r, n: np.full(n, 4.5)),
    "flags": ("boolean", lambda r, n: r.random(n) < 0.3),
    "levels": ("categorical", lambda r, n: r.choice(["red", "green", "blue"], n).astype(object)),
    "odd texts": ("categorical", lambda r, n: r.choice(np.array(TEXTS, object), n)),
    "category": ("categorical", lambda r, n: pd.Categorical(r.choice(["u", "v"], n))),
    "numbered category": ("categorical", lambda r, n: pd.Categorical(r.choice([3, 1, 2], n))),
    "notes": ("text", lambda r, n: np.array([f"note {v} of it" for v in r.integers(0, 10**6, n)])),
    "mails": ("text", lambda r, n: [f"p{v}@corp{v % 7}.test" for v in r.integers(0, 10**6, n)]),
    "days": ("datetime", lambda r, n: _days(r, n)),
    "moments": ("datetime", lambda r, n: _moments(r, n)),
    "seconds": ("datetime", lambda r, n: _moments(r, n).astype("datetime64[s]")),
    "nanoseconds": ("datetime", lambda r, n: _moments(r, n).astype("datetime64[ns]")),
    "zoned": ("datetime", lambda r, n: pd.DatetimeIndex(_moments(r, n)).tz_localize("UTC")),
    "far dates": (
        "datetime",
        lambda r, n: r.choice(np.array(["9999-12-31", "2024-01-01"], "M8[us]"), n),
    ),
    "date objects": ("datetime", lambda r, n: [d.item().date() for d in _days(r, n)]),
    "durations": ("timedelta", lambda r, n: r.integers(0, 9**9, n).astype("timedelta64[s]")),
    "decimals": ("numeric", lambda r, n: [Decimal(int(v)) / 100 for v in r.integers(0, 9999, n)]),
    "whole as objects": ("integer", lambda r, n: np.array(r.integers(0, 50, n).tolist(), object)),
}
KEYS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "numbered": lambda r, n: np.arange(n),
    "large": lambda r, n: 2**62 + np.arange(n),
    "scattered": lambda r, n: r.permutation(10 * n + 1)[:n],
    "texts": lambda r, n: [f"K{k:05d}" for k in range(n)],
    "uuid": lambda r, n: [str(uuid.UUID(bytes=r.bytes(16), version=4)) for _ in range(n)],
}


def database(seed: int) -> tuple[rs.Metadata, Tables]:
    """Return a random database and its schema."""
    rng = np.random.default_rng(seed)
    tables: Tables = {}
    declared, keys = [], []
    for number in range(int(rng.integers(1, 5))):
        name, n = f"t{number}", int(rng.choice(SIZES))
        data: dict[str, Any] = {"id": KEYS[str(rng.choice(list(KEYS)))](rng, n)}
        columns = {"id": Column("id", "key")}
        for parent in [p for p in tables if rng.random() < 0.5]:
            known, nullable = tables[parent]["id"], bool(rng.random() < 0.4)
            if not len(known) and not nullable and n:
                continue
            column = f"{parent}_id"
            series = known.sample(n, replace=True, random_state=seed) if len(known) else known
            series = series.reset_index(drop=True)
            if nullable:
                kind = "Int64" if series.dtype.kind in "iu" else object
                series = series.astype(kind).reindex(range(n))
                series[rng.random(n) < 0.3] = None
            data[column], columns[column] = series, Column(column, "key")
            keys.append(ForeignKey(name, (column,), parent, ("id",)))
        for at in range(int(rng.integers(0, 5))):
            label = str(rng.choice(list(VALUES)))
            kind, make = VALUES[label]
            series = pd.Series(make(rng, n))
            if rng.random() < 0.3 and n and series.dtype.kind not in "iub":
                series = series.mask(rng.random(n) < rng.choice([0.2, 1.0]))
            data[f"c{at}"], columns[f"c{at}"] = series, Column(f"c{at}", kind)
        tables[name] = pd.DataFrame(data)
        declared.append(Table(name, columns, primary_key=("id",)))
    return rs.Metadata(declared, keys), tables


def broken(metadata: rs.Metadata, real: Tables, made: Tables) -> Iterator[str]:
    """Yield what does not hold of synthetic tables."""
    for name, table in metadata.tables.items():
        frame = made[name]
        if list(frame.columns) != list(real[name].columns):
            yield f"{name}: other columns"
            continue
        if frame["id"].isna().any() or not frame["id"].is_unique:
            yield f"{name}: keys"
        for column in table.columns:
            given, got = real[name][column], frame[column]
            if len(given) and len(got) and given.dtype != got.dtype:
                yield f"{name}.{column}: dtype {got.dtype}, not {given.dtype}"
            if got.isna().any() and not given.isna().any() and len(given):
                yield f"{name}.{column}: missing values"
            numbers = pd.api.types.is_numeric_dtype(given.dtype) and column != "id"
            linked = any(column in key.columns for key in metadata.parents_of(name))
            known = numbers and not linked and given.notna().any() and got.notna().any()
            if known and got.dropna().max() > given.dropna().max():
                yield f"{name}.{column}: above the range"
    for key in metadata.foreign_keys:
        known = set(made[key.parent]["id"].tolist())
        lost = [v for v in made[key.child][key.columns[0]].dropna().tolist() if v not in known]
        if lost:
            yield f"{key.name}: {len(lost)} references without a target"


def wanted(rng: np.random.Generator, metadata: rs.Metadata, real: Tables) -> dict[str, Any]:
    """Return a condition on one column: a value that it has, or two of them."""
    columns = [
        (name, column)
        for name, table in metadata.tables.items()
        for column, declared in table.columns.items()
        if declared.kind != "key" and real[name][column].notna().any()
    ]
    if not columns:
        return {}
    table, column = columns[int(rng.integers(len(columns)))]
    values = real[table][column].dropna().tolist()
    some = [values[int(at)] for at in rng.integers(0, len(values), 2)]
    return {table: {column: some[0] if rng.random() < 0.5 else some}}


def unmet(where: dict[str, Any], made: Tables) -> Iterator[str]:
    """Yield the conditions that do not hold."""
    for table, columns in where.items():
        for column, value in columns.items():
            allowed = value if isinstance(value, list) else [value]
            got = made[table][column].tolist()
            if not all(any(v == one for one in allowed) for v in got):
                yield f"{table}.{column}: not only {allowed!r}"


def changed(real: Tables, back: Tables) -> Iterator[str]:
    """Yield columns of whole numbers that are not the same after writing and reading."""
    for name, frame in real.items():
        for column, given in frame.items():
            whole = given.dropna().tolist()
            if not whole or not all(isinstance(v, int) and v is not True for v in whole):
                continue
            order = [str(v) for v in frame["id"].tolist()]
            read = back[name].set_index(back[name]["id"].astype(str))[column].reindex(order)
            got = [None if pd.isna(v) else v for v in read.tolist()]
            kept = [None if pd.isna(v) else v for v in given.tolist()]
            if got != kept:
                yield f"{name}.{column}: other whole numbers"


def emptied(server: str) -> str:
    """Empty the database of a PostgreSQL server; return its URL."""
    sa = pytest.importorskip("sqlalchemy")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return server


def exercise(  # noqa: C901 one operation a line
    seed: int, server: str | None = None
) -> tuple[list[str], list[str]]:
    """Do everything with one database; return its faults, and what was refused by name.

    `server` is the URL of a PostgreSQL database that may be emptied. Every fifth database is
    audited, which takes as long as all else together.
    """
    faults, refused = list[str](), list[str]()
    metadata, real = database(seed)
    rng = np.random.default_rng((seed, 1))

    def do(what: str, call: Callable[[], Any], holds: bool = False) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = call()
        except rs.RelsynthError as error:
            refused.append(f"{seed} {what}: {error}")
            return None
        except Exception as error:  # noqa: BLE001 any other exception is a fault
            at = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {str(error)[:150]}".replace("\n", " ")
            faults.append(f"{seed} {what}: {said} ({Path(at.filename).name}:{at.lineno})")
            return None
        if holds:
            faults.extend(f"{seed} {what}: {fault}" for fault in broken(metadata, real, made))
        return made

    model = str(rng.choice(["cart", "cart", "auto", "hvrt", "gaussian_copula"]))
    synth = do("fit", lambda: rs.RelationalSynthesizer(metadata, model=model, seed=seed).fit(real))
    do("generate", lambda: rs.generate(metadata, 20, seed=seed))
    first = max(metadata.tables, key=lambda name: len(real[name]))
    if len(real[first]):
        do("subset", lambda: rs.subset(real, metadata, {first: 0.5}), holds=True)
    if synth is None:
        return faults, refused
    made = do("sample", synth.sample, holds=True)
    pool = do("sample more", lambda: synth.sample(scale=3, seed=1), holds=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        form = str(rng.choice(["csv", "csv.gz", "parquet"]))
        do("parts", lambda: synth.sample_to(path / "o", 2, format=form, rows_of_a_part=60))
        if (path / "o").exists():
            do("read", lambda: rs.read_tables(path / "o", metadata))
        do("sqlite", lambda: synth.sample_to(f"sqlite:///{path}/x.db"))
        places = {"csv": path / "r", "parquet": path / "p", "sqlite": f"sqlite:///{path}/r.db"}
        if server is not None:
            places["postgresql"] = emptied(server)
        kind = str(rng.choice(list(places)))

        def there_and_back() -> Tables:
            form = kind if kind in ("csv", "parquet") else "csv"
            rs.write_tables(real, places[kind], format=form, metadata=metadata)
            return dict(rs.read_tables(places[kind], metadata))

        back = do(f"{kind} and back", there_and_back)
        if back is not None:
            faults.extend(f"{seed} {kind} and back: {fault}" for fault in changed(real, back))
        if kind == "postgresql":
            do("postgresql", lambda: synth.sample_to(emptied(places[kind])))

        def again() -> Tables:
            synth.save(path / "m")
            return dict(rs.RelationalSynthesizer.load(path / "m").sample())

        twice = do("save and load", again)
        if made is not None and twice is not None:
            faults.extend(
                f"{seed} save and load: {name} differs"
                for name in metadata.tables
                if not made[name].equals(twice[name])
            )
    if len(real[first]):
        given = real[first].head(3)
        do("children", lambda: synth.sample_children(of={first: given}))
    where = wanted(rng, metadata, real)
    if where:
        met = do("where", lambda: synth.sample(where=where), holds=True)
        if met is not None:
            faults.extend(f"{seed} where: {fault}" for fault in unmet(where, met))
    if pool is not None:
        do("refine", lambda: rs.refine(pool, real, metadata))
    if made is not None:
        few = ["validity", "shapes", "cardinality", "pairs", "privacy", "siblings"]
        do("evaluate", lambda: rs.evaluate(real, made, metadata, measures=few, baselines=False))
    if made is not None and seed % 5 == 0:
        do("audit", lambda: rs.audit(real, made, metadata, pool, subjects=[first]))
    return faults, refused


def seed_of_today() -> int:
    """Return where the seeds of a day begin, so that every day tries other databases."""
    return int(dt.datetime.now(dt.UTC).strftime("%Y%m%d")) * 1_000
