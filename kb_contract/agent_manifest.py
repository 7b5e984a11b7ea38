"""`agent.yaml` and `golden.yaml`: what a folder says about its agent."""

import difflib
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kb_contract.audience import audience
from kb_contract.calibration import USUAL_FOUND_FROM, USUAL_QUOTED_FROM, Calibration, OwnQuestions
from kb_contract.errors import BadIdentifier, BadManifest
from kb_contract.extraction_settings import ExtractionSettings, ModelTier
from kb_contract.identifiers import agent_id as checked_agent_id
from kb_contract.index_settings import IndexSettings

Capability = Literal[
    "knowledge",
    "reasoning",
    "calculation",
    "comparison",
    "tool",
    "action",
    "catalogue",
    "synthesis",
]
AgentKind = Annotated[str, Field(pattern=r"^(?:rag|reasoning|tools|class:[a-z][a-z0-9_]{0,62})$")]
"""What does its work: one of ours, or `class:<name>` of a class that a package registers."""
ToolPattern = Annotated[
    str, Field(pattern=r"^[a-z0-9*][a-z0-9_*-]{0,39}/[A-Za-z0-9_./*?-]{1,128}$")
]
ChunkingStrategy = Literal["headings", "fixed", "overlapping", "semantic"]
Model = TypeVar("Model", bound=BaseModel)
# What pydantic says in words of Python.
_PLAIN: Final = {
    "tuple_type": "this should be a list, as [one, two]",
    "model_type": "this should be a mapping, lines of 'key: value'",
}


class Frozen(BaseModel):
    """Refuses unknown keys; `read` names the nearest valid one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Blend(Frozen):
    """What makes a passage relevant; `kb tune` chooses it from the agent's golden questions."""

    meaning: float = Field(default=1.0, ge=0.0, le=10.0, description="cosine of both texts")
    words: float = Field(default=1.0, ge=0.0, le=10.0, description="BM25")
    likeness: float = Field(
        default=2.0, ge=0.0, le=10.0, description="nearness of each word to some word"
    )
    parts: float = Field(
        default=0.35, ge=0.0, le=1.0,
        description="how much it counts to answer one part of a question that asks several things",
    )  # fmt: skip
    spread: float = Field(
        default=1.0, ge=0.0, le=2.0,
        description="how far passages give way to those that hold other words of a long question",
    )  # fmt: skip
    diversity: float = Field(
        default=0.0, ge=0.0, le=2.0,
        description="how far passages give way to others that are less like those above them",
    )  # fmt: skip
    repeats: Literal["keep", "last"] = Field(
        default="keep", description="where passages stand that say almost the same as one above"
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Blend":
        if not self.meaning + self.words:
            raise ValueError("one of meaning and words must be more than 0")
        return self


class RetrievalSettings(Frozen):
    """How the agent finds passages; docs/retrieval.md says it in words."""

    limit: int = Field(default=5, ge=1, le=50)
    candidates: int = Field(default=30, ge=1, le=200)
    threshold: float | None = Field(
        default=None, ge=0.0, le=1.0,
        description="how relevant the best passages must be, or nothing is found; unset: 0.29, and what was "
        "measured at publication to be quoted where no model writes",
    )  # fmt: skip
    expansion: Literal["off", "names", "model"] = Field(
        default="off",
        description="other wordings of a question that are searched with it: by the documents' own names, or a model's too",
    )
    context: Literal["chunk", "neighbours", "section"] = Field(
        default="chunk",
        description="what an answer may quote beside each passage that was found",
    )
    hops: int = Field(
        default=0, ge=0, le=2,
        description="follow-up searches for what the first passages name and do not answer",
    )  # fmt: skip
    blend: Blend = Blend()
    calibration: Calibration | None = Field(
        default=None, description="where its figures lie, so that they compare with other agents'"
    )

    @property
    def found_from(self) -> float:
        return USUAL_FOUND_FROM if self.threshold is None else self.threshold

    def quoted_from(self, own: OwnQuestions | None) -> float:
        """What fits most agents holds where nothing was said or measured."""
        if self.threshold is not None:
            return self.threshold
        return own.quoted_from if own else USUAL_QUOTED_FROM


class ChunkingSettings(Frozen):
    """How the agent's documents are cut; what is not said is the stack's setting."""

    strategy: ChunkingStrategy = "headings"
    tokens: int | None = Field(default=None, ge=32, le=2000)
    overlap: int | None = Field(default=None, ge=0, le=1000)


GateChoice = Literal["refuse", "warn", "off"]


class AllowedFindings(Frozen):
    """Findings that are meant: ids, as the check shows them, or globs of paths in the folder."""

    secrets: tuple[str, ...] = ()
    personal_data: tuple[str, ...] = ()
    injection: tuple[str, ...] = ()


class GateSettings(Frozen):
    """What a generation must reach before it may go live; docs/gates.md says it in words."""

    golden_recall: float = Field(default=1.0, ge=0.0, le=1.0)
    golden_at: int = Field(default=5, ge=1, le=50)
    max_drop: float = Field(default=0.1, ge=0.0, le=1.0)
    max_shrink: float = Field(default=0.5, ge=0.0, le=1.0)
    shrink_from: int = Field(default=20, ge=1)
    quote_sample: int = Field(default=200, ge=1, le=100_000)
    duplicates: GateChoice = "warn"
    max_duplicates: float = Field(default=0.1, ge=0.0, le=1.0)
    secrets: GateChoice = "refuse"
    personal_data: GateChoice = "warn"
    injection: GateChoice = "warn"
    canary: Literal["refuse", "off"] = "refuse"
    allow: AllowedFindings = AllowedFindings()


class AgentManifest(Frozen):
    """`agent.yaml`; everything but the id has a default, so an empty folder can be an agent."""

    agent_id: str
    title: str = ""
    purpose: str = ""
    kind: AgentKind = "rag"
    capabilities: tuple[Capability, ...] = ("knowledge",)
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    model_tier: ModelTier | None = None
    retrieval: RetrievalSettings = RetrievalSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    index: IndexSettings = IndexSettings()
    extraction: ExtractionSettings = ExtractionSettings()
    gate: GateSettings = GateSettings()
    approval: Literal["never", "always"] = "never"
    tools: tuple[ToolPattern, ...] = Field(
        default=(),
        max_length=100,
        description="tools it may call: `server/tool`, or a glob of them",
    )
    audience: tuple[str, ...] = Field(
        default=(), description="groups that may ask it; everyone if empty"
    )
    seconds: float = Field(default=1.0, ge=0, le=600, description="how long it takes, about")
    cost: float = Field(default=0.0, ge=0, description="what one answer costs beside the model")


class GoldenQuestion(Frozen):
    """A question with what must be found for it."""

    question: str = Field(min_length=3)
    path: str = Field(min_length=1, description="document, relative to the agent's folder")
    quote: str | None = Field(default=None, description="words that the found chunk must contain")
    audience: tuple[str, ...] = Field(default=(), description="groups that ask; anybody if empty")

    @field_validator("audience")
    @classmethod
    def _as_documents_write_it(cls, said: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return audience(said)
        except BadIdentifier as error:
            raise ValueError(str(error)) from error


class GoldenSet(Frozen):
    """`golden.yaml`."""

    questions: tuple[GoldenQuestion, ...] = ()

    @field_validator("questions")
    @classmethod
    def _each_once(cls, said: tuple[GoldenQuestion, ...]) -> tuple[GoldenQuestion, ...]:
        """Refuse repeats: each would count as one more piece of evidence."""
        many = Counter(
            (" ".join(one.question.lower().split()), one.path, one.audience) for one in said
        )
        twice = [question for (question, _, _), times in many.items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0][:80]!r} is asked more than once: keep one of them")
        return said


def read_manifest(folder: str, data: Mapping[str, Any], *, where: str) -> AgentManifest:
    """Make a manifest of what agent.yaml says; the folder's name is the id."""
    checked_agent_id(folder)
    said = data.get("agent_id", folder)
    if said != folder:
        raise BadManifest(
            f"agent_id is {said!r} but the folder is {folder!r}",
            where=where,
            cure="make them the same, or leave agent_id out",
        )
    manifest = validated(AgentManifest, {**data, "agent_id": folder}, where=where)
    title = manifest.title or folder.replace("_", " ").replace("-", " ").capitalize()
    return manifest.model_copy(update={"title": title})


def kept_manifest(agent_id: str, said: Mapping[str, Any]) -> AgentManifest:
    """Read what a writer kept; while versions change, one that is newer may say things unknown here."""
    try:
        return AgentManifest.model_validate({**said, "agent_id": agent_id}, extra="ignore")
    except ValidationError as error:
        raise BadManifest(
            f"what is kept of it cannot be read here: {error.errors()[0]['msg']}",
            where=agent_id,
            cure="a newer version may have written it: update this process too",
        ) from error


def validated(model: type[Model], data: Mapping[str, Any], *, where: str) -> Model:
    """Validate, and turn pydantic's findings into one line that says how to mend each."""
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        found = [_finding(model, dict(one)) for one in error.errors()]
        raise BadManifest(
            "; ".join(found), where=where, cure="see docs/configuration.md"
        ) from error


def _finding(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        said = _PLAIN.get(error["type"], error["msg"])
        return f"{place}: {said} (got {str(error.get('input'))[:60]!r})"
    known = _keys_at(model, error["loc"][:-1])
    near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {place!r}, {hint}"


def _keys_at(model: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    for part in place:
        field = model.model_fields.get(str(part))
        kind = field.annotation if field else None
        # A list's items: `tuple[Item, ...]`.
        for one in (kind, *get_args(kind)):
            if isinstance(one, type) and issubclass(one, BaseModel):
                model = one
    return list(model.model_fields)
