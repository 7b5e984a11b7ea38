"""Claims that a chat model writes: parsed strictly, and never trusted."""

import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.citations.claims import unsupported_numbers, widened
from graph.citations.quotes import locate
from graph.citations.readable import plain
from graph.ports import ChatModel, Heard, NoAnswer
from graph.state import Claim, Passage, Quote, Usage

DEADLINE: Final = 45.0
# A quote of a word or two stands in every text, so it shows nothing.
SHORTEST_QUOTE: Final = 12
MOST_CLAIMS: Final = 12
_MARKERS: Final = re.compile(r"\s*\[(?:\d+|[pf]\d+)(?:,\s*[pf]?\d+)*\]")
Written = TypeVar("Written", bound=BaseModel)


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WrittenQuote(_Closed):
    """Words that a model says stand in a passage."""

    passage: str = Field(max_length=20)
    quote: str = Field(max_length=2000)


class QuotedClaim(_Closed):
    """A sentence with its quotes."""

    text: str = Field(min_length=1, max_length=1500)
    quotes: tuple[WrittenQuote, ...] = Field(min_length=1, max_length=8)


class QuotedClaims(_Closed):
    """What a model writes from passages; no claims means that they do not answer."""

    claims: tuple[QuotedClaim, ...] = Field(max_length=MOST_CLAIMS)


class JoinedClaim(_Closed):
    """A sentence that rests on findings; it inherits their quotes."""

    text: str = Field(min_length=1, max_length=1500)
    findings: tuple[str, ...] = Field(min_length=1, max_length=16)


class JoinedClaims(_Closed):
    """What a model writes from findings."""

    claims: tuple[JoinedClaim, ...] = Field(max_length=MOST_CLAIMS)


@dataclass(frozen=True)
class Attempt:
    """What came of asking a model; `claims` is None when nothing of it can be used."""

    claims: list[Claim] | None
    usage: list[Usage] = field(default_factory=list[Usage])
    dropped: int = 0
    """Claims whose quotes or numbers do not stand in what the model was given."""
    problem: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a model is asked for."""

    system: str
    user: str
    tier: str
    heard: Heard | None


class _UnusableError(Exception):
    """What the model wrote cannot be used; says why, for the model to mend."""


async def from_passages(
    model: ChatModel,
    question: str,
    passages: Sequence[Passage],
    *,
    instructions: str,
    tier: str,
    heard: Heard | None = None,
) -> Attempt:
    """Let a model write claims with quotes from the passages."""
    named = {f"p{number}": passage for number, passage in enumerate(passages, start=1)}
    texts = {name: _shown(passage) for name, passage in named.items()}

    def read(text: str) -> tuple[list[Claim], int]:
        written = _parsed(QuotedClaims, text).claims
        claims = [claim for one in written if (claim := _quoted_claim(one, question, named))]
        if written and not claims:
            raise _UnusableError("none of the quotes stands word for word in the passage it names")
        return claims, len(written) - len(claims)

    asked = Asked(instructions, _delimited(question, "passage", texts), tier, heard)
    return await _attempted(model, asked, read)


async def from_findings(
    model: ChatModel,
    question: str,
    findings: Sequence[Claim],
    *,
    instructions: str,
    tier: str,
    heard: Heard | None = None,
) -> Attempt:
    """Let a model join findings into claims; it cannot cite anything else."""
    named = {f"f{number}": finding for number, finding in enumerate(findings, start=1)}

    def read(text: str) -> tuple[list[Claim], int]:
        written = _parsed(JoinedClaims, text).claims
        claims = [claim for one in written if (claim := _joined_claim(one, question, named))]
        if not claims:
            raise _UnusableError("no claim names findings that exist and keeps to their numbers")
        return claims, len(written) - len(claims)

    texts = {name: finding["text"] for name, finding in named.items()}
    asked = Asked(instructions, _delimited(question, "finding", texts), tier, heard)
    return await _attempted(model, asked, read)


def prompt(name: str) -> str:
    """Return the text of `graph/prompts/<name>.md`."""
    return (files("graph") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


async def _attempted(
    model: ChatModel, asked: Asked, read: Callable[[str], tuple[list[Claim], int]]
) -> Attempt:
    found: list[tuple[list[Claim], int]] = []

    def check(text: str) -> str:
        try:
            found[:] = [read(text)]
        except _UnusableError as error:
            return str(error)
        return ""

    try:
        written = await model.write(
            system=asked.system,
            user=asked.user,
            tier=asked.tier,
            deadline=DEADLINE,
            check=check,
            heard=asked.heard,
        )
    except NoAnswer as error:
        return Attempt(None, list(error.usage), problem=error.what)
    claims, dropped = found[0]
    return Attempt(claims, list(written.usage), dropped)


def _parsed(kind: type[Written], text: str) -> Written:
    body = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _UnusableError(
            f"it is not the JSON that was asked for ({place}: {first['msg']})"
        ) from error


def _quoted_claim(one: QuotedClaim, question: str, named: dict[str, Passage]) -> Claim | None:
    quotes: list[Quote] = []
    for said in one.quotes:
        passage = named.get(said.passage)
        place = locate(said.quote, passage["text"]) if passage else None
        if passage is None or place is None or len(said.quote.strip()) < SHORTEST_QUOTE:
            return None
        quotes.append(widened(passage, *place))
    return _checked(one.text, quotes, question)


def _joined_claim(one: JoinedClaim, question: str, named: dict[str, Claim]) -> Claim | None:
    if not set(one.findings) <= set(named):
        return None
    quotes = [quote for name in one.findings for quote in named[name]["quotes"]]
    return _checked(one.text, quotes, question, *(named[name]["text"] for name in one.findings))


def _checked(text: str, quotes: list[Quote], question: str, *sources: str) -> Claim | None:
    """Drop a claim that says a number which nothing that it rests on says."""
    # Numbers in brackets are given out after verification; a model's own lead nowhere.
    said = plain(_MARKERS.sub("", text))
    grounds = [question, *sources, *(quote["text"] for quote in quotes)]
    return (
        {"text": said, "quotes": quotes}
        if said and not unsupported_numbers(said, grounds)
        else None
    )


def _shown(passage: Passage) -> str:
    place = " > ".join([passage["title"], *passage["heading_path"]])
    return f"{json.dumps({'place': place}, ensure_ascii=False)}\n{passage['text']}"


def _delimited(question: str, kind: str, texts: dict[str, str]) -> str:
    """Fence the texts with a mark that none of them can know, so that none can step out."""
    mark = f"{kind}-{secrets.token_hex(4)}"
    parts = [f"<{mark} id={name}>\n{text}\n</{mark}>" for name, text in texts.items()]
    return "\n\n".join([*parts, f"<question-{mark}>\n{question}\n</question-{mark}>"])
