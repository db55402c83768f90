"""Drawn rows made unique: by swaps first, then by new values, in what is free to move."""
