"""Prometheus' view, behind a token."""

import secrets
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

from .settings import settings

REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("http_request_seconds", "Time to the answer's start", ["route"])

router = APIRouter()


@router.get("/metrics")
def metrics(authorization: Annotated[str, Header()] = "") -> Response:
    config = settings()
    if not config.metrics_enabled:
        raise HTTPException(404, "metrics are not enabled")
    if not authorization:
        raise HTTPException(401, "token needed", {"WWW-Authenticate": "Bearer"})
    if not secrets.compare_digest(authorization.encode(), f"Bearer {config.metrics_token}".encode()):
        raise HTTPException(403, "wrong token")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def measure(request: Request, call_next) -> Response:
    """Middleware. Routes, not paths: a visitor can't make up new series."""
    started = perf_counter()
    response = await call_next(request)
    route = getattr(request.scope.get("route"), "path", "none")
    REQUESTS.labels(request.method, route, response.status_code).inc()
    SECONDS.labels(route).observe(perf_counter() - started)
    return response
