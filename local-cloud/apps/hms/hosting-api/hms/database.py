"""SQLite with a write-ahead log; the schema's version is in the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends

from .settings import settings

MIGRATIONS = [
    """CREATE TABLE cards (
         id INTEGER PRIMARY KEY,
         title TEXT NOT NULL,
         state TEXT NOT NULL DEFAULT 'todo' CHECK (state IN ('todo', 'doing', 'done')),
         created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
       )""",
    "ALTER TABLE cards ADD COLUMN notes TEXT NOT NULL DEFAULT ''",
]


@contextmanager
def connection() -> Iterator[sqlite3.Connection]:
    """A transaction: committed when it went well."""
    # a request's steps run one after the other, but each in whichever thread of the pool is free
    opened = sqlite3.connect(settings().database, timeout=5, check_same_thread=False)
    opened.row_factory = sqlite3.Row
    try:
        with opened:
            yield opened
    finally:
        opened.close()


def migrate() -> None:
    """Brings the database up to date; of processes that start at the same time one does."""
    settings().database.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with connection() as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.isolation_level = None
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        for statement in MIGRATIONS[version:]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")


def session() -> Iterator[sqlite3.Connection]:
    with connection() as db:
        yield db


# closed before the answer leaves: who reads next sees what was written
Database = Annotated[sqlite3.Connection, Depends(session, scope="function")]
