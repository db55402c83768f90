"""The audit finds what leaks and nothing where nothing does."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from small_databases import cart, link, table

import relsynth as rs
from relsynth.audit.canaries import count_canaries
from relsynth.cli import cli
from relsynth.evaluate.attacks import Success

METADATA = rs.Metadata(
    [
        table("customer", {"id": "key", "age": "numeric", "town": "categorical"}, "id"),
        table("sale", {"customer": "key", "paid": "numeric", "kind": "categorical"}),
    ],
    [link("sale", "customer", "customer")],
)


def shop(seed, n=300):
    rng = np.random.default_rng(seed)
    customer = pd.DataFrame(
        {
            "id": range(n),
            "age": rng.integers(18, 90, n).astype(float),
            "town": rng.choice(["Rome", "Oslo", "Bonn", "Bern"], n),
        }
    )
    owner = np.sort(rng.integers(0, n, 4 * n))
    sale = pd.DataFrame(
        {
            "customer": owner,
            "paid": rng.gamma(2, 50, 4 * n).round(2),
            "kind": rng.choice(["a", "b", "c"], 4 * n),
        }
    )
    return {"customer": customer, "sale": sale}


@pytest.fixture(scope="module")
def copied():
    real = shop(1)
    return rs.audit(real, real, METADATA, shop(2))


@pytest.fixture(scope="module")
def independent():
    return rs.audit(shop(1), shop(3), METADATA, shop(2), seed=1)


def test_copies_are_found_by_every_kind_of_attack(copied):
    assert copied.verdict.startswith("Not safe")
    assert copied.scores["auc"] > 0.95
    assert copied.scores["tpr"] > 0.5
    assert copied.scores["copies"] > 0.5
    assert copied.scores["linkability"] > 0.2
    assert copied.scores["inference"] > 0.2
    assert copied.scores["rows"]["sale"]["membership"]["overlap"]["auc"] > 0.9
    assert [line[:3] for line in copied.fails({"auc": 0.55})] == ["auc"]


def test_unseen_people_are_not_told_from_each_other(independent):
    for unit in ("rows", "families"):
        for entry in independent.scores[unit].values():
            for done in entry["membership"].values():
                assert abs(done["auc"] - 0.5) < 2.5 * (done["auc_high"] - done["auc_low"]) / 2
    assert independent.scores["copies"] < 0.02
    assert not independent.fails({"auc": 0.6, "copies": 0.02})


def test_who_is_protected_is_said(copied):
    assert "customer" in copied.scores["subjects"]
    assert set(copied.scores["rows"]) == {"customer", "sale"}
    assert set(copied.scores["families"]) == {"customer"}


def test_without_a_holdout_only_copies_are_measured():
    found = rs.audit(shop(1), shop(3), METADATA)
    assert found.scores["auc"] is None
    assert "holdout" in found.verdict
    assert "could not be measured" in found.fails({"auc": 0.55})[0]


def test_it_is_written_as_a_page_and_as_json(copied, tmp_path):
    page = copied.save(tmp_path / "audit.html").read_text()
    assert copied.verdict.split(":")[0] in page
    assert "linkability" in page
    assert json.loads(copied.save(tmp_path / "a.json").read_text()) == copied.scores


def test_planted_values_are_counted():
    real = shop(1)
    subjects = {"customer": "as asked"}
    leaked = count_canaries(real, METADATA, subjects, 3, 0, lambda tables, n: [tables] * n)
    assert {(c.table, c.column) for c in leaked} == {
        ("customer", "town"),
        ("sale", "paid"),
        ("sale", "kind"),
    }
    assert all(c.caught == 3 and c.chance == 0 for c in leaked)
    kept = count_canaries(real, METADATA, subjects, 3, 0, lambda tables, n: [shop(3)] * n)
    assert not any(c.caught > c.chance for c in kept)


def test_a_model_file_is_looked_through(tmp_path):
    real = shop(1)
    cart(METADATA, real).save(tmp_path / "m.relsynth")
    found = rs.audit(real, shop(3), METADATA, model=tmp_path / "m.relsynth")
    assert found.scores["model"]["columns"]["sale"]["paid"]["values"] > 100
    assert 0 <= found.scores["model_values"] <= 1


def test_success_of_an_attack_that_guesses_right_and_of_one_that_tosses_a_coin():
    rng = np.random.default_rng(0)
    right = Success.of(np.ones(500), np.zeros(500))
    assert (right.auc, right.tpr, right.tpr_strict) == (1.0, 1.0, 1.0)
    coin = Success.of(rng.random(5000), rng.random(5000))
    assert coin.auc_low < 0.5 < coin.auc_high
    assert coin.tpr_low < 0.01 < coin.tpr_high
    tied = Success.of(np.zeros(500), np.zeros(500))
    assert (tied.auc, tied.tpr) == (0.5, 0.0)


def test_the_command_fails_at_a_gate(tmp_path):
    for name, seed in (("real", 1), ("unseen", 2)):
        rs.write_tables(shop(seed), tmp_path / name)
    METADATA.save(tmp_path / "schema.json")
    real = str(tmp_path / "real")
    command = ["audit", real, real, "-s", str(tmp_path / "schema.json")]
    command += ["--holdout", str(tmp_path / "unseen"), "--fail-under", "auc=0.6"]
    done = CliRunner().invoke(cli, [*command, "-o", str(tmp_path / "audit.html")])
    assert done.exit_code == 1, done.output
    assert "auc is" in done.output
    assert (tmp_path / "audit.html").exists()
