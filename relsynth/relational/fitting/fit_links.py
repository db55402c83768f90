"""Learn which parents the rows of a table refer to by keys that are assigned after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.evidence import NEARLY_ALL
from relsynth.groups import modes, unique_values
from relsynth.metadata import ForeignKey, TablePlan
from relsynth.metadata.naming import is_about_parties
from relsynth.relational.children.family_types import sure_numbers
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fit_repeated_partners import fit_repeated_partners
from relsynth.relational.fitting.fit_rows import EXTENSION, RowsFit
from relsynth.relational.fitting.fit_sibling_join import SiblingJoinRows
from relsynth.relational.fitting.fitted import FittedLink
from relsynth.relational.fitting.prepared import LinkShape, PreparedTable
from relsynth.relational.fitting.protected import parent_holders
from relsynth.relational.links.link_model import LinkModel
from relsynth.seeding import integer_seed
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class LinkFit:
    """Learns the linked and the deferred keys of one table.

    Attributes
    ----------
    families : mapping of str to Matrix
        What is known of the parents of the linked keys, by key name.
    holders : mapping of str to Holders
        Whose the rows of every table are.
    order_of : callable
        Gives the column by which the rows of a parent are drawn, of tables learned so far.
    free : tuple of str
        Columns that may be changed once the rows are linked.
    """

    rows_fit: RowsFit
    database: Database
    families: Mapping[str, Matrix]
    holders: Mapping[str, Holders]
    order_of: Callable[[str], str | None]
    sibling_join: SiblingJoinRows | None
    free: tuple[str, ...]

    @property
    def made(self) -> PreparedTable:
        """The table."""
        return self.rows_fit.made

    @property
    def step(self) -> TablePlan:
        """Its plan."""
        return self.made.step

    def fit(self) -> tuple[FittedLink, ...]:
        """Learn all keys, then let later tables know what the parents have."""
        links = tuple(self._fit_link(shape) for shape in self.made.shapes)
        for link, shape in zip(links, self.made.shapes, strict=True):
            if link.extension is not None and shape.key in self.step.linked:
                self.database.add_linked_summary(shape.key, link.extension.layout)
        return links

    def _fit_link(self, shape: LinkShape) -> FittedLink:
        key = shape.key
        links = self.database.links[key.name]
        placed = links >= 0
        if shape.loops:
            placed &= links != np.arange(len(links))
        model = extension = repeated = None
        if placed.any():
            seed = integer_seed(self.rows_fit.seed, "link", key.name)
            rows = self.database.lineage(self.step.table).take(np.flatnonzero(placed))
            lineage = self.families.get(key.name)
            lineage = self.database.lineage(key.parent) if lineage is None else lineage
            children = self.database.lineage(self.step.table)
            extension = ExtensionModel.fit(
                children,
                np.where(placed, links, -1),
                lineage,
                self.rows_fit.model(EXTENSION),
                common=tuple(
                    f"{key.child}.{common.column}"
                    for common in self.made.sources.common
                    if common.key == key.name
                ),
                resamples=not is_about_parties(key.parent),
                holders=parent_holders(self.holders, self.step.table, key.parent),
                seed=seed,
            )
            summary = extension.layout.summarise(
                children, np.where(placed, links, -1), len(lineage)
            )
            parents = Matrix.join([lineage, summary])
            model = LinkModel.fit(rows, parents, links[placed], seed=seed)
            if self.step.context is not None and shape.diamond is None and not shape.forest:
                repeated = fit_repeated_partners(
                    key,
                    model,
                    rows,
                    parents,
                    self.database,
                    self.order_of,
                    self.rows_fit.model(EXTENSION),
                    seed=integer_seed(seed, "returning"),
                )
            if repeated is not None:
                owner = self.database.owners(key)[repeated.path]
                self.rows_fit.reasons.append(
                    f"repeated partners: rows of one row of {owner} tend to share rows of "
                    f"{key.parent} by {'+'.join(key.columns)}"
                )
        along, source = self._along(key, model)
        return FittedLink(
            key.name,
            model,
            extension,
            shape.has_nulls,
            shape.diamond,
            shape.forest,
            shape.loops,
            repeated,
            along,
            source,
            () if extension is None else self._levels(key, links),
            self._with_sibling(key),
        )

    def _with_sibling(self, key: ForeignKey) -> str | None:
        """Return the key of the sibling by which its rows have the parents of these."""
        join, links = self.sibling_join, self.database.links
        if join is None or self.step.sibling_join is None or key not in self.step.linked:
            return None
        rows = np.flatnonzero((join.partners >= 0) & (links[key.name] >= 0))
        own, partners = links[key.name][rows], join.partners[rows]
        if not len(rows) or np.bincount(own).max() == 1:
            return None
        for other in self.database.plan[self.step.sibling_join.sibling].early:
            same = other.parent == key.parent and other.parent_columns == key.parent_columns
            if same and (links[other.name][partners] == own).mean() >= NEARLY_ALL:
                return other.name
        return None

    def _levels(self, key: ForeignKey, links: Integers) -> tuple[str, ...]:
        """Return the numbers of which every linked parent has its own mean and spread."""
        own = self.made.own
        if key not in self.step.linked:
            return ()
        sure = (name for name in sure_numbers(own, links) if name in self.free)
        return tuple(name for name in sure if _is_fine(own[name]))

    def _along(self, key: ForeignKey, model: LinkModel | None) -> tuple[str | None, str | None]:
        """Return a number in whose order rows and parents are matched, if there is one.

        A column that repeats one of the parent, and that orders siblings, is a part of the key or
        tells parents apart more finely than their clusters; or one in which all rows of a
        parent mostly agree.
        """
        if model is None:
            return None, None
        links, clusters = self.database.links[key.name], model.parent_tree.n_leaves
        own, theirs = self.made.own, self.database.own[key.parent]
        for repeat in (found for found in self.made.sources.repeats if found.key == key.name):
            both = own.is_number(repeat.column) and theirs.is_number(repeat.source)
            sure = repeat.column in (*self.made.roles.foreign, self.order_of(self.step.table))
            finer = both and len(unique_values(theirs[repeat.source])) > clusters
            if both and repeat.always and (sure or finer):
                return repeat.column, repeat.source
        for common in (found for found in self.made.sources.common if found.key == key.name):
            if own.is_number(common.column):
                placed = np.flatnonzero(links >= 0)
                most = modes(own[common.column][placed], links[placed], len(theirs))
                if len(unique_values(most[~np.isnan(most)])) > clusters:
                    return common.column, None
        return None, None


def _is_fine(values: Floats) -> bool:
    """Return whether most values are distinct, so that all between them could be real."""
    known = values[~np.isnan(values)]
    return len(unique_values(known)) > len(known) / 2
