"""Alembic's entry: one migrates, others that start at the same time wait for a lock in the database."""

from alembic import context
from sqlalchemy import create_engine, text

from cleaning.models import Base
from cleaning.settings import settings

LOCK = 20_260_102  # any number that nobody else locks

with create_engine(settings().database_url, connect_args={"connect_timeout": 5}).begin() as connection:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
