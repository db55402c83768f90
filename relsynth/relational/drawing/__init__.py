"""A database half drawn: its rows and links so far, and what the next ones must agree with."""
