"""Who reads passages: the models of a profile, or patterns where there is none."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dagster_kb.extraction import patterns
from dagster_kb.extraction.passages import Passage
from dagster_kb.extraction.prompts_on_file import Prompt
from kb_contract.chat_models.books import Books
from kb_contract.chat_models.logical_call import LogicalCall
from kb_contract.chat_models.profiles import Profile, Tier
from kb_contract.chat_models.switchboard import Switchboard
from kb_contract.chat_models.written import NoAnswer, Usage
from kb_contract.chunk_extraction import ChunkExtractionV1, read_extraction

Status = Literal["DONE", "INVALID", "ERROR"]
# Requests of one passage: the answer, and one more with what was wrong with it.
_REQUESTS = 2
_SPARE_SECONDS = 5.0


@dataclass(frozen=True)
class Extracted:
    """What came of asking about one passage; what was written is kept, also where it is no use."""

    status: Status
    raw_text: str = ""
    parsed: ChunkExtractionV1 | None = None
    validation_error: str = ""
    error: str = ""
    model: str | None = None
    usage: Sequence[Usage] = ()
    latency_ms: int = 0
    refused: int = 0
    """Requests that a provider would not take, for what the passage says."""

    @property
    def cost(self) -> float:
        return sum(one["cost"] for one in self.usage)


@dataclass
class _Heard:
    """Every whole text that came, with what is wrong with it."""

    texts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    parsed: ChunkExtractionV1 | None = None

    def check(self, text: str) -> str:
        self.parsed, problem = read_extraction(text)
        self.texts.append((text, problem))
        return problem


@dataclass(frozen=True)
class Extractor:
    """Asks about one passage at a time, with one prompt and one tier."""

    prompt: Prompt
    tier: Tier
    board: Switchboard | None
    """None: patterns."""

    @property
    def model(self) -> str:
        """The model that is asked first; results are kept under it."""
        return first_model(self.board.profile if self.board else None, self.tier)

    @property
    def key(self) -> dict[str, Any]:
        return {"prompt_sha256": self.prompt.sha256, "asked_model": self.model}

    def by_patterns(self, passage: Passage) -> Extracted:
        """Read one passage without a model."""
        began = time.perf_counter()
        parsed = patterns.extracted(passage)
        return Extracted("DONE", parsed=parsed, model=self.model, latency_ms=_since(began))

    async def extract(self, passage: Passage, books: Books) -> Extracted:
        """Ask about one passage; whatever the model does, there is a result."""
        if self.board is None:
            return self.by_patterns(passage)
        began, heard = time.perf_counter(), _Heard()
        seconds = self.board.profile.in_order(self.tier)[0][1].timeout
        call = LogicalCall(
            self.board, books, self.prompt.text, passage.asked(), self.tier,
            asyncio.get_running_loop().time() + _REQUESTS * seconds + _SPARE_SECONDS,
            heard.check, None,
        )  # fmt: skip
        try:
            written = await call.in_time()
        except NoAnswer as error:
            return _without(error, heard, _since(began))
        parsed = heard.parsed.grounded(passage.text) if heard.parsed else None
        return Extracted(
            "DONE", written.text, parsed, model=written.usage[-1]["model"] if written.usage else None,
            usage=written.usage, latency_ms=_since(began),
        )  # fmt: skip


def first_model(profile: Profile | None, tier: Tier) -> str:
    """Name the model that a tier asks first."""
    return profile.in_order(tier)[0][1].model if profile else patterns.MODEL


def _without(error: NoAnswer, heard: _Heard, latency_ms: int) -> Extracted:
    """Tell a model that wrote nonsense twice from one that could not be asked."""
    text, problem = heard.texts[-1] if heard.texts else ("", "")
    status: Status = "INVALID" if len(heard.texts) >= _REQUESTS else "ERROR"
    return Extracted(
        status, text, None, problem, error.what[:500], usage=error.usage, latency_ms=latency_ms,
        refused=error.refused,
        model=error.usage[-1]["model"] if error.usage else None,
    )  # fmt: skip


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
