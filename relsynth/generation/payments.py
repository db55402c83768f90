"""Payments that agree with the bills they settle, by the names of tables and columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, ForeignKey, Note, Table
from relsynth.schema.hints import singular, words_of_name

_PAYMENTS = ("payment", "receipt", "repayment", "instalment", "installment", "settlement",
             "refund", "remittance")  # fmt: skip
_AMOUNTS = ("amount", "payment", "paid", "total", "value")
_WHOLE = ("total", "grandtotal", "totalamount", "amountdue", "totaldue", "totalprice", "gross",
          "amount", "principal", "invoicetotal", "ordertotal")  # fmt: skip
_UNITS = ("cents", "usd", "eur", "pence", "paid", "in", "payment", "refund", "received")
_SETTLED = ("paid", "settled", "complete", "completed", "closed", "refunded", "shipped",
            "delivered", "fulfilled", "done")  # fmt: skip


def with_payments(metadata: Metadata) -> tuple[Metadata, list[Note]]:
    """Let payments be parts of what they pay, and what is paid the sum of the payments.

    Returns
    -------
    Metadata
        With ``share`` and ``sum`` constraints where the schema said nothing.
    list of Note
    """
    notes: list[Note] = []
    tables, through = dict(metadata.tables), set[str]()
    for name, table in metadata.tables.items():
        if singular((words_of_name(name) or ("",))[-1]) not in _PAYMENTS:
            continue
        for key, amount, whole in list(_pairs(metadata, table))[:1]:
            of = f"{key.parent}.{whole}"
            parent = tables[key.parent]
            rule = {"type": "share", "column": amount, "of": of}
            full = _settled(parent)
            if full is not None:
                rule["full"] = full
            tables[name] = _ruled(tables[name], amount, rule)
            if not any(k.context for k in metadata.parents_of(name)):
                through.add(key.name)
            said = f"is assumed to be a part of {of}, all payments together at most the whole"
            notes.append(Note(f"{name}.{amount}", said, "the names of the tables"))
            paid = next((c for c in parent.columns.values() if _is_sum(c)), None)
            if paid is not None and "refund" not in words_of_name(name):
                sum_of = {"type": "sum", "column": paid.name, "of": f"{name}.{amount}"}
                tables[key.parent] = _ruled(parent, paid.name, sum_of)
                said = f"is assumed to be the sum of {name}.{amount}"
                notes.append(Note(f"{key.parent}.{paid.name}", said, "the names of the columns"))
    if not notes:
        return metadata, notes
    keys = [replace(k, context=k.context or k.name in through) for k in metadata.foreign_keys]
    made = type(metadata)(tables.values(), keys, notes=metadata.notes, source=metadata.source)
    return made, notes


def with_currencies(metadata: Metadata) -> tuple[Metadata, list[Note]]:
    """Let money of what a row refers to be of one currency: that of an order and its payments."""
    notes, changed = [], []
    for name, table in metadata.tables.items():
        own = next((c for c in table.columns.values() if _is_currency(c)), None)
        keyed = metadata.key_columns(name) | {n for group in table.unique for n in group}
        if own is None or own.name in keyed:
            continue
        found = [
            (key, column)
            for key in metadata.parents_of(name)
            if key.when is None and not key.is_self_reference and key.nullable is not True
            and len([k for k in metadata.parents_of(name) if k.parent == key.parent]) == 1
            for column in metadata.tables[key.parent].columns.values()
            if column.nullable is False and words_of_name(column.name) == words_of_name(own.name)
            and (own.max_length or 9) >= (column.max_length or 3)
        ]  # fmt: skip
        if len(found) == 1:
            key, column = found[0]
            formula = f'"{key.parent}"."{column.name}"'
            columns = {**table.columns, own.name: replace(own, derived=formula)}
            changed.append(replace(table, columns=columns))
            why = f"{key.parent} and {name} are of one currency"
            notes.append(Note(f"{name}.{own.name}", f"is assumed to be {formula}", why))
    return metadata.replace_tables(changed) if changed else metadata, notes


def _is_currency(column: Column) -> bool:
    said = (column.derived, column.values, column.pattern, column.provider, column.distribution)
    words = words_of_name(column.name)
    named = "currency" in words[-2:] and words[-1] in ("currency", "code")
    worded = column.kind in ("text", "categorical") and not column.generated
    return named and worded and all(part is None for part in said)


def _ruled(table: Table, name: str, rule: Mapping[str, object]) -> Table:
    columns = {**table.columns, name: replace(table.columns[name], derived=None)}
    return replace(table, columns=columns, constraints=(*table.constraints, rule))


def _pairs(metadata: Metadata, table: Table) -> Iterator[tuple[ForeignKey, str, str]]:
    """Yield the reference to a bill, the amount of a payment and that of the bill."""
    amount = next(
        (
            name
            for word in _AMOUNTS
            for name, column in table.columns.items()
            if (_plain(name) or "amount") == word and _is_open(column)
        ),
        None,
    )
    keys = [] if amount is None else metadata.parents_of(table.name)
    for key in keys:
        others = [k for k in keys if k.parent == key.parent]
        single = len(others) == 1 and not key.is_self_reference and key.when is None
        numbers = {
            "".join(w for w in words_of_name(n) if w not in ("cents", "usd", "eur")): n
            for n, c in metadata.tables[key.parent].columns.items()
            if c.kind in ("numeric", "integer")
        }
        whole = next((numbers[word] for word in _WHOLE if word in numbers), None)
        if single and whole is not None and amount is not None:
            yield key, amount, whole


def _plain(name: str) -> str:
    return "".join(word for word in words_of_name(name) if word not in _UNITS)


def _is_open(column: Column) -> bool:
    said = (column.derived, column.low, column.high, column.values, column.distribution)
    numeric = column.kind in ("numeric", "integer") and not column.generated
    return numeric and all(part is None for part in said)


def _is_sum(column: Column) -> bool:
    words = [word for word in words_of_name(column.name) if word not in ("cents", "total")]
    numeric = column.kind in ("numeric", "integer") and not column.generated
    return numeric and set(words) in ({"amount", "paid"}, {"paid"}, {"amount", "received"})


def _settled(table: Table) -> str | None:
    """Return the condition under which a bill is paid in full, ``None`` where nothing tells."""
    name = '"' + table.name.replace('"', '""') + '"'
    for column in table.columns.values():
        quoted = '"' + column.name.replace('"', '""') + '"'
        words = set(words_of_name(column.name))
        if column.kind == "datetime" and column.nullable is not False and words & {"paid"}:
            return f"{name}.{quoted} IS NOT NULL"
        if column.kind == "boolean" and words & {"paid", "settled"}:
            return f"{name}.{quoted}"
    for column in table.columns.values():
        quoted = '"' + column.name.replace('"', '""') + '"'
        worded = column.kind in ("text", "categorical", "ordinal")
        if worded and words_of_name(column.name)[-1:] in (("status",), ("state",)):
            listed = ", ".join(f"'{word}'" for word in _SETTLED)
            return f"LOWER(CAST({name}.{quoted} AS TEXT)) IN ({listed})"
    return None
