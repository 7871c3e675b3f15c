"""admins, clients, orders, mails, stripe events, heartbeats"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def when(name: str, **options: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)


def made(name: str = "created_at") -> sa.Column:
    return when(name, server_default=sa.func.now())


def words(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table("admins", sa.Column("username", sa.String, primary_key=True), *words("password_hash"), made())
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid, primary_key=True),
        *words("name"),
        sa.Column("email", sa.String, nullable=False, unique=True),
        made(),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, sa.ForeignKey("clients.id"), nullable=False, index=True),
        *words("address"),
        when("scheduled_for"),
        sa.Column("status", sa.String, nullable=False, server_default="new"),
        made(),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid, primary_key=True),
        *words("recipient", "subject", "body"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        made(),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
    )
    op.create_table("stripe_events", sa.Column("id", sa.String, primary_key=True), *words("type"), made("received_at"))
    op.create_table("job_heartbeats", sa.Column("runner_id", sa.String, primary_key=True), made("beat_at"))


def downgrade() -> None:
    for table in ("job_heartbeats", "stripe_events", "mails", "orders", "clients", "admins"):
        op.drop_table(table)
