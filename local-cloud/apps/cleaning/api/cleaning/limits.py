"""A visitor's requests per minute, counted in redis; in this process while redis is away."""

import logging
from functools import lru_cache

from fastapi import HTTPException, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from .settings import settings

log = logging.getLogger(__name__)
local = FixedWindowRateLimiter(MemoryStorage())


@lru_cache
def shared() -> FixedWindowRateLimiter | None:
    url = settings().redis_url
    return FixedWindowRateLimiter(storage_from_string(url, socket_connect_timeout=1, socket_timeout=1)) if url else None


def reachable() -> bool:
    """Whether redis counts; says so in the log when it should and can't."""
    limiter = shared()
    if limiter is not None and not limiter.storage.check():
        log.warning("redis rate limiter unavailable")
        return False
    return limiter is not None


def limited(request: Request) -> None:
    """429 above RATE_LIMIT_PER_MINUTE for the visitor's address."""
    rate = RateLimitItemPerMinute(settings().rate_limit_per_minute)
    visitor = request.client.host if request.client else "unknown"
    try:
        allowed = (shared() or local).hit(rate, "orders", visitor)
    except RedisError:
        log.warning("redis rate limiter unavailable")
        allowed = local.hit(rate, "orders", visitor)
    if not allowed:
        raise HTTPException(429, "too many requests", {"Retry-After": "60"})
