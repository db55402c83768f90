"""An unknown source: seven latent numbers behind twenty columns, and what each method sees of them.

python examples/13_unknown_source.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.decomposition import PCA, FastICA

import relsynth as rs

mpl.use("Agg")
import matplotlib.pyplot as plt

LATENT = 7


def source(n: int, seed: int) -> pd.DataFrame:
    """Return twenty columns that depend on seven latent numbers, some skewed, some heavy."""
    shape = np.random.default_rng(11)
    latent = np.random.default_rng(seed).standard_t(6, size=(n, LATENT))
    mixed = (
        np.tanh(latent @ shape.normal(size=(LATENT, 20)) / 1.5)
        + latent @ shape.normal(size=(LATENT, 20)) / 3
    )
    mixed[:, :6] = np.exp(mixed[:, :6])
    noise = np.random.default_rng(seed + 1).normal(size=mixed.shape)
    return pd.DataFrame(mixed + 0.05 * noise, columns=[f"x{j}" for j in range(20)])


def scaled_pca(train: np.ndarray, n: int, rng: np.random.Generator, method: str) -> np.ndarray:
    """Return draws of independent components, each resampled by itself."""
    mean, spread = train.mean(axis=0), train.std(axis=0)
    unit = (train - mean) / spread
    model = (
        PCA(LATENT) if method == "PCA" else FastICA(LATENT, random_state=0, max_iter=1000, tol=1e-2)
    )
    scores = model.fit_transform(unit)
    drawn = np.column_stack([rng.choice(column, n) for column in scores.T])
    left = unit - model.inverse_transform(scores)
    return (model.inverse_transform(drawn) + left[rng.integers(len(left), size=n)]) * spread + mean


def main() -> None:
    real, unseen = source(1_200, 1), source(1_200, 2)
    values, rng = real.to_numpy(), np.random.default_rng(0)
    tables = {"real rows": real, "marginals": real.apply(lambda c: rng.permutation(c))}
    for method in ("PCA", "ICA"):
        tables[method] = pd.DataFrame(scaled_pca(values, 1_200, rng, method), columns=real.columns)
    metadata = rs.Metadata.detect({"t": real})
    for model in ("cart", "gaussian_copula", "hvrt"):
        synth = rs.RelationalSynthesizer(metadata, model=model, seed=0).fit({"t": real})
        tables[model] = synth.sample()["t"]
    share = np.cumsum(PCA().fit(stats.zscore(values)).explained_variance_ratio_)
    print("scaled principal components for 95 % of the variance:", int((share < 0.95).sum()) + 1)
    told = {}
    for name, table in tables.items():
        tails = np.abs(stats.kurtosis(table) - stats.kurtosis(unseen)).mean()
        ranks = np.abs(table.corr("spearman") - unseen.corr("spearman")).to_numpy().mean()
        sides = {"t": unseen}, {"t": table}
        report = rs.evaluate(*sides, metadata, measures=["c2st"], baselines=False)
        told[name] = report.scores["summary"]["c2st"]["score"]
        print(
            f"{name:16} kurtosis off by {tails:6.2f}, rank correlations by {ranks:.3f}, told {told[name]:.3f}"
        )

    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axis.barh(list(told), list(told.values()), color="#2b6cb0")
    axis.axvline(0.5, color="#c05621", linestyle="--")
    axis.set(xlabel="share a classifier tells right (.5 is a coin)", xlim=(0.4, 1))
    figure.savefig("13_unknown_source.png", dpi=110)


if __name__ == "__main__":
    main()
