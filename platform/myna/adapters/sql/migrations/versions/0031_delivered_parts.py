"""How much of an event that is several requests has arrived at a webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("bot_delivery", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("bot_delivery", "part")
