"""How many clusters: seven criteria, what each of them costs, and which number it finds."""

from relsynth.clustering.choose import ClusterCount, choose_k
from relsynth.clustering.criteria import METHODS

__all__ = ["METHODS", "ClusterCount", "choose_k"]
