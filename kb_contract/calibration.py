"""What a passage's relevance is worth beside other agents' passages: some agents' run high, some low."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Where most agents' figures lie: what is measured of one agent is brought to these.
USUAL_OWN: Final = 0.5
USUAL_OTHERS: Final = 0.2
LEAST_APART: Final = 0.05
# Below it nothing is found at all: what lies between the two is for who reads it, not to be quoted unread.
USUAL_FOUND_FROM: Final = 0.29
# Of questions that people asked of eight collections, at most one in twenty lies below the first; how sure
# one is of questions made of passages (OwnQuestions) was the second in the middle, in all but one of them.
USUAL_QUOTED_FROM: Final = 0.335
USUAL_MIDDLE: Final = 0.495
# People's questions move less from collection to collection than those that are made; upwards they are
# followed by less still: it refuses as many again that have an answer as it refuses of the others.
_FOLLOWS_DOWN: Final = 0.45
_FOLLOWS_UP: Final = 0.2
_FARTHEST: Final = 0.08


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


class OwnQuestions(BaseModel):
    """How sure one is of questions made of a generation's own passages: it is kept with the generation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    asked: int
    middle: float | None = None
    """None where its passages are too few to tell."""
    chunks: int
    generation: int
    """The number of the generation that was asked: one that is like it takes over what was found."""

    @property
    def quoted_from(self) -> float:
        """How sure one must be to quote: agents whose pages are all alike run high, for strangers too."""
        if self.middle is None:
            return USUAL_QUOTED_FROM
        apart = self.middle - USUAL_MIDDLE
        moved = (_FOLLOWS_UP if apart > 0 else _FOLLOWS_DOWN) * apart
        return round(USUAL_QUOTED_FROM + min(_FARTHEST, max(-_FARTHEST, moved)), 3)
