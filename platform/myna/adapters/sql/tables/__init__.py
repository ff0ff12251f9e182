"""Every table of the core, declared once for SQLite and PostgreSQL. Rows never leave the adapters.

Enumerations are stored as text, bodies as JSON text, times as unix seconds. The hot path writes through the drivers
with statements compiled from these declarations; `Session.add` is never used (183 µs a row, measured).
"""
