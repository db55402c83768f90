"""The next token given what is known: halves of the tokens, decided between, until one is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relsynth.errors import ModelFileError
from relsynth.models.boosting import BoostedSet, boost
from relsynth.models.level_shares import LevelSlots
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed
from relsynth.sorting import lexical_order
from relsynth.typing import Array, Flags, Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class NextToken:
    """A probability for every token as a product of answers to yes-or-no questions.

    The tokens, in their order, are split where their rows halve, and the halves again:
    frequent tokens are found after few questions. Each question has boosted trees of its
    own, which only rows that reach it ask (nested dichotomies, Frank and Kramer 2004; the
    hierarchical softmax of Morin and Bengio 2005). A row therefore asks about as many
    questions as the tokens have bits of entropy, where one classifier of all tokens would ask
    as many as there are tokens.

    Attributes
    ----------
    children : ndarray of int, shape (n_questions, 2)
        The next question for either answer, or ``-1 - token``. A question stands behind
        the one that leads to it.
    shares : ndarray of float32, shape (n_questions, n_slots)
        Share of rows of a level that answer 1, which stands for the level in the trees.
    """

    children: Integers
    questions: BoostedSet
    levels: LevelSlots
    shares: Array

    @classmethod
    def of(
        cls, tokens: Integers, n_tokens: int, features: Array, is_category: Flags, seed: Seed
    ) -> NextToken:
        """Learn from rows.

        Parameters
        ----------
        tokens : ndarray of int, shape (n_rows,)
        features : ndarray of float32, shape (n_rows, n_features)
        is_category : ndarray of bool, shape (n_features,)
            Which features are codes of levels.
        """
        children, bounds = _halves(np.bincount(tokens, minlength=n_tokens))
        order = np.argsort(tokens, kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(tokens, minlength=n_tokens))])
        levels = LevelSlots.of(features, is_category)
        slots = levels.find(features)
        shares = np.empty((len(bounds), levels.width), np.float32)
        found = []
        for number, (low, middle, high) in enumerate(bounds):
            rows = np.sort(order[ends[low] : ends[high]])
            if not len(rows):  # tokens without a row are never reached, whatever is answered
                rows = order
            answers = (tokens[rows] >= middle).astype(np.int64)
            shares[number] = levels.shares(slots[rows], answers)
            placed = levels.place(features[rows], slots[rows], shares[number])
            found.append(boost(placed, answers, integer_seed(seed, "question", number)))
        return cls(children, BoostedSet.of(found), levels, shares)

    def begin(self, rng: np.random.Generator) -> Floats:
        """Return where the systematic answers to every question start."""
        return rng.random(len(self.children))

    def draw(self, features: Array, rng: np.random.Generator, carried: Floats) -> Integers:
        """Draw the token of every row.

        Parameters
        ----------
        features : ndarray of float32, shape (n_rows, n_features)
        carried : ndarray of float, shape (n_questions,)
            From `begin`; changed in place, so that draws in many calls keep the expected
            shares together.
        """
        at = np.full(len(features), 0 if len(self.children) else -1)
        asking = np.flatnonzero(at >= 0)
        slots = self.levels.find(features)
        while len(asking):
            questions = at[asking]
            own = slots[asking] + (questions * self.levels.width)[:, None]
            placed = self.levels.place(features[asking], own, self.shares)
            chance = self.questions.chance(placed, questions)
            answers = _answers(questions, chance, rng, carried)
            at[asking] = self.children[questions, answers]
            asking = asking[at[asking] >= 0]
        return -1 - at

    def chances(self, features: Array) -> Floats:
        """Return the probability of every token of every row, shape (n_rows, n_tokens).

        Every row answers every question: one call for all questions at a time.
        """
        n_rows, n_questions = len(features), len(self.children)
        if not n_questions:
            return np.ones((n_rows, 1))
        asked = np.tile(np.arange(n_questions), n_rows)
        slots = np.repeat(self.levels.find(features), n_questions, axis=0)
        own = slots + (asked * self.levels.width)[:, None]
        placed = self.levels.place(np.repeat(features, n_questions, axis=0), own, self.shares)
        yes = self.questions.chance(placed, asked).reshape(n_rows, n_questions)
        reach = np.zeros((n_rows, n_questions))
        reach[:, 0] = 1.0
        found = np.zeros((n_rows, n_questions + 1))
        # a question stands behind the one that leads to it
        for question, children in enumerate(self.children):
            one = yes[:, question] * reach[:, question]
            for child, part in zip(children, (reach[:, question] - one, one), strict=True):
                if child >= 0:
                    reach[:, child] = part
                else:
                    found[:, -1 - child] = part
        return found

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> NextToken:
        """Rebuild from `to_state`, refusing questions that form no tree."""
        children = np.asarray(state["children"], np.int64).reshape(-1, 2)
        questions, levels = state["questions"], state["levels"]
        shares = np.asarray(state["shares"], np.float32)
        inner = np.sort(children[children >= 0])
        tokens = np.sort(-1 - children[children < 0])
        behind = children > np.arange(len(children))[:, None]
        sound = (
            np.array_equal(inner, np.arange(1, len(children)))
            and (not len(children) or np.array_equal(tokens, np.arange(len(children) + 1)))
            and bool((behind | (children < 0)).all())
            and len(questions.base) == len(children)
            and shares.shape == (len(children), levels.width)
        )
        if not sound:
            raise ModelFileError("the tokens of the model are damaged; fit and save it again")
        return cls(children, questions, levels, shares)


def _halves(counts: Integers) -> tuple[Integers, list[tuple[int, int, int]]]:
    """Split a range of tokens where its rows halve (Shannon's code).

    Returns
    -------
    children : ndarray of int, shape (n_tokens - 1, 2)
    bounds : list of tuple of int
        First token of either half and the one behind the last, per question.
    """
    ends = np.concatenate([[0], np.cumsum(counts)])
    children = np.zeros((max(len(counts) - 1, 0), 2), np.int64)
    bounds: list[tuple[int, int, int]] = []
    waiting = [(0, len(counts), -1, 0)] if len(counts) > 1 else []
    while waiting:
        low, high, parent, answer = waiting.pop()
        if high - low == 1:
            children[parent, answer] = -1 - low
            continue
        number = len(bounds)
        if parent >= 0:
            children[parent, answer] = number
        cuts = ends[low + 1 : high]
        middle = low + 1 + int(np.argmin(np.abs(2 * cuts - ends[low] - ends[high])))
        bounds.append((low, middle, high))
        waiting.append((middle, high, number, 1))
        waiting.append((low, middle, number, 0))
    return children, bounds


def _answers(
    questions: Integers, chance: Floats, rng: np.random.Generator, carried: Floats
) -> Integers:
    """Answer each question 1 as often as expected, up to one row over all calls.

    Systematic sampling with unequal probabilities (Madow 1949), the rows of a question in
    the order of their chances so that rows of similar chances share out theirs.
    """
    order = lexical_order((rng.random(len(chance)), chance, questions))
    ordered, upper = questions[order], np.cumsum(chance[order])
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    sizes = np.diff(np.append(first, len(ordered)))
    before = (upper[first] - chance[order][first]).repeat(sizes)
    upper += carried[ordered] - before
    lower = np.roll(upper, 1)
    lower[first] = carried[ordered[first]]
    answers = np.empty(len(chance), np.int64)
    answers[order] = np.floor(upper) > np.floor(lower)
    carried[ordered[first]] = upper[first + sizes - 1] % 1.0
    return answers
