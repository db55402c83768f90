"""Sets that are merely stored in the order of a column."""

import numpy as np
import pandas as pd
from small_databases import cart, link, table

import relsynth as rs
from relsynth.relational.sources.stored_order import StoredOrder


def documents(*, sort):
    """200 documents of a topic each, with about 20 words of which half go with the topic."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 4, 200)
    rows = []
    for document, of in enumerate(topic):
        chosen = np.r_[rng.choice(50, 10, replace=False) * 4 + of, rng.choice(200, 12)]
        found = np.unique(chosen) if sort else rng.permutation(np.unique(chosen))
        rows += [(document, f"word{word}") for word in found]
    metadata = rs.Metadata(
        [
            table("documents", {"id": "key", "topic": "categorical"}, "id"),
            table("words", {"document": "key", "word": "categorical"}),
        ],
        [link("words", "document", "documents")],
    )
    tables = {
        "documents": pd.DataFrame({"id": np.arange(200), "topic": np.array(list("wxyz"))[topic]}),
        "words": pd.DataFrame(rows, columns=["document", "word"]),
    }
    return metadata, tables


def test_a_set_is_noticed_and_an_order_that_tells_something_is_not():
    metadata, tables = documents(sort=True)
    assert any("merely sorted by word" in n for n in cart(metadata, tables).notes_["words"])
    metadata, tables = documents(sort=False)
    assert not any("sorted" in note for note in cart(metadata, tables).notes_["words"])


def test_words_of_a_set_go_with_the_topic():
    metadata, tables = documents(sort=True)
    fake = cart(metadata, tables, seed=0).sample()
    words = fake["words"].merge(fake["documents"], left_on="document", right_on="id")
    own = words["word"].str[4:].astype(int) % 4
    fits = np.array(list("wxyz"))[own] == words["topic"]
    assert fits.mean() > 0.45


def test_a_set_comes_back_in_its_order():
    metadata, tables = documents(sort=True)
    fake = cart(metadata, tables, seed=0).sample()["words"]
    number, same = fake["word"].str[4:].astype(int), fake["document"].diff() == 0
    real = tables["words"]["word"]
    assert (real.str[4:].astype(int).diff()[tables["words"]["document"].diff() == 0] > 0).all()
    assert (number.diff()[same] >= 0).all()


def test_numbers_dates_and_texts_may_be_sorted():
    groups = np.repeat(np.arange(60), 5)

    def found(values):
        return StoredOrder.find(pd.DataFrame({"x": values}), ("x",), groups)

    numbers = pd.Series(np.tile([3, 9, 10, 21, 100], 60))
    assert found(numbers) == StoredOrder("x", "value")
    assert found(pd.to_datetime(numbers, unit="D")) == StoredOrder("x", "value")
    assert found(numbers.astype(str)) == StoredOrder("x", "length")
    assert found(numbers.astype(str).str.zfill(3)) == StoredOrder("x", "value")
    assert found(numbers.to_numpy()[::-1]) is None
    assert found(np.tile([1, 1, 1, 1, 2], 60)) is None
    assert found(numbers.astype(float).where(numbers != 9)) is None


def journal(*, by, n=900, families=60):
    """Return accounts and what happens on them, stored as it came, by date or by account."""
    rng = np.random.default_rng(3)
    entries = pd.DataFrame(
        {
            "account": rng.integers(0, families, n),
            "at": pd.to_datetime("2023-01-01")
            + pd.to_timedelta(rng.integers(0, 500_000, n), "min"),
        }
    )
    if by is not None:
        entries = entries.sort_values(by, ignore_index=True, ascending=by != "-at")
    entries.insert(0, "id", np.arange(n) + 1)
    metadata = rs.Metadata(
        [
            table("accounts", {"id": "key"}, "id"),
            table("entries", {"id": "key", "account": "key", "at": "datetime"}, "id"),
        ],
        [link("entries", "account", "accounts")],
    )
    return metadata, {"accounts": pd.DataFrame({"id": range(families)}), "entries": entries}


def runs(values):
    return int((np.diff(values) != 0).sum()) + 1


def test_a_journal_comes_back_by_date_with_rising_keys():
    metadata, tables = journal(by="at")
    fake = cart(metadata, tables, seed=0).sample(seed=1)["entries"]
    assert fake["at"].is_monotonic_increasing
    assert fake["id"].is_monotonic_increasing


def test_rows_of_all_parents_lie_among_each_other_as_the_real_ones_do():
    metadata, tables = journal(by=None)
    fake = cart(metadata, tables, seed=0).sample(seed=1)["entries"]
    assert runs(fake["account"]) > 0.9 * len(fake)
    assert not fake["at"].is_monotonic_increasing


def test_rows_stored_by_parent_stay_by_parent():
    metadata, tables = journal(by="account")
    fake = cart(metadata, tables, seed=0).sample(seed=1)["entries"]
    assert runs(fake["account"]) == fake["account"].nunique()


def test_rows_of_a_parent_lie_latest_first_where_the_real_ones_do():
    rng = np.random.default_rng(2)
    owner = np.repeat(np.arange(60), rng.integers(3, 10, 60))
    back = pd.Series(rng.integers(1, 3_000, len(owner))).groupby(owner).cumsum()
    log = pd.DataFrame({"user_id": owner, "what": rng.choice(["see", "buy"], len(owner))})
    log["at"] = pd.Timestamp("2023-06-01") - pd.to_timedelta(back, unit="m")
    tables = {"users": pd.DataFrame({"user_id": range(60), "plan": "free"}), "log": log}
    made = cart(rs.Metadata.detect(tables), tables).sample(scale=2)["log"]
    assert (made.groupby("user_id")["at"].diff().dropna() <= pd.Timedelta(0)).all()
