"""What was learned of a database, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relsynth.columns.dtype import Dtype
from relsynth.columns.keys import KeyFormat
from relsynth.columns.matrix import Matrix
from relsynth.errors import needed
from relsynth.metadata import ForeignKey, Plan, TablePlan
from relsynth.packing import packable
from relsynth.relational.children.completion import Completion
from relsynth.relational.children.ranks import Rank
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.children.sequence_number import SequenceNumber
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.fitting.prepared import Sources
from relsynth.relational.links.diamond import Diamond
from relsynth.relational.links.link_model import LinkModel
from relsynth.relational.links.repeated_partners import RepeatedPartners
from relsynth.relational.rules.composed import Composed
from relsynth.relational.rules.find import Rule
from relsynth.relational.sibling_join.join_counts import JoinCounts
from relsynth.relational.sources.aggregates import Total
from relsynth.relational.sources.encoding import TableEncoding
from relsynth.relational.sources.kept import KeptRows
from relsynth.relational.sources.roles import Roles
from relsynth.relational.sources.row_order import RowOrder
from relsynth.relational.sources.stored_order import StoredOrder
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.typing import Integers

for outside in (Plan, TablePlan, ForeignKey):
    packable(outside)


@packable
@dataclass(frozen=True, slots=True)
class FittedLink:
    """How a linked or deferred foreign key is assigned.

    Attributes
    ----------
    key : str
        Name of the foreign key.
    model : LinkModel or None
        ``None`` where no real row refers to anything.
    extension : ExtensionModel or None
        Number and kind of children by the parents' own columns.
    has_nulls : bool
        Whether a hidden column tells which rows refer to nothing.
    forest : bool
        A self-reference without cycles, assigned level by level.
    loops : bool
        Whether the roots of the forest refer to themselves.
    repeated : RepeatedPartners or None
        How its parents come back inside families of rows, where they do.
    along : str or None
        A column of the rows that tells their parents apart: matched in its order.
    source : str or None
        The column of the parents that it repeats; else it is their common value.
    levels : tuple of str
        Numbers of the rows of which every parent has its own mean and spread.
    sibling : str or None
        A key of the sibling table to whose rows these are joined: they have its parents.
    """

    key: str
    model: LinkModel | None
    extension: ExtensionModel | None
    has_nulls: bool
    diamond: Diamond | None
    forest: bool
    loops: bool
    repeated: RepeatedPartners | None = None
    along: str | None = None
    source: str | None = None
    levels: tuple[str, ...] = ()
    sibling: str | None = None

    @property
    def link_model(self) -> LinkModel:
        """What assigns the key, where some real row refers to something."""
        return needed(self.model, f"the link model of {self.key}")

    @property
    def summaries(self) -> ExtensionModel:
        """What predicts the children of the parents, where some real row refers to something."""
        return needed(self.extension, f"the predicted summaries of {self.key}")

    @property
    def most(self) -> int:
        """Most children a real parent has; 0 where nothing refers to anything."""
        return 0 if self.model is None else self.model.most


@packable
@dataclass(frozen=True, slots=True)
class FittedTable:
    """What was learned of one table.

    Attributes
    ----------
    columns : tuple of str
        In the order of the data.
    n_rows : int
        Of the real table.
    kept : KeptRows or None
        The rows of a reference table; everything below is unused then.
    key_formats : mapping of str to KeyFormat
        Of the issued columns.
    dtypes : mapping of str to Dtype
        Of the columns that are not modelled.
    extension : ExtensionModel or None
        The predicted children per row of the context parent.
    predicted : Matrix or None
        The real children per row, where the context parent is kept as it is.
    most : int
        Most rows that one row of the context parent has.
    null_rows : int
        Real rows without a context parent.
    links : tuple of FittedLink
        Linked keys, then deferred ones.
    ranks : tuple of Rank
        Columns that rank the rows of a parent, which keeps a rule by construction.
    reasons : tuple of str
        Decisions about the model, relations and order, in plain words.
    join_counts : JoinCounts or None
        How the rows hang below those of a sibling table.
    ceilings : mapping of str to float
        The highest number the schema allows, by modelled column, of dates in seconds since
        1970; minus infinity where it limits the values otherwise.
    totals : tuple of Total
        Columns of its parents that sum up its rows.
    stored : StoredOrder or None
        How the rows of one parent are sorted, where that is all their order tells.
    row_order : RowOrder or None
        How the rows of the whole table are stored, where they do not lie by parent.
    rules : tuple of Rule
        Across rows and tables, in the order in which they are kept.
    composed : tuple of Composed
        Ids that are made of other columns.
    kept_counts : mapping of str to ndarray of int
        Real children of every row of kept tables, by lookup key.
    completion : Completion or None
        Columns that are drawn once all parents and the ranks inside them are known.
    """

    name: str
    columns: tuple[str, ...]
    n_rows: int
    kept: KeptRows | None
    roles: Roles
    encoding: TableEncoding
    key_formats: Mapping[str, KeyFormat]
    dtypes: Mapping[str, Dtype]
    rows: RowModel | None
    extension: ExtensionModel | None
    predicted: Matrix | None
    sources: Sources
    most: int
    null_rows: int
    links: tuple[FittedLink, ...]
    unique: tuple[UniqueRule, ...]
    reasons: tuple[str, ...]
    join_counts: JoinCounts | None = None
    ceilings: Mapping[str, float] = field(default_factory=dict)
    totals: tuple[Total, ...] = ()
    stored: StoredOrder | None = None
    row_order: RowOrder | None = None
    rules: tuple[Rule, ...] = ()
    composed: tuple[Composed, ...] = ()
    ranks: tuple[Rank, ...] = ()
    kept_counts: Mapping[str, Integers] = field(default_factory=dict)
    completion: Completion | None = None

    @property
    def row_model(self) -> RowModel:
        """What draws the rows of a table that is not kept."""
        return needed(self.rows, f"the row model of {self.name}")

    @property
    def summaries(self) -> ExtensionModel:
        """What predicts the children of a generating parent."""
        return needed(self.extension, f"the predicted summaries of {self.name}")

    @property
    def order(self) -> str | None:
        """The column that the rows of a parent are drawn in the order of."""
        return order_column(self.rows, self.sources.number)

    @property
    def free_columns(self) -> frozenset[str]:
        """Modelled columns that neither keys, order, parents nor the schema hold to values."""
        if self.rows is None:
            return frozenset()
        bound = set(self.sources.held)
        bound.update(name for name, most in self.ceilings.items() if most < float("inf"))
        bound.update(name for rule in self.unique for name in rule.columns)
        bound.update(() if self.rows.order is None else (self.rows.order.name,))
        return frozenset(self.roles.modelled) - bound


def order_column(rows: RowModel | None, number: SequenceNumber | None) -> str | None:
    """Return the column that the rows of a parent are drawn in the order of."""
    if number is not None:
        return number.column
    return None if rows is None or rows.order is None else rows.order.name
