"""Check data against a schema."""
def check_tables(metadata, tables, orphans="error"):
    return {name: tables[name] for name in metadata.tables}
