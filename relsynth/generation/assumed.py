"""What is assumed of a schema that says little: sums and copies, by the names of columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from relsynth.constraints.expression import parse_expression
from relsynth.constraints.narrowing import conjuncts
from relsynth.errors import ConstraintError, SchemaError, did_you_mean
from relsynth.generation.payments import with_currencies, with_payments
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, ForeignKey, Note, Table
from relsynth.schema.expressions import column_names
from relsynth.schema.hints import stage_of, words_of_name
from relsynth.schema.native import parse_native

GROUPS = (
    "sums",
    "order in time",
    "states",
    "slugs",
    "low and high",
    "places",
    "together",
    "references",
)
_UNITS = ("cents", "usd", "eur", "pence", "amount")
_SUBTOTAL = ("subtotal", "net", "nettotal", "netto", "roomtotal", "itemstotal", "goodstotal",
             "itemtotal", "basetotal")  # fmt: skip
_BASE = ("price", "ticketprice", "baseprice", "base", "fare", "basefare", "facevalue", "meterfare",
         "cost", "", "gross")  # fmt: skip
"""What a total starts from where no subtotal stands beside it; an amount has no other name."""
_ADDED = ("tax", "vat", "gst", "mwst", "shipping", "shippingcost", "freight", "tip", "insurance")
_FEES = ("fee", "fees", "surcharge", "handling", "postage", "gratuity")
_CHARGES = ("charge", "charges", "fee", "cost")
_TAXES = ("tax", "vat", "gst", "mwst")
_TAKEN = ("discount", "rebate")
_TOTAL = ("total", "grandtotal", "totalprice", "totaldue", "gross", "grosstotal", "totalcost",
          "totalfare", "totalpay", "totalcharge", "totalcharges", "finalprice", "ordertotal",
          "invoicetotal", "totalpayable")  # fmt: skip
_LINE = ("linetotal", "lineprice", "extendedprice", "totalprice", "roomtotal", "subtotal",
         "total", "line", "")  # fmt: skip
_QUANTITY = ("quantity", "qty")
_PRICE = ("unitprice", "price", "priceeach", "itemprice", "listprice")
_SPANS = {"nights": ("nightlyrate", "nightprice", "baserate", "rate"),
          "days": ("dailyrate", "dayrate", "dailyprice", "rate"),
          "hours": ("hourlyrate", "hourrate", "rate")}  # fmt: skip
_STAYS = (("checkin", "checkout"), ("arrival", "departure"), ("start", "end"), ("pickup", "return"),
          ("from", "to"))  # fmt: skip
_RATES = ("nightlyrate", "nightprice", "dailyrate", "dayrate", "dailyprice")
_OPEN = ("due", "balance", "outstanding", "remaining")
_SETTLED = ("paid", "covered", "received")
_VOTES = (("upvotes", "downvotes"), ("likes", "dislikes"), ("ups", "downs"))
_SUM = re.compile(
    r'(?P<target>"?\w+"?) = (?P<formula>\(*"?[a-zA-Z_]\w*"?( [+-] \(*"?[a-zA-Z_]\w*"?\)*)+)'
)
RATE = 0.2  # of tax: near the middle of the usual rates of value-added tax


def chosen_groups(assume: bool | Collection[str]) -> tuple[str, ...]:
    """Return the groups of assumptions that hold.

    Raises
    ------
    SchemaError
        For an unknown group.
    """
    if isinstance(assume, bool):
        return GROUPS if assume else ()
    for name in assume:
        if name not in GROUPS:
            raise SchemaError(f"assume: no group {name!r}; {did_you_mean(name, GROUPS)}")
    return tuple(name for name in GROUPS if name in assume)


def with_sums(metadata: Metadata) -> tuple[Metadata, list[Note]]:
    """Add the formulas that the names of columns suggest, each with a note that says so.

    Returns
    -------
    Metadata
        With ``derived`` columns and ``sum`` constraints where the schema said nothing.
    list of Note
    """
    notes: list[Note] = []
    lines: dict[str, str] = {}
    tables = dict(metadata.tables)
    for name, table in metadata.tables.items():
        for column, formula, why in _formulas(metadata, table):
            changed = replace(table.columns[column], derived=formula)
            tables[name] = replace(tables[name], columns={**tables[name].columns, column: changed})
            notes.append(Note(f"{name}.{column}", f"is assumed to be {formula}", why))
            if why == _BY_LINE:
                lines[name] = column
    for child, column in lines.items():
        for key in metadata.parents_of(child):
            parent = tables[key.parent]
            target = _header(metadata, key, parent)
            if target is not None:
                rule = {"type": "sum", "column": target, "of": f"{child}.{column}"}
                columns = {**parent.columns, target: replace(parent.columns[target], derived=None)}
                tables[key.parent] = replace(
                    parent, columns=columns, constraints=(*parent.constraints, rule)
                )
                decision = f"is assumed to be the sum of {child}.{column}"
                notes.append(Note(f"{key.parent}.{target}", decision, "the names of the columns"))
    summed = metadata.replace_tables(tables.values()) if notes else metadata
    paid, more = with_payments(summed)
    same, further = with_currencies(paid)
    return same, [*notes, *more, *further]


_BY_LINE = "a quantity and a price stand beside it"


def _plain(name: str) -> str:
    return "".join(word for word in words_of_name(name) if word not in _UNITS)


def _free(metadata: Metadata, table: Table) -> dict[str, str]:
    """Return the columns of numbers that nothing is said of, by what they are called."""
    keyed = metadata.key_columns(table.name) | {n for group in table.unique for n in group}
    keyed |= _held(table)
    ruled = {
        str(given.get(word)) for given in table.constraints for word in ("column", "low", "high")
    }
    return {
        _plain(name): name
        for name, column in table.columns.items()
        if name not in keyed and name not in ruled and _is_free(column)
    }


def _held(table: Table) -> set[str]:
    """Return the columns that conditions hold to more than not being negative, or a sum."""
    return {
        name
        for part in _parts_of_checks(table)
        if not re.fullmatch(
            r'\W*(\w+"?|CAST\("?\w+"? AS \w+\)) >= \W*0(\.0*)?\W*( AS \w+\))?', part
        )
        and not _SUM.fullmatch(part)
        for _, name in column_names(part)
    }


def _parts_of_checks(table: Table) -> Iterator[str]:
    for check in table.checks:
        try:
            parts = [part.sql(dialect="postgres") for part in conjuncts(parse_expression(check))]
        except ConstraintError:
            parts = [check]
        yield from parts


def _stated(table: Table, free: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield the columns that a condition says are sums or differences of others."""
    names = set(free.values())
    for found in filter(None, map(_SUM.fullmatch, _parts_of_checks(table))):
        target, formula = found["target"].strip('"'), found["formula"]
        others = {name for _, name in column_names(formula)}
        if target in names and others <= names - {target}:
            names.discard(target)
            yield target, formula, "a condition says so"


def _is_free(column: Column) -> bool:
    said = (column.derived, column.low, column.high, column.values, column.distribution)
    numeric = column.kind in ("numeric", "integer") and not column.generated
    return numeric and all(part is None for part in said)


def _formulas(metadata: Metadata, table: Table) -> Iterator[tuple[str, str, str]]:
    free = _free(metadata, table)
    numbers = {_plain(n): n for n, c in table.columns.items() if c.kind in ("numeric", "integer")}

    def first(words: tuple[str, ...], among: dict[str, str]) -> str | None:
        return next((among[word] for word in words if word in among), None)

    stated = {target: (target, formula, why) for target, formula, why in _stated(table, free)}
    yield from stated.values()
    free = {word: name for word, name in free.items() if name not in stated}
    yield from _votes(table, free, numbers)
    yield from _left(table, free, numbers)
    pay = list(_pay(table, free, numbers))
    yield from pay
    if pay:
        return
    yield from _stays(table, free, numbers)
    quantity, price = first(_QUANTITY, numbers), first(_PRICE, numbers)
    for span, rates in _SPANS.items():
        if quantity is None and span in numbers and first(rates, numbers) is not None:
            quantity, price = numbers[span], first(rates, numbers)
    line = None
    if quantity is not None and price is not None:
        line = first(_LINE, free)
        if line is not None and line not in (quantity, price):
            yield line, f"{_known(table, quantity)} * {_known(table, price)}", _BY_LINE
        given = _plain(price) in (*_PRICE, *_RATES) and price in free.values()
        copied = _copied(metadata, table, price) if given else None
        if copied is not None:
            yield price, copied, "the price of what is sold"
        if line is None or _plain(line) in _TOTAL:
            yield from _settled(table, numbers, free, line or first(_TOTAL, numbers))
            return
    subtotal, total = first(_SUBTOTAL, numbers), first(_TOTAL, free)
    added = [n for word, n in numbers.items() if word in _ADDED or _ends(n, _FEES)]
    taken = [n for word, n in numbers.items() if word in _TAKEN or _ends(n, _TAKEN)]
    subtotal, added = _based(numbers, subtotal, total, added)
    if subtotal is None:
        yield from _settled(table, numbers, free, total or first(_TOTAL, numbers))
        return
    added = [n for n in added if n not in (subtotal, total)]
    if total is not None and total != subtotal and (added or taken):
        parts = [_known(table, subtotal), *(f"+ {_known(table, n)}" for n in added)]
        parts += [f"- {_known(table, n)}" for n in taken]
        yield total, " ".join(parts), "its parts stand beside it"
    elif total is None and "net" in free and free["net"] != subtotal and added:
        parts = [_known(table, subtotal), *(f"- {_known(table, n)}" for n in [*added, *taken])]
        yield free["net"], " ".join(parts), "what is kept of an amount stands beside it"
    is_summed = total or "net" in free or not stated.keys().isdisjoint(numbers.values())
    yield from _parts(table, free, subtotal, added if is_summed else [], taken)
    yield from _settled(table, numbers, free, total or first(_TOTAL, numbers) or subtotal)


_WHOLE = ("total", "capacity", "onhand", "stock", "instock", "quantity", "entitled", "granted",
          "allowed", "allocated", "budget", "limit", "max")  # fmt: skip
_SPENT = ("sold", "reserved", "used", "taken", "booked", "spent", "allocated", "committed",
          "occupied", "redeemed", "consumed")  # fmt: skip
_LEFT = ("left", "remaining", "available", "free", "unsold", "unused", "vacant")


def _left(
    table: Table, free: dict[str, str], numbers: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield what is left of a stock or a budget, where what was taken of it stands beside it."""

    def rest(name: str, listed: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return what is counted, where a name says that it is counted in this way."""
        words = [word for word in words_of_name(name) if word not in _UNITS]
        if "".join(words) in listed:
            return ()
        found = [word for word in words if word in listed]
        return tuple(word for word in words if word not in found) if found else None

    for name in free.values():
        counted = rest(name, _LEFT)
        if counted is None:
            continue
        others = [n for n in numbers.values() if n != name]
        spent = next((n for n in others if rest(n, _SPENT) in (counted, ())), None)
        whole = next((n for n in others if n != spent and rest(n, _WHOLE) in (counted, ())), None)
        if spent is not None and whole is not None:
            formula = f"{_known(table, whole)} - {_known(table, spent)}"
            yield name, formula, "what was there and what was taken stand beside it"


_HELD_BACK = ("tax", "security", "insurance", "pension", "contribution", "withholding",
              "withheld", "medicare", "deduction", "deductions")  # fmt: skip
_HELD_SHARE = 0.08  # of a wage for each thing that is held back: a usual contribution


def _pay(
    table: Table, free: dict[str, str], numbers: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield a net wage of the gross one and what is held back."""
    for gross in numbers.values():
        words = words_of_name(gross)
        net = next((n for n in free.values()
                    if words_of_name(n) == ("net", *words[1:])), None)  # fmt: skip
        if words[:1] != ("gross",) or len(words) < 2 or net is None:
            continue
        held = [n for n in numbers.values() if _ends(n, _HELD_BACK) and n not in (gross, net)]
        whole = [n for n in held if _ends(n, ("deduction", "deductions"))]
        parts = [n for n in held if n not in whole]
        for name in [n for n in parts or whole if n in free.values()]:
            share = f"ROUND({_known(table, gross)} * {_HELD_SHARE}, {_places(table, name)})"
            yield name, share, "a usual share of a wage"
        if whole and parts and whole[0] in free.values():
            total = " + ".join(_known(table, n) for n in parts)
            yield whole[0], total, "what is held back stands beside it"
        taken = whole[:1] or parts
        if taken:
            formula = " ".join([_known(table, gross), *(f"- {_known(table, n)}" for n in taken)])
            yield net, formula, "what is held back stands beside it"


def _stays(
    table: Table, free: dict[str, str], numbers: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield the price of a stay from its first to its last day, where no column counts them."""
    rate = next((numbers[word] for word in _RATES if word in numbers), None)
    target = next((free[word] for word in (*_LINE, *_TOTAL) if word in free), None)
    counted = set(numbers) & {*_SPANS, *_QUANTITY}
    stay = None if rate is None or target in (None, rate) or counted else _stay(table)
    if stay is not None and rate is not None and target is not None:
        yield target, f"{stay} * {_known(table, rate)}", "so many days at that rate"


def _stay(table: Table) -> str | None:
    """Return how many days lie between the two days of a stay."""
    days = {
        words_of_name(name): name
        for name, column in table.columns.items()
        if parse_native(column.native).family == "date" and column.nullable is False
    }
    for first, last in _STAYS:
        start = next((n for words, n in days.items() if "".join(words).startswith(first)), None)
        end = next((n for words, n in days.items() if "".join(words).startswith(last)), None)
        if start is not None and end is not None:
            return f'("{end}" - "{start}")'
    return None


def _votes(
    table: Table, free: dict[str, str], numbers: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield a score that counts votes for and against."""
    for up, down in _VOTES:
        if "score" in free and up in numbers and down in numbers:
            formula = f"{_known(table, numbers[up])} - {_known(table, numbers[down])}"
            yield free["score"], formula, "what it counts stands beside it"


def _based(
    numbers: dict[str, str], subtotal: str | None, total: str | None, added: list[str]
) -> tuple[str | None, list[str]]:
    """Return what a total starts from, and what is added to it."""
    kept = total is None and bool({"", "gross"} & set(numbers))  # net is what a fee leaves
    if subtotal is None or (kept and _plain(subtotal) == "net"):
        subtotal = next((numbers[word] for word in _BASE if word in numbers), None)
    if subtotal is None and total is not None:  # a bill of several charges
        charges = [n for n in numbers.values() if _ends(n, _CHARGES)]
        subtotal = charges[0] if len(charges) > 1 else None
        added = [*added, *(n for n in charges[1:] if n not in added)]
    return subtotal, added


def _ends(name: str, words: tuple[str, ...]) -> bool:
    plain = [word for word in words_of_name(name) if word not in _UNITS]
    return bool(plain) and plain[-1] in words


def _parts(
    table: Table, free: dict[str, str], base: str, added: list[str], taken: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield discounts, taxes and fees as shares of what they are taken of."""
    of = _known(table, base)
    for name in [n for n in taken if n in free.values()]:
        share = f"(CAST(FLOOR({of}) AS BIGINT) % 3) * 0.05"
        yield name, f"ROUND({of} * {share}, {_places(table, name)})", "0, 5 or 10 percent"
    for name in [n for n in added if n in free.values()]:
        if _plain(name) in _TAXES:
            yield name, f"ROUND({of} * {RATE}, {_places(table, name)})", "a usual rate"
        elif _ends(name, (*_FEES, "tip")):
            share = f"(0.02 + (CAST(FLOOR({of}) AS BIGINT) % 7) * 0.01)"
            yield name, f"ROUND({of} * {share}, {_places(table, name)})", "2 to 8 percent"


def _settled(
    table: Table, numbers: dict[str, str], free: dict[str, str], total: str | None
) -> Iterator[tuple[str, str, str]]:
    """Yield what is paid of a total, what is open, and what was paid in advance or back."""
    if total is None:
        return
    whole, moments = _known(table, total), {
        word: name for name, column in table.columns.items() if column.kind == "datetime"
        for word in words_of_name(name)
    }  # fmt: skip
    settled = [n for n in numbers.values() if n != total and set(words_of_name(n)) & {*_SETTLED}]
    for name in [n for n in settled if n in free.values()]:
        paid = moments.get("paid") if "paid" in words_of_name(name) else None
        share = f"ROUND({whole} * (0.5 + (CAST(FLOOR({whole}) AS BIGINT) % 6) * 0.1), "
        part = f"{share}{_places(table, name)})"
        formula = part if paid is None else f'CASE WHEN "{paid}" IS NULL THEN 0 ELSE {whole} END'
        yield name, formula, "it is part of what is owed"
    for name in [n for n in free.values() if n != total and _ends(n, _OPEN) and settled]:
        parts = [whole, *(f"- {_known(table, n)}" for n in settled)]
        yield name, " ".join(parts), "what is paid stands beside it"
    for name in [n for n in free.values() if _ends(n, ("deposit", "prepayment"))]:
        share = f"(0.1 + (CAST(FLOOR({whole}) AS BIGINT) % 4) * 0.1)"
        yield name, f"ROUND({whole} * {share}, {_places(table, name)})", "10 to 40 percent"
    back = moments.get("refunded")
    for name in [n for n in free.values() if "refunded" in words_of_name(n) and back]:
        if name != total and table.columns[name].nullable is not False:
            formula = f'CASE WHEN "{back}" IS NULL THEN NULL ELSE {whole} END'
            yield name, formula, "no more is paid back than was paid"


def _places(table: Table, name: str) -> int:
    return 0 if table.columns[name].kind == "integer" else 2


def _known(table: Table, name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return quoted if table.columns[name].nullable is False else f"COALESCE({quoted}, 0)"


def _copied(metadata: Metadata, table: Table, price: str) -> str | None:
    """Return the price of the product that a line refers to."""
    kind = table.columns[price].kind
    found = [
        (key, name)
        for key in metadata.parents_of(table.name)
        if key.when is None and key.nullable is not True and _single(metadata, key)
        for name, column in metadata.tables[key.parent].columns.items()
        if (_plain(name) in _PRICE or _plain(name) == _plain(price)) and column.kind == kind
    ]
    if len(found) != 1:
        return None
    key, name = found[0]
    told = metadata.tables[key.parent].columns[name].nullable is False
    priced = f'"{key.parent}"."{name}"'
    if told or table.columns[price].nullable is not False:
        return priced
    return f"COALESCE({priced}, {1_000 if kind == 'integer' else 10})"  # the few without a price


def _single(metadata: Metadata, key: ForeignKey) -> bool:
    others = [k for k in metadata.parents_of(key.child) if k.parent == key.parent]
    return len(others) == 1 and not key.is_self_reference


def _header(metadata: Metadata, key: ForeignKey, table: Table) -> str | None:
    """Return the column of a parent that the amounts of its lines add up to."""
    if not _single(metadata, key) or key.when is not None:
        return None
    free = _free(metadata, table)
    quantities = {_plain(name) for name in table.columns} & {*_QUANTITY, *_PRICE}
    found = next((free[word] for word in (*_SUBTOTAL, *_TOTAL) if word in free), None)
    return None if quantities else found


def levels_by_stages(table: Table) -> tuple[str, ...]:
    """Return the states that a table's moments speak of: pending, then one for each."""
    stages = [stage_of(name) for name, column in table.columns.items() if column.kind == "datetime"]
    known = {s.word: s for s in stages if s is not None and 1 < s.number < 6 and not s.future}
    words = sorted((w for w in known if w.endswith("ed") or w in ("paid", "sent")),
                   key=lambda word: known[word].number)  # fmt: skip
    return ("pending", *words) if words else ()
