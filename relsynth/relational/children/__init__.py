"""The rows of one table below their parents: summaries, numbers, order, history, and the draw."""
