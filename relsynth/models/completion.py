"""Completing rows under a Gaussian copula: what is missing, categories, then numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from relsynth.gaussian.matching import TERMS
from relsynth.models.latent import LatentGaussian
from relsynth.models.signals import Marginal, Signal, signal_from, signal_state
from relsynth.typing import Flags, Floats, Integers

LEAST_CALIBRATION, MOST_CALIBRATION = 4_000, 20_000
# the ends of a distribution are followed more closely than its middle
_TAIL = np.array([0.0, 1e-4, 5e-4, 1e-3, 2.5e-3])
# 209 quantiles: steps of half a percent between the ends; twice as many double the file
_SHARES = np.concatenate([_TAIL, np.linspace(0.005, 0.995, 199), 1 - _TAIL[::-1]])


@dataclass(frozen=True, slots=True)
class Completion:
    """A fitted copula that fills in the unknown cells of rows.

    Attributes
    ----------
    latent : LatentGaussian
        Of the standardised scores of the signals.
    centre, scale : ndarray of float, shape (n_signals,)
        That standardise the scores.
    quantiles : ndarray of float, shape (n_signals, 209)
        Quantiles of every drawn latent variable; see `calibrated`.
    n_known : int
        The first columns, which are context and never drawn.
    """

    signals: tuple[Signal, ...]
    latent: LatentGaussian
    centre: Floats
    scale: Floats
    quantiles: Floats
    n_known: int

    @classmethod
    def of(
        cls,
        signals: Sequence[Signal],
        latent: LatentGaussian,
        centre: Floats,
        scale: Floats,
        n_known: int,
    ) -> Completion:
        """Return a completion whose latent variables are taken for standard normal."""
        normal = np.tile(np.clip(ndtri(_SHARES), -6.0, 6.0), (len(signals), 1))
        return cls(tuple(signals), latent, centre, scale, normal, n_known)

    def complete(self, values: Floats, unknown: Flags, rng: np.random.Generator) -> Floats:
        """Return rows with their unknown cells drawn, ``NaN`` where missing was drawn.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
            Context columns first; ``NaN`` is missing, or unknown where so marked.
        unknown : ndarray of bool, shape (n_rows, n_columns)
        """
        return self._run(values, unknown, rng, None)

    def calibrated(self, values: Floats, rng: np.random.Generator) -> Completion:
        """Return the completion with the distributions its draws really have.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
            Training rows, of which the context is used.

        Notes
        -----
        Given categories and other scores that are not normal, the latent variables drawn
        are not quite normal either. Their quantiles are measured on 4,000 to 20,000 draws,
        one stage after the other, so that every column keeps its marginal distribution.
        """
        if not len(values) or not self._stages():
            return self
        wanted = min(max(len(values), LEAST_CALIBRATION), MOST_CALIBRATION)
        rows = values[np.arange(wanted) * len(values) // wanted]
        unknown = np.zeros(rows.shape, bool)
        unknown[:, self.n_known :] = True
        measured = self.quantiles.copy()
        self._run(rows, unknown, rng, measured)
        return replace(self, quantiles=measured)

    def _run(
        self, values: Floats, unknown: Flags, rng: np.random.Generator, measured: Floats | None
    ) -> Floats:
        """Draw stage after stage; `measured` receives the quantiles of the latent variables."""
        values = np.where(unknown, np.nan, values)
        absent = self._absent_by_context(values)
        scores = self._read(values, unknown)
        for stage in self._stages():
            latent = self.latent.draw(scores, stage, rng)
            for at, column in zip(stage, latent.T, strict=True):
                if measured is not None:
                    measured[at] = self._measure(at, column, absent)
                quantiles = self.quantiles[at] if measured is None else measured[at]
                share = np.interp(column, quantiles, _SHARES)
                self._write(at, share, values, unknown, absent, scores)
        values[absent & unknown] = np.nan
        return values

    def _absent_by_context(self, values: Floats) -> Flags:
        """Return what is missing because a context column is missing with it."""
        absent = np.zeros(values.shape, bool)
        for signal in self.signals:
            if signal.role == "missing" and signal.columns[0] < self.n_known:
                absent[:, signal.columns] = np.isnan(values[:, signal.columns[:1]])
        return absent

    def _measure(self, at: int, latent: Floats, absent: Flags) -> Floats:
        """Return the quantiles of draws, for a number where it is not missing."""
        signal = self.signals[at]
        if signal.role == "number":
            latent = latent[~absent[:, signal.columns[0]]]
        return np.quantile(latent, _SHARES) if len(latent) else self.quantiles[at]

    def _write(
        self, at: int, share: Floats, values: Floats, unknown: Flags, absent: Flags, scores: Floats
    ) -> None:
        """Turn the shares drawn for one signal into values and into scores of what follows."""
        signal = self.signals[at]
        numbers = signal.at_share(share)
        columns = list(signal.columns)
        if signal.role == "missing":
            untold = np.isnan(scores[:, at])
            absent[:, columns] = (untold & (numbers > 0.5))[:, None]
            scores[untold, at] = self._standardised(signal.score(numbers), at)[untold]
            return
        open_ = unknown[:, columns[0]]
        values[open_, columns[0]] = numbers[open_]
        if signal.role == "order":
            nowhere = np.zeros(unknown.shape, bool)
            for other, axis in enumerate(self.signals):
                if axis.role == "axis" and axis.columns == signal.columns:
                    scores[:, other] = self._standardised(axis.read(values, nowhere), other)

    def _read(self, values: Floats, unknown: Flags) -> Floats:
        """Return the scores that are known; the place in an order never is."""
        scores = np.full((len(values), len(self.signals)), np.nan)
        for at, signal in enumerate(self.signals):
            if signal.role != "order":
                scores[:, at] = self._standardised(signal.read(values, unknown), at)
        return scores

    def _standardised(self, scores: Floats, at: int) -> Floats:
        return (scores - self.centre[at]) / self.scale[at]

    def _stages(self) -> list[Integers]:
        """Return what is drawn together: missingness, each category, all numbers."""
        drawn: dict[str, list[int]] = {"missing": [], "order": [], "number": []}
        for at, signal in enumerate(self.signals):
            if signal.role in drawn and signal.columns[0] >= self.n_known:
                drawn[signal.role].append(at)
        stages = [drawn["missing"], *([at] for at in drawn["order"]), drawn["number"]]
        return [np.array(stage, np.int64) for stage in stages if stage]

    def to_state(self) -> dict[str, Any]:
        """Return signals and arrays."""
        return {
            "signals": [signal_state(signal) for signal in self.signals],
            "correlation": self.latent.correlation,
            "hermite": self.latent.hermite,
            "centre": self.centre,
            "scale": self.scale,
            "quantiles": self.quantiles,
            "n_known": self.n_known,
        }

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], marginals: Sequence[Marginal | None]
    ) -> Completion:
        """Rebuild from `to_state` and rebuilt marginals, refusing what does not fit."""
        names = ("correlation", "hermite", "centre", "scale", "quantiles")
        correlation, hermite, centre, scale, quantiles = (
            np.asarray(state[name], float) for name in names
        )
        signals = tuple(map(signal_from, state["signals"], marginals))
        n = len(signals)
        expected = [(n, n), (n, TERMS), (n,), (n,), (n, len(_SHARES))]
        found = [a.shape for a in (correlation, hermite, centre, scale, quantiles)]
        if found != expected:
            raise ValueError(f"arrays of shapes {found} for {n} signals of a Gaussian copula")
        latent = LatentGaussian(correlation, hermite)
        return cls(signals, latent, centre, scale, quantiles, int(state["n_known"]))
