"""What is assumed of a schema that says little: sums and copies, by the names of columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from relsynth.errors import SchemaError, did_you_mean
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, ForeignKey, Note, Table
from relsynth.schema.expressions import column_names
from relsynth.schema.hints import stage_of, words_of_name

GROUPS = ("sums", "order in time", "states", "slugs", "low and high", "places", "references")
_UNITS = ("cents", "usd", "eur", "amount")
_SUBTOTAL = ("subtotal", "net", "nettotal", "netto")
_ADDED = ("tax", "vat", "gst", "mwst", "shipping", "shippingcost", "shippingfee", "freight", "tip")
_TAXES = ("tax", "vat", "gst", "mwst")
_TAKEN = ("discount", "rebate")
_TOTAL = ("total", "grandtotal", "totalprice", "gross", "grosstotal")
_LINE = ("linetotal", "lineprice", "extendedprice", "totalprice", "total", "subtotal", "line")
_QUANTITY = ("quantity", "qty")
_PRICE = ("unitprice", "price", "priceeach", "itemprice", "listprice")
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

    Parameters
    ----------
    metadata : Metadata

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
    return metadata.replace_tables(tables.values()) if notes else metadata, notes


_BY_LINE = "a quantity and a price stand beside it"


def _plain(name: str) -> str:
    return "".join(word for word in words_of_name(name) if word not in _UNITS)


def _free(metadata: Metadata, table: Table) -> dict[str, str]:
    """Return the columns of numbers that nothing is said of, by what they are called."""
    keyed = metadata.key_columns(table.name) | {n for group in table.unique for n in group}
    keyed |= {name for check in table.checks for _, name in column_names(check)}
    ruled = {
        str(given.get(word)) for given in table.constraints for word in ("column", "low", "high")
    }
    return {
        _plain(name): name
        for name, column in table.columns.items()
        if name not in keyed and name not in ruled and _is_free(column)
    }


def _is_free(column: Column) -> bool:
    said = (column.derived, column.low, column.high, column.values, column.distribution)
    numeric = column.kind in ("numeric", "integer") and not column.generated
    return numeric and all(part is None for part in said)


def _formulas(metadata: Metadata, table: Table) -> Iterator[tuple[str, str, str]]:
    free = _free(metadata, table)
    numbers = {_plain(n): n for n, c in table.columns.items() if c.kind in ("numeric", "integer")}

    def first(words: tuple[str, ...], among: dict[str, str]) -> str | None:
        return next((among[word] for word in words if word in among), None)

    quantity, price = first(_QUANTITY, numbers), first(_PRICE, numbers)
    subtotal, total = first(_SUBTOTAL, numbers), first(_TOTAL, free)
    added = [numbers[word] for word in _ADDED if word in numbers]
    taken = [numbers[word] for word in _TAKEN if word in numbers]
    if quantity is not None and price is not None:
        line = first(_LINE, free)
        if line is not None and line not in (quantity, price):
            yield line, f"{_known(table, quantity)} * {_known(table, price)}", _BY_LINE
        copied = None if price not in free.values() else _copied(metadata, table, price)
        if copied is not None:
            yield price, copied, "the price of what is sold"
        return
    if subtotal is None or total is None or total == subtotal or not (added or taken):
        return
    parts = [_known(table, subtotal), *(f"+ {_known(table, n)}" for n in added)]
    parts += [f"- {_known(table, n)}" for n in taken]
    yield total, " ".join(parts), "its parts stand beside it"
    given = first(_TAKEN, free)
    if given is not None:
        places = 0 if table.columns[given].kind == "integer" else 2
        share = f"(CAST(FLOOR({_known(table, subtotal)}) AS BIGINT) % 3) * 0.05"
        yield given, f"ROUND({_known(table, subtotal)} * {share}, {places})", "0, 5 or 10 percent"
    tax = first(_TAXES, free)
    if tax is not None:
        whole = table.columns[tax].kind == "integer"
        places = 0 if whole else 2
        yield tax, f"ROUND({_known(table, subtotal)} * {RATE}, {places})", "a usual rate"


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
        if _plain(name) in _PRICE and column.kind == kind and column.nullable is False
    ]
    return f'"{found[0][0].parent}"."{found[0][1]}"' if len(found) == 1 else None


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
