"""Stripe's webhook, also under its former path."""

import stripe
from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.dialects.postgresql import insert
from starlette.concurrency import run_in_threadpool

from .database import engine
from .models import StripeEvent
from .settings import settings

router = APIRouter()


def secret() -> str:
    config = settings()
    if not config.deposits_enabled:
        raise HTTPException(503, "deposits are not enabled")
    return config.stripe_webhook_secret


@router.api_route("/v1/payments/stripe/webhook", methods=["GET", "HEAD"])
@router.api_route("/stripe/webhook", methods=["GET", "HEAD"])
def reachable() -> dict[str, str]:
    """For monitors: the path is reached and can verify signatures. Stripe itself posts."""
    secret()
    return {"status": "ok"}


@router.post("/v1/payments/stripe/webhook")
@router.post("/stripe/webhook")
async def webhook(request: Request) -> dict[str, bool]:
    """200 for an event that Stripe signed within the last five minutes, else 400; a repeated one counts once."""
    body = await request.body()
    try:
        event = stripe.Webhook.construct_event(body, request.headers.get("stripe-signature", ""), secret())
    except (ValueError, stripe.SignatureVerificationError):
        raise HTTPException(400, "invalid signature") from None
    await run_in_threadpool(keep, event.id, event.type)
    return {"received": True}


def keep(event: str, kind: str) -> None:
    with engine().begin() as connection:
        connection.execute(insert(StripeEvent).values(id=event, type=kind).on_conflict_do_nothing())
