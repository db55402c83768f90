"""Sequences: tokens and back, the next row, and new series, on a nonlinear source of 20 columns.

python examples/08_sequences.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from sklearn.linear_model import Ridge

from relsynth.sequences import NextTokenModel, QuantileTokenizer

mpl.use("Agg")
import matplotlib.pyplot as plt

CONTEXT = 5


def source(n: int, seed: int = 0, d: int = 20) -> np.ndarray:
    """Return a nonlinear autoregressive series: bounded, with waves of its own past."""
    rng = np.random.default_rng(4)
    mix = np.linalg.qr(rng.normal(size=(d, d)))[0]
    waves = rng.normal(size=(d, d)) / np.sqrt(d)
    rng = np.random.default_rng(seed)
    x = np.zeros((n + 100, d))
    for t in range(1, n + 100):
        push = 1.6 * x[t - 1] @ mix + 0.35 * np.sin(2 * x[t - 1] @ waves)
        x[t] = 1.14 * np.tanh(push + 0.85 * rng.normal(size=d))
    return x[100:]


def main() -> None:
    series = source(6_000)
    train, test = series[:5_000], series[5_000:]
    tokenizer = QuantileTokenizer(bins=64).fit(train)
    tokens = tokenizer.tokenize(train)
    for how in ("mean", "centre"):
        off = np.sqrt(((tokenizer.detokenize(tokens, how) - train) ** 2).mean())
        print(f"tokens and back by {how}: error {off:.4f} of a spread of {train.std():.3f}")

    model = NextTokenModel(context=CONTEXT).fit(train)
    found = model.score(test)
    print(
        f"next row: error {found.rmse:.3f}, of means {found.rmse_mean:.3f}; token right in "
        f"{found.token_accuracy:.3f} (by chance {found.chance:.3f}); log loss {found.log_loss:.3f} of "
        f"{found.log_tokens:.3f}; {found.milliseconds:.2f} ms a row"
    )
    past = np.hstack([train[i : len(train) - CONTEXT + i] for i in range(CONTEXT)])
    ridge = Ridge().fit(past, train[CONTEXT:])
    asked = np.hstack([test[i : len(test) - CONTEXT + i] for i in range(CONTEXT)])
    print(f"ridge regression: {np.sqrt(((ridge.predict(asked) - test[CONTEXT:]) ** 2).mean()):.3f}")
    drawn = model.sample(12_000, random_state=0)
    lags = [[np.corrcoef(x[1:, j], x[:-1, j])[0, 1] for j in range(20)] for x in (train, drawn)]
    print(
        f"lag-one correlations of drawn series are off by {np.abs(np.subtract(*lags)).max():.3f} at most"
    )

    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    axes[0].plot(train[:60, 0], label="real")
    axes[0].plot(drawn[:60, 0], label="drawn", alpha=0.8)
    axes[0].set(xlabel="step", title="one column", ylim=(-1.3, 1.7))
    axes[0].legend(loc="upper center", ncols=2)
    axes[1].scatter(*lags, s=12)
    axes[1].axline((0, 0), slope=1, color="grey", linewidth=1)
    axes[1].set(xlabel="real", ylabel="drawn", title="lag-one correlation by column")
    figure.savefig("08_sequences.png", dpi=110)


if __name__ == "__main__":
    main()
