"""Alembic's entry: migrations run on the connection that the caller gives, inside its transaction."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection)
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    transactional_ddl=False,
    transaction_per_migration=False,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
