"""What extraction would cost, before any of it is asked for."""

from dataclasses import dataclass
from typing import Final

from dagster_kb.extraction.extractor import Extractor
from dagster_kb.extraction.passages import SHOWN_BEFORE
from kb_contract.chat_models.prices import Count, dollars

# Bytes and not letters, since a letter of Chinese or Japanese is about one token.
BYTES_OF_A_TOKEN: Final = 4
# Of an answer, where there was none before.
USUAL_COMPLETION: Final = 350
# Names of the fields, headings, and the end of what stands before.
_AROUND: Final = 150 + SHOWN_BEFORE


@dataclass(frozen=True)
class ExtractionEstimate:
    """How much there is to ask, and what it comes to."""

    passages: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float
    model: str

    @property
    def said(self) -> str:
        tokens = self.prompt_tokens + self.completion_tokens
        unlisted = " (no price is listed for it)" if tokens and not self.dollars else ""
        return (
            f"{self.passages:,} passages, about {tokens:,} tokens of {self.model}: "
            f"${self.dollars:.4f}{unlisted}"
        )


def estimate_of(
    extractor: Extractor, passages: int, size: int, usual_completion: float | None
) -> ExtractionEstimate:
    """Estimate; `size` is that of all the passages, in bytes."""
    if extractor.board is None or not passages:
        return ExtractionEstimate(passages, 0, 0, 0.0, extractor.model)
    around = len(extractor.prompt.text.encode()) + _AROUND
    count = Count(
        (size + passages * around) // BYTES_OF_A_TOKEN,
        round(passages * (usual_completion or USUAL_COMPLETION)),
    )
    deployment = extractor.board.profile.in_order(extractor.tier)[0][1]
    paid = dollars(deployment, count)
    return ExtractionEstimate(passages, count.prompt, count.completion, paid, extractor.model)
