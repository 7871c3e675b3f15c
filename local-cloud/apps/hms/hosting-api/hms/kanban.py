"""The board's API."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from .auth import allowed
from .database import Database

router = APIRouter(prefix="/api/v1/kanban")
State = Literal["todo", "doing", "done"]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Notes = Annotated[str, Field(max_length=10_000)]


class NewCard(BaseModel):
    title: Title
    notes: Notes = ""
    state: State = "todo"


class Change(BaseModel):
    title: Title | None = None
    notes: Notes | None = None
    state: State | None = None


@router.get("/health")
def health(database: Database) -> dict[str, object]:
    """The board can be read; 500 when it can't."""
    return {"status": "ok", "cards": database.execute("SELECT count(*) FROM cards").fetchone()[0]}


@router.get("/cards", dependencies=[Depends(allowed)])
def cards(database: Database) -> list[dict[str, object]]:
    return [dict(row) for row in database.execute("SELECT * FROM cards ORDER BY id")]


@router.post("/cards", status_code=201, dependencies=[Depends(allowed)])
def create(card: NewCard, database: Database) -> dict[str, object]:
    values = card.model_dump()
    row = database.execute(
        "INSERT INTO cards (title, notes, state) VALUES (:title, :notes, :state) RETURNING *", values
    ).fetchone()
    return dict(row)


@router.patch("/cards/{card_id}", dependencies=[Depends(allowed)])
def change(card_id: int, change: Change, database: Database) -> dict[str, object]:
    row = database.execute(
        """UPDATE cards SET title = coalesce(:title, title), notes = coalesce(:notes, notes),
           state = coalesce(:state, state) WHERE id = :id RETURNING *""",
        {**change.model_dump(), "id": card_id},
    ).fetchone()
    if row is None:
        raise HTTPException(404, "not found")
    return dict(row)
