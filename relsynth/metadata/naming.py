"""What the names of tables and columns tell about keys and references."""

from __future__ import annotations

import re
from functools import cache

_PART = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# plurals of buses and bonuses; houses, causes and fuses are those of words in "use"
_USES = ("buses", "nuses", "puses", "ruses", "suses", "tuses")
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman"}
_PREFIXES = frozenset({"dim", "fact", "tbl", "tb", "stg", "raw"})
IDENTIFIERS = frozenset({"id", "key", "pk", "fk", "sk", "uuid", "guid", "oid", "ref", "code"})
NUMBERS = frozenset({"no", "nr", "num", "number", "seq", "sequence", "position", "line", "index"})
_IN_FRONT = frozenset({"id", "fk", "pk"})
_GENERIC = IDENTIFIERS | NUMBERS | {"name", "type", "status", "value", "title", "description"}
_PREPOSITIONS = frozenset({"by", "to", "via", "of", "for", "from"})
_UPWARDS = frozenset(
    {"parent", "manager", "boss", "supervisor", "superior", "predecessor", "previous", "replace"}
    | {"referrer", "mentor", "head", "ancestor", "father", "mother", "sire", "dam"}
)
_STAFF = frozenset({"employee", "staff", "worker", "person", "user"})
_PEOPLE = _STAFF | {"customer", "client", "patient", "member", "player", "student", "account"}
_FIRMS = frozenset(
    {"company", "firm", "organisation", "organization", "business", "supplier", "vendor", "partner"}
    | {"employer", "merchant", "seller", "tenant", "hospital", "clinic", "practice"}
)
_DUTIES = frozenset(
    {"manager", "boss", "supervisor", "rep", "representative", "agent", "owner", "author"}
    | {"creator", "editor", "assignee", "approver", "seller", "salesperson", "leader", "head"}
)
_BEGINNING = 4  # signs before a preposition or an ending, or these are part of the word


@cache
def words_of(name: str, vocabulary: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the words of a name, each in the form that its singular and plural share.

    An identifier in front is moved behind, a number behind an identifier is dropped.

    Parameters
    ----------
    name : str
        In snake_case, camelCase, with spaces or glued to ``id`` as in ``userid``.
    vocabulary : frozenset of str
        Words after which a glued ``id`` is split off.

    Examples
    --------
    >>> words_of("BillingAddresses"), words_of("userid", frozenset({"user"}))
    (('billing', 'address'), ('user', 'id'))
    >>> words_of("id_client"), words_of("atom_id2")
    (('client', 'id'), ('atom', 'id'))
    """
    parts = [hump for part in _PART.findall(name) for hump in _HUMP.split(part)]
    words = [stem(part.lower()) for part in parts]
    if len(words) > 2 and words[-1].isdigit() and words[-2] in IDENTIFIERS:
        del words[-1]
    if len(words) > 1 and words[0] in _IN_FRONT:
        front = words.pop(0)
        words += [] if words[-1] in IDENTIFIERS else [front]
    if words and words[-1].endswith("id") and stem(words[-1][:-2]) in vocabulary:
        words[-1:] = [stem(words[-1][:-2]), "id"]
    return tuple(words)


@cache
def table_words(name: str) -> tuple[str, ...]:
    """Return the words of a table name without prefixes such as ``dim_`` or ``schema.``."""
    own = name.rpartition(".")[2]
    words = words_of(own) or (own.lower(),)
    return words[1:] if len(words) > 1 and words[0] in _PREFIXES else words


def stem(word: str) -> str:
    """Return a form that singular and plural of an English noun share.

    Examples
    --------
    >>> stem("categories"), stem("category"), stem("movies"), stem("movie")
    ('category', 'category', 'movy', 'movy')
    >>> stem("buses"), stem("houses")
    ('bus', 'house')
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith(("ies", "ie")):
        return word.removesuffix("s").removesuffix("ie") + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", *_USES)):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def _root(word: str) -> str:
    """Return what singular and plural of a noun share in German, Dutch, Italian and Spanish.

    Examples
    --------
    >>> _root("kunden"), _root("kunde"), _root("clienti"), _root("cliente")
    ('kund', 'kund', 'client', 'client')
    """
    ending = "en" if word.endswith("en") else word[-1:] if word[-1:] in ("e", "i", "a", "o") else ""
    return word.removesuffix(ending) if len(word) - len(ending) >= _BEGINNING else word


def _is_plural_of(word: str, other: str) -> bool:
    """Return whether a word is another one in plural: ``positionen`` counts, and refers to none."""
    return len(word) > len(other) or (word.endswith("i") and not other.endswith("i"))


def is_identifier(words: tuple[str, ...]) -> bool:
    """Return whether a column is named like an identifier, such as ``customer_id``."""
    return bool(words) and words[-1] in IDENTIFIERS


def is_about_parties(table: str) -> bool:
    """Return whether the rows of a table are people or firms, by its name."""
    return not (_PEOPLE | _FIRMS).isdisjoint(table_words(table))


def is_position(words: tuple[str, ...]) -> bool:
    """Return whether a column is named like a position in a group, such as ``line_no``."""
    return bool(words) and words[-1] in NUMBERS


def is_reference_like(words: tuple[str, ...]) -> bool:
    """Return whether a column is named like an identifier or ends as in ``created_by``."""
    return is_identifier(words) or (len(words) > 1 and words[-1] in _PREPOSITIONS)


def reference_name(
    column: str,
    parent: str,
    key: str,
    *,
    same_table: bool,
    vocabulary: frozenset[str] = frozenset(),
) -> tuple[float, str]:
    """Return how strongly the name of a column speaks for a reference, and why.

    Parameters
    ----------
    parent, key : str
        The table it may refer to, and the key of that table.
    same_table : bool
        Whether the column stands in that very table.
    vocabulary : frozenset of str
        See `words_of`.

    Returns
    -------
    float
        1 for the name of the table with its key, 0.95 for that of the key, 0.05 less for singular
        in place of plural, 0.2 less behind a prefix; 0.7 for words such as "manager"
        in the same table and 0.6 where they may refer to a table of staff; 0.5 for a common
        beginning; else 0.
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
        return forms[words]
    roots = tuple(map(_root, words))
    alike = [
        spelled
        for form, spelled in forms.items()
        if tuple(map(_root, form)) == roots
        and (words[-1] in IDENTIFIERS or not _is_plural_of(words[-1], form[-1]))
    ]
    if alike and not same_table:
        return max(alike)[0] - 0.05, f"{max(alike)[1]} in another number"
    for form, (score, why) in forms.items():
        if len(words) > len(form) and words[-len(form) :] == form:
            return score - 0.2, f"{why}, behind a prefix"
    if same_table:
        upwards = _UPWARDS.intersection(words) or words == ("report", "to")
        return (0.7, "named like a reference to its own table") if upwards else (0.0, "")
    if table_words(parent)[-1] in _STAFF and not _DUTIES.isdisjoint(words[-2:]):
        return 0.6, "named after a duty of staff"
    start = _common_start(words[0], table_words(parent)[-1])
    if len(words) > 1 and words[-1] in _PREPOSITIONS and start >= _BEGINNING:
        return 0.5, "a common beginning with the table's name"
    return 0.0, ""


@cache
def _expected(
    table: tuple[str, ...], key: tuple[str, ...]
) -> dict[tuple[str, ...], tuple[float, str]]:
    """Return the names a reference to a table usually has, the most telling ones first."""
    generic = set(key) <= _GENERIC
    named = [table + (key if generic else key[-1:])]
    if is_identifier(key):
        named += [*((*table, word) for word in ("id", "key", "ref", "fk")), table]
    alike = [] if generic else [key]
    if key and key[-1] not in _GENERIC:
        alike.append(key[-1:])
    forms = dict.fromkeys(named, (1.0, "named after the table"))
    return forms | {form: (0.95, "named like the key") for form in alike if form not in forms}


def _common_start(a: str, b: str) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))
