"""Care of knowledge: questions, gaps, findings, and the operator's bound on wrong answers."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "kb_question",
        sa.Column("turn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("embedder", sa.Text(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("gap", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("turn"),
    )
    op.create_index("kb_question_asked", "kb_question", ["base", "at"])
    op.create_index("kb_question_gap", "kb_question", ["base", "gap"])
    op.create_table(
        "kb_gap",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_kb_gap_base", "kb_gap", ["base"])
    op.create_table(
        "kb_finding",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("found_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("base", "kind", "key"),
    )
    op.create_table(
        "kb_care",
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wrong", sa.Float(), nullable=True),
        sa.Column("examined", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("examined_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("base"),
    )


def downgrade() -> None:
    """Go one step back."""
    for name in ("kb_care", "kb_finding", "kb_gap", "kb_question"):
        op.drop_table(name)
