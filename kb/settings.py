"""The command's settings: from the environment, then `.env`, then these defaults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb.addresses import Addresses
from kb.dagster_home import dagster_environment
from kb.state_file import read_state
from kb_contract import setting_errors
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.errors import NotServed
from kb_contract.identifiers import DEFAULT_WORKSPACE
from kb_contract.repository_address import BranchName, PlaceInside, RepositoryUrl
from kb_contract.sentence_models.export_cache import DEFAULT_CACHE

Port = Annotated[int, Field(ge=1, le=65_535)]


class StackSettings(BaseSettings):
    """What `kb` needs to know: where the parts are, or where to run them."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: SecretStr | None = Field(
        default=None, description="Postgres that is not ours to run; unset: the embedded one"
    )
    qdrant_url: str | None = Field(
        default=None, description="Qdrant that is not ours to run; unset: the embedded one"
    )
    qdrant_api_key: SecretStr | None = Field(default=None, description="Qdrant's key, if it asks")
    qdrant_bin: Path | None = Field(
        default=None,
        description="Qdrant's program; unset: `qdrant` on PATH, else our owner process",
    )
    api_url: str | None = Field(
        default=None, description="server that `kb ask` talks to; unset: the one of this machine"
    )
    kb_api_key: SecretStr | None = Field(
        default=None, description="what is sent as X-Api-Key, where KB_AUTH is 'required'"
    )
    kb_home: Path = Field(default=Path(".kb"), description="state of the embedded stack")
    knowledge_dir: Path = Field(
        default=Path("knowledge"), description="folder of agents, inside a git repository"
    )
    knowledge_repository: RepositoryUrl = Field(
        default="", description="git repository elsewhere: https, ssh or file; empty: KNOWLEDGE_DIR"
    )
    knowledge_branch: BranchName = Field(
        default="", description="its branch; empty: the one that its HEAD names"
    )
    knowledge_path: PlaceInside = Field(
        default="knowledge", description="folder of agents inside of KNOWLEDGE_REPOSITORY"
    )
    workspace_id: str = Field(
        default=DEFAULT_WORKSPACE, pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="tenant"
    )
    ingest_ask_minutes: float = Field(
        default=10, ge=0, description="`kb ingest` asks on a terminal before it works longer"
    )
    mcp_servers: str = Field(
        default="", description="tool servers: JSON, or the path of a YAML file, see docs/agents.md"
    )
    embedding_model: str = Field(
        default=DEFAULT_MODEL,
        description="name or path of the model, or litellm/<model> of a provider",
    )
    embedding_dimension: int = Field(
        default=0, ge=0, le=8192,
        description="numbers in a vector of a provider's model; 0: as litellm's list says",
    )  # fmt: skip
    rerank_model: str = Field(
        default="",
        description="cross-encoder (name or folder), or litellm/<model> of a provider; empty: none",
    )
    embedding_cache: Path = Field(
        default=DEFAULT_CACHE,
        description="folder for the model, exported once so that it starts quickly",
    )
    api_host: str = Field(default="127.0.0.1", description="address that the server listens on")
    api_port: Port = Field(default=8000, description="port of the server")
    dagster_port: Port = Field(default=3000, description="port of Dagster's pages")
    dagster_host: str = Field(
        default="127.0.0.1", description="address of Dagster's pages; they ask for no password"
    )
    dagster_yaml: Path | None = Field(
        default=None,
        description="file whose sections replace those of our dagster.yaml, see deploy/",
    )
    postgres_port: Port | None = Field(
        default=None, description="port of the embedded Postgres; unset: a free one"
    )
    qdrant_port: Port | None = Field(
        default=None, description="port of the embedded Qdrant; unset: a free one"
    )

    @property
    def home(self) -> Path:
        """KB_HOME as an absolute path."""
        return self.kb_home.expanduser().resolve()

    def is_fixed(self, name: str) -> bool:
        """Say whether a person set this value."""
        return name in self.model_fields_set and getattr(self, name) is not None


def load_settings() -> StackSettings:
    """Read the settings; wrong ones are named with their value and what is allowed."""
    return setting_errors.load(lambda: StackSettings())


def find_addresses(settings: StackSettings) -> Addresses:
    """Return where everything is: as set, else as the running stack says."""
    state = read_state(settings.home)
    known = state.addresses if state.is_running() else None
    database = _secret(settings.database_url) or (known and known.database_url)
    qdrant = settings.qdrant_url or (known and known.qdrant_url)
    if not database or not qdrant:
        raise NotServed(
            "the stack is not running",
            where=str(settings.home),
            cure="run `kb up`, or set DATABASE_URL and QDRANT_URL",
        )
    api = known.api_url if known else web_url(settings.api_host, settings.api_port)
    return Addresses(
        database_url=database,
        qdrant_url=qdrant,
        qdrant_api_key=_qdrant_key(settings, known),
        api_url=settings.api_url or api,
        dagster_url=known.dagster_url
        if known
        else web_url(settings.dagster_host, settings.dagster_port),
    )


def web_url(host: str, port: int) -> str:
    """Return the address to give to a browser on this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://{shown}:{port}"


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _qdrant_key(settings: StackSettings, known: Addresses | None) -> str | None:
    if settings.qdrant_api_key or settings.qdrant_url or known is None:
        return _secret(settings.qdrant_api_key)
    return known.qdrant_api_key


def child_environment(settings: StackSettings, addresses: Addresses) -> dict[str, str]:
    """Return what a process of ours needs in its environment beyond what we have in ours."""
    given = {
        "DATABASE_URL": addresses.database_url,
        "QDRANT_URL": addresses.qdrant_url,
        "QDRANT_API_KEY": addresses.qdrant_api_key,
        "API_URL": addresses.api_url,
        "DAGSTER_URL": addresses.dagster_url,
        **dagster_environment(settings.home / "dagster", addresses.database_url),
        "KB_HOME": str(settings.home),
        "KNOWLEDGE_DIR": str(settings.knowledge_dir.expanduser().resolve()),
        "PYTHONUNBUFFERED": "1",
    }
    return {name: value for name, value in given.items() if value is not None}


def own_environment() -> Mapping[str, str]:
    """Return the environment that we were started with: children inherit it (provider keys, PATH)."""
    return dict(os.environ)  # noqa: TID251 - this is the settings module
