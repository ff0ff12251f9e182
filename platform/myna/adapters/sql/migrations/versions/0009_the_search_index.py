"""The search index. It is empty at first; the indexer follows the log from its beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "search_document",
        _id("pos"),
        _id("conversation"),
        _id("seq"),
        _id("sender"),
        sa.Column("at", sa.Float(), nullable=False),
        _id("has"),
        sa.PrimaryKeyConstraint("pos"),
        sa.UniqueConstraint("conversation", "seq"),
    )
    op.create_table("search_state", _id("id"), _id("pos"), sa.PrimaryKeyConstraint("id"))
    op.execute("INSERT INTO search_state (id, pos) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        # The terms are cut by us and joined with spaces; marks belong to their letters.
        op.execute(
            "CREATE VIRTUAL TABLE search_words USING fts5(terms, detail = none, columnsize = 0, "
            "tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")"
        )
    else:
        op.execute("CREATE TABLE search_words (pos bigint PRIMARY KEY, terms tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_search_words ON search_words USING gin (terms)")


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
