"""Set rows of one SQL script beside those of misata, model_bakery and polyfactory.

Usage: ``python benchmarks/side_by_side.py PYTHON [--rows 200] [--seed 1]``, where PYTHON belongs to an
environment with misata, model-bakery, Django and polyfactory. misata is given the script; model_bakery
and polyfactory, which read no SQL, Django models and dataclasses of the same columns, with the
references drawn by hand. Nothing else is said to any of them. Prints how often rows are wrong, and
ten orders of each, as Markdown.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

DDL = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL,
  email VARCHAR(120) NOT NULL UNIQUE, created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL);
CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL,
  slug VARCHAR(100) NOT NULL UNIQUE, price NUMERIC(8,2) NOT NULL, cost NUMERIC(8,2) NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id),
  product_id INTEGER NOT NULL REFERENCES products (id), status VARCHAR(20) NOT NULL,
  ordered_at TIMESTAMP NOT NULL, shipped_at TIMESTAMP, delivered_at TIMESTAMP,
  subtotal NUMERIC(10,2) NOT NULL, tax NUMERIC(10,2) NOT NULL, total NUMERIC(10,2) NOT NULL);
"""
TOOLS = ("misata", "model_bakery", "polyfactory")


def relsynth(rows: int, seed: int) -> dict[str, pd.DataFrame]:
    """Generate from the script."""
    import relsynth as rs

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shop.sql")
        path.write_text(DDL, encoding="utf-8")
        return rs.generate(path, {"users": rows, "products": rows, "orders": rows}, seed=seed)


def misata(rows: int, seed: int) -> dict[str, pd.DataFrame]:
    """Generate from the script."""
    import misata as tool

    config = tool.from_ddl(DDL, default_rows=rows)
    for table in config.tables:
        table.row_count = rows
    return tool.generate_from_schema(config, seed=seed, strict=False)


def model_bakery(rows: int, seed: int) -> dict[str, pd.DataFrame]:
    """Make objects of Django models of the same columns."""
    import django
    from django.conf import settings
    from django.db import connection, models

    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                                              "NAME": ":memory:"}}, USE_TZ=False)  # fmt: skip
    django.setup()
    from model_bakery import baker

    def model(called, **fields):
        meta = type("Meta", (), {"app_label": "shop"})
        return type(called, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})

    def amount(digits):
        return models.DecimalField(max_digits=digits, decimal_places=2)

    def moment(**more):
        return models.DateTimeField(**more)

    user = model("User", name=models.CharField(max_length=60),
                 email=models.EmailField(max_length=120, unique=True), created_at=moment(),
                 updated_at=moment())  # fmt: skip
    product = model("Product", name=models.CharField(max_length=80),
                    slug=models.SlugField(max_length=100, unique=True), price=amount(8),
                    cost=amount(8))  # fmt: skip
    order = model("Order", user=models.ForeignKey(user, models.CASCADE),
                  product=models.ForeignKey(product, models.CASCADE),
                  status=models.CharField(max_length=20), ordered_at=moment(),
                  shipped_at=moment(null=True), delivered_at=moment(null=True),
                  subtotal=amount(10), tax=amount(10), total=amount(10))  # fmt: skip
    with connection.schema_editor() as editor:
        for made in (user, product, order):
            editor.create_model(made)
    baker.seed(seed)
    rng = np.random.default_rng(seed)
    users, products = baker.make(user, _quantity=rows), baker.make(product, _quantity=rows)
    for _ in range(rows):
        parents = {"user": users[rng.integers(rows)], "product": products[rng.integers(rows)]}
        baker.make(order, **parents, _fill_optional=True)
    return {
        name: pd.DataFrame(list(made.objects.values()))
        for name, made in (("users", user), ("products", product), ("orders", order))
    }


def polyfactory(rows: int, seed: int) -> dict[str, pd.DataFrame]:
    """Make objects of dataclasses of the same columns."""
    from dataclasses import asdict, make_dataclass
    from datetime import datetime
    from decimal import Decimal

    from polyfactory.factories import DataclassFactory

    def rows_of(name, *fields):
        made = make_dataclass(name, fields)
        factory = DataclassFactory.create_factory(made)
        factory.seed_random(seed)
        frame = pd.DataFrame([asdict(one) for one in factory.batch(rows)])
        return frame.assign(id=range(1, rows + 1))

    maybe = datetime | None
    users = rows_of("User", ("id", int), ("name", str), ("email", str), ("created_at", datetime),
                    ("updated_at", datetime))  # fmt: skip
    products = rows_of("Product", ("id", int), ("name", str), ("slug", str), ("price", Decimal),
                       ("cost", Decimal))  # fmt: skip
    orders = rows_of("Order", ("id", int), ("user_id", int), ("product_id", int), ("status", str),
                     ("ordered_at", datetime), ("shipped_at", maybe), ("delivered_at", maybe),
                     ("subtotal", Decimal), ("tax", Decimal), ("total", Decimal))  # fmt: skip
    rng = np.random.default_rng(seed)
    drawn = {name: rng.integers(1, rows + 1, rows) for name in ("user_id", "product_id")}
    return {"users": users, "products": products, "orders": orders.assign(**drawn)}


def judged(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return how often rows are wrong, by what is wrong."""
    users, products, orders = (tables[n].copy() for n in ("users", "products", "orders"))
    for frame in (users, orders):
        for name in [n for n in frame if n.endswith("_at")]:
            frame[name] = pd.to_datetime(frame[name], errors="coerce", utc=True)
    for frame, names in ((products, ("price", "cost")), (orders, ("subtotal", "tax", "total"))):
        for name in names:
            frame[name] = pd.to_numeric(frame[name].astype(str), errors="coerce")
    made = orders.merge(users, left_on="user_id", right_on="id", how="left")
    whole = orders["subtotal"] + orders["tax"]
    pair = orders.dropna(subset=["shipped_at"])
    return {
        "reference to nothing": 1 - orders["user_id"].isin(users["id"]).mean(),
        "updated before created": (users["updated_at"] < users["created_at"]).mean(),
        "ordered before signed up": (made["ordered_at"] < made["created_at"]).mean(),
        "shipped before ordered": (pair["shipped_at"] < pair["ordered_at"]).mean(),
        "delivered, but not shipped":
            (orders["delivered_at"].notna() & orders["shipped_at"].isna()).mean(),
        "shipped, but pending":
            (orders["status"].eq("pending") & orders["shipped_at"].notna()).mean(),
        "total is not subtotal + tax": ((whole - orders["total"]).abs() > 0.011).mean(),
        "cost above price": (products["cost"] > products["price"]).mean(),
        "no e-mail address": 1 - users["email"].str.fullmatch(r"[^@\s]+@[^@\s]+\.\w+").mean(),
        "slug does not spell the name": 1 - (
            products["name"].str.lower().str.replace(r"[^a-z0-9]+", "-", regex=True).str[:8]
            == products["slug"].str[:8]
        ).mean(),
        "different states of orders": orders["status"].nunique(),
    }  # fmt: skip


def shown(frame: pd.DataFrame) -> str:
    """Return ten rows as Markdown."""
    names = ["id", "user_id", "status", "ordered_at", "shipped_at", "subtotal", "tax", "total"]
    part = frame.head(10)[names].copy()
    for name in ("ordered_at", "shipped_at"):
        moments = pd.to_datetime(part[name], errors="coerce", utc=True)
        part[name] = moments.dt.strftime("%Y-%m-%d %H:%M")
    texts = part.astype(object).where(part.notna(), "").astype(str).apply(lambda c: c.str[:22])
    lines = [list(texts.columns), ["---"] * len(names), *texts.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Run every tool in its own process, then print what they made."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", default="")
    parser.add_argument("--folder", default="")
    given = parser.parse_args()
    if given.tool:
        for name, frame in globals()[given.tool](given.rows, given.seed).items():
            frame.to_csv(Path(given.folder, f"{name}.csv"), index=False)
        return
    found = {"relsynth": relsynth(given.rows, given.seed)}
    for tool in TOOLS:
        with tempfile.TemporaryDirectory() as folder:
            command = [given.python, __file__, given.python, "--tool", tool, "--folder", folder,
                       "--rows", str(given.rows), "--seed", str(given.seed)]  # fmt: skip
            subprocess.run(command, check=True, stdout=sys.stderr)
            found[tool] = {p.stem: pd.read_csv(p) for p in Path(folder).glob("*.csv")}
    table = pd.DataFrame({tool: judged(tables) for tool, tables in found.items()})
    print("| wrong rows | " + " | ".join(table.columns) + " |")
    print("|---" * (len(table.columns) + 1) + "|")
    for name, row in table.iterrows():
        print(f"| {name} | " + " | ".join(f"{v:.2f}".replace(".00", "") for v in row) + " |")
    for tool, tables in found.items():
        print(f"\n{tool}:\n\n{shown(tables['orders'])}")


if __name__ == "__main__":
    main()
