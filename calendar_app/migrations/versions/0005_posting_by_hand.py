"""posting by hand: the screenshot by which a person shows that they posted it"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("evidence_id", sa.Integer(), nullable=True))
        table.create_index(op.f("ix_delivery_evidence_id"), ["evidence_id"])
        table.create_foreign_key(
            op.f("fk_delivery_evidence_id_asset"), "asset", ["evidence_id"], ["id"], ondelete="RESTRICT"
        )


def downgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.drop_constraint(op.f("fk_delivery_evidence_id_asset"), type_="foreignkey")
        table.drop_index(op.f("ix_delivery_evidence_id"))
        table.drop_column("evidence_id")
