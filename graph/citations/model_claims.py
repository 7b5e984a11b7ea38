"""Claims that a chat model writes: parsed strictly, and never trusted."""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.citations.claims import widened
from graph.citations.quotes import check
from graph.citations.readable import plain
from graph.citations.support import Known, key_of, supported
from graph.ports import ChatModel, Heard, NoAnswer
from graph.state import Claim, Passage, Quote, Unsupported, Usage
from kb_contract.written_json import problem_of, read_json

DEADLINE: Final = 45.0
# A quote of a word or two stands in every text, so it shows nothing.
SHORTEST_QUOTE: Final = 12
MOST_CLAIMS: Final = 12
_MARKERS: Final = re.compile(r"\s*\[(?:\d+|[pf]\d+)(?:,\s*[pf]?\d+)*\]")
Written = TypeVar("Written", bound=BaseModel)
Read = tuple[list[Claim], list[Unsupported]]


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
    unsupported: list[Unsupported] = field(default_factory=list[Unsupported])
    """Claims whose quotes do not stand in what the model was given, or that say something else."""
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

    def read(text: str) -> Read:
        written = _parsed(QuotedClaims, text).claims
        known = Known({key_of(one): one for one in passages}, question)
        claims, unsupported = _read(_quoted_claim(one, named, known) for one in written)
        if written and not claims:
            raise _UnusableError("none of the quotes stands word for word in the passage it names")
        return claims, unsupported

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

    def read(text: str) -> Read:
        written = _parsed(JoinedClaims, text).claims
        claims, unsupported = _read(_joined_claim(one, question, named) for one in written)
        if not claims:
            raise _UnusableError("no claim names findings that exist and keeps to their numbers")
        return claims, unsupported

    texts = {name: finding["text"] for name, finding in named.items()}
    asked = Asked(instructions, _delimited(question, "finding", texts), tier, heard)
    return await _attempted(model, asked, read)


def prompt(name: str) -> str:
    """Return the text of `graph/prompts/<name>.md`."""
    return (files("graph") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


async def _attempted(model: ChatModel, asked: Asked, read: Callable[[str], Read]) -> Attempt:
    found: list[Read] = []

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
    claims, unsupported = found[0]
    return Attempt(claims, list(written.usage), unsupported)


def _parsed(kind: type[Written], text: str) -> Written:
    try:
        return read_json(kind, text)
    except ValidationError as error:
        raise _UnusableError(problem_of(kind, error)) from error


def _read(judged: Iterable[Claim | Unsupported]) -> Read:
    claims: list[Claim] = []
    unsupported: list[Unsupported] = []
    for one in judged:
        if "why" in one:
            unsupported.append(one)
        else:
            claims.append(one)
    return claims, unsupported


def _quoted_claim(
    one: QuotedClaim, named: Mapping[str, Passage], known: Known
) -> Claim | Unsupported:
    quotes: list[Quote] = []
    for said in one.quotes:
        passage = named.get(said.passage)
        if passage is None or len(said.quote.strip()) < SHORTEST_QUOTE:
            return {"text": _worded(one.text), "why": "not_found"}
        others = [other["text"] for other in named.values() if other != passage]
        found = check(said.quote, passage["text"], others)
        if found.verdict != "found":
            return {"text": _worded(one.text), "why": found.verdict}
        quotes.append(widened(passage, found.start, found.end))
    return _checked(one.text, quotes, known)


def _joined_claim(
    one: JoinedClaim, question: str, named: Mapping[str, Claim]
) -> Claim | Unsupported:
    if not set(one.findings) <= set(named):
        return {"text": _worded(one.text), "why": "not_found"}
    quotes = [quote for name in one.findings for quote in named[name]["quotes"]]
    # Findings were held against their quotes before; numbers that were computed stand only here.
    said = "\n".join(named[name]["text"] for name in one.findings)
    return _checked(one.text, quotes, Known({}, question, computed=said))


def _checked(text: str, quotes: list[Quote], known: Known) -> Claim | Unsupported:
    """Drop a claim that says what nothing that it rests on says."""
    claim: Claim = {"text": _worded(text), "quotes": quotes}
    if not claim["text"]:
        return {"text": "", "why": "words"}
    _, faults = supported(claim, known)
    return {"text": claim["text"], "why": faults[0]["why"]} if faults else claim


def _worded(text: str) -> str:
    # Numbers in brackets are given out after verification; a model's own lead nowhere.
    return plain(_MARKERS.sub("", text))


def _shown(passage: Passage) -> str:
    place = " > ".join([passage["title"], *passage["heading_path"]])
    return f"{json.dumps({'place': place}, ensure_ascii=False)}\n{passage['text']}"


def _delimited(question: str, kind: str, texts: dict[str, str]) -> str:
    """Fence the texts with a mark that none of them can know, so that none can step out."""
    mark = f"{kind}-{secrets.token_hex(4)}"
    parts = [f"<{mark} id={name}>\n{text}\n</{mark}>" for name, text in texts.items()]
    return "\n\n".join([*parts, f"<question-{mark}>\n{question}\n</question-{mark}>"])
