"""Where the values of a column come from: roles, encodings, parents, other columns, kept rows."""
