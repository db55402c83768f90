"""Random schemas and data of every shape are learned and come back without a fault."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_settings import WITHOUT_SHRINKING
from small_databases import assert_valid, cart

import relsynth as rs
from relsynth.evaluate import check_validity
from relsynth.strategies import schemas

EXAMPLES = int(os.environ.get("RELSYNTH_EXAMPLES", "12"))
CALM = settings(WITHOUT_SHRINKING, max_examples=EXAMPLES)
DATA = (schemas(5), st.integers(0, 2**32 - 1), st.sampled_from(["realistic", "minimal", "edge"]))


def check(
    metadata: rs.Metadata, seed: int, profile: str, scale: float, *, observed: bool = False
) -> None:
    real = rs.generate(metadata, 60, seed=seed, profile=profile)
    synthesizer = cart(metadata, real, seed=seed)
    assert_valid(metadata, real, synthesizer.sample(), observed=observed)
    assert_valid(metadata, real, synthesizer.sample(scale), observed=False)


@CALM
@given(*DATA, st.sampled_from([0.3, 2.0]))
def test_whatever_is_learned_comes_back_valid(metadata, seed, profile, scale):
    check(metadata, seed, profile, scale, observed=True)


@settings(CALM, max_examples=max(6, EXAMPLES // 4))
@given(*DATA)
def test_parts_make_up_a_valid_database(tmp_path_factory, metadata, seed, profile):
    out = tmp_path_factory.mktemp("parts") / "out"
    real = rs.generate(metadata, 60, seed=seed, profile=profile)
    counts = cart(metadata, real).sample_to(out, 4, rows_of_a_part=100)
    made = rs.read_tables(out, metadata)
    assert {name: len(frame) for name, frame in made.items()} == counts
    metadata.check(made)
    broken = check_validity(real, made, metadata).found
    assert not [v for v in broken if v.strict and "unique in the real data" not in v.detail]


@settings(CALM, max_examples=max(6, EXAMPLES // 4))
@given(*DATA)
def test_whatever_is_learned_survives_its_file(tmp_path_factory, metadata, seed, profile):
    path = tmp_path_factory.mktemp("model") / "m.relsynth"
    real = rs.generate(metadata, 30, seed=seed, profile=profile)
    synthesizer = cart(metadata, real)
    synthesizer.save(path)
    first, second = synthesizer.sample(), rs.RelationalSynthesizer.load(path).sample()
    for name in metadata.tables:
        assert first[name].equals(second[name]), name


@pytest.mark.slow
@settings(CALM, max_examples=400)
@given(schemas(7), *DATA[1:], st.sampled_from([0.3, 2.0]))
def test_hundreds_of_random_databases(metadata, seed, profile, scale):
    check(metadata, seed, profile, scale)
