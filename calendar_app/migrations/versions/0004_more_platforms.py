"""more platforms: what posts declare, what admins adjust, who may call us, and more numbers"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBERS = ("impressions", "reach", "shares", "clicks")
OLD = ["platform", "base_url", "redirect_uri"]
OLD_NAME = "uq_platform_app_platform_base_url_redirect_uri"
NEW_NAME = "uq_platform_app_platform_base_url_redirect_uri_workspace_id"


def upgrade() -> None:
    with op.batch_alter_table("workspace") as table:
        table.add_column(
            sa.Column("requires_declarations", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("post") as table:
        table.add_column(sa.Column("declares", sa.JSON(), nullable=True))
    with op.batch_alter_table("channel") as table:
        table.add_column(sa.Column("adjusted", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("hook", sa.String(64), nullable=True))
        table.create_unique_constraint(op.f("uq_channel_hook"), ["hook"])
    with op.batch_alter_table("snapshot") as table:
        for name in NUMBERS:
            table.add_column(sa.Column(name, sa.Integer(), nullable=True))
    _belongs_to_a_workspace()


def _belongs_to_a_workspace() -> None:
    with op.batch_alter_table("platform_app") as table:
        table.add_column(sa.Column("workspace_id", sa.Integer(), nullable=True))
        table.drop_constraint(op.f(OLD_NAME), type_="unique")
        table.create_unique_constraint(op.f(NEW_NAME), [*OLD, "workspace_id"])
        table.create_foreign_key(
            op.f("fk_platform_app_workspace_id_workspace"),
            "workspace",
            ["workspace_id"],
            ["id"],
            ondelete="CASCADE",
        )


def downgrade() -> None:
    with op.batch_alter_table("platform_app") as table:
        table.drop_constraint(op.f("fk_platform_app_workspace_id_workspace"), type_="foreignkey")
        table.drop_constraint(op.f(NEW_NAME), type_="unique")
        table.drop_column("workspace_id")
        table.create_unique_constraint(op.f(OLD_NAME), OLD)
    with op.batch_alter_table("snapshot") as table:
        for name in NUMBERS:
            table.drop_column(name)
    with op.batch_alter_table("channel") as table:
        table.drop_constraint(op.f("uq_channel_hook"), type_="unique")
        table.drop_column("hook")
        table.drop_column("adjusted")
    with op.batch_alter_table("post") as table:
        table.drop_column("declares")
    with op.batch_alter_table("workspace") as table:
        table.drop_column("requires_declarations")
