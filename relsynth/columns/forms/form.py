"""Choose the form of some texts: documents, tokens, or prose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from relsynth.columns.forms.documents import DocumentForm
from relsynth.columns.forms.prose import ProseForm
from relsynth.columns.forms.shared import TextRows
from relsynth.columns.forms.tokens import TokenForm


class Form(Protocol):
    """Writes new texts like some real ones."""

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return new texts; `words` go where real words are not shown."""
        ...

    @property
    def variants(self) -> float:
        """About how many different texts there are."""
        ...


def learn_form(texts: Sequence[str], holders: TextRows) -> Form:
    """Return the form of distinct texts."""
    return (
        DocumentForm.learn(texts, holders, learn_form)
        or TokenForm.learn(texts, holders)
        or ProseForm.learn(texts, holders)
    )
