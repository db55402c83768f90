"""Generate the shop schema with other tools; run by ``fixtures.py`` in their own environment.

Usage: ``python fixtures_rivals.py TOOL CUSTOMERS FOLDER``. Writes one CSV per table and prints
the seconds of generation as JSON.
"""

import json
import sys
import time
import warnings
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
from sqlalchemy import ForeignKey, Numeric, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

ORDERS, LINES = 3, 3


class Base(DeclarativeBase):
    """The shop as SQLAlchemy models."""


class Customer(Base):
    """A table."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(50))
    last_name: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    city: Mapped[str | None] = mapped_column(String(80))
    signed_up: Mapped[date]
    newsletter: Mapped[bool]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")


class Product(Base):
    """A table."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(8), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    stock: Mapped[int]
    active: Mapped[bool]


class Order(Base):
    """A table."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str] = mapped_column(String(9))
    ordered_at: Mapped[datetime]
    shipped_at: Mapped[datetime | None]
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    customer: Mapped[Customer] = relationship(back_populates="orders")
    lines: Mapped[list["Line"]] = relationship(back_populates="order")


class Line(Base):
    """A table."""

    __tablename__ = "order_lines"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()


def misata(customers: int, ddl: str) -> dict[str, pd.DataFrame]:
    """Generate from the SQL DDL."""
    import misata as tool

    config = tool.from_ddl(ddl, default_rows=customers)
    sizes = {"orders": customers * ORDERS, "order_lines": customers * ORDERS * LINES}
    for table in config.tables:
        table.row_count = sizes.get(table.name, customers)
    return tool.generate_from_schema(config, seed=1, strict=False)


def session_of(base):
    """Return an empty database in memory."""
    engine = create_engine("sqlite://")
    base.metadata.create_all(engine)
    return Session(engine)


def dumped(session) -> dict[str, pd.DataFrame]:
    """Return what a session wrote."""
    session.flush()
    return {
        name: pd.DataFrame(session.execute(table.select()).mappings().all())
        for name, table in Base.metadata.tables.items()
    }


def seedgraph(customers: int, _: str) -> dict[str, pd.DataFrame]:
    """Generate through the ORM."""
    from seedgraph import seed

    session = session_of(Base)
    seed(session, Customer, customer=customers, order=ORDERS, order__line=LINES)
    return dumped(session)


def factory_boy(customers: int, _: str) -> dict[str, pd.DataFrame]:
    """Generate with factories and Faker, as a project would write them by hand."""
    import factory
    from factory.alchemy import SQLAlchemyModelFactory
    from factory.random import reseed_random

    reseed_random(1)
    session = session_of(Base)

    def made(model, **fields):
        meta = type("Meta", (), {"model": model, "sqlalchemy_session": session})
        return type(model.__name__, (SQLAlchemyModelFactory,), {"Meta": meta, **fields})

    fake = factory.Faker
    people = made(Customer, first_name=fake("first_name"), last_name=fake("last_name"),
                  email=factory.Sequence(lambda n: f"user{n}@example.org"), city=fake("city"),
                  signed_up=fake("date_object"), newsletter=fake("boolean"))  # fmt: skip
    goods = made(Product, sku=factory.Sequence(lambda n: f"AAA-{n:04d}"), name=fake("word"),
                 price=fake("pydecimal", left_digits=3, right_digits=2, positive=True),
                 stock=fake("pyint"), active=fake("boolean"))  # fmt: skip
    orders = made(Order, status=fake("random_element", elements=["new", "paid", "shipped"]),
                  ordered_at=fake("date_time"), shipped_at=None, total=Decimal(0))  # fmt: skip
    lines = made(Line, quantity=fake("pyint", min_value=1, max_value=9))
    stock = goods.create_batch(min(customers, 1_000))
    for customer in people.create_batch(customers):
        for _ in range(ORDERS):
            order = orders.create(customer=customer)
            for number in range(LINES):
                product = stock[(order.id or 0) * 7 % len(stock)]
                price = product.price
                line = lines.create(order=order, line=number + 1, product=product,
                                    unit_price=price, amount=price)  # fmt: skip
                line.amount = line.quantity * price
                order.total += line.amount
    return dumped(session)


TOOLS = {"misata": misata, "seedgraph": seedgraph, "factory_boy": factory_boy}


def main() -> None:
    """Generate, write and report."""
    warnings.simplefilter("ignore")
    tool, customers, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    ddl = (Path(__file__).parents[1] / "schemas" / "shop.sql").read_text(encoding="utf-8")
    TOOLS[tool](10, ddl)
    started = time.perf_counter()
    tables = TOOLS[tool](customers, ddl)
    seconds = time.perf_counter() - started
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    print(json.dumps({"seconds": seconds, "rows": sum(map(len, tables.values()))}))


if __name__ == "__main__":
    main()
