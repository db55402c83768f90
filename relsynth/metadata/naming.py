"""What the names of tables and columns tell about keys and references."""

from __future__ import annotations

import re
from collections.abc import Collection

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman"}
_PREFIXES = frozenset({"dim", "fact", "tbl", "tb", "stg", "raw"})
IDENTIFIERS = frozenset({"id", "key", "pk", "fk", "sk", "uuid", "guid", "oid", "ref", "code"})
NUMBERS = frozenset({"no", "nr", "num", "number", "seq", "sequence", "position", "line", "index"})
_GENERIC = IDENTIFIERS | NUMBERS | {"name", "type", "status", "value", "title", "description"}
_PREPOSITIONS = frozenset({"by", "to", "via", "of", "for", "from"})
_UPWARDS = frozenset(
    {"parent", "manager", "boss", "supervisor", "superior", "predecessor", "previous", "replace"}
    | {"referrer", "mentor", "head", "ancestor", "father", "mother", "sire", "dam"}
)
_STEM = 4


def words_of(name: str, vocabulary: Collection[str] = ()) -> tuple[str, ...]:
    """Return the words of a name, each in the form that its singular and plural share.

    Parameters
    ----------
    name : str
        In snake_case, camelCase, with spaces or glued to ``id`` as in ``movieid``.
    vocabulary : collection of str
        Words after which a glued ``id`` is split off.

    Examples
    --------
    >>> words_of("BillingAddresses"), words_of("userid", {"user"})
    (('billing', 'address'), ('user', 'id'))
    """
    words = [stem(part.lower()) for part in _PART.findall(name)]
    if words and words[-1].endswith("id") and stem(words[-1][:-2]) in vocabulary:
        words[-1:] = [stem(words[-1][:-2]), "id"]
    return tuple(words)


def table_words(name: str) -> tuple[str, ...]:
    """Return the words of a table name without prefixes such as ``dim_``."""
    words = words_of(name)
    return words[1:] if len(words) > 1 and words[0] in _PREFIXES else words


def stem(word: str) -> str:
    """Return a form that singular and plural of an English noun share.

    Examples
    --------
    >>> stem("categories"), stem("category"), stem("movies"), stem("movie")
    ('category', 'category', 'movy', 'movy')
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith(("ies", "ie")):
        return word.removesuffix("s").removesuffix("ie") + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "tuses", "ruses", "puses")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def is_identifier(words: tuple[str, ...]) -> bool:
    """Return whether a column is named like an identifier, such as ``customer_id``."""
    return bool(words) and words[-1] in IDENTIFIERS


def is_position(words: tuple[str, ...]) -> bool:
    """Return whether a column is named like a position in a group, such as ``line_no``."""
    return bool(words) and words[-1] in NUMBERS


def is_reference_like(words: tuple[str, ...]) -> bool:
    """Return whether a column is named like an identifier or ends as in ``created_by``."""
    return is_identifier(words) or (len(words) > 1 and words[-1] in _PREPOSITIONS)


def reference_name(
    column: str, parent: str, key: str, *, same_table: bool, vocabulary: Collection[str] = ()
) -> tuple[float, str]:
    """Return how strongly the name of a column speaks for a reference, and why.

    Parameters
    ----------
    column : str
    parent, key : str
        The table it may refer to, and the key of that table.
    same_table : bool
        Whether the column stands in that very table.
    vocabulary : collection of str
        See `words_of`.

    Returns
    -------
    float
        1 for the same name, or table and identifier; 0.8 for either behind a prefix; 0.7 for
        words such as "manager" in the same table; 0.5 for a common beginning; else 0.
    str
    """
    words = words_of(column, vocabulary)
    forms = _expected(table_words(parent), words_of(key, vocabulary))
    if not words:
        return 0.0, ""
    plural = column.lower().endswith("s") and not words[-1].endswith("s")
    if plural and words[-1] not in IDENTIFIERS:
        forms = {form: why for form, why in forms.items() if form != table_words(parent)}
    if words in forms and not same_table:
        return 1.0, forms[words]
    for form in forms:
        if len(words) > len(form) and words[-len(form) :] == form:
            return 0.8, f"{forms[form]}, behind a prefix"
    if same_table and (_UPWARDS.intersection(words) or words == ("report", "to")):
        return 0.7, "named like a reference to its own table"
    start = _common_start(words[0], table_words(parent)[-1])
    if not same_table and len(words) > 1 and words[-1] in _PREPOSITIONS and start >= _STEM:
        return 0.5, "a common beginning with the table's name"
    return 0.0, ""


def _expected(table: tuple[str, ...], key: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """Return the names a reference to a table usually has."""
    generic = set(key) <= _GENERIC
    forms = {table + (key if generic else key[-1:]): "named after the table and its key"}
    if is_identifier(key):
        forms |= {(*table, word): "named after the table" for word in ("id", "key", "ref", "fk")}
        forms[table] = "named after the table"
    if not generic:
        forms[key] = "named like the key"
    return forms


def _common_start(a: str, b: str) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))
