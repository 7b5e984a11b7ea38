"""Which sentences of a claim stand on its quotes, and what is wrong with the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph.citations.faithfulness import Grounds, fault_of
from graph.citations.readable import plain, readable
from graph.retrieval.sentences import Unit, units
from graph.state import Claim, Passage, Quote, Unsupported

ChunkKey = tuple[str, int, str]
_LIST_MARK: Final = re.compile(r"^\s*-\s+", re.MULTILINE)


@dataclass(frozen=True)
class Known:
    """What sentences are held against."""

    passages: Mapping[ChunkKey, Passage]
    """As the ledger has them."""
    question: str = ""
    computed: str = ""


def supported(claim: Claim, known: Known) -> tuple[Claim | None, list[Unsupported]]:
    """Return the claim without the sentences that its quotes do not carry, and those sentences."""
    if claim.get("by") == "calculation" or _is_verbatim(claim, known):
        return claim, []
    grounds = _grounds(claim["quotes"], known)
    lead, text, left_out = claim.get("lead", ""), _own(claim), list[Unsupported]()
    for one in reversed(units(text)):
        said = one.of(text)
        fault = fault_of(said, grounds)
        if fault:
            left_out.insert(0, {"text": said, "why": fault})
            text = f"{text[: one.start].rstrip()} {text[one.end :].lstrip()}".strip()
    return ({**claim, "text": f"{lead}{text}"} if text else None), left_out


def _own(claim: Claim) -> str:
    """Return what a claim says, without what our own code put before it."""
    return claim["text"].removeprefix(claim.get("lead", ""))


def _is_verbatim(claim: Claim, known: Known) -> bool:
    """Whether it says what its quotes say, letter for letter as a person reads them."""
    forms = [_form(one, known) for one in claim["quotes"]]
    said = _flat(_own(claim))
    return any(form and form == said for form in (*forms, _flat(" ".join(forms))))


def _form(quote: Quote, known: Known) -> str:
    passage = known.passages.get(chunk_of(quote))
    if passage is None:
        return _flat(plain(quote["text"]))
    return _flat(" ".join(readable(passage["text"], one) for one in quoted_units(quote, passage)))


def quoted_units(quote: Quote, passage: Passage) -> list[Unit]:
    """Return the units of a passage that a quote reaches into."""
    start, end = quote["start"] - passage["start"], quote["end"] - passage["start"]
    return [one for one in units(passage["text"]) if one.start < end and start < one.end]


def _flat(text: str) -> str:
    return " ".join(_LIST_MARK.sub("", text).split())


def _grounds(quotes: Sequence[Quote], known: Known) -> Grounds:
    about: list[str] = []
    for quote in quotes:
        if passage := known.passages.get(chunk_of(quote)):
            headers = [name for unit in quoted_units(quote, passage) for name in unit.header]
            agent = passage["agent_id"]
            named = (agent, agent.replace("_", " ").replace("-", " "))
            about += [passage["title"], *passage["heading_path"], *headers, *named]
    return Grounds(
        [quote["text"] for quote in quotes],
        about="\n".join(dict.fromkeys(about)),
        question=known.question,
        computed=known.computed,
    )


def chunk_of(quote: Quote) -> ChunkKey:
    """Return the chunk that a quote says it stands in."""
    return (quote["agent_id"], quote["generation"], quote["chunk_id"])


def key_of(passage: Passage) -> ChunkKey:
    """Return what names a passage among all of all generations."""
    return (passage["agent_id"], passage["generation"], passage["chunk_id"])
