"""Bots: keys, installations, their logs, webhooks and memory."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _big(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=null)


def _float(name: str, *, null: bool = False) -> "sa.Column[float]":
    return sa.Column(name, sa.Float(), nullable=null)


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "bot",
        _big("user"),
        _big("workspace"),
        _text("description"),
        _text("privacy"),
        sa.Column("hears_bots", sa.Boolean(), nullable=False),
        _text("settings"),
        _big("created_by", null=True),
        _float("created_at"),
        _float("disabled_at", null=True),
        _big("seq"),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_index("ix_bot_workspace", "bot", ["workspace"])
    op.create_table(
        "bot_token",
        _big("id"),
        _big("bot"),
        _text("digest"),
        _text("name"),
        _text("scopes"),
        _float("created_at"),
        _float("revoked_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_bot_token_bot", "bot_token", ["bot"])
    op.create_table(
        "bot_installation",
        _big("conversation"),
        _big("bot"),
        _text("scopes"),
        _text("privacy"),
        _big("installed_by", null=True),
        _float("created_at"),
        _float("removed_at", null=True),
        sa.PrimaryKeyConstraint("conversation", "bot"),
    )
    op.create_index("ix_bot_installation_bot", "bot_installation", ["bot"])
    _log()
    _hooks()


def _log() -> None:
    op.create_table(
        "bot_event",
        _big("bot"),
        _big("seq"),
        _text("type"),
        _big("conversation", null=True),
        _text("data"),
        _text("key", null=True),
        _float("created_at"),
        sa.PrimaryKeyConstraint("bot", "seq"),
        sa.UniqueConstraint("bot", "key"),
    )
    op.create_index("ix_bot_event_age", "bot_event", ["created_at"])
    op.create_table("bot_feed", _big("id"), _big("pos"), sa.PrimaryKeyConstraint("id"))
    # There are no bots yet, so nothing of what was said before is for them.
    op.execute("INSERT INTO bot_feed (id, pos) SELECT 1, pos FROM lane WHERE id = 1")
    op.create_table(
        "bot_cursor", _big("bot"), _text("view"), _big("seq"), sa.PrimaryKeyConstraint("bot", "view")
    )
    op.create_table(
        "bot_state",
        _big("bot"),
        _text("space"),
        _text("key"),
        _text("value"),
        _float("until", null=True),
        sa.PrimaryKeyConstraint("bot", "space", "key"),
    )


def _hooks() -> None:
    op.create_table(
        "bot_hook",
        _big("id"),
        _big("bot"),
        _big("conversation"),
        _text("digest"),
        _text("name"),
        _float("created_at"),
        _float("revoked_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bot_hook_bot", "bot_hook", ["bot"])
    op.create_table(
        "bot_file",
        _text("id"),
        _big("workspace"),
        _big("owner"),
        _text("name"),
        _text("type"),
        _big("size"),
        _text("digest"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _float("created_at"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bot_file_workspace", "bot_file", ["workspace"])
    op.create_table(
        "bot_webhook",
        _big("bot"),
        _text("kind"),
        _text("url"),
        _text("secret"),
        _text("old_secret", null=True),
        _float("old_until", null=True),
        _text("types"),
        _text("state"),
        _float("failing_since", null=True),
        sa.Column("parallel", sa.Integer(), nullable=False),
        _float("created_at"),
        _text("last_error", null=True),
        _float("last_error_at", null=True),
        sa.PrimaryKeyConstraint("bot"),
    )
    op.create_table(
        "bot_delivery",
        _big("bot"),
        _big("seq"),
        _big("place"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _float("due_at"),
        _float("leased_until"),
        _text("state"),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("error", null=True),
        sa.PrimaryKeyConstraint("bot", "seq"),
    )
    op.create_index("ix_bot_delivery_due", "bot_delivery", ["state", "due_at"])
