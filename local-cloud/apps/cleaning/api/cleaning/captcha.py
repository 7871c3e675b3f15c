"""Turnstile, when CAPTCHA_MODE asks for it."""

import logging

import httpx
from fastapi import HTTPException, Request

from .settings import settings

log = logging.getLogger(__name__)


async def human(request: Request) -> None:
    """The body's `captcha_token` is one that Turnstile gave to this visitor, else 400."""
    config = settings()
    if config.captcha_mode == "off":
        return
    body = await request.json()
    token = body.get("captcha_token") if isinstance(body, dict) else None
    if not token:
        raise HTTPException(400, "captcha_token: must be set")
    form = {"secret": config.turnstile_secret_key, "response": str(token)}
    if request.client:
        form["remoteip"] = request.client.host
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = (await client.post(config.turnstile_verify_url, data=form)).json()
    except (httpx.HTTPError, ValueError) as error:
        log.warning("turnstile unavailable: %s", type(error).__name__)
        raise HTTPException(503, "captcha unavailable") from None
    if answer.get("success") is not True:
        log.info("turnstile refused: %s", answer.get("error-codes"))
        raise HTTPException(400, "captcha refused")
