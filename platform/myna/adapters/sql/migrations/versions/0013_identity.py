"""Sign-ins, invitations, second factors, and people who may not come in any more."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("users", sa.Column("deactivated_at", sa.Float(), nullable=True))
    op.create_table(
        "sign_in",
        _id("id"),
        _id("user"),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_in_user", "sign_in", ["user"])
    op.create_index("ix_sign_in_ended_at", "sign_in", ["ended_at"])
    op.create_table(
        "invitation",
        _id("id"),
        _id("workspace"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        _id("created_by"),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_invitation_workspace", "invitation", ["workspace"])
    op.create_table(
        "second_factor",
        _id("user"),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        _id("last_step"),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_table(
        "recovery_code",
        _id("user"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user", "digest"),
    )


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
