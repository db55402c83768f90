"""Values of single families are invented, and recur in a family as in the data."""

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, table

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.relational.children.history import Siblings
from relsynth.relational.children.parent_values import ParentValues


@pytest.fixture(scope="module")
def bank():
    """Accounts that pay to one to three numbers of their own, each held by one bank."""
    rng = np.random.default_rng(0)
    accounts = pd.DataFrame({"id": np.arange(150), "city": [f"Town {i:03d}" for i in range(150)]})
    numbers = rng.integers(10**7, 10**8, (150, 3)).astype(str)
    banks = rng.choice(["AB", "CD", "EF"], (150, 3))
    used = rng.integers(1, 4, 150)
    counts = rng.integers(4, 12, 150)
    account = np.repeat(np.arange(150), counts)
    which = (rng.random(len(account)) * used[account]).astype(int)
    payments = pd.DataFrame(
        {
            "id": np.arange(len(account)),
            "account_id": account,
            "to_number": numbers[account, which],
            "to_bank": banks[account, which],
            "amount": rng.integers(1, 20, len(account)) * 10,
        }
    )
    payments.loc[rng.random(len(account)) < 0.1, "to_number"] = None
    columns = {"id": "key", "account_id": "key", "amount": "integer"}
    columns |= dict.fromkeys(("to_number", "to_bank"), "categorical")
    metadata = rs.Metadata(
        [
            table("accounts", {"id": "key", "city": "categorical"}, "id"),
            table("payments", {name: columns[name] for name in payments}, "id"),
        ],
        [link("payments", "account_id", "accounts")],
    )
    return metadata, {"accounts": accounts, "payments": payments}


@pytest.fixture(scope="module")
def drawn(bank):
    synthesizer = cart(*bank)
    return synthesizer, synthesizer.sample(scale=2.0, seed=1)


def test_values_of_families_are_invented_and_stay_theirs(bank, drawn):
    metadata, real = bank
    fake = drawn[1]["payments"]
    assert not set(fake["to_number"].dropna()) & set(real["payments"]["to_number"].dropna())
    assert (fake.groupby("to_number")["account_id"].nunique() == 1).all()
    assert fake["to_number"].dropna().str.fullmatch(r"\d{8}").all()
    assert_valid(metadata, real, drawn[1], observed=False)


def test_they_recur_in_a_family_as_in_the_data(bank, drawn):
    def shape(payments):
        known = payments.dropna(subset="to_number")
        families = known.groupby("account_id")["to_number"]
        return families.nunique().mean(), (families.size() / families.nunique()).mean()

    real, fake = shape(bank[1]["payments"]), shape(drawn[1]["payments"])
    assert fake == pytest.approx(real, rel=0.2)
    missing = [tables["payments"]["to_number"].isna().mean() for tables in (bank[1], drawn[1])]
    assert missing[1] == pytest.approx(missing[0], abs=0.03)


def test_a_mark_for_what_is_not_known_is_no_model_for_inventions(bank):
    metadata, real = bank
    accounts = real["accounts"].assign(city=[str(1_000 + 7 * i) for i in range(150)])
    accounts.loc[3, "city"] = "?"
    cities = cart(metadata, {**real, "accounts": accounts}).sample(seed=3)["accounts"]["city"]
    assert cities.str.fullmatch(r"\d{4}|\?").all()


def test_a_root_with_a_value_of_its_own_in_every_row_keeps_them_distinct(drawn):
    cities = drawn[1]["accounts"]["city"]
    assert cities.is_unique
    assert len(cities) == 300
    assert "parent-specific: city" in " ".join(drawn[0].notes_["accounts"])


def test_values_that_families_share_are_kept(bank, drawn):
    assert set(drawn[1]["payments"]["to_bank"]) == {"AB", "CD", "EF"}
    assert "parent-specific: to_bank" not in " ".join(drawn[0].notes_["payments"])


def test_a_mixture_keeps_shared_values_and_invents_the_others(bank):
    metadata, real = bank
    payments = real["payments"].copy()
    shop = np.random.default_rng(3).random(len(payments)) < 0.3
    payments.loc[shop, "to_number"] = "00000001"
    tables = {**real, "payments": payments}
    fake = cart(metadata, tables).sample(seed=2)["payments"]["to_number"]
    assert (fake == "00000001").mean() == pytest.approx(
        (payments["to_number"] == "00000001").mean(), abs=0.05
    )
    others = set(fake.dropna()) - {"00000001"}
    assert not others & set(payments["to_number"].dropna())


def test_a_categorical_dtype_does_not_switch_protection_off(bank):
    metadata, real = bank
    payments = real["payments"].assign(to_number=real["payments"]["to_number"].astype("category"))
    tables = {**real, "payments": payments}
    fake = cart(metadata, tables).sample(seed=2)["payments"]["to_number"]
    assert fake.dtype == "category"
    assert not set(fake.dropna()) & set(payments["to_number"].cat.categories)


def test_children_of_given_rows_and_saved_models(drawn, tmp_path):
    synthesizer = drawn[0]
    given = pd.DataFrame({"id": [901, 902, 903], "city": ["Here", "There", "Town 001"]})
    made = synthesizer.sample_children(of={"accounts": given}, seed=4)["payments"]
    assert set(made["account_id"]) <= {901, 902, 903}
    assert (made.groupby("to_number")["account_id"].nunique() == 1).all()
    path = tmp_path / "bank.relsynth"
    synthesizer.save(path)
    again = rs.RelationalSynthesizer.load(path).sample(seed=7)
    first = synthesizer.sample(seed=7)
    assert all(first[name].equals(again[name]) for name in first)


def test_a_golden_recurrence():
    """Codes 0 to 29: 0 is shared, the others belong to one family each."""
    codes = np.array([5, 5, 7, 5, 0, np.nan, 7, 9, 0, 9, *range(10, 30)])
    groups = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, *range(2, 22)])
    rows = Matrix(("x",), ("category",), codes[:, None])
    private = ParentValues.find(rows, groups, ("x",))
    assert private.shared["x"].tolist() == [0]
    local = private.localise(rows, Siblings.sorted(groups, np.arange(30)))["x"]
    first = 1  # behind the one shared code
    fresh, same, number_0, number_1 = first, first + 1, first + 2, first + 3
    expected = [fresh, same, fresh, number_0, 0, np.nan, number_1, fresh, 0, number_0]
    np.testing.assert_array_equal(local[:10], expected)
    assert (local[10:] == fresh).all()
    assert ParentValues.find(rows, groups * 0, ("x",)).shared["x"].tolist() == []


def test_what_comes_with_a_private_value_comes_back_with_it(bank, drawn):
    fake = drawn[1]["payments"]
    known = fake[fake["to_number"].notna()]
    assert (known.groupby("to_number")["to_bank"].nunique() == 1).all()
    assert known.groupby("account_id")["to_bank"].nunique().max() > 1
    assert known.groupby("to_number")["amount"].nunique().max() > 1


def test_companions_by_hand():
    rows = Matrix(
        ("number", "bank", "free"),
        ("category", "category", "number"),
        np.array([[k // 2, k // 2 % 3, k] for k in range(80)], float),
    )
    private = ParentValues({"number": np.empty(0, np.int64)}, {"number": 40})
    found = private.accompanied(rows, Siblings.of(np.arange(80) // 2), ("bank", "free"))
    assert found.companions == {"number": {"bank": 1.0}}
