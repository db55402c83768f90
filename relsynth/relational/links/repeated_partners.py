"""Whether rows of a family refer to a parent that an earlier row of it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import EXACT, FEW, SLIGHT, Evidence
from relsynth.groups import unique_values
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.links.families import Families
from relsynth.relational.sources.encoding import only
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Floats, Integers

FRESH, SAME, AGAIN = 0.0, 1.0, 2.0
CODE, LAG = "#return", "#lag"
ROWS = 60_000  # learned from: models of three columns know no more from twice as many
SIGNIFICANT = 4.0  # errors: 1 in 30,000, as many paths are tried; 8 ask for 4 times the rows

NewModel = Callable[[Matrix, Matrix, Integers], TableModel]


@packable
@dataclass(frozen=True, slots=True)
class RepeatedPartners:
    """How the parents of a linked key come back inside the families of its rows.

    A customer's orders have few salesmen, a user buys the same products again. Every row is
    *fresh* (a parent the family did not have), the *same* as the row before, or *again* one
    of the rows before it.

    Attributes
    ----------
    path : tuple of str
        Names of keys from the rows upwards; the rows it ends in have the families.
    apart : bool
        Whether rows of one row of the context parent never share a parent, but for few.
    predicted : ExtensionModel
        Of each family: which share of its rows is fresh.
    rows : TableModel
        Of the rows: which they are, and how many rows ago their parent had one.
    shares : TableModel
        Of the parents: families per child.
    most : int
        Most families a real parent has children of; 1 where almost all have children of one.
    """

    path: tuple[str, ...]
    apart: bool
    predicted: ExtensionModel
    rows: TableModel
    shares: TableModel
    most: int

    @classmethod
    def fit(
        cls,
        path: tuple[str, ...],
        families: Families,
        links: Integers,
        children: Matrix,
        own: Matrix,
        ancestors: Matrix,
        parents: Matrix,
        new_model: NewModel,
        *,
        seed: Seed = None,
    ) -> RepeatedPartners:
        """Learn from real links.

        Parameters
        ----------
        links : ndarray of int, shape (n_rows,)
            Parent row of each row, all non-negative.
        children : Matrix, shape (n_rows, n_features)
            What is known of the rows.
        own : Matrix, shape (n_rows, n_columns)
            Their own columns, with the values as they are.
        ancestors : Matrix, shape (n_ancestors, n_ancestor_features)
            What is known of those the families belong to.
        parents : Matrix, shape (n_parents, n_parent_features)
            The parents with their predicted summary.
        new_model : callable
            Gives an unfitted table model.
        """
        returned = _returns(families, links[families.rows])
        codes = only(returned, (CODE,))
        predicted = ExtensionModel.fit(
            codes,
            families.owner,
            ancestors,
            new_model,
            known=("",),
            seed=integer_seed(seed, "promise"),
        )
        summary = predicted.layout.summarise(codes, families.owner, len(ancestors))
        known = _features(families, children, own, summary)
        some = stream(seed, "some").permutation(len(known))[:ROWS]
        rows = new_model(returned.take(some), known.take(some), families.family[some])
        rows.fit(returned.take(some), known.take(some), seed=integer_seed(seed, "rows"))
        number = _families_of(families, links, len(parents))
        referred = np.flatnonzero(number)
        share = number[referred] / np.bincount(links, minlength=len(parents))[referred]
        held = Matrix(("#families",), ("number",), share[:, None])
        shares = new_model(held, parents.take(referred), referred)
        shares.fit(held, parents.take(referred), seed=integer_seed(seed, "shares"))
        apart = _share_of_returns(families.group, links[families.rows]) <= 1.0 - EXACT
        nested = len(referred) >= EXACT * number.sum()
        return cls(path, apart, predicted, rows, shares, 1 if nested else int(number.max()))

    def draw(
        self,
        families: Families,
        children: Matrix,
        own: Matrix,
        ancestors: Matrix,
        alike: Callable[[Integers, Integers], Floats],
        rng: np.random.Generator,
    ) -> Integers:
        """Return the partner group of each row: rows of one share a parent.

        Parameters
        ----------
        children, own, ancestors : Matrix
            Like those of `fit`.
        alike : callable
            Gives by how much more likely than others two rows, given their
            numbers, share a parent, as a logarithm.

        Returns
        -------
        ndarray of int, shape (n_rows,)
            The number of a row of the group, which belongs to it itself.
        """
        sizes = np.bincount(families.owner[families.owner >= 0], minlength=len(ancestors))
        features = Matrix((".count",), ("count",), sizes[:, None].astype(float))
        summary = self.predicted.sample(ancestors, rng, features)
        known = _features(families, children, own, summary)
        codes, lags = self.rows.sample(known, rng).T
        heads = families.heads(codes == SAME, codes == AGAIN, lags, self.apart, alike, rng)
        partner_groups = np.empty(len(heads), np.int64)
        partner_groups[families.rows] = families.rows[heads]
        return partner_groups

    def groups_per_parent(
        self, parents: Matrix, degrees: Integers, rng: np.random.Generator
    ) -> Integers:
        """Return of how many families each parent should have children."""
        drawn = np.zeros(len(parents), np.int64)
        some = np.flatnonzero(degrees > 0)
        if len(some):
            share = self.shares.sample(parents.take(some), rng)[:, 0]
            drawn[some] = np.clip(np.round(share * degrees[some]), 1, degrees[some])
        return drawn


def find_path(
    paths: Mapping[tuple[str, ...], Integers], links: Integers, usual: Callable[[], Integers]
) -> tuple[str, ...] | None:
    """Return the path to whose ends the parents of rows come back most, beyond the usual.

    Parameters
    ----------
    paths : mapping of tuple of str to ndarray of int, shape (n_rows,)
        Where each path from the rows leads; negative for nowhere. Short ones first.
    links : ndarray of int, shape (n_rows,)
        Parent row of each row, all non-negative.
    usual : callable
        Gives the links that rows would have if nothing were known of their families.

    Notes
    -----
    A cheap test comes first: parents must come back more than when permuted, which takes two
    sorts a path. A longer path needs ``SLIGHT`` more than a shorter one. That two families
    never share a parent is a rule, and taken whether or not the link model finds it as well: it
    knows the real parents' children, not those to be drawn.
    """
    permuted = stream(0, "permuted").permutation(links)
    able = {
        path: found
        for path, ends in paths.items()
        if (found := _share_of_returns(ends, links)) - _share_of_returns(ends, permuted) > SLIGHT
    }
    for path, ends in paths.items():
        if _is_nested(ends, links) and not _is_nested(ends, permuted):
            return path
    if not able:
        return None
    others, best, most = usual(), None, 0.0
    for path, found in able.items():
        by_chance = _share_of_returns(paths[path], others)
        evidence = Evidence.of_share(found, by_chance, len(links))
        enough = evidence.gain * len(links) >= FEW
        if enough and evidence.exceeds(most + SLIGHT, SIGNIFICANT):
            best, most = path, evidence.gain
    return best


def _is_nested(families: Integers, links: Integers) -> bool:
    """Return whether each parent has rows of one family alone, but for few that were mistaken."""
    placed = families >= 0
    pairs = unique_values(families[placed] * (int(links.max(initial=0)) + 1) + links[placed])
    return len(unique_values(links[placed])) >= EXACT * len(pairs)


def _returns(families: Families, links: Integers) -> Matrix:
    """Return what each row is, in order of the families, and its lag as a logarithm to base 2."""
    pairs = families.family * (int(links.max(initial=0)) + 1) + links
    order = np.argsort(pairs, kind="stable")
    lags = np.diff(order, prepend=0).astype(float)
    lags[np.diff(pairs[order], prepend=-1) != 0] = np.nan
    lags[order] = lags.copy()
    codes = np.where(np.isnan(lags), FRESH, np.where(lags == 1.0, SAME, AGAIN))
    lags = np.log2(np.where(codes == AGAIN, lags, np.nan))
    return Matrix((CODE, LAG), ("category", "number"), np.column_stack([codes, lags]))


def _features(families: Families, children: Matrix, own: Matrix, summary: Matrix) -> Matrix:
    """Return what is known of rows, in order of the families, before it is drawn what they are."""
    before = np.arange(len(own)) - 1
    before[families.begin == np.arange(len(own))] = -1
    changes = _changes(own.take(families.rows), before)
    predicted_values = summary.take(families.owner)
    return Matrix.join([predicted_values, families.place, children.take(families.rows), changes])


def _changes(rows: Matrix, before: Integers) -> Matrix:
    """Return how rows differ from those before them: categories whether, numbers by how much."""
    differences = rows.values - rows.take(before).values
    category = np.array([kind == "category" for kind in rows.kinds], bool)
    differences[:, category] = np.where(
        np.isnan(differences[:, category]), np.nan, differences[:, category] != 0.0
    )
    return Matrix(
        tuple(f"#change.{name}" for name in rows.names),
        tuple("count" if kind == "category" else "number" for kind in rows.kinds),
        differences,
    )


def _share_of_returns(families: Integers, links: Integers) -> float:
    """Return which share of the rows refers to what another row of the family does."""
    placed = families >= 0
    if not placed.any():
        return 0.0
    pairs = families[placed] * (int(links.max(initial=0)) + 1) + links[placed]
    return 1.0 - len(unique_values(pairs)) / len(pairs)


def _families_of(families: Families, links: Integers, n_parents: int) -> Integers:
    """Return of how many families each parent has children."""
    span = int(families.family.max(initial=0)) + 1
    pairs = unique_values(links[families.rows] * span + families.family)
    return np.bincount(pairs // span, minlength=n_parents)
