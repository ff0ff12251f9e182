"""Links, requests, mentions, and what belongs to single users."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "mention",
        _id("user"),
        _id("conversation"),
        _id("seq"),
        sa.PrimaryKeyConstraint("user", "conversation", "seq"),
    )
    op.create_index("ix_mention_place", "mention", ["conversation", "seq"])
    _invites()
    op.create_table(
        "draft",
        _id("user"),
        _id("conversation"),
        sa.Column("body", sa.Text(), nullable=False),
        _optional_id("reply_to"),
        _optional_id("thread"),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("user", "conversation"),
    )
    op.create_table(
        "block",
        _id("user"),
        _id("other"),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("user", "other"),
    )
    op.create_table(
        "scheduled",
        _id("id"),
        _id("workspace"),
        _id("user"),
        _id("conversation"),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _optional_id("reply_to"),
        _optional_id("thread"),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scheduled_due", "scheduled", ["state", "due_at"])
    op.create_index("ix_scheduled_user", "scheduled", ["user"])


def _invites() -> None:
    op.create_table(
        "invite",
        _id("id"),
        _id("workspace"),
        _id("conversation"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        _id("created_by"),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=True),
        _optional_id("max_uses"),
        _id("uses"),
        sa.Column("approval", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_invite_conversation", "invite", ["conversation"])
    op.create_table(
        "join_request",
        _id("conversation"),
        _id("user"),
        _optional_id("invite"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        _optional_id("decided_by"),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("conversation", "user"),
    )


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _optional_id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)
