"""What a passage's relevance is worth beside other agents' passages: some agents' run high, some low."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Where most agents' figures lie: what is measured of one agent is brought to these.
USUAL_OWN: Final = 0.5
USUAL_OTHERS: Final = 0.2
LEAST_APART: Final = 0.05


class Calibration(BaseModel):
    """How relevant the best passage is, in the middle, of questions that are the agent's own and of others'."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: float = Field(ge=0.0, le=1.0)
    others: float = Field(ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _tells_apart(self) -> "Calibration":
        if self.own - self.others < LEAST_APART:
            raise ValueError(f"own must be more than others by {LEAST_APART} at least")
        return self

    def comparable(self, relevance: float) -> float:
        """Bring a relevance to where it would be with an agent whose figures are the usual ones."""
        place = (relevance - self.others) / (self.own - self.others)
        return min(1.0, max(0.0, USUAL_OTHERS + place * (USUAL_OWN - USUAL_OTHERS)))
