"""Links that let a client, a worker or a browser at one order or photo, signed and without an account."""

from uuid import UUID

from fastapi import HTTPException
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from .settings import settings


def clients() -> URLSafeSerializer:
    return URLSafeSerializer(settings().client_portal_secret, salt="client")


def workers() -> URLSafeSerializer:
    return URLSafeSerializer(settings().worker_portal_secret, salt="worker")


def photos() -> URLSafeTimedSerializer:
    config = settings()
    return URLSafeTimedSerializer(config.order_photo_signing_secret or config.auth_secret_key, salt="photo")


def client_token(order: UUID) -> str:
    return clients().dumps(str(order))


def worker_token(order: UUID) -> str:
    return workers().dumps(str(order))


def authorize(order: UUID, token: str) -> None:
    """The token is of this order's client or worker, else 403."""
    for signer in (clients(), workers()):
        try:
            if signer.loads(token) == str(order):
                return
        except BadSignature:
            continue
    raise HTTPException(403, "invalid portal token")


def photo_url(photo: UUID) -> str:
    return f"{settings().public_base_url.rstrip('/')}/v1/photos/{photo}?signature={photos().dumps(str(photo))}"


def photo_allowed(photo: UUID, signature: str) -> None:
    """The signature is of this photo and young enough, else 403."""
    try:
        if photos().loads(signature, max_age=settings().order_photo_url_ttl_seconds) == str(photo):
            return
    except BadSignature:
        pass
    raise HTTPException(403, "invalid or expired signature")
