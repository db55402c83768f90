"""Tell the format of dates that are kept as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pandas as pd

from relsynth.quiet import quiet
from relsynth.schema.date_text import DateStyle, read_dates

_ISO = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%d %H:%M:%S,%f",
)
_FURTHER = (
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d%b%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%y %H:%M",
    "%d/%m/%y %H:%M",
    "%d.%m.%Y %H:%M",
    "%d.%m.%y %H:%M",
    "%d-%m-%Y",
    "%Y年%m月%d日",
    "%Y.%m.%d",
    "%d-%m-%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m",
    "%m/%Y",
    "%b %Y",
    "%B %Y",
    "%b-%y",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%a %b %d %H:%M:%S %z %Y",
    "%d/%b/%Y:%H:%M:%S %z",
)
_COMPACT = "%Y%m%d"
# of nothing but digits, by their number; the first that fits all is taken
_OF_DIGITS = {
    8: (_COMPACT, "%d%m%Y", "%m%d%Y"),
    12: ("%Y%m%d%H%M", "%d%m%Y%H%M"),
    14: ("%Y%m%d%H%M%S", "%d%m%Y%H%M%S"),
}
_OF_SIX = ("%y%m%d", "%d%m%y", "%m%d%y")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_PROBE = 100  # texts that a format must read first, to spare reading all
_FIRST_DAY, _LAST_DAY = 1900_01_01, 2100_12_31
_CONVINCING = 4  # numbers of five or six digits that all are dates
_BARE = 20  # the same without a name that says so: one of 27 numbers is a date by chance
_SHORTEST = 6  # signs of a date
_NEARLY = 0.9  # of the texts, for the others to be called faulty
_TRIED = 3  # texts whose formats are tried: one may be faulty


def guess_format(values: pd.Series) -> str | None:
    """Return the ``strftime`` format that every date of a text column follows.

    Returns
    -------
    str or None
        A format under which reading and writing gives the same text for every value, else
        one that reads every value; ``None`` where there is no value or no such format.

    Notes
    -----
    Formats are tried on the first hundred distinct values before all of them. A date such as
    ``01/02/2020`` is read with the month first unless another value of the column forbids it.
    With ``%z`` and ``.%f`` some values may lack the offset or the fraction; see `read_dates`.

    Examples
    --------
    >>> guess_format(pd.Series(["01/02/2020", "13/02/2020"]))
    '%d/%m/%Y'
    """
    distinct = pd.Series(values.dropna().unique(), dtype=object)
    if not len(distinct) or pd.api.types.infer_dtype(distinct) != "string":
        return None
    probe = distinct.head(_PROBE)
    readable = [form for form in _candidates(distinct) if _reads(probe, form)]
    exact = (form for form in readable if _reads(distinct, form, exactly=True))
    loose = (form for form in readable if form != _COMPACT and _reads(distinct, form))
    return next(exact, None) or next(loose, None)


def guess_number_format(numbers: pd.Index, *, is_named: bool) -> str | None:
    """Return the format of whole numbers that are dates, such as 20240131 or 240131.

    Parameters
    ----------
    numbers : Index of int, shape (n_distinct,)
        The distinct values.
    is_named : bool
        Whether the column is named as a date, without which few values prove nothing.

    Notes
    -----
    Of all numbers of eight digits one in 1,200 is a date between 1900 and 2100, of those of six
    one in 27.

    Examples
    --------
    >>> guess_number_format(pd.Index([20240131, 19991231]), is_named=True)
    '%Y%m%d'
    >>> guess_number_format(pd.Index([20240131, 19991232]), is_named=True)
    """
    if not len(numbers):
        return None
    low, width = int(numbers.min()), len(str(int(numbers.max())))
    forms = _OF_DIGITS.get(width + width % 2, ()) if low > 0 else ()
    if low > 0 and width in (5, 6) and len(numbers) >= (_CONVINCING if is_named else _BARE):
        forms = _of_six(pd.Series(numbers).astype(str).str.zfill(6))
    if not is_named and len(numbers) < _CONVINCING:
        return None
    texts = pd.Series(numbers.astype("int64").to_numpy(object), dtype=object)
    return next((form for form in forms if _are_days(texts, form)), None)


def _of_six(texts: pd.Series) -> tuple[str, ...]:
    """Return the formats of six digits, first those whose days are most of the month's."""
    places = (slice(4, 6), slice(0, 2), slice(2, 4))
    days = {form: texts.str[at].nunique() for form, at in zip(_OF_SIX, places, strict=True)}
    return tuple(sorted(_OF_SIX, key=lambda form: -days[form]))


def _are_days(texts: pd.Series, form: str) -> bool:
    """Return whether all texts or numbers are dates of our time in a format of digits."""
    if not _reads(texts.head(_PROBE), form):
        return False
    local = read_dates(texts, form).local
    if np.isnat(local).any():
        return False
    years = local.astype("datetime64[Y]").astype(np.int64) + 1970
    return bool(years.min() >= _FIRST_YEAR and years.max() <= _LAST_YEAR)


def nearly_format(values: pd.Series) -> tuple[str, pd.Series] | None:
    """Return a format that most texts of a column follow, and the distinct ones that do not.

    Returns
    -------
    tuple of str and Series, or None
        ``None`` where fewer than nine in ten distinct values follow a format.
    """
    distinct = pd.Series(values.dropna().unique(), dtype=object)
    probe = distinct.head(_PROBE)
    needed = _NEARLY * len(probe)
    firsts = dict.fromkeys(chain.from_iterable(_candidates(probe[i:]) for i in range(_TRIED)))
    for form in firsts:
        if (~np.isnat(read_dates(probe, form).local)).sum() >= needed:
            odd = np.isnat(read_dates(distinct, form).local)
            return (form, distinct[odd]) if odd.mean() <= 1 - _NEARLY else None
    return None


def _candidates(distinct: pd.Series) -> list[str]:
    """Return the formats that read the first of some texts."""
    first = distinct.iloc[0] if len(distinct) else ""
    if len(first) < _SHORTEST or not any(sign.isdigit() for sign in first):
        return []
    if distinct.head(_PROBE).str.fullmatch(r"[-+.\d]*\d").all() and first.count("-") < 2:
        six = _of_six(distinct) if len(first) == 6 and len(distinct) >= _BARE else ()
        forms = [*_OF_DIGITS.get(len(first), six), "%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d", "%Y-%m"]
        if first.isdigit():
            probe = distinct.head(_PROBE)
            forms = [form for form in forms if probe.str.len().nunique() == 1]
            return [form for form in forms if _are_days(probe, form)]
    else:
        forms = list(dict.fromkeys(chain(_ISO, _guesses(first), _FURTHER)))
        forms = list(dict.fromkeys(chain(forms, chain.from_iterable(map(_wider, forms)))))
    readable = [form for form in forms if _reads(distinct.head(1), form)]
    return [f for f in readable if f != "%m/%Y" or _are_days(distinct.head(_PROBE), f)]


def _guesses(date: str) -> Iterator[str]:
    for dayfirst in (False, True):
        with quiet(UserWarning, FutureWarning):
            form = pd.tseries.api.guess_datetime_format(str(date), dayfirst=dayfirst)
        if form:
            yield form.replace("%Z", date.rpartition(" ")[2])
            if "%Z" in form:
                yield form.replace("%Z", "%z")


def _wider(form: str) -> Iterator[str]:
    """Yield the formats in which some dates have a fraction or an offset that the first lacks."""
    fraction = form if "%f" in form else form.replace("%S", "%S.%f")
    if fraction != form:
        yield fraction
    if "%H" in form and "%z" not in form and not form.endswith("Z"):
        for gap in ("", " "):
            yield from dict.fromkeys((f"{form}{gap}%z", f"{fraction}{gap}%z"))


def _reads(distinct: pd.Series, form: str, *, exactly: bool = False) -> bool:
    if not exactly:
        return not np.isnat(read_dates(distinct, form).local).any()
    return bool(DateStyle.learn(distinct, form).spells(distinct).all())
