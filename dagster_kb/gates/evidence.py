"""What the gates look at; each is fetched when a gate asks for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from dagster_kb.gates.verdicts import Json, Payload, Verdict
from kb_contract.agent_manifest import GateSettings, GoldenQuestion
from kb_contract.payload import EVERYONE

Family = Literal["secrets", "personal_data", "injection"]


@dataclass(frozen=True)
class Found:
    """A passage that a search found, at its place in the order."""

    payload: Payload
    score: float


@dataclass(frozen=True)
class Asked:
    """A golden question with what was found for it, best first."""

    question: GoldenQuestion
    found: Sequence[Found]
    unsure: str = ""
    """Why nothing came, where something was near: how sure of it the search was, and was to be."""


@dataclass(frozen=True)
class Passage:
    """A chunk as the ledger has it, or what a document says of itself."""

    chunk_id: str
    path: str
    heading_path: Sequence[str]
    start: int
    end: int
    text: str
    title: str = ""
    audience: Sequence[str] = (EVERYONE,)
    effective: str | None = None
    expires: str | None = None

    @property
    def place(self) -> str:
        return " > ".join(self.heading_path)

    @property
    def is_head(self) -> bool:
        """Whether it is front matter, which is in no chunk."""
        return not self.chunk_id


@dataclass(frozen=True)
class Suspects:
    """Passages in which a family of patterns finds something, of all that were looked through."""

    passages: Iterable[Passage]
    looked: int


@dataclass(frozen=True)
class Size:
    """How much a generation holds."""

    number: int
    documents: int
    chunks: int


@dataclass(frozen=True)
class Twin:
    """A text that lies under several paths."""

    text: str
    paths: Sequence[str]


@dataclass(frozen=True)
class Twins:
    """All of them: how many copies beyond the first of each, and the worst."""

    copies: int
    worst: Sequence[Twin]


@dataclass(frozen=True)
class QuotedDocument:
    """A document as git has it, and the passages that are quoted of it."""

    path: str
    text: str | None
    """None for a file that git does not have, or that is no text."""
    passages: Sequence[Passage]


@dataclass(frozen=True)
class Quoted:
    """Documents that are read again, one at a time; they may be large."""

    documents: Iterable[QuotedDocument]
    changed: int
    """Documents that a whole look would take."""
    git_sha: str


@dataclass(frozen=True)
class Canary:
    """A question made of a passage, and what the collection finds for it."""

    question: str
    passage: Passage
    found: Sequence[Found]


class Questions(Protocol):
    """What can be asked of a collection that holds a generation, or through its alias."""

    def agent(self) -> str: ...
    def gate(self) -> GateSettings: ...
    def golden(self) -> Sequence[Asked]: ...
    def canaries(self) -> Sequence[Canary]: ...
    def files(self) -> Mapping[str, str]:
        """Every file of the folder with why it is not published; empty where it is."""
        ...

    def passages_of(self, path: str) -> Sequence[Passage]: ...


class Evidence(Questions, Protocol):
    """Everything that can be asked before a generation goes live."""

    def sample(self) -> Sequence[Payload]: ...
    def count(self) -> int: ...
    def exactness(self) -> Verdict: ...
    def spaces(self) -> tuple[Json, Json | None, int | None]: ...

    # What is live, asked in the same way; None when there is nothing to compare with.
    def agent_of_live(self) -> str:
        """Whose that is: the agent's, or that of the name which its folder had before."""
        ...

    def golden_of_live(self) -> Sequence[Asked] | None: ...
    def golden_before(self) -> int:
        """How many golden questions what is live was asked."""
        ...

    def size(self) -> Size: ...
    def size_of_live(self) -> Size | None: ...

    # The ledger and git.
    def suspects(self, family: Family) -> Suspects: ...
    def line(self, passage: Passage, offset: int) -> int | None: ...
    def twins(self) -> Twins: ...
    def quoted(self) -> Quoted: ...
