"""What a plan knows of a tool: enough to choose it, and to see later that it is still the same."""

import fnmatch
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from kb_contract.identifiers import sha256_json

LONGEST_DESCRIPTION: Final = 1_000


class ToolCard(BaseModel):
    """One tool of one server, as the server's catalogue describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}/[A-Za-z0-9_./-]{1,128}$")
    """`server/tool`."""
    description: str = Field(default="", max_length=LONGEST_DESCRIPTION)
    input_schema: dict[str, Any] = Field(default_factory=dict)
    changes: bool = True
    """Whether it may change something; a tool that does not say is taken to."""
    cache_seconds: float = Field(default=0, ge=0, le=86_400)
    """How long a result may be given again, as the tool itself says; 0: never."""
    fingerprint: str
    """Digest of all that the server says of it."""

    @property
    def server(self) -> str:
        return self.name.partition("/")[0]


def fingerprint(described: Any) -> str:
    """Digest of a tool's description, whatever the order of its keys."""
    return sha256_json(described)


def allowed(cards: Iterable[ToolCard], patterns: Sequence[str]) -> tuple[ToolCard, ...]:
    """Keep the tools that an allow-list names: `server/tool`, or a glob of such names."""
    kept = (
        one for one in cards if any(fnmatch.fnmatchcase(one.name, pattern) for pattern in patterns)
    )
    return tuple(sorted(kept, key=lambda one: one.name))
