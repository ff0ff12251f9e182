"""Tickets that sleep."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "desk_sleep",
        sa.Column("conversation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("conversation"),
    )
    op.create_index("ix_desk_sleep_workspace", "desk_sleep", ["workspace"])


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("desk_sleep")
