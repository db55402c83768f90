"""A model that feeds on its own rows is given up for trees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_databases import link, table

import relsynth as rs
from relsynth.distance import kolmogorov_smirnov
from relsynth.evidence import by_halves
from relsynth.models import make_model
from relsynth.relational import choosing


class Stuck:
    """Copies the sibling before, and begins with the greatest value of every column."""

    name = "stuck"

    def fit(self, rows, context, *, seed=None):
        self.top_ = np.nanmax(rows.values, axis=0)
        self.names_ = rows.names
        return self

    def sample(self, context, rng):
        told = [f"before.{name}" for name in self.names_]
        missing = np.full(len(context), np.nan)
        before = [context[name] if name in context.names else missing for name in told]
        before = np.reshape(before, (len(told), len(context))).T
        return np.where(np.isnan(before), self.top_, before)

    def to_state(self):
        return {}

    @classmethod
    def from_state(cls, state):
        return cls()


@pytest.fixture
def orders():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"client": np.repeat(np.arange(100), 6), "size": rng.integers(0, 3, 600)})
    frame["state"] = np.array(["new", "paid", "sent"])[rng.integers(0, 3, 600)]
    tables = {"clients": pd.DataFrame({"id": np.arange(100)}), "orders": frame}
    kinds = {"client": "key", "size": "integer", "state": "categorical"}
    parts = [table("clients", {"id": "key"}, "id"), table("orders", kinds)]
    return rs.Metadata(parts, [link("orders", "client", "clients")]), tables


@pytest.fixture
def stuck_is_chosen(monkeypatch):
    monkeypatch.setattr(choosing, "choose_model", lambda *_, **__: ("stuck", "stuck: for once"))
    made = lambda given: Stuck() if given == "stuck" else make_model(given)  # noqa: E731
    monkeypatch.setattr(choosing, "make_model", made)


@pytest.mark.usefixtures("stuck_is_chosen")
def test_a_chosen_model_that_drifts_gives_way_to_trees(orders):
    metadata, tables = orders
    model = rs.RelationalSynthesizer(metadata, seed=0).fit(tables)
    assert any("drifts from sibling to sibling" in note for note in model.notes_["orders"])
    drawn = model.sample()["orders"]["state"].value_counts(normalize=True)
    assert drawn.max() < 0.45


@pytest.mark.usefixtures("stuck_is_chosen")
def test_a_model_asked_for_stays_even_if_it_drifts(orders):
    metadata, tables = orders
    model = rs.RelationalSynthesizer(metadata, models={"orders": Stuck()}, seed=0).fit(tables)
    assert not any("drifts" in note for note in model.notes_["orders"])
    assert model.sample()["orders"]["size"].nunique() == 1


def test_a_model_that_does_not_drift_stays(orders):
    metadata, tables = orders
    model = rs.RelationalSynthesizer(metadata, seed=0).fit(tables)
    assert not any("drifts" in note for note in model.notes_["orders"])


def test_what_halves_of_few_families_are_apart_by_chance_is_no_drift():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(6), 40)
    alike = rng.normal(0, 1, 6)[groups] + rng.normal(0, 0.1, 240)
    mixed = rng.permutation(alike)
    chance = [by_halves(values, groups, kolmogorov_smirnov, rng) for values in (alike, mixed)]
    assert chance[0] > 0.35
    assert chance[1] < 0.25
    assert by_halves(alike, np.zeros(240, np.int64), kolmogorov_smirnov, rng) == np.inf
