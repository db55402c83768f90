"""The rows of one table, given all that is known above them: order, history, and the draw."""
