"""The log and the store on SQLite and PostgreSQL."""
