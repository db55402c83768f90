"""One table as the schema and its data tell it: roles of its columns, encoding, what is unique."""
