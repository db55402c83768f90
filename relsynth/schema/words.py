"""The words of a schema: columns, tables and foreign keys, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

Kind = Literal[
    "key",
    "numeric",
    "integer",
    "boolean",
    "categorical",
    "ordinal",
    "datetime",
    "timedelta",
    "text",
]
KINDS: tuple[str, ...] = get_args(Kind)
ROLES = ("reference", "subject")
Treatment = Literal["learn", "keep", "fake", "form", "issue", "inherit", "drop"]
TREATMENTS: tuple[str, ...] = get_args(Treatment)
MOST_COLUMNS = (
    20_000  # of a table; pairs of columns are compared, of which there are 200 million then
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it holds and, for schema-only generation, how to make it.

    Attributes
    ----------
    name : str
    kind : str
        One of ``KINDS``. ``"key"`` marks values that identify and carry no other
        meaning; they are issued anew, never learned.
    nullable : bool, optional
        ``None`` where the schema does not say.
    low, high : float or str, optional
        Inclusive bounds; text in the column's own format for dates.
    decimals : int, optional
        Digits after the decimal point.
    values : tuple, optional
        The allowed values; for ``"ordinal"`` in rising order.
    weights : tuple of float, optional
        Relative frequency of each of `values`.
    format : str, optional
        ``strftime`` format of a date kept as text.
    pattern : str, optional
        Regular expression the text of a value follows.
    provider : str, optional
        Name of a Faker provider, such as ``"email"``.
    pii : bool
        Personal data: generated, never learned.
    max_length : int, optional
        Longest text, in characters.
    null_share : float, optional
        Share of missing values to generate, 0 to 1.
    distribution : mapping, optional
        Distribution to generate numbers or dates from, e.g. ``{"name": "normal", "mean": 3}``.
    derived : str, optional
        Expression over the row and its parents that gives the value.
    native : str, optional
        Type in the database the schema came from, e.g. ``"NUMERIC(10, 2)"``.
    treatment : str, optional
        One of ``TREATMENTS``: where the synthetic values come from. ``None`` where it follows
        from the data; see `relsynth.metadata.treatments`.
    locale : str, optional
        Of the provider, such as ``"de_DE"``.
    generated : bool
        The database computes the column itself, from `derived`; it is not inserted.
    exact : bool
        Numbers are made as ``decimal.Decimal`` with `decimals` digits, for models that take
        no binary ones.
    """

    name: str
    kind: str = "categorical"
    nullable: bool | None = None
    low: float | str | None = None
    high: float | str | None = None
    decimals: int | None = None
    values: tuple[Any, ...] | None = None
    weights: tuple[float, ...] | None = None
    format: str | None = None
    pattern: str | None = None
    provider: str | None = None
    pii: bool = False
    max_length: int | None = None
    null_share: float | None = None
    distribution: Mapping[str, Any] | None = None
    derived: str | None = None
    native: str | None = None
    treatment: str | None = None
    locale: str | None = None
    generated: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from the columns of a child table to the columns of a parent table.

    Attributes
    ----------
    child, parent : str
        Table names; equal for a self-reference.
    columns, parent_columns : tuple of str
        Pairwise corresponding columns, always as tuples.
    name : str
        Unique in the schema; ``child.column[+column] -> parent`` where none was given.
    nullable : bool, optional
        ``None`` where the schema does not say.
    when : mapping, optional
        Column values of the child under which the key applies (polymorphic keys).
    children : mapping, optional
        Distribution of children per parent row for schema-only generation.
    context : bool
        The user's wish that the child's rows be generated through this key.
    deferrable : bool
        The database can check the key at the end of a transaction, so that a circle of
        required keys can be closed.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    name: str = ""
    nullable: bool | None = None
    when: Mapping[str, Any] | None = None
    children: Mapping[str, Any] | None = None
    context: bool = False
    deferrable: bool = False

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.default_name)

    @property
    def default_name(self) -> str:
        """The name a key has where none was given."""
        return f"{self.child}.{'+'.join(self.columns)} -> {self.parent}"

    @property
    def is_self_reference(self) -> bool:
        """Whether child and parent are one table."""
        return self.child == self.parent


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in order, its keys and its rules.

    Attributes
    ----------
    name : str
    columns : mapping of str to Column
        In the order of the data.
    primary_key : tuple of str
        Empty for a table without one.
    unique : tuple of tuple of str
        Further unique sets of columns (alternate keys).
    checks : tuple of str
        Row conditions as SQL-like expressions.
    constraints : tuple of mapping
        Structured constraints, each with a ``"type"``.
    role : str, optional
        ``"reference"`` for a lookup table that is kept as it is, ``"subject"`` for a table
        whose rows are the people or firms to be protected.
    rows : int, optional
        Rows to generate from the schema alone.
    """

    name: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    checks: tuple[str, ...] = ()
    constraints: tuple[Mapping[str, Any], ...] = ()
    role: str | None = None
    rows: int | None = None

    @property
    def candidate_keys(self) -> tuple[tuple[str, ...], ...]:
        """The primary key, where there is one, then the further unique sets."""
        return ((self.primary_key,) if self.primary_key else ()) + self.unique

    def without(self, column: str) -> Table:
        """Return the table without a column, and without the keys and rules that name it."""
        named = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)")
        return replace(
            self,
            columns={name: said for name, said in self.columns.items() if name != column},
            primary_key=() if column in self.primary_key else self.primary_key,
            unique=tuple(names for names in self.unique if column not in names),
            checks=tuple(check for check in self.checks if not named.search(check)),
            constraints=tuple(said for said in self.constraints if not named.search(str(said))),
        )

    def with_columns(self, changed: Mapping[str, Column]) -> Table:
        """Return the table with some columns replaced."""
        return replace(self, columns={**self.columns, **changed})


@dataclass(frozen=True, slots=True)
class Note:
    """A decision the library took on the user's behalf, with its evidence.

    Attributes
    ----------
    where : str
        ``table`` or ``table.column``.
    advice : bool
        Whether the user had better look at it: the data suggest something else as well.
    """

    where: str
    decision: str
    evidence: str = field(default="")
    advice: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.decision}" + (f" ({self.evidence})" if self.evidence else "")
