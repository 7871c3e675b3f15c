"""The API as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.concurrency import run_in_threadpool

from . import admin, health, metrics, orders, payments
from .limits import reachable
from .logs import configure
from .settings import settings


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    configure()
    await run_in_threadpool(reachable)
    yield


def application() -> FastAPI:
    config = settings()
    public = config.app_env != "prod"
    app = FastAPI(
        title="Cleaning",
        lifespan=lifespan,
        openapi_url="/openapi.json" if public else None,
    )
    app.middleware("http")(metrics.measure)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=config.cors_origins if config.strict_cors else config.cors_origins or ["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    for part in (health, metrics, admin, payments, orders):
        app.include_router(part.router)
    return app
