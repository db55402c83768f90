"""The predicted summaries of a parent's children, drawn before the children are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relsynth.columns.blur import blurred
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.children.balance import CountShares
from relsynth.relational.children.family_types import TYPE, FamilyTypes, sure_numbers
from relsynth.relational.children.resampled_summaries import LargeParents, are_few_and_large
from relsynth.relational.children.summary import ExtensionLayout
from relsynth.relational.sources.encoding import only
from relsynth.seeding import Seed
from relsynth.typing import Integers


@packable
@dataclass(frozen=True, slots=True)
class ExtensionModel:
    """The conditional distribution of a child table's extension columns.

    Attributes
    ----------
    layout : ExtensionLayout
        Of all summaries that rows tell their parents once they are there.
    model : TableModel
        Of those that are predicted.
    types : FamilyTypes or None
        Predicted as well, where not all summaries are.
    known : tuple of str
        Columns of the children that are known before: what they tell is not drawn.
    spans : bool
        Whether the time from first to last value is drawn, not the last value.
    counts : CountShares or None
        How frequent numbers of children are, where nothing is known before.
    """

    layout: ExtensionLayout
    model: TableModel
    predicted: tuple[str, ...]
    types: FamilyTypes | None = None
    known: tuple[str, ...] = ()
    spans: bool = False
    counts: CountShares | None = None

    @classmethod
    def fit(
        cls,
        children: Matrix,
        parents: Integers,
        context: Matrix,
        new_model: Callable[[Matrix, Matrix, Integers], TableModel],
        *,
        order: str | None = None,
        numbered: str | None = None,
        known: tuple[str, ...] = (),
        common: tuple[str, ...] = (),
        resamples: bool = True,
        short: bool = False,
        holders: Holders | None = None,
        seed: Seed = None,
    ) -> ExtensionModel:
        """Learn the extension columns of real parents.

        Parameters
        ----------
        children : Matrix, shape (n_children, n_columns)
        parents : ndarray of int, shape (n_children,)
            Parent row of each child; negative without.
        context : Matrix, shape (n_parents, n_context)
        new_model : callable
            Gives the unfitted table model.
        order : str, optional
            Column the children are ordered by.
        numbered : str, optional
            Column that counts the children of a parent.
        known : tuple of str, optional
            Columns of the children that are drawn before, as is their number.
        common : tuple of str, optional
            Columns of which the children of one parent mostly have the same value.
        resamples : bool, default True
            Whether few large parents get summaries of real ones as a whole; see `LargeParents`.
        short : bool, default False
            Whether little is predicted: the number of children, their first and last values,
            what is sure about a family and its type, not all summaries; see `FamilyTypes`.
        holders : Holders, optional
            Whose the parents are: the table model sees no number that too few subjects have.
        """
        whose = None if holders is None else holders.of_children(parents)
        layout = ExtensionLayout.of(children, order, numbered, common, whose)
        summary = layout.summarise(children, parents, len(context))
        predicted, types = layout.names, None
        if short:
            predicted = layout.sure(sure_numbers(children, parents))
            others = tuple(name for name in layout.names if name not in predicted)
            types = FamilyTypes.of(others, summary, seed)
        features = _features(summary, predicted, types)
        drawn = features
        if known:
            given = layout.known(known).names
            context = Matrix.join([context, only(summary, given)])
            drawn = only(summary, [name for name in layout.names if name not in given])
        model = new_model(drawn, context, np.arange(len(context)))
        if resamples and not known and are_few_and_large(summary.values[:, 0]):
            model = LargeParents(model)
        spans = not known and layout.has_own_span(summary)
        if spans:
            drawn = layout.with_span(drawn, -1.0)
        if holders is not None:
            drawn, context = blurred(drawn, holders, seed), blurred(context, holders, seed)
        model.fit(drawn, context, seed=seed)
        counts = None if known else CountShares.of(drawn.values[:, 0])
        return cls(layout, model, predicted, types, known, spans, counts)

    def features(self, summary: Matrix) -> Matrix:
        """Return what would be predicted, of families with known summaries."""
        return _features(summary, self.predicted, self.types)

    def balanced(self, context: Matrix, rng: np.random.Generator) -> Matrix:
        """Draw extension columns with numbers of children as frequent as in the real data.

        Parameters
        ----------
        context : Matrix, shape (n_parents, n_context)
            Of parents like the real ones all together.
        """
        if self.counts is None:
            return self.sample(context, rng)
        return self.counts.balanced(lambda: self.sample(context, rng), rng)

    def sample(
        self, context: Matrix, rng: np.random.Generator, features: Matrix | None = None
    ) -> Matrix:
        """Draw extension columns that are possible: counts whole, shares between 0 and 1.

        Parameters
        ----------
        context : Matrix, shape (n_parents, n_context)
        features : Matrix, shape (n_parents, n_features), optional
            What the columns known before tell, as laid out by ``layout.known``.
        """
        values = self.model.sample(
            context if features is None else Matrix.join([context, features]), rng
        )
        if features is not None:
            free = iter(values.T)
            columns = [
                features[n] if n in features.names else next(free) for n in self.layout.names
            ]
            values = np.column_stack(columns)
        names = (*self.predicted, *(() if self.types is None else (TYPE,)))
        kinds = dict(zip(self.layout.names, self.layout.kinds, strict=True))
        shown_kinds = tuple(kinds.get(name, "category") for name in names)
        counts = np.maximum(np.round(np.nan_to_num(values[:, 0])), 0.0)
        values[:, 0] = counts
        if self.spans:
            values = self.layout.with_span(Matrix(names, shown_kinds, values), 1.0).values
        measures = dict(zip(self.layout.names, self.layout.columns, strict=True))
        for at, name in enumerate(self.predicted):
            column, measure = values[:, at], measures[name][2]
            if measure == "distinct":
                column[:] = np.minimum(np.maximum(np.round(column), 1.0), counts)
            elif measure in ("share", "missing"):
                column[:] = np.clip(column, 0.0, 1.0)
            elif measure == "spread":
                column[counts == 1] = 0.0
                column[:] = np.maximum(column, 0.0)
        for levels in self.layout.shares if self.types is None else ():
            whole = np.nansum(values[:, levels], axis=1, keepdims=True)
            values[:, levels] /= np.maximum(whole, 1.0)
        values[counts == 0, 1:] = np.nan
        return Matrix(names, shown_kinds, values)


def _features(summary: Matrix, predicted: tuple[str, ...], types: FamilyTypes | None) -> Matrix:
    features = only(summary, predicted)
    return features if types is None else Matrix.join([features, types.of_families(summary)])
