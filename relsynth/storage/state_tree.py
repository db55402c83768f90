"""States as a tree that JSON can hold and a list of arrays beside it.

What JSON has no word for becomes an object with the single tag ``"$"``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from relsynth.typing import Array

TAG = "$"
ARRAY_KINDS = "biufcUMm"


def pack(state: Any) -> tuple[Any, list[Array]]:
    """Split a nested state into JSON values and arrays.

    Returns
    -------
    tree : JSON value
        Without ``NaN`` or infinity. The order of dicts is kept.
    arrays : list of ndarray
        Never of objects.

    Raises
    ------
    TypeError
        Naming the place of a value of another type.

    Examples
    --------
    >>> import numpy as np
    >>> pack({"a": (1, 2), "b": np.arange(2)})
    ({'a': {'$': 'tuple', 'items': [1, 2]}, 'b': {'$': 'array', 'at': 0}}, [array([0, 1])])
    """
    arrays: list[Array] = []
    return _pack(state, "state", arrays), arrays


def unpack(tree: Any, arrays: Sequence[Array]) -> Any:
    """Join what `pack` split.

    Raises
    ------
    ValueError, KeyError, IndexError, TypeError
        When the tree was not written by `pack` or does not fit the arrays.
    """
    if isinstance(tree, list):
        return [unpack(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if TAG not in tree:
        return {key: unpack(value, arrays) for key, value in tree.items()}
    match tree[TAG]:
        case "float":
            return float(tree["value"])
        case "tuple":
            return tuple(unpack(item, arrays) for item in tree["items"])
        case "dict":
            items = (unpack(item, arrays) for item in tree["items"])
            return {_hashable(key): value for key, value in items}
        case "array":
            return arrays[tree["at"]]
        case "scalar":
            return arrays[tree["at"]][()]
        case "objects":
            values = np.empty(len(tree["items"]), object)
            values[:] = [unpack(item, arrays) for item in tree["items"]]
            return values.reshape(tree["shape"])
        case tag:
            raise ValueError(f"unknown tag {tag!r}")


def _pack(value: Any, where: str, arrays: list[Array]) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return _pack_array(value, where, arrays)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {TAG: "float", "value": str(value)}
    if isinstance(value, list):
        return [_pack(item, f"{where}[{i}]", arrays) for i, item in enumerate(value)]
    if isinstance(value, tuple):
        items = [_pack(item, f"{where}[{i}]", arrays) for i, item in enumerate(value)]
        return {TAG: "tuple", "items": items}
    if isinstance(value, dict):
        return _pack_dict(value, where, arrays)
    raise _refused(value, where)


def _pack_dict(value: dict[Any, Any], where: str, arrays: list[Array]) -> Any:
    if all(type(key) is str for key in value) and TAG not in value:
        return {key: _pack(item, f"{where}[{key!r}]", arrays) for key, item in value.items()}
    items = [
        [_pack(key, f"a key of {where}", arrays), _pack(item, f"{where}[{key!r}]", arrays)]
        for key, item in value.items()
    ]
    return {TAG: "dict", "items": items}


def _pack_array(value: Any, where: str, arrays: list[Array]) -> Any:
    if value.dtype.kind in ARRAY_KINDS:
        arrays.append(np.asarray(value))
        tag = "array" if isinstance(value, np.ndarray) else "scalar"
        return {TAG: tag, "at": len(arrays) - 1}
    if value.dtype.kind != "O":
        raise _refused(value, where)
    items = [_pack(item, f"an object of {where}", arrays) for item in value.ravel()]
    return {TAG: "objects", "shape": list(value.shape), "items": items}


def _hashable(key: Any) -> Any:
    hash(key)
    return key


def _refused(value: Any, where: str) -> TypeError:
    dtype = f" of dtype {value.dtype}" if hasattr(value, "dtype") else ""
    return TypeError(
        f"{where}: a {type(value).__name__}{dtype} cannot be stored in a model file; "
        "allowed are dicts, lists, tuples, JSON values and arrays of numbers, text and dates"
    )
