"""Rows below the rows of a sibling table: the key found, its nodes, and the rows of each."""
