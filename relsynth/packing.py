"""Fitted objects as plain state and back, by a register of the classes allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from relsynth.errors import ModelFileError, did_you_mean

REGISTER: dict[str, type] = {}
CLASS = "class"
C = TypeVar("C", bound=type)


def packable(cls: C) -> C:
    """Allow instances of a class in model files; usable as a decorator.

    An instance of a subclass is stored as one of the registered class. A class with
    ``to_state`` and ``from_state`` is stored through them, a dataclass through its fields.
    """
    REGISTER[cls.__name__] = cls
    return cls


def pack(value: Any) -> Any:
    """Return a fitted object as nested dicts, lists, JSON values and arrays."""
    cls = type(value)
    for base in cls.__mro__:
        if REGISTER.get(base.__name__) is base:
            return {CLASS: base.__name__, "state": _state_of(value)}
    if isinstance(value, Mapping):
        return {key: pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(pack(item) for item in value)
    if is_dataclass(value) or hasattr(value, "to_state"):
        raise TypeError(f"{cls.__module__}.{cls.__qualname__} is not registered as packable")
    return value


def _state_of(value: Any) -> Any:
    if hasattr(value, "to_state"):
        return pack(value.to_state())
    return {field.name: pack(getattr(value, field.name)) for field in fields(value)}


def unpack(state: Any) -> Any:
    """Rebuild what `pack` wrote.

    Raises
    ------
    ModelFileError
        Where the state names a class that is not registered.
    """
    if isinstance(state, Mapping):
        if set(state) == {CLASS, "state"}:
            return _rebuild(state[CLASS], unpack(state["state"]))
        return {key: unpack(item) for key, item in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(unpack(item) for item in state)
    return state


def _rebuild(name: str, state: Any) -> Any:
    cls = REGISTER.get(name)
    if cls is None:
        raise ModelFileError(
            f"the model holds an object of class {name!r}, which is unknown here; "
            f"{did_you_mean(name, REGISTER)} A table model of your own must be passed: "
            "load(path, models=[MyModel])"
        )
    if hasattr(cls, "from_state"):
        return cls.from_state(state)
    return cls(**state)
