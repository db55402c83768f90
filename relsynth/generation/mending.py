"""Let the rows of a new table keep its conditions: propose other values, take those that do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.constraints.expression import columns_of, evaluate, inlined
from relsynth.constraints.positions import nullable, take, tuple_codes
from relsynth.constraints.rows import Rows
from relsynth.constraints.rule import Rule, repeats
from relsynth.constraints.rules import Check, Inequality, UniqueIndex, rules_of
from relsynth.errors import ConstraintError
from relsynth.generation.draft import Draft
from relsynth.generation.proposals import Clues, Proposer, clues_of
from relsynth.generation.sizes import droppable
from relsynth.schema import ForeignKey, Table
from relsynth.seeding import stream
from relsynth.typing import Flags, Integers

ROUNDS = 60  # a condition that one row in thirty keeps by chance is met long before
LATER = 5  # rounds in which the columns of a condition alone are changed
TRIES = 24  # candidates a broken row is offered in a round
MANY = 20_000  # candidates of one round at most, so that memory stays that of the table


@dataclass(frozen=True)
class Unit:
    """What changes at once: a column, or a foreign key as a whole."""

    columns: tuple[str, ...]
    key: ForeignKey | None = None


class Mender:
    """Mends the new rows of one table.

    Parameters
    ----------
    frozen : frozenset of str
        Columns that must not change, because rows elsewhere refer to them already.
    """

    def __init__(self, draft: Draft, name: str, frozen: frozenset[str] = frozenset()) -> None:
        self.draft, self.name, self.frozen = draft, name, frozen
        self.table = draft.metadata.tables[name]
        self.before = draft.before[name]
        listed = rules_of(self.table)
        formulas = _own_formulas(self.table)
        checks = [rule for rule in listed if isinstance(rule, Check)]
        self.checks: list[Check] = [
            Check(inlined(rule.text, formulas)) if formulas else rule for rule in checks
        ]
        self.sets: list[UniqueIndex] = [rule for rule in listed if isinstance(rule, UniqueIndex)]
        self.keys = list(self.table.candidate_keys)
        self.units = list(self._units())
        texts = [rule.text for rule in self.checks]
        texts += [text for rule in self.sets for text in (*rule.of, rule.where) if text]
        self.clues = clues_of(texts) if texts else {}
        self.proposers = {
            n: Proposer(draft.makers[name][n], self.clues.get(n.lower(), Clues()), column)
            for n, column in self.table.columns.items()
        }

    def mend(self) -> None:
        """Change rows that break a condition, in the draft."""
        if not self.checks and not self.sets:
            return
        rng = stream(self.draft.seed, self.name, "conditions")
        self._exchange(rng)
        for turn in range(ROUNDS):
            broken = self._broken(self.frame)
            if not broken.any():
                return
            self._turn(np.flatnonzero(broken.any(axis=0)), broken, turn, rng)

    def _exchange(self, rng: np.random.Generator) -> None:
        """Put two values that stand in the wrong order right by exchanging them."""
        free = {unit.columns[0] for unit in self.units if unit.key is None}
        free -= {name for key in self.keys for name in key}
        rows = Rows(
            self.draft.metadata,
            dict(self.draft.frames),
            self.name,
            frozenset(set(self.table.columns) - free),
        )
        for rule in rules_of(self.table):
            if isinstance(rule, Inequality):
                wrong = rule.broken(rows).copy()
                wrong[: self.before] = False
                if wrong.any():
                    rule.mend(rows, wrong, rng)
        self.draft.frames[self.name] = rows.frame

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the table as they are."""
        return self.draft.frames[self.name]

    def _units(self) -> Iterator[Unit]:
        keys = self.draft.metadata.parents_of(self.name)
        bound = [name for key in keys for name in key.columns]
        conditions = {name for key in keys for name in key.when or {}}
        for key in keys:
            free = not key.is_self_reference and key.when is None and key.children is None
            if free and all(bound.count(n) == 1 for n in key.columns):
                yield Unit(key.columns, key)
        for name, column in self.table.columns.items():
            fixed = name in bound or name in conditions or name in self.frozen
            if not fixed and not column.generated and column.derived is None:
                yield Unit((name,))

    def _lookup(self, frame: pd.DataFrame) -> Rows:
        return Rows(self.draft.metadata, {**self.draft.frames, self.name: frame}, self.name)

    def _breaks(self, rule: Check, frame: pd.DataFrame) -> Flags:
        return rule.broken(self._lookup(frame))

    def _broken(self, frame: pd.DataFrame) -> Flags:
        """Return per rule and row whether the row breaks it; rows that were there never do."""
        found = [self._breaks(rule, frame) for rule in self.checks]
        for rule in self.sets:
            (codes,), _ = tuple_codes(rule.parts(self._lookup(frame).meant, len(frame)))
            found.append(repeats(codes))
        broken = np.array(found, dtype=bool).reshape(len(found), len(frame))
        broken[:, : self.before] = False
        return broken

    def _turn(self, rows: Integers, broken: Flags, turn: int, rng: np.random.Generator) -> None:
        rows = rows[: max(MANY // TRIES, 1)]
        source = np.repeat(rows, TRIES)
        candidates = self.frame.iloc[source].reset_index(drop=True)
        wrong = broken[:, source]
        rules: list[Rule] = [*self.checks, *self.sets]
        involved = [{n.lower() for n in rule.columns()} for rule in rules]
        if turn >= LATER:  # what must differ together with a column may have to change with it
            beside = [{n.lower() for n in key} for key in self.keys]
            involved = [names.union(*(k for k in beside if k & names)) for names in involved]
        for unit in self.units:
            names = {name.lower() for name in unit.columns}
            concerned = np.zeros(len(source), dtype=bool)
            for number, columns in enumerate(involved):
                if names & columns:
                    concerned |= wrong[number]
            if concerned.any():
                changing = concerned & (rng.random(len(source)) < 0.6)
                candidates = self._changed(candidates, unit, changing, turn, rng)
        self._accept(source, candidates, broken, rng)

    def _changed(
        self,
        candidates: pd.DataFrame,
        unit: Unit,
        changing: Flags,
        turn: int,
        rng: np.random.Generator,
    ) -> pd.DataFrame:
        if not changing.any():
            return candidates
        clues = [self.clues.get(name.lower(), Clues()) for name in unit.columns]
        asked = any(clue.missing for clue in clues)
        share = 0.3 if asked else 0.1 if turn > ROUNDS // 3 else 0.0
        absent = changing & (rng.random(len(changing)) < share)
        if unit.key is not None:
            return self._rechosen(candidates, unit.key, changing, absent, rng)
        name = unit.columns[0]
        column = self.table.columns[name]
        made = self.proposers[name].draw(candidates, self._columns(), rng)
        for formula in clues[0].formulas:
            made = self._by_formula(candidates, name, formula, made, rng)
        if column.nullable and name not in self.table.primary_key:
            made = made.mask(absent, None)
        return _with(candidates, name, made, changing)

    def _columns(self) -> dict[str, object]:
        makers = self.draft.makers[self.name]
        return {name: makers[name].column for name in self.table.columns}

    def _by_formula(
        self,
        candidates: pd.DataFrame,
        name: str,
        formula: str,
        made: pd.Series,
        rng: np.random.Generator,
    ) -> pd.Series:
        """Take what an equation demands in most of the candidates."""
        try:
            found = evaluate(formula, self._lookup(candidates).meant)
        except ConstraintError:
            return made
        if not isinstance(found, pd.Series):
            found = pd.Series([found] * len(made), dtype=object)
        column = self.draft.makers[self.name][name].column
        if pd.api.types.is_numeric_dtype(found.dtype):
            found = found.astype("Float64").round(column.decimals or 0)
            found = found.astype("Int64") if column.kind in ("integer", "key") else found
        elif found.dtype.kind == "M":
            found = self.draft.makers[self.name][name].dressed(found.astype("datetime64[us]"))
        elif column.max_length is not None:
            found = found.astype(object).str[: column.max_length]
        taken = (rng.random(len(made)) < 0.7) & found.notna().to_numpy()
        return made.astype(object).where(~taken, found.astype(object))

    def _rechosen(
        self,
        candidates: pd.DataFrame,
        key: ForeignKey,
        changing: Flags,
        absent: Flags,
        rng: np.random.Generator,
    ) -> pd.DataFrame:
        """Let candidates refer to other parent rows."""
        parent = self.draft.frames[key.parent]
        whole = np.flatnonzero(parent[list(key.parent_columns)].notna().all(axis=1))
        if not len(whole):
            return candidates
        positions = rng.choice(whole, size=len(candidates))
        free = droppable(self.draft.metadata, key)
        for name, target in zip(key.columns, key.parent_columns, strict=True):
            values = take(parent[target], positions)
            if name in free:
                values = values.astype(nullable(values.dtype)).mask(absent)
            candidates = _with(candidates, name, values, changing)
        return candidates

    def _accept(
        self,
        source: Integers,
        candidates: pd.DataFrame,
        broken: Flags,
        rng: np.random.Generator,
    ) -> None:
        """Replace every row by its best candidate, where that breaks fewer conditions."""
        worse = np.zeros(len(source), dtype=np.int64)
        for rule in self.checks:
            worse += self._breaks(rule, candidates)
        codes = [self._codes(rule, candidates) for rule in self._unique_rules()]
        for here, there in codes:
            worse += self._taken(here, there, source)
        order = np.lexsort((rng.random(len(source)), worse))
        best = order[np.unique(source[order], return_index=True)[1]]
        best = best[worse[best] < broken[:, source[best]].sum(axis=0)]
        for _, there in codes:
            best = best[~repeats(there[best])]
        if not len(best):
            return
        frame = self.frame
        changed = {}
        for name in frame.columns:
            if any(name in unit.columns for unit in self.units):
                mask = np.zeros(len(frame), dtype=bool)
                mask[source[best]] = True
                values = pd.Series([None] * len(frame), dtype=object)
                values.iloc[source[best]] = candidates[name].astype(object).iloc[best].to_numpy()
                changed[name] = _with(frame[[name]], name, values, mask)[name]
        self.draft.frames[self.name] = frame.assign(**changed)

    def _unique_rules(self) -> list[UniqueIndex]:
        plain = [UniqueIndex(tuple(f'"{name}"' for name in key)) for key in self.keys]
        return [*plain, *self.sets]

    def _codes(self, rule: UniqueIndex, candidates: pd.DataFrame) -> tuple[Integers, Integers]:
        """Return the numbers of what must differ: of the rows, and of the candidates."""
        if not rule.where and not rule.nulls_equal and all(part[:1] == '"' for part in rule.of):
            names = [part.strip('"') for part in rule.of]
            first = [self.frame[name] for name in names]
            second = [candidates[name] for name in names]
        else:
            first = rule.parts(self._lookup(self.frame).meant, len(self.frame))
            second = rule.parts(self._lookup(candidates).meant, len(candidates))
        (here, there), _ = tuple_codes(first, second)
        return here, there

    def _taken(self, here: Integers, there: Integers, source: Integers) -> Flags:
        """Return which candidates repeat another row than the one they would replace."""
        size = int(max(here.max(initial=0), there.max(initial=0))) + 1
        counts = np.bincount(here[here >= 0], minlength=size)
        own = (here[source] == there).astype(np.int64)
        return (there >= 0) & (counts[np.maximum(there, 0)] - own > 0)


def _own_formulas(table: Table) -> dict[str, str]:
    """Return how columns are computed from their row alone, by their names in lower case."""
    return {
        name.lower(): column.derived
        for name, column in table.columns.items()
        if column.derived is not None and not any(t for t, _ in columns_of(column.derived))
    }


def _with(frame: pd.DataFrame, name: str, values: pd.Series, mask: Flags) -> pd.DataFrame:
    """Return the rows with other values of a column where the mask says so."""
    if not mask.any():
        return frame
    old = frame[name].reset_index(drop=True)
    whole = old.astype(object).where(~mask, values.astype(object).reset_index(drop=True))
    dtype = old.dtype if not whole.isna().any() else nullable(old.dtype)
    try:
        fitting = whole.astype(dtype)
    except (TypeError, ValueError):
        fitting = whole
    return frame.assign(**{name: fitting.to_numpy() if fitting.dtype == object else fitting.array})
