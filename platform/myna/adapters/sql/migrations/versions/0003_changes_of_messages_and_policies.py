"""Changes of messages, and the policies of conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    for name, kind, default in (("policy", sa.Text(), "{}"), ("all_seq", sa.BigInteger(), "0")):
        op.add_column("conversation", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column(
        "conversation", sa.Column("retained_through", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("member", sa.Column("deleted_to", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("member", sa.Column("notify", sa.Text(), nullable=False, server_default="all"))
    for name in ("muted_until", "banned_until", "last_sent_at"):
        op.add_column("member", sa.Column(name, sa.Float(), nullable=True))
    op.add_column("held", sa.Column("thread", sa.BigInteger(), nullable=True))
    _messages()
    _marks()


def _messages() -> None:
    for name, kind in (
        ("thread", sa.BigInteger()),
        ("edited_at", sa.Float()),
        ("reactions", sa.Text()),
        ("expires_at", sa.Float()),
    ):
        op.add_column("message", sa.Column(name, kind, nullable=True))
    for name, where, columns in (
        ("ix_message_thread", "thread IS NOT NULL", ["conversation", "thread", "seq"]),
        ("ix_message_expires", "expires_at IS NOT NULL", ["expires_at"]),
    ):
        condition = sa.text(where)
        op.create_index(name, "message", columns, sqlite_where=condition, postgresql_where=condition)


def _marks() -> None:
    op.create_table(
        "message_version",
        _id("conversation"),
        _id("seq"),
        _id("rev"),
        sa.Column("body", sa.Text(), nullable=False),
        _id("replaced_by"),
        sa.Column("replaced_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "seq", "rev"),
    )
    op.create_table(
        "reaction",
        _id("conversation"),
        _id("seq"),
        sa.Column("emoji", sa.Text(), nullable=False),
        _id("user"),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "seq", "emoji", "user"),
    )
    op.create_table(
        "pin",
        _id("conversation"),
        _id("seq"),
        _id("user"),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "seq"),
    )
    op.create_table(
        "hidden",
        _id("user"),
        _id("conversation"),
        _id("seq"),
        sa.PrimaryKeyConstraint("user", "conversation", "seq"),
    )
    op.create_table(
        "command",
        _id("conversation"),
        _id("user"),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        _id("rev"),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "user", "client_id"),
    )


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
