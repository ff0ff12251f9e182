"""Roles of a workspace's own."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "custom_role",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verbs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_custom_role_workspace", "custom_role", ["workspace"])
    op.add_column("users", sa.Column("custom_role", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("verbs", sa.Text(), nullable=True))
    op.add_column("invitation", sa.Column("custom_role", sa.BigInteger(), nullable=True))
