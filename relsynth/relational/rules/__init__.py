"""Rules across rows and tables: found with evidence while fitting, kept in what is drawn."""
