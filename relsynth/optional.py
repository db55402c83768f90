"""The one place where optional dependencies are imported."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def has(module: str) -> bool:
    """Return whether an optional module is installed, without importing it."""
    return find_spec(module) is not None


def require(module: str, extra: str | None, purpose: str) -> ModuleType:
    """Import an optional module or say what to install.

    Parameters
    ----------
    module : str
        Dotted import name.
    extra : str or None
        Extra of this distribution that brings it; ``None`` for a package of its own.
    purpose : str
        What it is needed for; opens the message.

    Raises
    ------
    ImportError
        With the command that installs the missing package.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name.split(".")[0]):
            raise
        raise _missing(module, extra, purpose) from error


def locate(package: str, extra: str, purpose: str) -> Path:
    """Return the folder of an optional package without importing it, or say what to install.

    Parameters
    ----------
    package, extra, purpose : str
        See `require`.

    Raises
    ------
    ImportError
        With the command that installs the missing package.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise _missing(package, extra, purpose)
    return Path(spec.origin).parent


def _missing(module: str, extra: str | None, purpose: str) -> ImportError:
    package = module.split(".")[0]
    wanted = f'"relsynth-hma[{extra}]"' if extra else package
    return ImportError(
        f"{purpose} needs the package {package!r}, which is not installed: pip install {wanted}"
    )
