"""Administrators: seeded from the environment, known by basic authentication or a short token."""

import ipaddress
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials, HTTPBearer
from fastapi.security import HTTPAuthorizationCredentials as Bearer
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from .database import Database, engine
from .models import Admin, Order
from .portal import worker_token
from .settings import settings

TOKEN_SECONDS = 900
HASHER = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)  # OWASP's choice for small machines
NOBODY = HASHER.hash("nobody has this password")


def signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().auth_secret_key, salt="admin")


def password_holds(digest: str, password: str) -> bool:
    try:
        return HASHER.verify(digest, password)
    except VerifyMismatchError:
        return False


def admitted(request: Request) -> None:
    """Admin paths answer listed addresses only, when there is a list."""
    allowed = settings().admin_ip_allowlist_cidrs
    address = ipaddress.ip_address(request.client.host if request.client else "0.0.0.0")
    if allowed and not any(address in ipaddress.ip_network(cidr) for cidr in allowed):
        raise HTTPException(403, "address not allowed")


def administrator(
    database: Database,
    basic: Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))],
    bearer: Annotated[Bearer | None, Depends(HTTPBearer(auto_error=False))],
) -> str:
    """Name of who asks."""
    if bearer is not None:
        try:
            return str(signer().loads(bearer.credentials, max_age=TOKEN_SECONDS))
        except BadSignature:
            raise HTTPException(401, "invalid token", {"WWW-Authenticate": "Bearer"}) from None
    admin = database.get(Admin, basic.username) if basic else None
    # a hash is compared for an unknown name, too: both take as long
    if basic is None or not password_holds(admin.password_hash if admin else NOBODY, basic.password) or admin is None:
        raise HTTPException(401, "wrong name or password", {"WWW-Authenticate": 'Basic realm="admin"'})
    return admin.username


router = APIRouter(prefix="/v1/admin", dependencies=[Depends(admitted)])
Who = Annotated[str, Depends(administrator)]


@router.get("/whoami")
def whoami(who: Who) -> dict[str, str]:
    return {"username": who, "role": "admin"}


@router.post("/token")
def token(who: Who) -> dict[str, object]:
    return {"token": signer().dumps(who), "expires_in": TOKEN_SECONDS}


@router.get("/orders")
def orders(database: Database, who: Who) -> list[dict[str, object]]:
    found = database.scalars(select(Order).order_by(Order.created_at.desc()).limit(100))
    return [
        {
            "id": order.id,
            "client": {"name": order.client.name, "email": order.client.email},
            "address": order.address,
            "scheduled_for": order.scheduled_for,
            "status": order.status,
            "worker_token": worker_token(order.id),
        }
        for order in found
    ]


def seed() -> None:
    """Makes the administrator of the environment, or gives it the environment's password."""
    config = settings()
    if not config.admin_basic_password:
        return
    with Session(engine()) as session, session.begin():
        admin = session.get(Admin, config.admin_basic_username, with_for_update=True)
        if admin is None:
            session.add(Admin(username=config.admin_basic_username, password_hash=HASHER.hash(config.admin_basic_password)))
        elif not password_holds(admin.password_hash, config.admin_basic_password):
            admin.password_hash = HASHER.hash(config.admin_basic_password)


if __name__ == "__main__":
    seed()
