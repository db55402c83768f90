"""Values of a Faker provider: names, streets, cities, words of a kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from relsynth.columns.forms.slots import in_case
from relsynth.columns.person_names import draw_names, in_style, style_of
from relsynth.columns.providers import provided, towns_of
from relsynth.packing import packable

JOINED = frozenset({"first_name", "last_name"})  # double names, once the pool is used up
_UPPER = 0.9  # share of real texts in capitals that makes all so


@packable
@dataclass(frozen=True, slots=True)
class ProvidedForm:
    """Values of a provider in a locale, spelled in the case of the real ones.

    Attributes
    ----------
    case : str
        ``"upper"``, ``"lower"`` or empty for the provider's own.
    style : str
        How full names are put together; see `style_of`.
    """

    provider: str
    locale: str
    case: str = ""
    style: str = ""

    @classmethod
    def learn(cls, texts: Sequence[str], provider: str, locale: str) -> Self:
        """Return the form of real texts whose kind is known."""
        found, is_mail = "", provider == "email"
        for case, fits in (("upper", str.isupper), ("lower", str.islower)):
            own = [text.partition("@")[0] for text in texts] if is_mail else texts
            if sum(map(fits, own)) >= _UPPER * max(len(own), 1) and not (
                is_mail and case == "lower"
            ):
                found = case
        return cls(provider, locale, found, style_of(texts) if provider == "name" else "")

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return values, all different as far as the provider has so many; then double names."""
        pool = provided(self.provider, self.locale)
        first = towns_of(self.locale) if self.provider == "city" else ()
        pool = (*first, *(text for text in pool if text not in first))
        turns = [rng.permutation(len(pool)) for _ in range(-(-count // len(pool)) or 1)]
        turns[0] = turns[0][np.argsort(turns[0] >= len(first), kind="stable")]
        chosen = np.concatenate(turns)[:count]
        texts = [pool[at] for at in chosen.tolist()]
        if self.provider == "name":
            given, family = draw_names(
                np.full(count, "", object), np.full(count, self.locale, object), rng
            )
            texts = in_style(given, family, self.style, self.locale).tolist()
        if self.provider in JOINED and count > len(pool):
            texts[len(pool) :] = self._doubled(texts[len(pool) :], pool, rng)
        if self.provider in ("phone_number", "fax_number"):
            texts = [_other_number(text, rng) for text in texts]
        if self.provider == "email" and self.case:
            parts = [text.partition("@") for text in texts]
            return [in_case(name, self.case) + sign + host for name, sign, host in parts]
        return [in_case(text, self.case) if self.case else text for text in texts]

    def _doubled(
        self, names: list[str], pool: Sequence[str], rng: np.random.Generator
    ) -> list[str]:
        """Return double names: a woman's two first names are women's."""
        pools = [pool]
        if self.provider == "first_name":
            pools = [provided(f"first_name_{sex}", self.locale) for sex in ("female", "male")]
        sexes = [set(names) for names in pools]
        found = []
        for name, place in zip(names, rng.random(len(names)).tolist(), strict=True):
            others = next((pools[at] for at, sex in enumerate(sexes) if name in sex), pool)
            other = others[int(place * len(others))]
            found.append(f"{name}-{other}" if other != name else name)
        return found

    @property
    def variants(self) -> float:
        """Values of the pool; of full names, all pairs of a first and a last one."""
        kinds = ("first_name", "last_name") if self.provider == "name" else (self.provider,)
        return float(np.prod([len(provided(kind, self.locale)) for kind in kinds]))


def _other_number(text: str, rng: np.random.Generator) -> str:
    """Return a number of which the last digits differ: a pool holds too few."""
    drawn = iter(rng.integers(10, size=4).tolist())
    return re.sub(r"\d(?=(?:\D*\d){0,3}\D*$)", lambda _: str(next(drawn)), text)
