"""Series as tokens: cut values into bins, predict the next row, draw new series."""

from relsynth.sequences.next_token_model import NextTokenModel
from relsynth.sequences.tokenizer import QuantileTokenizer

__all__ = ["NextTokenModel", "QuantileTokenizer"]
