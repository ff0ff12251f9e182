"""Providers whose newcomers get a role of the workspace's own."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("provider", sa.Column("custom_role", sa.BigInteger(), nullable=True))
