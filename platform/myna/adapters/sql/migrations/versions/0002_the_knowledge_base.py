"""The knowledge base."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "kb_base",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vectors", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "name"),
    )
    with op.batch_alter_table("kb_base", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_base_workspace"), ["workspace"], unique=False)

    op.create_table(
        "kb_calibration",
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("embedder", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("base", "embedder"),
    )
    op.create_table(
        "kb_chunk",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("section", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("start_at", sa.Integer(), nullable=False),
        sa.Column("end_at", sa.Integer(), nullable=False),
        sa.Column("embedded", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("embedder", sa.Text(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("filled", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("kb_chunk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_chunk_section"), ["section"], unique=False)
        batch_op.create_index(batch_op.f("ix_kb_chunk_source"), ["source"], unique=False)
        batch_op.create_index("kb_chunk_digest", ["base", "digest"], unique=False)
        batch_op.create_index("kb_chunk_filled", ["base", "filled"], unique=False)

    op.create_table(
        "kb_job",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("kb_job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_job_base"), ["base"], unique=False)
        batch_op.create_index(batch_op.f("ix_kb_job_source"), ["source"], unique=False)
        batch_op.create_index("kb_job_open", ["state", "stage", "priority"], unique=False)

    op.create_table(
        "kb_section",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("written", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("variants", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("kb_section", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_section_source"), ["source"], unique=False)
        batch_op.create_index("kb_section_written", ["base", "written"], unique=False)

    op.create_table(
        "kb_source",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("faq", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("base", "key"),
    )
    with op.batch_alter_table("kb_source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_source_base"), ["base"], unique=False)


def downgrade() -> None:
    """Go one step back."""
    with op.batch_alter_table("kb_source", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kb_source_base"))

    op.drop_table("kb_source")
    with op.batch_alter_table("kb_section", schema=None) as batch_op:
        batch_op.drop_index("kb_section_written")
        batch_op.drop_index(batch_op.f("ix_kb_section_source"))

    op.drop_table("kb_section")
    with op.batch_alter_table("kb_job", schema=None) as batch_op:
        batch_op.drop_index("kb_job_open")
        batch_op.drop_index(batch_op.f("ix_kb_job_source"))
        batch_op.drop_index(batch_op.f("ix_kb_job_base"))

    op.drop_table("kb_job")
    with op.batch_alter_table("kb_chunk", schema=None) as batch_op:
        batch_op.drop_index("kb_chunk_filled")
        batch_op.drop_index("kb_chunk_digest")
        batch_op.drop_index(batch_op.f("ix_kb_chunk_source"))
        batch_op.drop_index(batch_op.f("ix_kb_chunk_section"))

    op.drop_table("kb_chunk")
    op.drop_table("kb_calibration")
    with op.batch_alter_table("kb_base", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kb_base_workspace"))

    op.drop_table("kb_base")
