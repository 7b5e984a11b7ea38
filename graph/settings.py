"""The reader's settings: from the environment, then `.env`, then these defaults."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb_contract import setting_errors
from kb_contract.audience import GroupNames
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.identifiers import DEFAULT_WORKSPACE
from kb_contract.repository_address import BranchName, RepositoryUrl
from kb_contract.sentence_models.onnx_cache import DEFAULT_CACHE
from kb_contract.sentence_models.vectors import Backend


class ReaderSettings(BaseSettings):
    """What the reader and its server need to know of the world."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: SecretStr = Field(description="Postgres with ledger, checkpoints and runs")
    qdrant_url: str = Field(description="Qdrant, http://host:port")
    qdrant_api_key: SecretStr | None = Field(default=None, description="Qdrant's key, if it asks")
    workspace_id: str = Field(
        default=DEFAULT_WORKSPACE, pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="tenant"
    )
    embedding_model: str = Field(default=DEFAULT_MODEL, description="name or path of the model")
    embedding_threads: int = Field(default=1, ge=1, le=64, description="threads of one model")
    embedding_backend: Backend = Field(
        default="auto", description="runtime of the model; auto: onnx for few texts, torch for many"
    )
    embedding_cache: Path = Field(
        default=DEFAULT_CACHE, description="folder for the model that is exported to ONNX once"
    )
    llm_profile: str = Field(
        default="offline",
        description="'offline' answers with sentences of the passages; else a model as litellm names it",
    )
    query_timeout: float = Field(default=300, gt=0, le=86_400, description="seconds for one answer")
    max_parallel: int = Field(default=4, ge=1, le=64, description="steps of a plan at one time")
    max_question_chars: int = Field(default=20_000, ge=100, description="longest question")
    api_host: str = Field(default="127.0.0.1", description="address that the server listens on")
    api_port: int = Field(default=8000, ge=0, le=65_535, description="port of the server")
    kb_auth: Literal["off", "required"] = Field(
        default="off", description="'off' is allowed on loopback only"
    )
    kb_api_key: SecretStr | None = Field(
        default=None, description="what callers send as X-Api-Key where KB_AUTH is 'required'"
    )
    git_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="what git servers sign pushes with; two, by a comma, while one replaces the other; "
        "empty: POST /hooks/git is closed",
    )
    knowledge_repository: RepositoryUrl = Field(
        default="", description="git repository elsewhere: https, ssh or file; empty: KNOWLEDGE_DIR"
    )
    knowledge_branch: BranchName = Field(
        default="", description="its branch; empty: the one that its HEAD names"
    )
    kb_audience: GroupNames = Field(
        default="",
        description="groups, by commas, that all callers of this server belong to: documents with an "
        "`audience` are for them; empty: only what is for everyone is read",
    )
    cors_origins: str = Field(
        default="https://smith.langchain.com",
        description="pages that may call from a browser beside those on this machine, by commas",
    )
    worker_concurrency: int = Field(default=8, ge=1, le=256, description="runs at one time")
    dagster_url: str = Field(default="", description="where a citation's run is shown")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least severe line that is logged"
    )
    otel_exporter_otlp_endpoint: str = Field(
        default="", description="where spans go; empty: nowhere"
    )


def load_settings() -> ReaderSettings:
    """Read the settings; wrong ones are named with their value and what is allowed."""
    return setting_errors.load(lambda: ReaderSettings())  # pyright: ignore[reportCallIssue]
