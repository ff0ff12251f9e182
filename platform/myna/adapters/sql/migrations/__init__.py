"""Schema changes in order. `env.py` is what Alembic runs; `migrate` is what the server runs at every start."""
