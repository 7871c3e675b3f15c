"""What an administrator sees."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from . import kanban
from .auth import COOKIE, known, sign, signed_in
from .database import Database
from .settings import addresses, settings

HERE = Path(__file__).parent
TEMPLATES = Jinja2Templates(HERE / "templates")
router = APIRouter(include_in_schema=False)


def visitor(request: Request) -> None:
    """Anybody else is sent to the login."""
    if not signed_in(request):
        raise HTTPException(302, headers={"Location": "/login"})


private = [Depends(visitor)]


@router.get("/login")
def login_page(request: Request) -> Response:
    return TEMPLATES.TemplateResponse(request, "login.html")


@router.post("/login")
def login(request: Request, username: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    if not known(username, password):
        return TEMPLATES.TemplateResponse(request, "login.html", {"fault": "Wrong name or password."}, 401)
    answer = RedirectResponse("/", 303)
    seconds = settings().jwt_access_expiration_minutes * 60
    # another site's form comes without a lax cookie
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, sign("access"), max_age=seconds, httponly=True, samesite="lax", secure=secure)
    return answer


@router.post("/logout")
def logout() -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/", dependencies=private)
def dashboard(request: Request, database: Database) -> Response:
    counts = dict(database.execute("SELECT state, count(*) FROM cards GROUP BY state").fetchall())
    return TEMPLATES.TemplateResponse(request, "dashboard.html", {"counts": counts, "addresses": addresses()})


@router.get("/kanban", dependencies=private)
def board(request: Request, database: Database) -> Response:
    return TEMPLATES.TemplateResponse(request, "kanban.html", {"cards": kanban.cards(database)})


@router.post("/kanban", dependencies=private)
def add(card: Annotated[kanban.NewCard, Form()], database: Database) -> Response:
    kanban.create(card, database)
    return RedirectResponse("/kanban", 303)


@router.post("/kanban/{card_id}", dependencies=private)
def edit(card_id: int, card: Annotated[kanban.NewCard, Form()], database: Database) -> Response:
    # a form's empty field comes as its default, not as none: notes can be emptied
    kanban.change(card_id, kanban.Change(**card.model_dump()), database)
    return RedirectResponse("/kanban", 303)
