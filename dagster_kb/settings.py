"""The writer's settings: from the environment, then `.env`, then these defaults."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb_contract import setting_errors
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.identifiers import DEFAULT_WORKSPACE


class WriterSettings(BaseSettings):
    """What the writer needs to know of the world."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: SecretStr = Field(description="Postgres with the ledger, postgresql://…")
    qdrant_url: str = Field(description="Qdrant, http://host:port")
    qdrant_api_key: SecretStr | None = Field(default=None, description="Qdrant's key, if it asks")
    knowledge_dir: Path = Field(
        default=Path("knowledge"), description="folder of agents, inside a git repository"
    )
    workspace_id: str = Field(
        default=DEFAULT_WORKSPACE, pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="tenant"
    )
    embedding_model: str = Field(default=DEFAULT_MODEL, description="name or path of the model")
    embedding_threads: int = Field(default=1, ge=1, le=64, description="threads of one model")
    chunk_tokens: int = Field(default=200, ge=32, le=2000, description="tokens in a chunk, at most")
    sensor_seconds: int = Field(default=10, ge=1, le=3600, description="how often git is looked at")
    nightly_cron: str = Field(
        default="30 3 * * *", description="when everything is looked at again"
    )
    otel_exporter_otlp_endpoint: str = Field(
        default="", description="where spans go; empty: nowhere"
    )


def load_settings() -> WriterSettings:
    """Read the settings; wrong ones are named with their value and what is allowed."""
    return setting_errors.load(lambda: WriterSettings())  # pyright: ignore[reportCallIssue]
