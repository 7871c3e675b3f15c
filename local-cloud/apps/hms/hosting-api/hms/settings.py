"""Settings from the environment, and what config.json says of the addresses."""

import json
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent.parent


class Settings(BaseSettings):
    """Every key, in the environment with HMS_ before it; what has no default must be set."""

    model_config = SettingsConfigDict(env_prefix="HMS_", hide_input_in_errors=True)
    admin_user: str = "admin"
    admin_password: SecretStr = Field(min_length=1)
    jwt_secret: SecretStr = Field(min_length=32)
    api_token: SecretStr = Field(min_length=1)
    jwt_access_expiration_minutes: int = 15
    jwt_refresh_expiration_days: int = 7
    database: Path = ROOT / "data" / "hms.sqlite3"


class Application(BaseModel):
    name: str
    url: str


class Addresses(BaseModel):
    api_url: str
    applications: list[Application]


@lru_cache
def settings() -> Settings:
    return Settings()


@lru_cache
def addresses() -> Addresses:
    return Addresses.model_validate(json.loads((ROOT / "config.json").read_text()))
