"""What a class outcome says about which rows to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.groups import places
from relsynth.hvrt.selection import NEIGHBOURS
from relsynth.typing import Array, Flags, Floats, Integers

MOST_CLASSES = 20  # whole numbers of more values are amounts
SEARCHED = 10_000  # rows among which the nearest is looked for
CANDIDATES = 3  # rows looked at for one taken


@dataclass(frozen=True)
class Classes:
    """The class of each row and how much classes count.

    Attributes
    ----------
    codes : ndarray of int, shape (n_rows,)
        Every class from 0 to the largest occurs.
    weight : float
        Share of the outcome, 0 to 1.
    """

    codes: Integers
    weight: float

    @classmethod
    def of(cls, y: Array, weight: float) -> Classes | None:
        """Return the classes of an outcome: text, or a few whole numbers; else ``None``."""
        levels, codes = np.unique(y.astype(str) if is_text(y) else y, return_inverse=True)
        few = len(levels) <= MOST_CLASSES and (is_text(y) or (levels == np.rint(levels)).all())
        return cls(codes.astype(np.int64), weight) if few and len(levels) > 1 else None

    def shares(self) -> Floats:
        """Return what part of the kept rows each class shall have.

        Notes
        -----
        With p the part a class has of all rows, ``(1 - w) p + w (1 - p) / (k - 1)``: the
        second term is the part the class has of the variance of the k standardised class
        indicators. Two classes are kept in equal numbers at w = 0.5.
        """
        part = np.bincount(self.codes) / len(self.codes)
        return (1.0 - self.weight) * part + self.weight * (1.0 - part) / (len(part) - 1)

    def credible(self, z: Floats, seed: int) -> Flags:
        """Return which rows have a class that their surroundings bear out.

        Parameters
        ----------
        z : ndarray, shape (n_rows, n_columns)
        seed : int
            Among which rows neighbours are searched where there are many.

        Returns
        -------
        ndarray of bool, shape (n_rows,)
            True where the class is the commonest among the ``NEIGHBOURS`` nearest other
            rows, or falls short of its overall part by less than one of them.

        Notes
        -----
        A wrong label stands out in its surroundings, and farthest points first would
        choose it before others. A class so rare that no neighbour of it is to be expected
        cannot be contradicted. O(n s d) time with s = ``SEARCHED`` rows at most.

        References
        ----------
        Wilson, D. L. (1972). Asymptotic properties of nearest neighbor rules using edited
        data. IEEE Transactions on Systems, Man, and Cybernetics 2, 408-421.
        """
        from sklearn.neighbors import NearestNeighbors

        rows = np.arange(len(z))
        if len(z) > SEARCHED:
            rows = np.sort(np.random.default_rng(seed).permutation(len(z))[:SEARCHED])
        count = min(NEIGHBOURS + 1, len(rows))
        search = NearestNeighbors(n_neighbors=count).fit(z[rows])
        near = rows[search.kneighbors(z, return_distance=False)]
        others = near != np.arange(len(z))[:, None]
        votes = np.column_stack(
            [((self.codes[near] == k) & others).sum(axis=1) for k in range(self.codes.max() + 1)]
        )
        own = votes[np.arange(len(z)), self.codes]
        overall = (np.bincount(self.codes) / len(self.codes))[self.codes]
        return (own == votes.max(axis=1)) | (own > overall * others.sum(axis=1) - 1)

    def candidates(self, rows: Integers, wanted: Integers, rng: np.random.Generator) -> Integers:
        """Return a random part of each class, ``CANDIDATES`` times as large as wanted.

        Parameters
        ----------
        rows : ndarray of int
            Rows to choose from, in rising order.
        wanted : ndarray of int, shape (n_classes,)
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of int
            Row numbers in rising order; a class with fewer rows than that is whole.

        Notes
        -----
        Farthest points of a whole class are its rim: outliers, and wrong labels that pass
        for right. Those of a random part still cover the class but hold as few of these as
        the part does. Rare rows need no rim to be found, for their class has its share.
        """
        codes = self.codes[rows]
        order = np.lexsort((rng.random(len(rows)), codes))
        sizes = np.bincount(codes, minlength=len(wanted))
        rank = places(sizes)
        return np.sort(rows[order[rank < CANDIDATES * wanted[codes[order]]]])


def is_text(y: Array) -> bool:
    """Return whether an outcome holds something else than numbers."""
    return y.dtype.kind not in "iufb"
