"""Keys are issued distinct, in the learned or declared format, and never beyond capacity."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import restored

from relsynth.columns.key_declaring import declared_format
from relsynth.columns.key_learning import learn_format
from relsynth.columns.keys import KeyFormat
from relsynth.columns.numbering import permutation_key, permute
from relsynth.columns.patterns import exact_count, parse_pattern
from relsynth.errors import CapacityError, DataError, SchemaError
from relsynth.schema import Column
from relsynth.schema.native import parse_native

KEY = Column("t.id", "key")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def learn(values, column: Column = KEY) -> KeyFormat:
    return restored(learn_format(pd.Series(values), column))


def test_dense_integers_continue_densely_from_the_real_minimum():
    keys = learn(range(5, 100))
    assert keys.issue(4, rng()).tolist() == [5, 6, 7, 8]
    assert keys.issue(2, rng(), taken=pd.Series([5, 6, 250])).tolist() == [251, 252]


def test_sparse_integers_stay_within_their_digits_and_scatter():
    real = np.random.default_rng(1).integers(10_000_000, 100_000_000, 300)
    issued = learn(real).issue(5_000, rng())
    assert issued.is_unique
    assert issued.between(10_000_000, 99_999_999).all()
    assert issued.isin(real).mean() < 0.001
    assert not issued.is_monotonic_increasing


def test_padded_text_keeps_prefix_and_width_and_grows_by_a_digit_where_it_must():
    keys = learn([f"HID_{n:03d}" for n in range(1, 40)])
    assert keys.issue(1_600, rng()).iloc[[0, 998, -1]].tolist() == [
        "HID_001",
        "HID_999",
        "HID_1600",
    ]


def test_padded_text_of_a_declared_length_knows_its_end():
    keys = learn([f"HID_{n:03d}" for n in range(1, 40)], replace(KEY, max_length=7))
    assert keys.issue(999, rng()).iloc[[0, -1]].tolist() == ["HID_001", "HID_999"]
    with pytest.raises(CapacityError, match=r"1,000 distinct values.*HID_001 to HID_999 gives 999"):
        keys.issue(1_000, rng())


def test_texts_of_short_and_of_endless_formats_are_issued_together():
    long = [f"{'abcdefghij'[i % 10] * 9}.{'klmno'[i % 5] * 9}@example.org" for i in range(30)]
    issued = learn([*long, *(f"{n}@b.c" for n in range(30))]).issue(5_000, rng())
    assert issued.is_unique


def test_full_sequence_fills_the_holes_before_it_refuses():
    keys = learn([f"H{n:02d}" for n in range(1, 50)], replace(KEY, max_length=3))
    taken = pd.Series([f"H{n:02d}" for n in range(3, 100)])
    assert keys.issue(2, rng(), taken=taken).tolist() == ["H01", "H02"]
    with pytest.raises(CapacityError, match="already taken"):
        keys.issue(3, rng(), taken=taken)


def test_mask_keeps_constant_letters_and_character_classes():
    real = [f"AB-{a}{n}x" for n, a in enumerate("QWERTZUIOP")]
    issued = learn(real).issue(200, rng())
    assert issued.str.fullmatch(r"AB-[A-Z]\d" + "x").all()
    assert issued.is_unique
    with pytest.raises(CapacityError, match=r"26\*10\) gives 260"):
        learn(real).issue(261, rng())


WORDS = [
    "".join(np.random.default_rng(n).choice(list("abcdefghijklm"), 2 + n % 9)) + "n" * (n % 2)
    for n in range(500)
]


def lengths(texts) -> pd.Series:
    return pd.Series(list(texts)).str.len().value_counts().sort_index()


def test_lengths_come_as_often_as_in_the_data():
    real = list(dict.fromkeys(WORDS))
    keys = learn(real)
    issued = keys.issue(len(real), rng())
    assert issued.is_unique
    assert lengths(issued).to_dict() == lengths(real).to_dict()
    assert issued.str.fullmatch("[a-z]+").all()
    half = lengths(keys.issue(len(real) // 2, rng())) * 2
    assert (half - lengths(real)).abs().max() < 0.15 * len(real)


def test_lengths_that_are_used_up_leave_their_place_to_others():
    keys = learn([*"abcdefgh", *(f"{a}{b}" for a in "klm" for b in "nop")])
    assert keys.capacity == 26 + 26 * 26
    issued = keys.issue(keys.capacity, rng())
    assert issued.is_unique
    assert lengths(issued.iloc[:34]).to_dict() == {1: 16, 2: 18}
    with pytest.raises(CapacityError, match="gives 702"):
        keys.issue(703, rng())


def test_parts_of_a_sequence_of_many_lengths_fit_together():
    keys = learn(WORDS)
    whole = keys.issue(2_000, rng())
    assert keys.issue(700, rng(), start=1_300).tolist() == whole.iloc[1_300:].tolist()
    ranks, groups = np.tile(np.arange(400), 3), np.repeat(np.arange(3), 400)
    within = keys.issue_within(ranks, groups, rng())
    assert (within.groupby(groups).nunique() == 400).all()
    assert within.str.len().mean() == pytest.approx(np.mean([len(w) for w in WORDS]), abs=0.5)


def test_punctuation_stays_where_it_is():
    sizes = np.random.default_rng(0).integers(1, 6, (300, 3))
    real = list(dict.fromkeys("-".join("x7"[i % 2] * n for i, n in enumerate(s)) for s in sizes))
    issued = learn(real).issue(len(real), rng())
    shape = issued.str.replace("[a-z]", "x", regex=True).str.replace(r"\d", "7", regex=True)
    assert sorted(shape) == sorted(real)


def test_addresses_are_well_formed_and_nobody_s():
    names = ["jan", "eva", "tom", "anna.mala", "lee"]
    hosts = ["debian.org", "firm.co.uk", "mail.com"]
    mails = [f"{names[n % 5]}.{n}@{hosts[n % 3]}" for n in range(300)]
    urls = [f"https://www.{names[n % 3]}{n}.org/{'a/b' * (n % 2)}" for n in range(300)]
    issued = learn(mails).issue(1_000, rng())
    assert issued.is_unique
    assert issued.str.fullmatch(r"[a-z]+(\.[a-z]+)?\.\d+@example\.(com|org)").all()
    issued = learn(urls).issue(1_000, rng())
    assert issued.is_unique
    assert issued.str.fullmatch(r"https://www\.[a-z]+\d+\.example\.org/([a-z]/[a-z])?").all()
    mixed = learn([*mails, urls[1]]).issue(301, rng())
    assert mixed.str.count("@").sum() == 300
    assert mixed.str.startswith("https://www.").sum() == 1


def test_what_nearly_all_keys_begin_with_stays():
    digests = [f"sha256:{n * 2654435761 % 2**32:08x}" for n in range(200)]
    issued = learn([*digests, "none", "sha-x"]).issue(202, rng())
    assert issued.is_unique
    assert issued.str.fullmatch("sha256:[0-9a-f]{8}").sum() == 200


def test_keys_of_countless_forms_keep_their_lengths():
    drawn = np.random.default_rng(0)
    real = ["".join(drawn.choice(list("abc-_."), drawn.integers(5, 20))) for _ in range(4_000)]
    issued = learn(list(dict.fromkeys(real))).issue(4_000, rng())
    assert issued.is_unique
    assert issued.str.len().mean() == pytest.approx(np.mean([len(t) for t in real]), abs=0.5)


def test_few_values_are_not_taken_for_the_format():
    issued = learn(["ALFKI"]).issue(50, rng())
    assert issued.str.fullmatch("[A-Z]{5}").all()
    assert issued.nunique() == 50


@pytest.mark.parametrize("upper", [True, False])
def test_uuids_keep_version_and_case(upper):
    real = [str(uuid.UUID(int=n, version=4)) for n in range(1, 30)]
    issued = learn([text.upper() if upper else text for text in real]).issue(1_000, rng())
    assert issued.is_unique
    assert all(uuid.UUID(text).version == 4 for text in issued)
    assert all(uuid.UUID(text).variant == uuid.RFC_4122 for text in issued)
    assert all((text == text.upper()) is upper for text in issued)


def test_dates_keep_step_and_text_format():
    column = Column("t.day", "datetime", format="%d %b %Y")
    days = pd.date_range("2024-02-27", periods=20)
    assert learn(days).issue(4, rng()).tolist() == list(pd.date_range("2024-02-27", periods=4))
    assert learn(days.strftime("%d %b %Y"), column).issue(3, rng()).tolist() == [
        "27 Feb 2024",
        "28 Feb 2024",
        "29 Feb 2024",
    ]
    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    assert learn(months).issue(1, rng(), taken=pd.Series(months)).tolist() == [
        pd.Timestamp("2025-01-01")
    ]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, 2, 3], dtype="Int32"),
        pd.Series([1.0, 2.0, 3.0]),
        pd.Series(["a1", "a2"], dtype="string"),
        pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"], utc=True)),
        pd.Series([uuid.UUID(int=7, version=4)]),
    ],
    ids=["Int32", "float64", "string", "zoned", "uuid object"],
)
def test_dtype_comes_back(values):
    issued = learn_format(values, KEY).issue(2, rng())
    assert issued.dtype == values.dtype
    assert type(issued.iloc[0]) is type(values.iloc[0])


def test_values_without_a_key_format_are_refused():
    with pytest.raises(DataError, match="bytes"):
        learn_format(pd.Series([b"a", b"b"]), KEY)


def test_blocks_issued_apart_are_one_sequence():
    keys = learn(np.random.default_rng(1).integers(10**7, 10**8, 300))
    whole = keys.issue(1_000, rng())
    later = keys.issue(400, rng(), start=600)
    assert later.tolist() == whole.iloc[600:].tolist()


@pytest.mark.parametrize(
    ("column", "capacity", "first"),
    [
        (Column("id", "key", pattern="HID_[0-9]{3}"), 1000, "HID_000"),
        (Column("id", "key", native="SMALLINT"), 32_767, 1),
        (Column("id", "key", native="INTEGER", low=10, high=19), 10, 10),
        (Column("code", "categorical", values=("DE", "FR")), 2, "DE"),
        (Column("order_ref", "key", native="VARCHAR(30)"), 10**28 - 1, "OR000001"),
        (Column("day", "datetime", format="%Y-%m-%d", low="2024-02-28"), None, "2024-02-28"),
    ],
)
def test_declared_formats(column, capacity, first):
    keys = declared_format(column)
    assert keys.capacity == capacity
    assert keys.issue(1, rng()).tolist() == [first]


@given(st.integers(1, 10_000), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_permutation_is_a_bijection(size, seed):
    key = permutation_key(np.random.default_rng(seed))
    assert np.array_equal(np.sort(permute(np.arange(size), size, key)), np.arange(size))


PATTERNS = [
    "[A-Z]{2}[0-9]{2,4}",
    "(foo|bar|)-?[a-f]+",
    r"\w+@\w+\.(com|org)",
    "[^a-z ]{3}",
    "(ab|a)(bc|c)",
    "[a-z]{60}",
    ".{0,4}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_match_their_pattern_and_are_distinct(pattern):
    column = Column("t.x", "key", pattern=pattern)
    keys = declared_format(column)
    issued = keys.issue(min(keys.capacity or 2_000, 2_000), rng())
    assert issued.is_unique
    assert all(re.fullmatch(pattern, text) for text in issued)


def test_capacity_of_an_ambiguous_pattern_is_counted_not_multiplied():
    language = parse_pattern("(a|ab)(c|bc)")
    assert language.count == 4
    assert exact_count(language) == 3


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("[a-z", "no regular expression"), (r"(a)\1", "groupref"), ("[a-z]{9}", "at most 5")],
)
def test_bad_patterns_are_refused(pattern, message):
    with pytest.raises(SchemaError, match=message):
        parse_pattern(pattern, 5)


@pytest.mark.parametrize(
    ("native", "family", "limit", "length"),
    [
        ("NUMERIC(10, 2)", "decimal", 99_999_999, None),
        ("character varying(20)", "text", None, 20),
        ("BIGINT", "integer", 2**63 - 1, None),
        ("timestamp(3) without time zone", "datetime", None, None),
        ("int unsigned", "integer", 2**32 - 1, None),
        ("geometry", None, None, None),
    ],
)
def test_native_types(native, family, limit, length):
    parsed = parse_native(native)
    assert (parsed.family, parsed.limit, parsed.length) == (family, limit, length)


def test_words_and_colours_of_keys_stay_whatever_the_length_of_their_number():
    kinds = [f"{one}-{two}" for one in ("red", "blue") for two in ("shirt", "hat")]
    keys = [f"{kinds[n % 7 % 4]}-{n}" for n in range(150)]
    made = learn(keys).issue(300, rng())
    assert made.str.fullmatch(r"(red|blue)-(shirt|hat)-\d+").all()


def test_addresses_with_a_number_are_nobodys():
    keys = [f"u{n}@mail.test" for n in range(60)]
    made = learn(keys).issue(60, rng())
    assert made.str.fullmatch(r"u\d+@example\.com").all()
    assert not made.str.partition("@")[0].isin(pd.Series(keys).str.partition("@")[0]).any()
