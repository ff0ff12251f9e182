"""Where the log was when somebody asked to come in; the sign-in of a socket ticket; how long recordings last."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("join_request", sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=True))
    op.add_column(
        "socket_ticket",
        sa.Column("sign_in", sa.BigInteger(), autoincrement=False, nullable=False, server_default="0"),
    )
    op.add_column("file", sa.Column("duration_s", sa.Float(), nullable=True))
