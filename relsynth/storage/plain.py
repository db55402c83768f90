"""Tables in the few types that are learned, and back in the types they came in.

Inside, a column is numbers, flags, text, ``datetime64``, ``timedelta64``, times of day,
decimals or a category of these. Whatever else pandas, Arrow and the standard library hold is
changed into one of them when data come in, and changed back when rows go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.errors import DataError, Faults
from relsynth.packing import packable
from relsynth.storage.plain_arrow import ArrowForm
from relsynth.storage.plain_objects import (
    BigNumberForm,
    ByteForm,
    DayForm,
    DurationForm,
    IntegerForm,
    NamedForm,
    infer,
)
from relsynth.storage.plain_pandas import IntervalForm, PeriodForm, StringForm, ZoneForm

if TYPE_CHECKING:
    from relsynth.typing import Tables

_FORMS = (
    ArrowForm,
    StringForm,
    ZoneForm,
    PeriodForm,
    IntervalForm,
    DayForm,
    DurationForm,
    IntegerForm,
    BigNumberForm,
    ByteForm,
    NamedForm,
)


@packable
@dataclass(frozen=True, slots=True)
class Storage:
    """How the columns of a database were stored, where not in a type that is learned.

    Attributes
    ----------
    forms : mapping of str to mapping of str to form
        By table and column.
    """

    forms: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, tables: Tables) -> Storage:
        """Look at the columns of some tables.

        Raises
        ------
        DataError
            Listing every column that cannot be learned, and every index that would be lost.
        """
        forms: dict[str, dict[str, Any]] = {}
        with Faults("data", DataError) as faults:
            for table, frame in tables.items():
                _check_index(table, frame, faults)
                found = {}
                for at, name in enumerate(frame.columns):
                    try:
                        form = _form_of(frame.iloc[:, at])
                    except TypeError as error:
                        faults.add(f"{table}.{name} {error}")
                        continue
                    if form is not None:
                        found[name] = form
                if found:
                    forms[table] = found
        return cls(forms)

    def plain(self, tables: Tables) -> dict[str, pd.DataFrame]:
        """Return tables whose columns are all of types that are learned."""
        return {name: self._changed(name, frame, "plain") for name, frame in tables.items()}

    def restored(self, tables: Tables) -> dict[str, pd.DataFrame]:
        """Return plain tables in the types the real ones came in."""
        return {name: self._changed(name, frame, "restored") for name, frame in tables.items()}

    def _changed(self, table: str, frame: pd.DataFrame, way: str) -> pd.DataFrame:
        forms = self.forms.get(table, {})
        here = [name for name in forms if name in frame.columns]
        if not here:
            return frame
        made = {}
        for name in here:
            series = getattr(forms[name], way)(frame[name])
            made[name] = series.set_axis(frame.index)
        return frame.assign(**made)


def plain_tables(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return tables in the types that are learned; see `Storage`."""
    return Storage.of(tables).plain(tables)


def _form_of(series: pd.Series) -> Any:
    kind = infer(series)
    for form in _FORMS:
        found = form.of(series, kind)
        if found is not None:
            return found
    return None


def _check_index(table: str, frame: pd.DataFrame, faults: Faults) -> None:
    named = [str(name) for name in frame.index.names if name is not None]
    if named and not set(named) <= set(map(str, frame.columns)):
        faults.add(
            f"{table}: the index holds {', '.join(map(repr, named))}, which would be lost; make it "
            "a column with reset_index(), or drop it with reset_index(drop=True)"
        )
