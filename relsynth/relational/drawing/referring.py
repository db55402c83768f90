"""Rows that would refer to linked parents as they are asked for, before any is linked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.metadata import TablePlan
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fitted import FittedLink, FittedTable
from relsynth.relational.fitting.prepared import null_name
from relsynth.seeding import Seed, stream
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class Referring:
    """How much likelier rows refer to the linked parents drawn than to parents of all kinds.

    Where products are all books, a line is likelier the more of its kind are lines of books:
    by Bayes' rule the ratio of the shares that clusters of parents have among the parents
    drawn and among the real ones, averaged over the clusters its own cluster refers to.

    Attributes
    ----------
    table : FittedTable
        Of the rows.
    context : str
        Key to the context parent.
    database : Database
        Of the tables drawn before.
    links : tuple of FittedLink
        Keys to parents with conditions.
    ratios : tuple of ndarray of float
        Per link, the mean ratio by cluster of rows.
    """

    table: FittedTable
    context: str
    database: Database
    links: tuple[FittedLink, ...]
    ratios: tuple[Floats, ...]

    @classmethod
    def to_selected(
        cls, drawn: DrawnDatabase, table: FittedTable, step: TablePlan, seed: Seed
    ) -> Referring | None:
        """Look at the linked parents of a table; ``None`` where none has conditions."""
        parents = {key.name: key.parent for key in step.linked}
        found, ratios = [], []
        for link in table.links:
            parent = parents.get(link.key)
            if parent is None or link.model is None or not drawn.is_selected(parent):
                continue
            ratio = _ratio(drawn.database.family(parent), link, seed)
            if ratio is not None:
                found.append(link)
                ratios.append(ratio)
        if not found:
            return None
        return cls(table, step.generating.name, drawn.database, tuple(found), tuple(ratios))

    def accepted(self, rows: Matrix, parents: Integers, rng: np.random.Generator) -> Integers:
        """Return drawn rows thinned out in proportion to how much likelier they are.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
            Encoded, hidden columns first.
        parents : ndarray of int, shape (n_rows,)
            Row of the context parent; -1 for none.
        """
        name, known = self.table.name, self.database
        own = {**known.own, name: rows}
        with_rows = replace(known, own=own, links={**known.links, self.context: parents})
        with_rows.parent_values = dict(known.parent_values)
        with_rows.note_parent_values(
            name, None if self.table.rows is None else self.table.rows.parent_values
        )
        lineage = with_rows.lineage(name)
        kept = np.ones(len(rows))
        for link, ratio in zip(self.links, self.ratios, strict=True):
            likelier = ratio[link.link_model.blocks(lineage)]
            if link.has_nulls:
                likelier = np.where(rows[null_name(link.key)] == 1.0, 1.0, likelier)
            kept *= likelier / max(float(ratio.max()), 1.0)
        return np.flatnonzero(rng.random(len(rows)) < kept)


def _ratio(family: Matrix, link: FittedLink, seed: Seed) -> Floats | None:
    """Return the mean ratio of shares by cluster of rows; ``None`` where there is no parent."""
    predicted = link.summaries.sample(family, stream(seed, "referring", link.key))
    share = link.link_model.parent_shares(Matrix.join([family, predicted]), predicted.values[:, 0])
    if share is None:
        return None
    usual = link.link_model.table.sum(axis=0)
    ratio = np.where(usual > 0, share * usual.sum() / np.maximum(usual, 1.0), 0.0)
    rows = link.link_model.table.sum(axis=1, keepdims=True)
    mean: Floats = (link.link_model.table / np.maximum(rows, 1.0)) @ ratio
    return mean
