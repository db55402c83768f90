"""Sets that are merely stored in the order of a column."""

import numpy as np
import pandas as pd
from small_databases import cart, link, table

import relsynth as rs
from relsynth.relational.tables.stored_order import is_sorted_inside


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


def test_numbers_dates_and_texts_may_be_sorted():
    groups = np.repeat(np.arange(60), 5)
    numbers = pd.Series(np.tile([3, 9, 10, 21, 100], 60))
    for values in (numbers, pd.to_datetime(numbers, unit="D"), numbers.astype(str)):
        assert is_sorted_inside(values, groups)
    assert not is_sorted_inside(numbers[::-1], groups)
    assert not is_sorted_inside(pd.Series(np.tile([1, 1, 1, 1, 2], 60)), groups)
    assert not is_sorted_inside(numbers.astype(float).where(numbers != 9), groups)
