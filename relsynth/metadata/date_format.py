"""Tell the format of dates that are kept as text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime
from itertools import chain

import pandas as pd

_ISO = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
)
_FURTHER = ("%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d", "%d %b %Y", "%d-%b-%Y")
_COMPACT = "%Y%m%d"
_PROBE = 100
_SHORTEST = 6


def guess_format(values: pd.Series) -> str | None:
    """Return the ``strftime`` format that every date of a text column follows.

    Parameters
    ----------
    values : Series of str

    Returns
    -------
    str or None
        A format under which reading and writing gives the same text for every value, else
        one that reads every value; ``None`` where there is no value or no such format.

    Notes
    -----
    Formats are tried on the first hundred distinct values before all of them. A date such as
    ``01/02/2020`` is read with the month first unless another value of the column forbids it.

    Examples
    --------
    >>> guess_format(pd.Series(["01/02/2020", "13/02/2020"]))
    '%d/%m/%Y'
    """
    distinct = pd.Series(values.dropna().unique(), dtype=object)
    if not len(distinct) or pd.api.types.infer_dtype(distinct) != "string":
        return None
    first = distinct.iloc[0]
    if len(first) < _SHORTEST or not any(sign.isdigit() for sign in first):
        return None
    if distinct.head(_PROBE).str.fullmatch(r"[-+.\d]*\d").all() and first.count("-") < 2:
        forms = [_COMPACT, *_FURTHER[:1]]
    else:
        forms = list(dict.fromkeys(chain(_ISO, _guesses(first), _FURTHER)))
    readable = [form for form in forms if _reads(distinct.head(_PROBE), form)]
    exact = (form for form in readable if _reads(distinct, form, exactly=True))
    loose = (form for form in readable if form != _COMPACT and _reads(distinct, form))
    return next(exact, None) or next(loose, None)


def _guesses(date: str) -> Iterator[str]:
    for dayfirst in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            form = pd.tseries.api.guess_datetime_format(date, dayfirst=dayfirst)
        if form:
            yield form


def is_date(text: str, form: str) -> bool:
    """Return whether a text is a date of a format, however far from our time."""
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _reads(distinct: pd.Series, form: str, *, exactly: bool = False) -> bool:
    read = pd.to_datetime(distinct, format=form, errors="coerce", utc="%z" in form)
    far = read.isna()
    if not all(is_date(text, form) for text in distinct[far]):
        return False
    return not exactly or bool((read[~far].dt.strftime(form) == distinct[~far]).all())
