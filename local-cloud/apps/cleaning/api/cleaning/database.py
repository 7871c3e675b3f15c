"""Engine, sessions, and the migrations' state."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import Depends
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from .settings import settings

ALEMBIC = Config(Path(__file__).parent.parent / "alembic.ini")


@lru_cache
def engine() -> Engine:
    """One pool for the process; a connection that died with the database is replaced."""
    return create_engine(
        settings().database_url,
        pool_size=settings().database_pool_size,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5},
        hide_parameters=True,
    )


def session() -> Iterator[Session]:
    """A transaction for the request: committed when it went well."""
    with Session(engine()) as current, current.begin():
        yield current


Database = Annotated[Session, Depends(session)]


@lru_cache
def head() -> str | None:
    """Newest revision in the code."""
    return ScriptDirectory.from_config(ALEMBIC).get_current_head()


def current() -> str | None:
    """Revision the database is at."""
    with engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
