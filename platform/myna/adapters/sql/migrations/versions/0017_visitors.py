"""What visitors tell before the first message, and by what sites vouch for them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "visitor_profile",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inbox", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user"),
        sa.UniqueConstraint("inbox", "subject"),
    )
    op.create_table(
        "inbox_identity",
        sa.Column("inbox", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("enforce", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("inbox"),
    )
