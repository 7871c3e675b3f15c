"""Settings from the environment; a value may also be a file's path in NAME_FILE."""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

Words = Annotated[list[str], NoDecode]

# What a mode needs beside it: key, value -> names that must then be set.
CONDITIONS = {
    ("metrics_enabled", True): ["metrics_token"],
    ("deposits_enabled", True): ["stripe_secret_key", "stripe_webhook_secret"],
    ("captcha_mode", "turnstile"): ["turnstile_secret_key"],
    ("email_mode", "sendgrid"): ["sendgrid_api_key", "email_from"],
    ("email_mode", "smtp"): ["smtp_host", "smtp_port", "email_from"],
    ("app_env", "prod"): ["auth_secret_key", "client_portal_secret", "worker_portal_secret"],
}


class Settings(BaseSettings):
    """Every key the application reads; names are the environment's in lower case."""

    app_env: Literal["dev", "test", "prod"] = "dev"
    database_url: str
    database_pool_size: int = 5
    auth_secret_key: str = ""
    client_portal_secret: str = ""
    worker_portal_secret: str = ""
    strict_cors: bool = False
    cors_origins: Words = []
    admin_basic_username: str = "admin"
    admin_basic_password: str = ""
    admin_ip_allowlist_cidrs: Words = []

    public_base_url: str = "http://localhost:8000"
    client_portal_base_url: str = "http://localhost:3000"
    metrics_enabled: bool = False
    metrics_token: str = ""
    redis_url: str = ""
    rate_limit_per_minute: int = 30

    deposits_enabled: bool = False
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    captcha_mode: Literal["off", "turnstile"] = "off"
    turnstile_secret_key: str = ""
    turnstile_verify_url: str = "https://challenges.cloudflare.com/turnstile/v0/siteverify"

    email_mode: Literal["off", "smtp", "sendgrid"] = "off"
    email_from: str = ""
    email_from_name: str = "Cleaning"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = True
    sendgrid_api_key: str = ""
    sendgrid_url: str = "https://api.sendgrid.com/v3/mail/send"

    order_storage_backend: Literal["local"] = "local"
    order_upload_root: Path = Path("var/uploads/orders")
    order_photo_signing_secret: str = ""
    order_photo_url_ttl_seconds: int = 900
    order_photo_max_bytes: int = 10_000_000

    jobs_enabled: bool = True
    job_heartbeat_required: bool = True
    job_runner_id: str = "jobs-1"
    job_interval_seconds: float = 5
    job_heartbeat_max_age_seconds: float = 60
    better_stack_heartbeat_url: str = ""
    backup_root: Path = Path("/opt/backups/postgres")
    backup_max_age_hours: float = 26

    @field_validator("cors_origins", "admin_ip_allowlist_cidrs", mode="before")
    @classmethod
    def words(cls, value: object) -> object:
        """A JSON list, or words by comma."""
        if not isinstance(value, str):
            return value
        text = value.strip()
        return json.loads(text) if text.startswith("[") else [w.strip() for w in text.split(",") if w.strip()]

    @field_validator("database_url")
    @classmethod
    def psycopg(cls, value: str) -> str:
        """Any of Postgres' spellings, with the driver that is installed."""
        return "postgresql+psycopg://" + value.split("://", 1)[1] if "://" in value else value

    @model_validator(mode="after")
    def conditions(self) -> Self:
        """What a mode needs is there: all faults at once."""
        faults = [
            f"{name.upper()}: must be set when {key.upper()}={value}"
            for (key, value), names in CONDITIONS.items()
            if getattr(self, key) == value
            for name in names
            if not getattr(self, name)
        ]
        if self.strict_cors and (not self.cors_origins or any("*" in origin for origin in self.cors_origins)):
            faults.append("CORS_ORIGINS: must name every origin, without *, when STRICT_CORS=true")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def read_files() -> None:
    """NAME_FILE names a file that holds NAME: how Docker's secrets come."""
    for name, path in list(os.environ.items()):
        if name.endswith("_FILE") and name.removesuffix("_FILE").lower() in Settings.model_fields:
            os.environ[name.removesuffix("_FILE")] = Path(path).read_text().rstrip("\n")


@lru_cache
def settings() -> Settings:
    """The process' settings, read once."""
    read_files()
    # an empty value in an environment file means: not set
    return Settings(_env_ignore_empty=True)
