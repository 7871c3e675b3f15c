"""Liveness, readiness, and the age of the newest backup."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from . import database
from .models import Heartbeat
from .settings import settings

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers; says nothing about what it needs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(response: Response) -> dict[str, object]:
    """200 when the database answers, its migrations are at head and the jobs' heartbeat is fresh."""
    parts = {"db": check(db), "migrations": check(migrations), "jobs": check(jobs)}
    ready = all(part["ok"] for part in parts.values())
    response.status_code = 200 if ready else 503
    return {"status": "ok" if ready else "unavailable", **parts}


def check(part) -> dict[str, object]:
    """A part's answer; a database that can't be asked is an answer, too."""
    try:
        return part()
    except SQLAlchemyError as error:
        return {"ok": False, "error": type(error).__name__}


def db() -> dict[str, object]:
    with database.engine().connect() as connection:
        connection.execute(select(1))
    return {"ok": True}


def migrations() -> dict[str, object]:
    current, head = database.current(), database.head()
    return {"ok": current == head, "current": current, "head": head}


def jobs() -> dict[str, object]:
    config = settings()
    if not (config.jobs_enabled and config.job_heartbeat_required):
        return {"ok": True, "required": False}
    # the database's clock on both sides
    newest = func.max(Heartbeat.beat_at)
    with database.engine().connect() as connection:
        age = connection.scalar(select(func.extract("epoch", func.now() - newest)))
    fresh = age is not None and float(age) <= config.job_heartbeat_max_age_seconds
    return {"ok": fresh, "heartbeat_age_seconds": None if age is None else round(float(age), 1)}


@router.get("/healthz/backup")
def backup(response: Response) -> dict[str, object]:
    """200 when LAST_SUCCESS.txt is young enough: `finished_at=TIME` among its lines, or the bare time."""
    file = settings().backup_root / "LAST_SUCCESS.txt"
    try:
        finished = finished_at(file.read_text())
    except (OSError, ValueError) as error:
        response.status_code = 503
        return {"ok": False, "error": f"{file.name}: {type(error).__name__}"}
    hours = (datetime.now(UTC) - finished).total_seconds() / 3600
    fresh = hours <= settings().backup_max_age_hours
    response.status_code = 200 if fresh else 503
    return {"ok": fresh, "finished_at": finished.isoformat(), "age_hours": round(hours, 2)}


def finished_at(text: str) -> datetime:
    """ISO 8601; without a zone it is UTC."""
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    time = datetime.fromisoformat(lines.get("finished_at", text).strip())
    return time if time.tzinfo else time.replace(tzinfo=UTC)
