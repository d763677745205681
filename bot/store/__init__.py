"""The database: typed tables, query functions that never commit, migrations, and field encryption."""
