"""Whole numbers that tell what other columns say are codes and no amounts."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart

import relsynth as rs

KINDS = np.array(["click", "view", "data", "message", "post"])


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(1)
    kind = rng.integers(5, size=70)  # of each action
    action = rng.integers(70, size=4_000) ** 2 // 70
    wrong = rng.random(4_000) < 0.03
    age = rng.integers(18, 90, 4_000)
    return {
        "event": pd.DataFrame(
            {
                "event_id": range(4_000),
                "action": action,
                "kind": KINDS[np.where(wrong, rng.integers(5, size=4_000), kind[action])],
                "age": age,
                "group": np.array(["young", "adult", "old"])[(age > 30).astype(int) + (age > 60)],
            }
        )
    }


def test_actions_are_codes_and_ages_are_none(tables):
    metadata = rs.Metadata.detect(tables)
    kinds = {name: column.kind for name, column in metadata.tables["event"].columns.items()}
    assert (kinds["action"], kinds["age"]) == ("categorical", "integer")
    note = next(n for n in metadata.notes if n.where == "event.action")
    assert "codes that tell kind, in no order" in note.evidence


def test_declared_numbers_that_are_codes_keep_their_combinations(tables, tmp_path):
    metadata = rs.Metadata.from_dict(
        {
            "relsynth": 1,
            "tables": {
                "event": {
                    "primary_key": ["event_id"],
                    "columns": {
                        "event_id": {"type": "key"},
                        "action": {"type": "integer"},
                        "kind": {"type": "categorical"},
                        "age": {"type": "integer"},
                        "group": {"type": "categorical"},
                    },
                }
            },
        }
    )
    synth = cart(metadata, tables)
    assert any("action is no number" in note for note in synth.notes_["event"])
    assert synth.metadata.tables["event"].columns["action"].kind == "integer"
    drawn = synth.sample()["event"]
    usual = tables["event"].groupby("action")["kind"].agg(lambda kinds: kinds.mode()[0])
    assert (drawn["kind"] == drawn["action"].map(usual)).mean() > 0.93
    assert drawn["action"].dtype == tables["event"]["action"].dtype
    synth.save(tmp_path / "m.relsynth")
    again = rs.RelationalSynthesizer.load(tmp_path / "m.relsynth")
    some = again.sample(where={"event": {"action": 3}})["event"]
    assert set(some["action"]) == {3}
