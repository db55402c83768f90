"""A small shop made on the spot, and what a bad synthesizer would do to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Table

Tables = dict[str, pd.DataFrame]


def shop_schema() -> rs.Metadata:
    """Customers with orders and visits; orders also name the shop of the customer's region."""
    shops = Table("shops", {"id": Column("id", "key"), "rank": Column("rank", "integer")}, ("id",))
    customers = Table(
        "customers",
        {
            "id": Column("id", "key"),
            "shop": Column("shop", "key"),
            "region": Column("region", "categorical"),
            "income": Column("income", "numeric"),
            "name": Column("name", "text", pii=True),
        },
        ("id",),
    )
    orders = Table(
        "orders",
        {
            "id": Column("id", "key"),
            "customer": Column("customer", "key"),
            "shop": Column("shop", "key"),
            "day": Column("day", "datetime", format="%Y-%m-%d"),
            "stage": Column("stage", "categorical"),
            "total": Column("total", "numeric"),
        },
        ("id",),
    )
    visits = Table(
        "visits",
        {"customer": Column("customer", "key"), "minutes": Column("minutes", "numeric")},
    )
    return rs.Metadata(
        [shops, customers, orders, visits],
        [
            ForeignKey("customers", ("shop",), "shops", ("id",)),
            ForeignKey("orders", ("customer",), "customers", ("id",)),
            ForeignKey("orders", ("shop",), "shops", ("id",)),
            ForeignKey("visits", ("customer",), "customers", ("id",)),
        ],
    )


def make_shop(customers: int = 600, seed: int = 0) -> Tables:
    """Draw a shop in which income decides on orders, totals and visits, and stages run in order."""
    rng = np.random.default_rng(seed)
    shops = pd.DataFrame({"id": np.arange(40) + 1, "rank": rng.integers(1, 5, 40)})
    income = rng.lognormal(3, 0.6, customers).round(2)
    people = pd.DataFrame(
        {
            "id": np.arange(customers) + 100,
            "shop": rng.integers(1, 41, customers),
            "region": rng.choice(["north", "south", "west"], customers, p=[0.5, 0.3, 0.2]),
            "income": income,
            "name": [f"person {i}" for i in range(customers)],
        }
    )
    level = np.digitize(income, np.quantile(income, [0.25, 0.5, 0.75]))
    owner = np.repeat(np.arange(customers), rng.poisson(1 + 2 * level))
    place = pd.Series(owner).groupby(owner).cumcount().to_numpy()
    start = rng.integers(0, 200, customers)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(start[owner] + 14 * place, unit="D")
    orders = pd.DataFrame(
        {
            "id": np.arange(len(owner)) + 1,
            "customer": people["id"].to_numpy()[owner],
            "shop": people["shop"].to_numpy()[owner],
            "day": days.strftime("%Y-%m-%d"),
            "stage": np.array(["first", "second", "later"])[np.minimum(place, 2)],
            "total": (income[owner] * rng.uniform(0.8, 1.2, len(owner))).round(2),
        }
    )
    guest = np.repeat(np.arange(customers), rng.poisson(1 + 2 * level))
    visits = pd.DataFrame(
        {
            "customer": people["id"].to_numpy()[guest],
            "minutes": (income[guest] + rng.normal(0, 2, len(guest))).round(1),
        }
    )
    return {"shops": shops, "customers": people, "orders": orders, "visits": visits}


def copy_of(tables: Tables) -> Tables:
    """Return tables whose frames can be changed freely."""
    return {name: frame.copy() for name, frame in tables.items()}


def shuffled(frame: pd.DataFrame, column: str, seed: int = 0) -> pd.Series:
    """Return a column with its values dealt to other rows."""
    return pd.Series(
        np.random.default_rng(seed).permutation(frame[column].to_numpy()), index=frame.index
    )
