"""Moderation: policies, lists, appeals; and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "audit",
        sa.Column("workspace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("actor", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "number"),
    )
    op.create_table(
        "filter_policy",
        sa.Column("workspace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "kind", "place"),
    )
    op.create_table(
        "filter_listing",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "kind", "value"),
    )
    op.create_index("ix_filter_listing_page", "filter_listing", ["workspace", "id"])
    op.add_column("member", sa.Column("waiting", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("held", sa.Column("appeal", sa.Text(), nullable=True))
    op.add_column("held", sa.Column("appeal_state", sa.Text(), nullable=True))
    op.create_index("ix_held_appeal", "held", ["workspace", "appeal_state", "id"])
    op.create_index("ix_held_sender", "held", ["sender", "id"])


def downgrade() -> None:
    """Go one step back."""
    op.drop_index("ix_held_sender", "held")
    op.drop_index("ix_held_appeal", "held")
    op.drop_column("held", "appeal_state")
    op.drop_column("held", "appeal")
    op.drop_column("member", "waiting")
    for name in ("filter_listing", "filter_policy", "audit"):
        op.drop_table(name)
