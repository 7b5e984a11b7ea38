"""The writer's settings: from the environment, then `.env`, then these defaults."""

from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dagster_kb.incident_report import INCIDENT_TEMPLATE
from kb_contract import setting_errors
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.identifiers import DEFAULT_WORKSPACE
from kb_contract.repository_address import BranchName, PlaceInside, RepositoryUrl
from kb_contract.sentence_models.export_cache import DEFAULT_CACHE
from kb_contract.sentence_models.vectors import Backend

Executor = Literal["in_process", "multiprocess", "celery", "celery_k8s", "dask", "k8s", "ray"]

_COMMIT_TEMPLATE: Final = r"^$|^https?://\S*\{sha\}\S*$"
_DOCUMENT_TEMPLATE: Final = r"^$|^https?://\S*\{path\}\S*$"
_COLLECTION_TEMPLATE: Final = r"^$|^\S*\{collection\}\S*$"


class WriterSettings(BaseSettings):
    """What the writer needs to know of the world."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    # Asked for when they are first used, so that Dagster's pages show the writer without them.
    database_url: SecretStr = Field(
        default=SecretStr(""), description="Postgres with the ledger, postgresql://…"
    )
    qdrant_url: str = Field(default="", description="Qdrant, http://host:port")
    qdrant_api_key: SecretStr | None = Field(default=None, description="Qdrant's key, if it asks")
    knowledge_dir: Path = Field(
        default=Path("knowledge"), description="folder of agents, inside a git repository"
    )
    knowledge_repository: RepositoryUrl = Field(
        default="", description="git repository elsewhere: https, ssh or file; empty: KNOWLEDGE_DIR"
    )
    knowledge_branch: BranchName = Field(
        default="", description="its branch; empty: the one that its HEAD names"
    )
    knowledge_ask_seconds: float = Field(
        default=2.0, gt=0, le=30,
        description="how long the sensor waits for KNOWLEDGE_REPOSITORY to name its newest commit",
    )  # fmt: skip
    knowledge_path: PlaceInside = Field(
        default="knowledge", description="folder of agents inside of KNOWLEDGE_REPOSITORY"
    )
    kb_home: Path = Field(default=Path(".kb"), description="state of the embedded stack")
    workspace_id: str = Field(
        default=DEFAULT_WORKSPACE, pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="tenant"
    )
    embedding_model: str = Field(
        default=DEFAULT_MODEL,
        description="name or path of the model, or litellm/<model> of a provider",
    )
    embedding_dimension: int = Field(
        default=0, ge=0, le=8192,
        description="numbers in a vector of a provider's model; 0: as litellm's list says",
    )  # fmt: skip
    embedding_threads: int = Field(default=1, ge=1, le=64, description="threads of one model")
    embedding_processes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="processes where there is much to embed; 0: one per core",
    )
    embedding_backend: Backend = Field(
        default="auto", description="runtime of the model; auto: onnx for few texts, torch for many"
    )
    embedding_cache: Path = Field(
        default=DEFAULT_CACHE,
        description="folder for the model, exported once so that it starts quickly",
    )
    chunk_tokens: int = Field(default=200, ge=32, le=2000, description="tokens in a chunk, at most")
    pdf_ocr: str = Field(
        default="",
        pattern=r"^([A-Za-z_]{3,}(\+[A-Za-z_]{3,})*)?$",
        description="tesseract's languages for PDF pages without text, eng+deu; empty: no OCR",
    )
    sensor_seconds: int = Field(default=10, ge=1, le=3600, description="how often git is looked at")
    nightly_cron: str = Field(
        default="30 3 * * *", description="when everything is looked at again"
    )
    api_url: str = Field(default="", description="the API, for links from Dagster's pages")
    commit_url: str = Field(
        default="", pattern=_COMMIT_TEMPLATE,
        description="page of a commit, https://host/team/repo/commit/{sha}; empty: no link",
    )  # fmt: skip
    document_url: str = Field(
        default="", pattern=_DOCUMENT_TEMPLATE,
        description="page of a file, https://host/team/repo/blob/{sha}/{path}; empty: no link",
    )  # fmt: skip
    collection_url: str = Field(
        default="{qdrant}/dashboard#/collections/{collection}", pattern=_COLLECTION_TEMPLATE,
        description="page of a collection; empty: no link",
    )  # fmt: skip
    incident_url: str = Field(
        default="", pattern=INCIDENT_TEMPLATE,
        description="new ticket for an incident, https://host/team/repo/issues/new?title={title}&body={body}; "
        "empty: no link",
    )  # fmt: skip
    fresh_within_minutes: int = Field(
        default=60, ge=1, description="an agent that is behind git for longer is told of"
    )
    keep_runs_days: int = Field(
        default=30, ge=1, description="Dagster's runs older than this are deleted, with their logs"
    )
    keep_runs: int = Field(
        default=20, ge=1, description="the newest runs of each agent are kept however old they are"
    )
    keep_generations: int = Field(
        default=20, ge=1, description="of each agent, so many generations can be gone back to"
    )
    keep_days: int = Field(
        default=90, ge=0, description="generations younger than this are kept, however many"
    )
    retention_cron: str = Field(
        default="30 5 * * *", description="when what nobody can go back to is deleted"
    )
    retire_grace_hours: int = Field(
        default=24, ge=0, description="how long collections of a folder that is gone are kept"
    )
    kb_executor: Executor = Field(
        default="in_process", description="where the steps of a run are executed"
    )
    kb_executor_config: dict[str, Any] = Field(
        default={}, description="JSON: what that executor is configured with"
    )
    llm_profile: str = Field(
        default="offline",
        description="who answers and extracts: a profile, or a model as litellm names it; 'offline': sentences "
        "and patterns, nobody is asked",
    )
    llm_profiles: str = Field(
        default="",
        description="YAML file with profiles and budgets of your own, see docs/models.md",
    )
    extraction_ask_above: float = Field(
        default=1.0,
        ge=0,
        description="dollars that extraction may cost in a run without asking; "
        "`kb ingest` asks too before a provider embeds for more",
    )
    extraction_concurrency: int = Field(
        default=4, ge=1, le=64, description="passages that a run asks about at once"
    )
    otel_exporter_otlp_endpoint: str = Field(
        default="", description="where spans go; empty: nowhere"
    )

    @property
    def embedding(self) -> str:
        """Name what vectors are made with."""
        dimension = self.embedding_dimension
        return f"{self.embedding_model}/{dimension}" if dimension else self.embedding_model

    @field_validator("nightly_cron", "retention_cron")
    @classmethod
    def _is_cron(cls, said: str, setting: ValidationInfo) -> str:
        if said == cls.model_fields[setting.field_name or ""].default:
            return said
        import dagster as dg  # noqa: PLC0415 - seconds; only for those who set it

        try:
            dg.ScheduleDefinition("nightly", job_name="nightly", cron_schedule=said)
        except dg.DagsterInvalidDefinitionError as error:
            raise ValueError("write minute hour day month weekday, as 30 3 * * *") from error
        return said


def load_settings() -> WriterSettings:
    """Read the settings; wrong ones are named with their value and what is allowed."""
    return setting_errors.load(WriterSettings)
