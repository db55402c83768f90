"""The form of a column's texts: what stays as it is, and of what characters the rest is made."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple

EVIDENCE = 20  # texts that show what they share; a twentieth is one of them
SHARED = 0.95  # of the texts: a few differ
MIXED = 0.25  # of the texts with digits and letters both, or they are numbers
SAMPLE = 20_000  # texts looked at, in even distances
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
RESERVED = {"com": "example.com", "net": "example.net"}
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://(?:www\.)?)(?P<host>[^\s/:?#@<>()\"',;\x00]+)"
    r"|(?P<local>[\w.+%-]+)@(?P<domain>[\w-]+(?:\.[\w-]+)+)"
)


class Piece(NamedTuple):
    """A part of a text, and whether it stays as it is."""

    text: str
    stays: bool


@dataclass(frozen=True, slots=True)
class TextForm:
    """What the texts of a column have in common.

    Schemes of URLs and the ``@`` of addresses always stay; their hosts become those
    reserved for documentation (RFC 2606), so that nobody is ever written to.

    Attributes
    ----------
    start, end : str
        What at least 95% of the texts begin and end with, up to a number, which varies as a
        whole; empty among addresses, and among fewer than 20 texts.
    hex_digits : str
        The digits and letters in use where at least 95% of the texts hold hexadecimal digits
        and no other letters, and a fourth of them both; else empty.

    Examples
    --------
    >>> form = TextForm.of(f"pg_{number * 2654435761 % 2**32:08x}" for number in range(50))
    >>> form
    TextForm(start='pg_', end='', hex_digits='0123456789abcdef')
    >>> "".join(piece.text for piece in form.pieces("Eva <eva@here.cz>, http://www.eva.cz/me"))
    'Eva <eva@example.org>, http://www.eva.example.org/me'
    """

    start: str = ""
    end: str = ""
    hex_digits: str = ""

    @classmethod
    def of(cls, texts: Iterable[str]) -> TextForm:
        """Look at some texts; repeats are disregarded."""
        found = list(dict.fromkeys(texts))
        if len(found) < EVIDENCE:
            return cls()
        some = found[:: math.ceil(len(found) / SAMPLE)]
        addresses = sum(has_address(text) for text in some)
        plain = cls()
        if 2 * addresses < len(some):
            start = _usual_start(some).rstrip(digits)
            rests = [text.removeprefix(start)[::-1] for text in some]
            plain = cls(start, _usual_start(rests)[::-1].lstrip(digits))
        rests = ["".join(p.text for p in plain.pieces(text) if not p.stays) for text in some]
        like_hex = list(filter(_looks_hex, rests))
        mixed = [text for text in like_hex if _is_mixed(text)]
        is_hex = len(like_hex) >= SHARED * len(rests) and len(mixed) >= MIXED * len(rests)
        uppers = sum(text.isupper() for text in mixed)
        letters = kin("A" if 2 * uppers > len(mixed) else "a", is_hex)
        return cls(plain.start, plain.end, digits + letters if is_hex else "")

    def pieces(self, text: str) -> list[Piece]:
        """Return a text in parts; hosts are replaced by reserved ones."""
        if not (self.start or self.end):
            return [part for part in _split(text) if part.text]
        start = self.start if text.startswith(self.start) else ""
        end = self.end if text[len(start) :].endswith(self.end) else ""
        middle = text[len(start) : len(text) - len(end)]
        parts = [Piece(start, True), *_split(middle), Piece(end, True)]
        return [part for part in parts if part.text]

    def pool(self, text: str) -> str:
        """Return the hexadecimal digits that stand for those of a text; empty for words."""
        return self.hex_digits if self.hex_digits and _looks_hex(text) else ""

    def neutral(self, text: str) -> str:
        """Return a text with reserved hosts."""
        return "".join(part.text for part in self.pieces(text))

    def numbered(self, text: str, mark: str) -> str:
        """Return a text that a mark tells from others: at the end, or inside an address."""
        return self._with_name(text, lambda name: name + mark) or text + mark

    def shortened(self, text: str, length: int) -> str:
        """Return at most `length` characters, cut from the end or from inside an address."""
        excess = len(text) - length
        if excess <= 0:
            return text
        made = self._with_name(text, lambda name: name[: max(len(name) - excess, 1)])
        return (made or text)[:length]

    def _with_name(self, text: str, change: Callable[[str], str]) -> str | None:
        """Change the name in front of the last host; None where there is none."""
        if not has_address(text):
            return None
        parts = self.pieces(text)
        hosts = [at for at, part in enumerate(parts) if part.stays]
        at = hosts[-1] - 1
        if at < 0 or parts[at].stays:
            return None
        return "".join(change(p.text) if i == at else p.text for i, p in enumerate(parts))


def kin(character: str, is_hex: bool = False) -> str:
    """Return the characters that may stand where a letter or digit stood."""
    if character.isnumeric():
        return digits
    if character.isupper():
        return "ABCDEF" if is_hex else ascii_uppercase
    return "abcdef" if is_hex else ascii_lowercase


def has_address(text: str) -> bool:
    """Return whether a text holds an e-mail address or a URL."""
    return ("@" in text or "://" in text) and _ADDRESS.search(text) is not None


def _split(text: str) -> list[Piece]:
    if "@" not in text and "://" not in text:
        return [Piece(text, False)]
    parts, at = [], 0
    for match in _ADDRESS.finditer(text):
        parts.append(Piece(text[at : match.start()], False))
        parts += _url(match) if match["scheme"] else _mail(match)
        at = match.end()
    return [*parts, Piece(text[at:], False)]


def _url(match: re.Match[str]) -> list[Piece]:
    host = match["host"]
    if not any(map(str.isalpha, host)):
        return [Piece(match["scheme"], True), Piece(host, False)]
    name, reserved = _reserved(host)
    inner = [Piece(name, False), Piece(f".{reserved}", True)] if name else [Piece(reserved, True)]
    return [Piece(match["scheme"], True), *inner]


def _mail(match: re.Match[str]) -> list[Piece]:
    return [Piece(match["local"], False), Piece(f"@{_reserved(match['domain'])[1]}", True)]


def _reserved(host: str) -> tuple[str, str]:
    """Return the name in front of the top-level domain, and the reserved host in its place."""
    name, _, top = host.rpartition(".")
    reserved = RESERVED.get(top.lower(), "example.org")
    if name == "example" or name.endswith(".example"):
        return name.removesuffix("example").removesuffix("."), reserved
    return name or host, reserved


def _looks_hex(text: str) -> bool:
    return all(character in HEX_DIGITS or not character.isalnum() for character in text)


def _is_mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _usual_start(texts: list[str]) -> str:
    """Return the longest beginning that at least 95% of some texts share."""
    ordered = sorted(texts)
    width = math.ceil(SHARED * len(ordered)) - 1
    windows = zip(ordered, ordered[width:], strict=False)
    return max((common_start(*window) for window in windows), key=len)


def common_start(first: str, last: str) -> str:
    """Return what two texts begin with alike."""
    pairs = enumerate(zip(first, last, strict=False))
    apart = next((at for at, (one, other) in pairs if one != other), None)
    return first[: min(len(first), len(last)) if apart is None else apart]
