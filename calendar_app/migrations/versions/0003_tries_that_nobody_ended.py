"""tries that nobody ended"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL AND step != 'publish'")


def upgrade() -> None:
    op.create_index(
        "ix_attempt_open", "attempt", ["opened_at"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    op.drop_index("ix_attempt_open", "attempt", sqlite_where=OPEN, postgresql_where=OPEN)
