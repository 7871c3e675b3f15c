"""The hosting manager as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from . import auth, kanban, pages
from .database import Database, migrate
from .settings import addresses, settings

POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await run_in_threadpool(migrate)
    yield


async def protect(request, call_next) -> Response:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def health(database: Database) -> dict[str, str]:
    """The process answers, and its database; 500 when that doesn't."""
    database.execute("SELECT 1")
    return {"status": "ok"}


def application() -> FastAPI:
    settings()
    addresses()
    app = FastAPI(title="Hosting manager", lifespan=lifespan, openapi_url=None)
    app.middleware("http")(protect)
    app.get("/health")(health)
    for part in (auth, kanban, pages):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"))
    return app
