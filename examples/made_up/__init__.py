"""Made-up data that several examples share."""
