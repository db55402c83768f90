"""Tell the format of dates that are kept as text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import chain

import pandas as pd

_ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_FURTHER = ("%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y")
_PROBE = 100


def guess_format(values: pd.Series) -> str | None:
    """Return the ``strftime`` format that every date of a text column follows.

    Parameters
    ----------
    values : Series of str

    Returns
    -------
    str or None
        The format under which reading and writing gives the same text for every value;
        ``None`` where there is no value or no such format.

    Notes
    -----
    Formats are tried on the first hundred distinct values before all of them. A date such as
    ``01/02/2020`` is read with the month first unless another value of the column forbids it.
    """
    distinct = pd.Series(values.dropna().unique(), dtype=object)
    if not len(distinct) or pd.api.types.infer_dtype(distinct) != "string":
        return None
    first = distinct.iloc[0]
    if not any(sign.isdigit() for sign in first) or len(first) < 6:
        return None
    fits = (
        form
        for form in chain(_ISO, _guesses(first), _FURTHER)
        if _follows(distinct.head(_PROBE), form) and _follows(distinct, form)
    )
    return next(fits, None)


def _guesses(date: str) -> Iterator[str]:
    for dayfirst in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            form = pd.tseries.api.guess_datetime_format(date, dayfirst=dayfirst)
        if form:
            yield form


def _follows(distinct: pd.Series, form: str) -> bool:
    read = pd.to_datetime(distinct, format=form, errors="coerce", utc="%z" in form)
    return not read.isna().any() and bool((read.dt.strftime(form) == distinct).all())
