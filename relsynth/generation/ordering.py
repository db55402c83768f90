"""Numbers in the order that their names tell: lows below highs, costs below prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.generation.makers import Maker
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Table
from relsynth.schema.expressions import column_names
from relsynth.schema.hints import words_of_name

_PAIRS = {
    "min": "max", "minimum": "maximum", "low": "high", "lower": "upper", "lowest": "highest",
    "from": "to", "start": "end", "begin": "end", "least": "most", "first": "last",
    "south": "north", "west": "east", "bottom": "top", "lo": "hi", "floor": "ceiling",
    "birth": "death", "monthly": "yearly", "beginning": "ending", "opening": "closing",
    "net": "gross", "previous": "current", "approved": "claimed", "starting": "reserve",
    "available": "total", "booked": "total", "sold": "total", "occupied": "total", "taken": "total",
}  # fmt: skip
_DRIVEN = {"odometer", "mileage", "km", "meter", "reading", "index"}
_SHARES = {"net": (0.85, 0.98), "monthly": (0.09, 0.1), "start": (0.99, 0.999),
           "begin": (0.99, 0.999), "approved": (0.5, 1.0), "starting": (0.4, 0.9),
           "booked": (0.3, 1.0), "sold": (0.3, 1.0),
           "opening": (0.95, 0.99), "previous": (0.95, 0.99)}  # fmt: skip
"""Between which shares of the high value the low one lies: a year costs ten to eleven months."""
_SPENT = {"used", "uses", "redeemed", "taken", "sold", "reserved", "booked"}
_LIMITS = {"limit", "capacity", "quota", "allowed"}
_NOT_MONEY = {"per", "count", "id", "of"}
_COST = ("cost", "costprice", "purchaseprice", "unitcost", "buyprice", "wholesaleprice")
_PRICE = ("price", "unitprice", "sellingprice", "sellprice", "saleprice")
_LISTED = ("compareatprice", "originalprice", "regularprice", "msrp", "retailprice", "oldprice")
MARGINS = (0.45, 0.8)  # of a cost in its price: from generous trade to tight
MARKUPS = (1.05, 1.5)  # of a price before a reduction


@dataclass(frozen=True)
class Order:
    """Two columns of which one is never above the other.

    Attributes
    ----------
    shares : tuple of float or None
        Between which shares of the high value the low one lies; ``None``: they change places.
    raises : bool
        Whether the high value is made of the low one, not the low one of the high one.
    """

    low: str
    high: str
    shares: tuple[float, float] | None = None
    raises: bool = False


def ordered(metadata: Metadata, table: Table) -> list[Order]:
    """Return the pairs of numbers whose order is told by their names and by nothing else."""
    keyed = metadata.key_columns(table.name) | {n for group in table.unique for n in group}
    ruled = {name.lower() for check in table.checks for pair in [list(column_names(check))]
             for _, name in pair if len(pair) > 1}  # fmt: skip
    ruled |= {
        str(given.get(word)).lower()
        for given in table.constraints
        for word in ("column", "low", "high")
    }
    free = [
        name
        for name, column in table.columns.items()
        if column.kind in ("numeric", "integer")
        and name not in keyed
        and name.lower() not in ruled
        and column.derived is None
        and column.values is None
        and not column.generated
    ]
    return [*_marked(free), *_held(free), *_priced(free)]


def _marked(names: list[str]) -> Iterator[Order]:
    words = {name: words_of_name(name) for name in names}
    for low in names:
        for place, word in enumerate(words[low]):
            other = _PAIRS.get(word)
            if other is None:
                continue
            wanted = (*words[low][:place], other, *words[low][place + 1 :])
            shares = _SHARES.get(word)
            if word in ("start", "begin") and not set(words[low]) & _DRIVEN:
                shares = None
            yield from (Order(low, high, shares) for high in names if words[high] == wanted)
    highs = ("max", "maximum")
    for high in names:
        if words[high][:1] and words[high][0] in highs:
            rest = {*words[high][1:], *(w.removesuffix("s") for w in words[high][1:])}
            for low in names:
                own = set(words[low])
                spent = own & _SPENT and (rest & (_SPENT | {"use", "redemption"}))
                if low != high and (words[low] == words[high][1:] or spent):
                    yield Order(low, high)
        elif words[high][-1:] and words[high][-1] in _LIMITS:
            for low in names:
                if low != high and words[low][-1:] and words[low][-1] in _SPENT:
                    yield Order(low, high)


_REDUCED = ("saleprice", "discountprice", "discountedprice", "specialprice", "promoprice",
            "offerprice", "memberprice", "reducedprice")  # fmt: skip
_FULL = ("price", "listprice", "regularprice", "unitprice", "fullprice")
_HELD = ("onhand", "stock", "instock", "quantity", "total", "totalquantity", "quantityonhand")
_BOUND = ("reserved", "allocated", "committed", "available", "blocked", "quantityreserved")


def _held(names: list[str]) -> Iterator[Order]:
    """Yield what is reserved of a stock, and reduced prices."""
    plain = {"".join(words_of_name(name)): name for name in names}
    stock = next((plain[word] for word in _HELD if word in plain), None)
    for word in _BOUND if stock is not None else ():
        if word in plain and stock is not None:
            yield Order(plain[word], stock, (0.0, 0.6))
    full = next((plain[word] for word in _FULL if word in plain), None)
    for word in _REDUCED if full is not None else ():
        if word in plain and full is not None:
            yield Order(plain[word], full, (0.6, 0.95))


def _priced(names: list[str]) -> Iterator[Order]:
    plain = {"".join(w for w in words_of_name(n) if w not in ("usd", "eur", "cents")): n
             for n in names}  # fmt: skip
    price = next((plain[word] for word in _PRICE if word in plain), None)
    if price is None:
        return
    for word in _COST:
        if word in plain:
            yield Order(plain[word], price, MARGINS)
    for word in _LISTED:
        if word in plain:
            shares = (1 / MARKUPS[1], 1 / MARKUPS[0])
            yield Order(price, plain[word], shares, raises=True)


def arrange_numbers(
    columns: dict[str, pd.Series],
    orders: list[Order],
    makers: Mapping[str, Maker],
    rng: np.random.Generator,
) -> None:
    """Let lows be below highs in new rows, in place.

    Parameters
    ----------
    makers : mapping of str to Maker
        Tell the bounds that hold for each column.
    """
    for order in orders:
        if order.low not in columns or order.high not in columns:
            continue
        low, high = columns[order.low], columns[order.high]
        if order.shares is not None:
            _relate(columns, order, order.shares, makers, rng)
            continue
        wrong = (low > high).fillna(False).to_numpy(dtype=bool)
        held = _allowed(makers[order.low], high) & _allowed(makers[order.high], low)
        wrong = wrong & held
        if wrong.any():
            columns[order.low] = low.where(~wrong, high.where(wrong, 0).astype(low.dtype))
            columns[order.high] = high.where(~wrong, low.where(wrong, 0).astype(high.dtype))


def _relate(
    columns: dict[str, pd.Series],
    order: Order,
    shares_of: tuple[float, float],
    makers: Mapping[str, Maker],
    rng: np.random.Generator,
) -> None:
    """Derive the side that is not the price from the price."""
    falls = not order.raises
    given, made = (order.high, order.low) if falls else (order.low, order.high)
    shares = rng.uniform(*shares_of, len(columns[given]))
    price = columns[given].astype("Float64")
    values = price * shares if falls else price / shares
    column = makers[made].column
    places = 0 if column.kind == "integer" else 2 if column.decimals is None else column.decimals
    values = values.round(places)
    fine = columns[made].notna() & values.notna() & _allowed(makers[made], values)
    taken = fine.to_numpy(dtype=bool)
    fits = values.where(taken, 0).astype(columns[made].dtype)
    columns[made] = columns[made].where(~taken, fits)


def _allowed(maker: Maker, values: pd.Series) -> np.ndarray:
    low, high = maker.declared_bounds
    inside = pd.Series(True, index=values.index)
    if low is not None:
        inside &= (values >= low).fillna(False).astype(bool)
    if high is not None:
        inside &= (values <= high).fillna(False).astype(bool)
    return inside.to_numpy(dtype=bool)
