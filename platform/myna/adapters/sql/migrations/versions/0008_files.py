"""Files, their blobs, and the messages that carry them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "file",
        _id("id"),
        _id("workspace"),
        _id("user"),
        sa.Column("name", sa.Text(), nullable=False),
        _id("size"),
        sa.Column("state", sa.Text(), nullable=False),
        _id("received"),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("thumbnail", sa.Text(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_file_used", "file", ["used_at"])
    op.create_index("ix_file_user", "file", ["user"])
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        _id("size"),
        _id("refs"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "file_use",
        _id("file"),
        _id("conversation"),
        _id("seq"),
        sa.PrimaryKeyConstraint("file", "conversation", "seq"),
    )
    op.create_index("ix_file_use_place", "file_use", ["conversation", "seq"])


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
