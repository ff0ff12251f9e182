"""Whom notes call, and the views of tickets that operators keep."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "note_mention",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("user", "note"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("label", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("inbox", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user", "name"),
    )


def downgrade() -> None:
    """Go one step back."""
    for name in ("saved_view", "note_mention"):
        op.drop_table(name)
