"""Categories of many levels: their levels are distinguished by what goes with them."""

import numpy as np
import pandas as pd
import pytest

from relsynth.columns.matrix import Matrix
from relsynth.models.binning import BinnedFeatures
from relsynth.models.cart import SequentialTrees
from relsynth.models.profiles import level_profiles, significance_of

N_TOPICS, N_WORDS, N_ROWS = 6, 900, 30_000


def words(seed=0):
    """Return topics and words that come mostly with a topic of their own, and noise columns."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, N_TOPICS, N_ROWS)
    any_word = rng.integers(0, N_WORDS, N_ROWS)
    own_word = rng.integers(0, N_WORDS // N_TOPICS, N_ROWS) * N_TOPICS + topic
    word = np.where(rng.random(N_ROWS) < 0.5, own_word, any_word)
    noise = rng.standard_normal((N_ROWS, 8))
    return topic, word, noise


def binned(*columns):
    return BinnedFeatures.of(np.column_stack(columns).astype(np.float32), 255)


def test_what_goes_with_a_category_is_told_from_what_does_not():
    topic, word, noise = words()
    found = significance_of(word, binned(topic, noise))
    assert found[0] > 100
    assert np.abs(found[1:]).max() < 4.5


def test_levels_lie_where_their_topic_is():
    topic, word, noise = words()
    places = level_profiles(word, binned(topic, noise))
    assert places.shape[0] == N_WORDS
    assert 1 <= places.shape[1] <= N_TOPICS
    home = np.arange(N_WORDS) % N_TOPICS
    centres = np.array([places[home == k].mean(0) for k in range(N_TOPICS)])
    nearest = ((places[:, None, :] - centres) ** 2).sum(2).argmin(1)
    assert (nearest == home).mean() > 0.9


def test_noise_alone_gives_no_axis():
    _, word, noise = words()
    assert level_profiles(word, binned(noise[:, :3])).shape == (N_WORDS, 0)


def test_trees_draw_words_of_the_topic_among_many_noisy_columns():
    topic, word, noise = words()
    context = Matrix(
        ("topic", *(f"n{i}" for i in range(8))),
        ("category", *["number"] * 8),
        np.column_stack([topic, noise]).astype(float),
    )
    rows = Matrix(("word",), ("category",), word[:, None].astype(float))
    model = SequentialTrees().fit(rows, context, seed=0)
    drawn = model.sample(context, np.random.default_rng(1))[:, 0].astype(int)
    real = pd.crosstab(topic, word % N_TOPICS, normalize=True)
    fake = pd.crosstab(topic, drawn % N_TOPICS, normalize=True)
    assert np.abs(real - fake).to_numpy().sum() / 2 < 0.02
    assert len(np.unique(drawn)) > 0.95 * N_WORDS


def test_where_nothing_tells_the_levels_apart_shares_are_kept():
    rng = np.random.default_rng(2)
    word = np.minimum(rng.geometric(0.004, 20_000), N_WORDS) - 1
    rows = Matrix(("word",), ("category",), word[:, None].astype(float))
    context = Matrix(("x",), ("number",), rng.standard_normal((20_000, 1)))
    drawn = SequentialTrees().fit(rows, context, seed=0).sample(context, rng)[:, 0]
    shares = [np.bincount(part.astype(int), minlength=N_WORDS)[:50] for part in (word, drawn)]
    assert shares[1] == pytest.approx(shares[0], rel=0.3, abs=6)
