"""Objects as they come back from a model file."""

from __future__ import annotations

import json
from typing import Any

from relsynth.packing import pack, unpack
from relsynth.storage import state_tree


def stored(fitted: Any) -> str:
    """Return the JSON of an object in a model file."""
    return json.dumps(state_tree.pack(pack(fitted))[0])


def restored(fitted: Any) -> Any:
    """Return an object that was written to a model file and read."""
    _, arrays = state_tree.pack(pack(fitted))
    return unpack(state_tree.unpack(json.loads(stored(fitted)), arrays))
