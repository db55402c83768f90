"""Small tables as HTML, for notebooks, and the names of reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from relsynth.errors import DataError, did_you_mean

REPORTS = (".html", ".json")
_CELL = "text-align:left;padding:.2em .8em .2em 0;vertical-align:top"


def html_table(header: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> str:
    """Return a table as HTML; every cell is escaped.

    Parameters
    ----------
    rows : iterable of sequence
        Cells per row; ``None`` is an empty cell.
    title : str
        Stands above the table.

    Examples
    --------
    >>> "&lt;b&gt;" in html_table(["name"], [["<b>"]])
    True
    """
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_CELL}">{"" if cell is None else escape(str(cell))}</td>' for cell in row
        )
        + "</tr>"
        for row in rows
    )
    above = f"<p><b>{escape(title)}</b></p>" if title else ""
    return f"<div>{above}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def check_report_name(path: Path) -> None:
    """Raise for the name of a report that is neither HTML nor JSON."""
    if path.suffix not in REPORTS:
        hint = did_you_mean(path.suffix, REPORTS)
        raise DataError(f"{path}: a report is written as .html or .json; {hint}")
