"""Schemas from classes: Pydantic models, dataclasses, SQLAlchemy models; rows into a session."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import pandas as pd
import pytest

import relsynth as rs
from relsynth.generation import objects
from relsynth.storage.load import load_tables

sa = pytest.importorskip("sqlalchemy")
orm = pytest.importorskip("sqlalchemy.orm")
pydantic = pytest.importorskip("pydantic")


class Level(enum.StrEnum):
    low = "low"
    high = "high"


class Customer(pydantic.BaseModel):
    id: int
    email: str = pydantic.Field(max_length=80)
    level: Level
    age: int = pydantic.Field(ge=18, lt=21)
    home: pydantic.HttpUrl | None
    joined_at: dt.datetime
    born: dt.date


class Order(pydantic.BaseModel):
    id: uuid.UUID
    customer: Customer
    code: str = pydantic.Field(pattern=r"^[A-Z]{3}-\d{4}$")
    status: Literal["open", "paid"]
    total: Decimal = pydantic.Field(max_digits=8, decimal_places=2, gt=0)
    tags: list[str]
    paid_at: dt.datetime | None = None


@dataclass
class Line:
    id: int
    order_id: uuid.UUID
    quantity: Annotated[int, pydantic.Field(gt=0, le=3)]
    begins: dt.time
    note: str | None


def test_models_are_tables_and_their_rows_are_objects_again():
    tables = rs.generate([Order, Line], rows={"Customer": 8, "Order": 20, "Line": 40})
    assert set(tables) == {"Order", "Line", "Customer"}
    assert tables["Line"]["order_id"].isin(tables["Order"]["id"]).all()
    made = objects(tables, [Order, Line])
    assert {type(one) for one in made["Order"]} == {Order}
    assert {one.customer.id for one in made["Order"]} <= {one.id for one in made["Customer"]}
    assert {one.age for one in made["Customer"]} == {18, 19, 20}
    assert all(one.total > 0 and isinstance(one.tags, list) for one in made["Order"])
    line = made["Line"][0]
    assert (type(line.order_id), type(line.begins)) == (uuid.UUID, dt.time)
    assert {one.quantity for one in made["Line"]} <= {1, 2, 3}
    assert (tables["Order"]["paid_at"].notna() == (tables["Order"]["status"] == "paid")).all()


def test_classes_are_found_by_name_and_others_are_refused(tmp_path, monkeypatch):
    (tmp_path / "my_classes.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Pet:\n    id: int\n    name: str\n"
        "both = [Pet]\nother = 5\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert list(rs.generate("my_classes:Pet", 3)) == ["Pet"]
    assert len(rs.generate("my_classes:both", 3)["Pet"]) == 3
    with pytest.raises(rs.SchemaError):
        rs.generate("my_classes:other", 3)

    @dataclass
    class Odd:
        id: int
        call: Any
        thread: complex

    with pytest.raises(rs.SchemaError, match=r"Odd\.thread"):
        rs.generate([Odd], 3)


def test_sqlalchemy_models_are_taken_as_they_are_and_a_session_is_filled():
    class Base(orm.DeclarativeBase):
        pass

    class Author(Base):
        __tablename__ = "authors"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        name: orm.Mapped[str]

    class Book(Base):
        __tablename__ = "books"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        author_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("authors.id"))
        lent: orm.Mapped[dt.timedelta | None]
        opens: orm.Mapped[dt.time]
        author: orm.Mapped[Author] = orm.relationship()

    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    tables = rs.generate(Base, rows={"authors": 5, "books": 12})
    assert all(rs.generate([Book, Author], rows=5)[name].shape[0] for name in tables)
    with orm.Session(engine) as session:
        load_tables(tables, session, rs.Metadata.from_schema(_schema(Base)))
        books = session.scalars(sa.select(Book)).all()
        assert len(books) == 12
        assert all(book.author.name for book in books)
        session.rollback()
        assert session.scalar(sa.select(sa.func.count()).select_from(Book)) == 0
    engine.dispose()


def _schema(base):
    from relsynth.formats.database import from_sqlalchemy

    return from_sqlalchemy(base)


def test_a_dbt_project_is_read_as_a_whole(tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "models" / "staging").mkdir(parents=True)
    (tmp_path / "dbt_project.yml").write_text("name: shop\n", encoding="utf-8")
    (tmp_path / "models" / "one.sql").write_text("select {{ x }}", encoding="utf-8")
    (tmp_path / "models" / "marts.yml").write_text(
        "models:\n  - name: orders\n    columns:\n"
        "      - {name: order_id, tests: [unique, not_null]}\n"
        "      - name: customer_id\n        tests:\n"
        "          - relationships: {to: ref('customers'), field: customer_id}\n"
        "  - name: empty\n",
        encoding="utf-8",
    )
    (tmp_path / "models" / "staging" / "stg.yml").write_text(
        "models:\n  - name: customers\n    columns:\n"
        "      - {name: customer_id, tests: [unique, not_null]}\n"
        "      - name: country\n        tests:\n"
        "          - relationships: {to: ref('countries'), field: code}\n",
        encoding="utf-8",
    )
    tables = rs.generate(tmp_path, rows=10)
    assert set(tables) == {"orders", "customers"}
    referred = tables["orders"]["customer_id"].dropna()
    assert referred.isin(tables["customers"]["customer_id"]).all()


@dataclass
class Node:
    id: int
    label: str
    parent: Node | None = None


def test_objects_may_refer_to_others_of_their_class():
    tables = rs.generate([Node], rows=20)
    nodes = objects(tables, [Node])["Node"]
    above = {node.id: node for node in nodes}
    told = tables["Node"]["parent_id"]
    assert told.notna().any()
    for node, key in zip(nodes, told, strict=True):
        assert node.parent is (None if pd.isna(key) else above[key])


class Gadget(pydantic.BaseModel):
    id: int
    step: Annotated[int, pydantic.Field(multiple_of=5, ge=10, le=100)]
    since: pydantic.PastDate
    due: pydantic.FutureDatetime
    address: pydantic.IPvAnyAddress
    secret: pydantic.SecretStr
    counts: dict[str, int]
    sizes: list[int]


def test_types_of_pydantic_are_filled_with_what_they_take():
    made = objects(rs.generate([Gadget], rows=20), [Gadget])["Gadget"]
    assert {one.step % 5 for one in made} == {0}
    assert all(type(n) is int for one in made for n in (*one.sizes, *one.counts.values()))


def test_an_index_of_an_expression_of_a_model_is_kept():
    models = sa.MetaData()
    hall = sa.Table("hall", models, sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("name", sa.String(30), nullable=False))  # fmt: skip
    sa.Index("one_name", sa.func.lower(hall.c.name), unique=True)
    made = rs.generate(models, rows=40)["hall"]
    assert made["name"].str.lower().is_unique
