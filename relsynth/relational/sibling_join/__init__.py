"""Tables whose rows belong to rows of a sibling table: the join found, its keys, rows for each."""
