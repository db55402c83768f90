"""Small databases with known rules, for the tests of the synthesizer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import relsynth as rs
from relsynth.evaluate import check_validity
from relsynth.metadata import Column, ForeignKey, Table

Tables = dict[str, pd.DataFrame]
N_CUSTOMERS = 200


def table(name: str, columns: Mapping[str, str | Column], key: Any = (), **said: Any) -> Table:
    """Return a table from kinds by column name; `key` is a column or several."""
    made = {n: c if isinstance(c, Column) else Column(n, c) for n, c in columns.items()}
    return Table(name, made, primary_key=(key,) if isinstance(key, str) else tuple(key), **said)


def link(child: str, columns: Any, parent: str, targets: Any = "id", **said: Any) -> ForeignKey:
    """Return a foreign key from columns given as text, several separated by blanks."""
    return ForeignKey(child, tuple(columns.split()), parent, tuple(targets.split()), **said)


def cart(metadata: rs.Metadata, tables: Tables, **said: Any) -> rs.RelationalSynthesizer:
    """Return a synthesizer fitted with the fast model; it invents every table unless told."""
    return rs.RelationalSynthesizer(metadata, **{"model": "cart", "keep": (), **said}).fit(tables)


def races_schema(races: Mapping[str, str], child: str, columns: Mapping[str, str]) -> rs.Metadata:
    """Return a schema in which rows of a driver refer to races, each with further columns."""
    return rs.Metadata(
        [
            table("races", {"id": "key", **races}, "id"),
            table("drivers", {"id": "key", "born": "integer"}, "id"),
            table(child, {**dict.fromkeys(("id", "driver", "race"), "key"), **columns}, "id"),
        ],
        [link(child, "driver", "drivers", context=True), link(child, "race", "races")],
    )


def assert_valid(
    metadata: rs.Metadata, real: Tables, fake: Tables, *, observed: bool = True
) -> None:
    """Assert that a database could take the place of the real one.

    Without `observed`, what is unique in a few real rows though nobody declared it may repeat:
    in another size it may have to.
    """
    assert list(fake) == list(metadata.tables)
    for name, frame in fake.items():
        assert list(frame.columns) == list(real[name].columns)
        assert frame.index.equals(pd.RangeIndex(len(frame)))
        assert frame.dtypes.astype(str).equals(real[name].dtypes.astype(str)), name
    metadata.check(fake)
    found = check_validity(real, fake, metadata)
    broken = [v for v in found.found if observed or "unique in the real data" not in v.detail]
    assert not any(v.strict or v.rule == "duplicate" for v in broken), str(found)


def references(child: pd.Series, parent: pd.Series) -> pd.Series:
    """Return for every child row the parent's row number; missing for null."""
    return child.map(pd.Series(range(len(parent)), index=parent.array))


def shop_schema(sku_length: int | None = None) -> rs.Metadata:
    """Customers, orders, numbered lines, products, profiles (1:1), and a log apart from all."""
    key, categorical, numeric = "key", "categorical", "numeric"
    sku = rs.metadata.Column("sku", "key", max_length=sku_length)
    return rs.Metadata(
        [
            table("customers", {"id": key, "grade": categorical, "since": "datetime"}, "id"),
            table("products", {"sku": sku, "family": categorical, "price": numeric}, "sku"),
            table("profiles", {"customer": key, "age": "integer"}, "customer"),
            table("orders", {"id": key, "customer": key, "placed": "datetime"}, "id"),
            table(
                "lines",
                {"order": key, "line_no": "integer", "sku": key, "quantity": "integer"},
                ("order", "line_no"),
            ),
            table("log", {"level": categorical, "took": numeric}),
        ],
        [
            link("profiles", "customer", "customers"),
            link("orders", "customer", "customers"),
            link("lines", "order", "orders"),
            link("lines", "sku", "products", "sku"),
        ],
    )


def shop_tables() -> Tables:
    """Grade ``a`` never orders, ``b`` exactly three times; a tenth of the orders is anonymous."""
    rng = np.random.default_rng(0)
    grade = rng.choice(["a", "b", "c"], N_CUSTOMERS)
    since = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N_CUSTOMERS), "D")
    customers = pd.DataFrame(
        {"id": 1001 + np.arange(N_CUSTOMERS), "grade": grade, "since": since.as_unit("ns")}
    )
    n_orders = np.select([grade == "a", grade == "b"], [0, 3], rng.integers(1, 8, N_CUSTOMERS))
    owner = np.repeat(np.arange(N_CUSTOMERS), n_orders)
    anonymous = len(owner) // 9
    placed = since[owner] + pd.to_timedelta(rng.integers(0, 400, len(owner)), "D")
    strangers = pd.Timestamp("2021-06-01") + pd.to_timedelta(rng.integers(0, 90, anonymous), "D")
    orders = pd.DataFrame(
        {
            "id": [f"O-{n:05d}" for n in range(len(owner) + anonymous)],
            "customer": np.r_[
                customers["id"].to_numpy()[owner].astype(float), [np.nan] * anonymous
            ],
            "placed": np.r_[placed, strangers].astype("datetime64[ns]"),
        }
    )
    family = rng.choice(["book", "toy"], 40, p=[0.6, 0.4])
    products = pd.DataFrame(
        {
            "sku": [f"SKU{n:03d}" for n in range(40)],
            "family": family,
            "price": np.where(family == "book", 5, 50) + rng.integers(0, 400, 40) / 100,
        }
    )
    n_lines = rng.integers(1, 5, len(orders))
    position = np.concatenate([np.arange(1, n + 1) for n in n_lines])
    lines = pd.DataFrame(
        {
            "order": np.repeat(orders["id"].to_numpy(), n_lines),
            "line_no": position,
            "sku": products["sku"].to_numpy()[rng.integers(0, 40, len(position))],
            "quantity": rng.integers(1, 6, len(position)),
        }
    )
    profiles = pd.DataFrame(
        {"customer": rng.permutation(customers["id"])[:150], "age": rng.integers(18, 80, 150)}
    )
    log = pd.DataFrame(
        {"level": rng.choice(["info", "error"], 120), "took": rng.random(120).round(3)}
    )
    return {
        "customers": customers,
        "products": products,
        "profiles": profiles,
        "orders": orders,
        "lines": lines,
        "log": log,
    }


def staff(seed: int = 0) -> tuple[rs.Metadata, Tables]:
    """Departments with a head (nullable) and employees with a manager: a cycle and a forest."""
    rng = np.random.default_rng(seed)
    n, n_departments = 300, 12
    level = np.sort(rng.choice([0, 1, 2, 3], n, p=[0.04, 0.16, 0.4, 0.4]))
    level[:3] = 0
    manager = np.full(n, np.nan)
    for row in np.flatnonzero(level):
        manager[row] = 1 + rng.choice(np.flatnonzero(level == level[row] - 1))
    employees = pd.DataFrame(
        {
            "id": 1 + np.arange(n),
            "manager": manager,
            "department": rng.integers(1, n_departments + 1, n),
            "pay": (9000 - 2000 * level + rng.integers(0, 900, n)).astype(float),
        }
    )
    heads = rng.permutation(np.arange(1, n + 1))[:n_departments].astype(float)
    heads[[2, 7]] = np.nan
    departments = pd.DataFrame(
        {
            "id": 1 + np.arange(n_departments),
            "head": heads,
            "kind": rng.choice(["x", "y"], n_departments),
        }
    )
    metadata = rs.Metadata(
        [
            table("departments", {"id": "key", "head": "key", "kind": "categorical"}, "id"),
            table(
                "employees",
                {"id": "key", "manager": "key", "department": "key", "pay": "numeric"},
                "id",
            ),
        ],
        [
            link("departments", "head", "employees", nullable=True),
            link("employees", "manager", "employees", nullable=True),
            link("employees", "department", "departments", nullable=False),
        ],
    )
    return metadata, {"departments": departments, "employees": employees}


def school(n_students: int = 120, n_courses: int = 15) -> tuple[rs.Metadata, Tables]:
    """Students and courses with enrolments as unique pairs."""
    rng = np.random.default_rng(3)
    pairs = rng.permutation(n_students * n_courses)[: n_students * 4]
    student, course = np.divmod(np.sort(pairs), n_courses)
    metadata = rs.Metadata(
        [
            table("students", {"id": "key", "year": "integer"}, "id"),
            table("courses", {"id": "key", "credits": "integer"}, "id"),
            table(
                "enrolments",
                {"student": "key", "course": "key", "mark": "categorical"},
                ("student", "course"),
            ),
        ],
        [link("enrolments", "student", "students"), link("enrolments", "course", "courses")],
    )
    year = rng.integers(1, 5, n_students)
    return metadata, {
        "students": pd.DataFrame({"id": 1 + np.arange(n_students), "year": year}),
        "courses": pd.DataFrame(
            {
                "id": [f"C{n:02d}" for n in range(n_courses)],
                "credits": rng.integers(2, 8, n_courses),
            }
        ),
        "enrolments": pd.DataFrame(
            {
                "student": 1 + student,
                "course": [f"C{n:02d}" for n in course],
                "mark": rng.choice(list("ABCD"), len(course)),
            }
        ),
    }


def uuids(count: int, seed: int = 0) -> list[str]:
    """Return random UUIDs of version 4 as text."""
    rng = np.random.default_rng(seed)
    return [str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(count)]
