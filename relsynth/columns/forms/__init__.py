"""Texts of a form: what the texts of a column share stays, the rest is made anew."""
