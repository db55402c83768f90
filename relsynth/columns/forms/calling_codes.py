"""Telephone numbers begin with codes of countries that there are."""

from __future__ import annotations

import re
from functools import cache

from relsynth.columns.providers import DEFAULT, is_provider, provided

_CALLING = re.compile(r"\+\d{1,3}(?=[ /(.-])")


def of_country(text: str, share: float) -> str:
    """Return a telephone number with the code of a country in place of one that nobody has."""
    found = _CALLING.match(text)
    alike = () if found is None else _calling_codes(found.end())
    if found is None or not alike or found[0] in alike:
        return text
    return alike[int(share * len(alike))] + text[found.end() :]


@cache
def _calling_codes(length: int) -> tuple[str, ...]:
    """Return the codes of countries of a length, none where no provider knows them."""
    if not is_provider("country_calling_code"):
        return ()
    known = provided("country_calling_code", DEFAULT)
    return tuple(code for code in known if code[1:].isdecimal() and len(code) == length)
