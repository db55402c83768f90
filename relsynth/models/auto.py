"""Choosing a table model: whose rows are hardest to tell from held-out real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import ENOUGH
from relsynth.groups import unique_values
from relsynth.models.protocol import TableModel
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Array, Flags, Floats, Integers

# a third held out: an AUC is known to .016 then, from 4,000 rows to .011 at twice the cost
MAX_ROWS = 2_000
LEAST_GROUPS = 6  # two parents a third: with fewer, one family decides; 12 leave out more tables
FOLDS = 2  # of the classifier: each row is judged once by a tree that has not seen it; 4 cost twice
DETECTION_LEAF = 10  # rows: probabilities in tenths, which order rows well enough; 20 see less
TIE = 0.02  # AUC that nobody sees; at .04 a model that is worse would be kept for being earlier
TIE_ERRORS = 1.5  # of the difference of two AUC: three would let hardly any model win on few rows
FEATURES = 60  # columns that the classifier looks at; more cost time in proportion
# roughly what fitting anything costs; it only decides what fits the time allowed
START_SECONDS = 0.1
# roughly, as the next two
SECONDS_A_CELL = 4e-6
SECONDS_A_TREE_CELL = 5e-7  # growing a tree, per row and pair of columns
SECONDS_A_DETECTION_CELL = 2.5e-6  # the classifier, per row and feature

Candidates = Mapping[str, Callable[[], TableModel]]


@dataclass(frozen=True, slots=True)
class _Halves:
    """Rows and contexts of some groups to learn from and of the others to be compared with."""

    rows: Matrix
    context: Matrix
    groups: Integers
    learned: Flags

    def part(self, learned: bool) -> tuple[Matrix, Matrix, Integers]:
        at = np.flatnonzero(self.learned == learned)
        return self.rows.take(at), self.context.take(at), self.groups[at]


def choose_model(
    candidates: Candidates,
    rows: Matrix,
    context: Matrix,
    groups: Integers,
    *,
    seed: Seed,
    budget_seconds: float = 10.0,
) -> tuple[str, str]:
    """Choose the table model that a classifier can tell least from held-out rows.

    Parameters
    ----------
    candidates : mapping of str to callable
        New unfitted models by name, preferred ones first.
    rows : Matrix, shape (n_rows, n_columns)
    context : Matrix, shape (n_rows, n_context)
    groups : ndarray of int, shape (n_rows,)
        Parent of each row; rows of one parent are never split. A root table has a group
        per row.
    budget_seconds : float, default 10
        Candidates whose *estimated* cost goes beyond it are left out, the last ones
        first. Elapsed time plays no part, so that the choice is reproducible. The estimate
        grows with rows, columns and context: 0.3 s a candidate for 4,000 rows of 5 columns,
        3 s for 50 columns.

    Returns
    -------
    name : str
    reason : str
        One sentence.

    Notes
    -----
    Every candidate is fitted on two thirds of the groups, at most about ``MAX_ROWS`` rows
    of whole groups, and draws rows for the contexts of the other third. A classification
    tree then tries to tell these from the real ones, seeing the context too, with folds that keep
    the groups together; the measure is the area under the ROC curve, 0.5 being
    indistinguishable (classifier two-sample test, Lopez-Paz and Oquab 2017). Scores below
    0.5 count as 0.5. Two scores tie within ``TIE``, or ``TIE_ERRORS`` standard errors of such
    an area where few rows are held out (Mann and Whitney 1947): of those that tie with the
    best the earliest candidate is taken.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.models import make_model
    >>> x = np.random.default_rng(0).normal(size=(30, 1))
    >>> rows = Matrix(("x",), ("number",), x)
    >>> candidates = {name: lambda name=name: make_model(name) for name in ("cart", "hvrt")}
    >>> choose_model(candidates, rows, Matrix.empty(30), np.arange(30), seed=0)
    ('cart', 'cart: the table is too small to compare models (30 rows, 60 are needed)')
    """
    names = list(candidates)
    if too_little := _too_little(names, rows, groups):
        return names[0], f"{names[0]}: {too_little}"
    halves = _halves(rows, context, groups, seed)
    compared, dropped = _within_budget(names, halves, budget_seconds)
    if len(compared) == 1:
        return names[0], f"{names[0]}: {_list(dropped)} would take longer than allowed"
    tie = _tie(int((~halves.learned).sum()))
    scores = {name: _detection(candidates[name](), halves, seed) for name in compared}
    best = min(max(score, 0.5) for score in scores.values())
    chosen = next(name for name in scores if max(scores[name], 0.5) <= best + tie)
    reason = (
        f"{chosen}: a classifier tells its rows from held-out ones with AUC "
        f"{scores[chosen]:.2f} (0.5 is not at all)"
    )
    others = [f"{name} {score:.2f}" for name, score in scores.items() if name != chosen]
    if others:
        reason += ", against " + ", ".join(others)
    return chosen, reason + (f"; {_list(dropped)} left out for time" if dropped else "")


def _tie(held_out: int) -> float:
    """Return how far areas under the curve of as many rows of both kinds differ by chance."""
    error = np.sqrt((2 * held_out + 1) / 12) / max(held_out, 1)
    return max(TIE, TIE_ERRORS * float(error))


def _too_little(names: list[str], rows: Matrix, groups: Integers) -> str:
    if len(names) == 1:
        return "the only candidate"
    if all(len(unique_values(column)) < 2 for column in rows.values.T):
        return "the table has no column that varies"
    if len(rows) < ENOUGH:
        return f"the table is too small to compare models ({len(rows)} rows, {ENOUGH} are needed)"
    n_groups = len(unique_values(groups))
    if n_groups < LEAST_GROUPS:
        return f"there are too few parents to hold some out ({n_groups}, {LEAST_GROUPS} are needed)"
    return ""


def _halves(rows: Matrix, context: Matrix, groups: Integers, seed: Seed) -> _Halves:
    """Take whole groups in random order up to the limit, and learn from two thirds of them."""
    _, group = np.unique(groups, return_inverse=True)
    size = np.bincount(group)
    order = stream(seed, "groups").permutation(len(size))
    taken = np.cumsum(size[order]) <= MAX_ROWS
    taken[:LEAST_GROUPS] = True
    rank = np.full(len(size), -1)
    rank[order[taken]] = np.arange(taken.sum())
    at = np.flatnonzero(rank[group] >= 0)
    if len(at) > 2 * MAX_ROWS:
        at = np.sort(stream(seed, "rows").permutation(at)[: 2 * MAX_ROWS])
    return _Halves(rows.take(at), context.take(at), group[at], rank[group[at]] % 3 > 0)


def _within_budget(
    names: list[str], halves: _Halves, budget_seconds: float
) -> tuple[list[str], list[str]]:
    """Keep candidates, in order of preference, while their estimated cost fits; always one."""
    n_context, columns = len(halves.context.names), len(halves.rows.names)
    held_out = int((~halves.learned).sum())
    features = min(n_context + columns, FEATURES)
    detection = SECONDS_A_DETECTION_CELL * 2 * held_out * features * FOLDS
    linear = SECONDS_A_CELL * (n_context + columns)
    trees = SECONDS_A_TREE_CELL * columns * (n_context + columns / 2)
    spent, compared = 0.0, list[str]()
    for name in names:
        spent += START_SECONDS + detection + (linear + trees) * len(halves.rows)
        if spent > budget_seconds and compared:
            break
        compared.append(name)
    return compared, names[len(compared) :]


def _detection(model: TableModel, halves: _Halves, seed: Seed) -> float:
    """Return the AUC that distinguishes rows drawn for held-out contexts from the real ones."""
    from sklearn.metrics import roc_auc_score
    from sklearn.tree import DecisionTreeClassifier

    rows, context, _ = halves.part(learned=True)
    model.fit(rows, context, seed=integer_seed(seed, "fit"))
    real, given, groups = halves.part(learned=False)
    drawn = model.sample(given, stream(seed, "sample"))
    features = _features(real.values, drawn, given.values)
    if not features.shape[1]:
        return 0.5  # nothing varies in the rows held out
    fake = np.repeat([False, True], len(real))
    _, group = np.unique(groups, return_inverse=True)
    folds = stream(seed, "folds").permutation(int(group.max()) + 1) % FOLDS
    fold = np.tile(folds[group], 2)
    score = np.empty(len(fake))
    for held in unique_values(fold):
        learner = DecisionTreeClassifier(min_samples_leaf=DETECTION_LEAF, random_state=0)
        learner.fit(features[fold != held], fake[fold != held])
        score[fold == held] = learner.predict_proba(features[fold == held])[:, 1]
    return float(roc_auc_score(fake, score))


def _features(real: Floats, drawn: Floats, given: Floats) -> Array:
    """Return real rows above drawn ones, with the context, without columns of one value.

    Missing values become a number below all others: a fold may hold nothing else of a column.
    """
    features = np.vstack([np.column_stack([part, given]) for part in (real, drawn)])
    features = np.where(np.isnan(features), np.nanmin(features, initial=0.0) - 1.0, features)
    varies = (features != features[0]).any(axis=0)
    return features[:, varies][:, :FEATURES].astype(np.float32)


def _list(names: list[str]) -> str:
    return " and ".join(names)
