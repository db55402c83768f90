"""``--rows``: sizes of tables, repeated or separated by commas, the same in every command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from relsynth.errors import DataError, Faults, did_you_mean

Size = int | float


def rows_option(
    text: str, *, shares: bool = False, alone: bool = False, required: bool = False
) -> Callable[..., Any]:
    """Return the option ``--rows``.

    Parameters
    ----------
    text : str
        Help.
    shares : bool
        Also take ``customers=5%``.
    alone : bool
        Also take one number without a table.
    required : bool
    """

    def read(
        context: click.Context, parameter: click.Parameter, value: Sequence[str]
    ) -> dict[str, Size] | int | None:
        return read_rows(value, shares=shares, alone=alone)

    metavar = "TABLE=ROWS,…"
    return click.option(
        "--rows", "-r", multiple=True, callback=read, required=required, metavar=metavar, help=text
    )


def read_rows(
    texts: Iterable[str], *, shares: bool = False, alone: bool = False
) -> dict[str, Size] | int | None:
    """Return sizes by table from texts such as ``customers=500,orders=2000``; None for none.

    Raises
    ------
    click.BadParameter
        Naming what cannot be read, and tables that are named twice.
    """
    rows: dict[str, Size] = {}
    single: list[int] = []
    for part in (part.strip() for text in texts for part in text.split(",")):
        table, sign, count = (piece.strip() for piece in part.rpartition("="))
        size = _size(count, shares)
        if size is None or bool(table) != bool(sign) or not (table or alone):
            raise click.BadParameter(_form(part, shares, alone))
        if not table:
            single.append(int(size))
        elif table in rows:
            raise click.BadParameter(
                f"{table!r} is given twice, {rows[table]:g} and {size:g}; give it once"
            )
        else:
            rows[table] = size
    if single and (rows or len(single) > 1):
        raise click.BadParameter(f"one number ({single[0]}) and sizes of tables; give either")
    return single[0] if single else rows or None


def check_names(rows: Iterable[str], tables: Iterable[str], option: str = "--rows") -> None:
    """Raise one error for every table that is named and does not exist."""
    known = list(tables)
    with Faults(option, DataError) as faults:
        for name in rows:
            if name not in known:
                faults.add(f"no table {name!r}; {did_you_mean(name, known)}")


def _size(text: str, shares: bool) -> Size | None:
    if text.isdecimal() and text.isascii():
        return int(text)
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return share if shares and 0 < share < 1 else None


def _form(part: str, shares: bool, alone: bool) -> str:
    forms = ["table=rows, such as orders=200"]
    forms += ["a share such as orders=5%"] if shares else []
    forms += ["one number"] if alone else []
    return f"{part!r} is not of the form {', or '.join(forms)}"
