"""Who asks: the administrator by a token or a cookie, a program by HMS_API_TOKEN."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import jwt
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from .settings import settings

router = APIRouter(prefix="/api/v1/auth")
Kind = Literal["access", "refresh"]
COOKIE = "hms_session"


class Credentials(BaseModel):
    username: str
    password: str


class Renewal(BaseModel):
    refresh_token: str


def same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def known(username: str, password: str) -> bool:
    config = settings()
    # both are compared, whichever is wrong
    return same(username, config.admin_user) & same(password, config.admin_password.get_secret_value())


def sign(kind: Kind) -> str:
    config = settings()
    ages = {
        "access": timedelta(minutes=config.jwt_access_expiration_minutes),
        "refresh": timedelta(days=config.jwt_refresh_expiration_days),
    }
    claims = {"sub": config.admin_user, "kind": kind, "exp": datetime.now(UTC) + ages[kind]}
    return jwt.encode(claims, config.jwt_secret.get_secret_value(), "HS256")


def holds(token: str, kind: Kind) -> bool:
    """The token is ours, of this kind, young enough, and of the administrator there is now."""
    try:
        claims = jwt.decode(token, settings().jwt_secret.get_secret_value(), ["HS256"])
    except jwt.InvalidTokenError:
        return False
    return claims.get("kind") == kind and claims.get("sub") == settings().admin_user


def tokens() -> dict[str, object]:
    minutes = settings().jwt_access_expiration_minutes
    answer = {"access_token": sign("access"), "refresh_token": sign("refresh")}
    return {**answer, "token_type": "bearer", "expires_in": minutes * 60}


def signed_in(request: Request) -> bool:
    return holds(request.cookies.get(COOKIE, ""), "access")


def allowed(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> None:
    """401 for anybody else."""
    token = bearer.credentials if bearer else request.headers.get("x-api-token", "")
    if not (same(token, settings().api_token.get_secret_value()) or holds(token, "access")):
        raise HTTPException(401, "not signed in", {"WWW-Authenticate": "Bearer"})


@router.post("/login")
def login(credentials: Credentials) -> dict[str, object]:
    if not known(credentials.username, credentials.password):
        raise HTTPException(401, "wrong name or password", {"WWW-Authenticate": "Bearer"})
    return tokens()


@router.post("/refresh")
def refresh(renewal: Renewal) -> dict[str, object]:
    if not holds(renewal.refresh_token, "refresh"):
        raise HTTPException(401, "invalid refresh token", {"WWW-Authenticate": "Bearer"})
    return tokens()
