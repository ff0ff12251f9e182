"""What the QR codes in pictures say."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("file", sa.Column("codes", sa.Text(), nullable=False, server_default="[]"))
