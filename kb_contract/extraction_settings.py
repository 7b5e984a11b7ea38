"""What `agent.yaml` says of reading passages: whether, what for, by which prompt and tier, and what it may cost."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ModelTier = Literal["cheap", "standard", "strong"]


class ExtractionSettings(BaseModel):
    """What is read out of each passage, by a model or by patterns; docs/extraction.md says it in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    situate: bool = Field(
        default=False,
        description="embed each passage with a sentence on where it stands; extracts too",
    )
    links: bool | None = Field(
        default=None,
        description="take names, and which are one thing, from what was read too; extracts too. Unset: where "
        "passages are read anyway",
    )  # fmt: skip
    prompt: str = Field(default="chunk_extract_v1", pattern=r"^[a-z0-9_]{1,60}$")
    tier: ModelTier = "cheap"
    ask_above: float | None = Field(
        default=None, ge=0,
        description="dollars that a run may cost unasked; unset: EXTRACTION_ASK_ABOVE",
    )  # fmt: skip
    stop_on_first_error: bool = False

    @property
    def is_on(self) -> bool:
        return self.enabled or self.situate or bool(self.links)

    @property
    def names_are_read(self) -> bool:
        """Whether names come from what was read, and not from patterns alone."""
        return self.is_on if self.links is None else self.links
