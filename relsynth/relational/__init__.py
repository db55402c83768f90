"""The relational fit and its mirror, sampling: parents first, children by context."""

from relsynth.relational.synthesizer import RelationalSynthesizer

__all__ = ["RelationalSynthesizer"]
