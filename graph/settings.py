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
from kb_contract.sentence_models.export_cache import DEFAULT_CACHE
from kb_contract.sentence_models.vectors import Backend


class ModelSettings(BaseSettings):
    """Which chat models there are."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    llm_profile: str = Field(
        default="offline",
        description="'offline' answers with sentences of the passages; else a profile, or a model as litellm names it",
    )
    llm_profiles: str = Field(
        default="",
        description="YAML file with profiles and budgets of your own, see docs/models.md",
    )


class ReaderSettings(ModelSettings):
    """What the reader and its server need to know of the world."""

    database_url: SecretStr = Field(description="Postgres with ledger, checkpoints and runs")
    qdrant_url: str = Field(description="Qdrant, http://host:port")
    qdrant_api_key: SecretStr | None = Field(default=None, description="Qdrant's key, if it asks")
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
    rerank_model: str = Field(
        default="",
        description="cross-encoder (name or folder), or litellm/<model> of a provider; empty: none",
    )
    rerank_seconds: float = Field(
        default=0.5,
        gt=0,
        le=60,
        description="later than that, passages keep the order that they have",
    )
    embedding_threads: int = Field(default=1, ge=1, le=64, description="threads of one model")
    embedding_backend: Backend = Field(
        default="auto", description="runtime of the model; auto: onnx for few texts, torch for many"
    )
    embedding_cache: Path = Field(
        default=DEFAULT_CACHE,
        description="folder for the model, exported once so that it starts quickly",
    )
    classify_ask_below: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="confidence below which it is asked what a question wants; 0: never",
    )
    classify_llm_below: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="confidence below which the model of LLM_PROFILE says what a question wants",
    )
    unsupported_claims: Literal["drop", "mark"] = Field(
        default="drop",
        description="what becomes of a sentence that no quote carries: left out and counted, or shown "
        "apart with the reason",
    )
    conflict_rule: Literal["none", "effective", "version"] = Field(
        default="none",
        description="which of sources that differ holds: none is said to, the one in effect since "
        "latest, or the highest version; both are shown always",
    )
    as_of_seconds: float = Field(
        default=900,
        ge=0,
        le=86_400,
        description="how long the copy of a generation of the past is kept after its last use",
    )
    mcp_servers: str = Field(
        default="", description="tool servers: JSON, or the path of a YAML file, see docs/agents.md"
    )
    planner: Literal["rules", "model"] = Field(
        default="rules",
        description="who plans: rules, or the model of LLM_PROFILE with the rules behind it",
    )
    context_tokens: int = Field(
        default=16_000, ge=200, le=2_000_000,
        description="tokens of passages that a model is shown for one step, the most relevant first",
    )  # fmt: skip
    plan_cache_size: int = Field(
        default=512, ge=0, description="plans that each process keeps; 0: none"
    )
    result_cache_ttl: float = Field(
        default=3_600,
        ge=0,
        le=2_592_000,
        description="seconds that an answer is given again at most, see docs/caching.md; 0: never",
    )
    schema_cache_ttl: float = Field(
        default=86_400,
        ge=0,
        le=2_592_000,
        description="the same for answers about what data there is",
    )
    answer_cache_size: int = Field(
        default=20_000, ge=0, description="answers that are kept in Postgres at most; 0: none"
    )
    answer_cache_megabytes: int = Field(
        default=256, ge=1, le=65_536, description="and how much room they take there at most"
    )
    answer_memory_megabytes: int = Field(
        default=32, ge=0, le=4_096, description="room for answers that each process keeps in memory"
    )
    answer_cache_similar: bool = Field(
        default=True, description="whether a question in other words may be given a kept answer"
    )
    answer_cache_wait: float = Field(
        default=10.0,
        ge=0,
        le=300,
        description="seconds that a question waits for the same one that is being worked out",
    )
    answer_cache_warm: int = Field(
        default=0,
        ge=0,
        le=200,
        description="questions that are worked out anew when nothing else is to do, after a change made "
        "their answers stale; 0: none",
    )
    query_timeout: float = Field(default=300, gt=0, le=86_400, description="seconds for one answer")
    max_parallel: int = Field(default=4, ge=1, le=64, description="steps of a plan at one time")
    max_question_chars: int = Field(default=20_000, ge=100, description="longest question")
    api_host: str = Field(default="127.0.0.1", description="address that the server listens on")
    api_port: int = Field(default=8000, ge=0, le=65_535, description="port of the server")
    api_drain: float = Field(
        default=0.0,
        ge=0,
        le=300,
        description="seconds in which an ending server still answers, but is not ready, so that balancers look elsewhere",
    )
    kb_auth: Literal["off", "required"] = Field(
        default="off", description="'off' is allowed on loopback only"
    )
    kb_api_key: SecretStr | None = Field(
        default=None,
        description="an admin's key for callers on other machines that say who they are in X-User; "
        "better: keys of their own, see docs/security.md",
    )
    kb_jwt_issuer: str = Field(
        default="", description="`iss` of tokens that are taken; empty: none"
    )
    kb_jwt_audience: str = Field(default="", description="`aud` that tokens for this server have")
    kb_jwt_jwks: str = Field(
        default="", description="where the issuer's public keys are: an https address, or a file"
    )
    kb_jwt_roles_claim: str = Field(
        default="roles", description="claim of a token that lists its roles"
    )
    kb_rate_per_key: float = Field(
        default=1200, ge=0, description="requests a minute with one key; 0: no limit"
    )
    kb_rate_per_user: float = Field(
        default=600, ge=0, description="requests a minute of one user; 0: no limit"
    )
    kb_open_requests: int = Field(
        default=64, ge=0, description="requests and streams of one user at one time; 0: no limit"
    )
    kb_active_runs: int = Field(
        default=200, ge=0, description="runs of one user that wait or work; 0: no limit"
    )
    kb_queue_limit: int = Field(
        default=2000, ge=0, description="runs that wait before new ones are refused; 0: no limit"
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
    approval_timeout: float = Field(
        default=604_800,
        ge=0,
        le=31_536_000,
        description="seconds that people have to answer an approval; 0: for ever",
    )
    approval_warn_before: float = Field(
        default=86_400, ge=0, description="seconds before its deadline that they are warned"
    )
    approval_on_timeout: Literal["reject", "escalate"] = Field(
        default="reject", description="what happens to an approval that nobody answered"
    )
    approval_escalate_to: str = Field(
        default="", description="whom to ask then, one after the other, by commas"
    )
    approval_approvers: str = Field(
        default="", description="who may answer approvals, by commas; empty: every caller"
    )
    approval_separate_approver: bool = Field(
        default=False, description="whether whoever asked may not approve what it leads to"
    )
    approval_policies: str = Field(
        default="",
        description="JSON of what differs for an agent or a question type; see docs/approvals.md",
    )
    approval_grace: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="seconds before a decision is carried out, in which it can be revoked",
    )
    keep_sessions_days: int = Field(
        default=0, ge=0, le=36_500,
        description="sessions that nobody touched for so long go, with runs, events and checkpoints; 0: never",
    )  # fmt: skip
    keep_answers_days: int = Field(
        default=0, ge=0, le=36_500,
        description="answers, what people said of them and decided, long outputs of tools, gaps and measurements go after so long; 0: never",
    )  # fmt: skip
    keep_usage_days: int = Field(
        default=0, ge=0, le=36_500,
        description="requests of providers are summed up by day after so long; 0: never",
    )  # fmt: skip
    archive_dir: str = Field(
        default="",
        description="folder where what goes is written before, as JSON lines; empty: none",
    )
    notify_webhooks: str = Field(
        default="", description="URLs that are told of approvals, by commas; https only"
    )
    notify_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="what those calls are signed with; needed for them"
    )
    notify_private_addresses: bool = Field(
        default=False,
        description="whether NOTIFY_WEBHOOKS may lie in private networks, or use http",
    )
    notify_email_to: str = Field(default="", description="addresses told of approvals, by commas")
    public_url: str = Field(
        default="",
        description="where people reach this server, by https; those mails then have a link that answers once",
    )
    notify_email_from: str = Field(
        default="scriptorium@localhost", description="who those mails are from"
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="smtp://user:password@host:port, or smtps://; needed for NOTIFY_EMAIL_TO",
    )
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


def load_model_settings() -> ModelSettings:
    """Read only what is said of chat models, which needs no database."""
    return setting_errors.load(ModelSettings)
