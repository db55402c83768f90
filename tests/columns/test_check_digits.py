"""Numbers with check digits stay valid: in texts, in keys and among numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stored import restored

import relsynth as rs
from relsynth.columns.key_learning import learn_format
from relsynth.metadata import Column
from relsynth.schema.check_digits import check_digits, with_checks

LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def weighted(body: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * weights[at % len(weights)] for at, d in enumerate(reversed(body)))


def ean(body: str) -> str:
    return body + str(-weighted(body, (3, 1)) % 10)


def luhn(body: str) -> str:
    doubled = (int(d) * (2 - at % 2) for at, d in enumerate(reversed(body)))
    return body + str(-sum(sum(divmod(d, 10)) for d in doubled) % 10)


def isbn(body: str) -> str:
    return body + "0123456789X"[-weighted(body, tuple(range(2, 11))) % 11]


def nif(body: str) -> str:
    return body + LETTERS[int(body) % 23]


def secu(body: str) -> str:
    return body + f"{97 - int(body) % 97:02d}"


def rut(body: str) -> str:
    return f"{body}-{'0123456789K'[-weighted(body, (2, 3, 4, 5, 6, 7)) % 11]}"


def cpf(body: str) -> str:
    for _ in range(2):
        rest = -weighted(body, tuple(range(2, 12))) % 11
        body += str(0 if rest == 10 else rest)
    return body


def iban(body: str) -> str:
    return f"DE{98 - int(body + '131400') % 97:02d}{body}"


RULES = {
    rule.__name__: (rule, digits)
    for rule, digits in ((ean, 12), (luhn, 14), (isbn, 9), (nif, 8), (secu, 13), (rut, 8))
} | {"cpf": (cpf, 9), "iban": (iban, 18)}


def bodies(digits: int, count: int, seed: int = 0) -> list[str]:
    drawn = np.random.default_rng(seed).integers(0, 10, (count, digits))
    return ["".join(map(str, row)) for row in drawn]


def is_valid(text: str, name: str) -> bool:
    rule, digits = RULES[name]
    body = text[4:] if name == "iban" else text[:digits]
    return bool(rule(body) == text)


@pytest.mark.parametrize("name", RULES)
def test_texts_are_completed_by_the_rule_that_they_show(name):
    rule, digits = RULES[name]
    found = check_digits([rule(body) for body in bodies(digits, 300)])
    assert len(found) == (2 if name == "cpf" else 1)
    wrong = [rule(body) for body in bodies(digits, 50, seed=1)]
    wrong = ["DE00" + text[4:] if name == "iban" else text[:-1] + "0" for text in wrong]
    assert all(is_valid(text, name) for text in with_checks(wrong, found))


@pytest.mark.parametrize("name", RULES)
def test_keys_are_valid_and_all_different(name):
    rule, digits = RULES[name]
    real = pd.Series([rule(body) for body in bodies(digits, 300)])
    learned = restored(learn_format(real, Column("number", "key")))
    issued = learned.issue(2_000, np.random.default_rng(1))
    assert issued.is_unique
    assert all(is_valid(text, name) for text in issued)


def test_parts_of_an_output_repeat_no_key():
    real = pd.Series([rut(body) for body in bodies(8, 300)])
    learned = learn_format(real, Column("number", "key"))
    parts = [learned.issue(500, np.random.default_rng(1), start=500 * n) for n in range(3)]
    whole = learned.issue(1_500, np.random.default_rng(1))
    assert pd.concat(parts, ignore_index=True).equals(whole)


@pytest.mark.parametrize("stored", ["text", "number"])
def test_codes_of_a_table_stay_valid(stored):
    real = pd.Series([ean("40" + body) for body in bodies(10, 200)])
    codes = real if stored == "text" else real.astype("int64")
    tables = {"product": pd.DataFrame({"nr": range(200), "ean": codes, "size": [1, 2] * 100})}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample(scale=2)
    assert made["product"]["ean"].dtype == codes.dtype
    assert all(is_valid(text, "ean") for text in made["product"]["ean"].astype(str))
    assert made["product"]["ean"].is_unique


@pytest.mark.parametrize("seed", range(20))
def test_numbers_at_random_have_none(seed):
    assert check_digits(bodies(9, 200, seed)) == ()
    assert check_digits([str(number) for number in range(10**6, 10**6 + 200)]) == ()
