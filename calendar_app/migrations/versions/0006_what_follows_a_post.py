"""what follows a post: its first comment, or the further posts of its thread"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follow_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_later_than", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote_id", sa.String(255), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], op.f("fk_follow_up_delivery_id_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("delivery_id", "position", name=op.f("uq_follow_up_delivery_id_position")),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_follow_up_due", "follow_up", ["due_at"], sqlite_where=due, postgresql_where=due)
    asked = sa.text("state IN ('unconfirmed', 'failed', 'held')")
    op.create_index(
        "ix_follow_up_asked", "follow_up", ["delivery_id"], sqlite_where=asked, postgresql_where=asked
    )


def downgrade() -> None:
    op.drop_table("follow_up")
