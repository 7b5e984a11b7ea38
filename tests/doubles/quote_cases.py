"""Quotes of real pages, true and false, each with its label by the way in which it was made."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
OTHER_WORDS: Final = {
    "must": "may", "every": "no", "never": "always", "before": "after", "more": "less", "first": "last",
    "all": "some", "is": "was", "and": "or", "not": "also", "with": "without", "the": "their", "are": "were",
}  # fmt: skip
NEVER_SAID: Final = (
    "Penguins may carry the pager on public holidays.",
    "The committee blesses each database with sea salt at dawn.",
    "Reviewers are paid nine marbles for a good joke.",
    "All of this was invented by a model that wanted to please.",
    "Trains of the northern line wait for the choir.",
    "Three kilograms of honey seal a broken lock for good.",
)


@dataclass(frozen=True)
class Page:
    """One passage of a real document, and its sentences as the file has them."""

    id: str
    text: str
    sentences: tuple[str, ...]


def pages_of(knowledge: Path) -> list[Page]:
    """Each document with enough prose, without its front matter."""
    found: list[Page] = []
    for file in sorted(knowledge.glob("*/*.md")):
        text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text("utf-8"), flags=re.DOTALL).strip()
        lines = [one for one in text.splitlines() if not one.startswith(("#", "|", "```", ">"))]
        prose = [re.sub(r"^(?:[-*]|\d+\.) ", "", one).strip() for one in lines]
        sentences = [one for line in prose for one in SENTENCE.split(line)]
        whole = [one for one in dict.fromkeys(sentences) if _usable(one, text)]
        if len(whole) >= 4:
            found.append(Page(f"{file.parent.name}/{file.stem}", text, tuple(whole)))
    return found


def _usable(sentence: str, text: str) -> bool:
    """Long enough to be changed in many ways, and said once."""
    return len(sentence.split()) >= 8 and sentence.endswith(".") and text.count(sentence) == 1


def cases(pages: Sequence[Page], *, seed: int = 5) -> Iterator[dict[str, Any]]:
    """For every page some truthful quotes and some of each kind of lie."""
    chance = random.Random(seed)
    for at, page in enumerate(pages):
        others = [pages[(at + step) % len(pages)] for step in (1, 2)]
        stranger = pages[(at + 3) % len(pages)]
        for verdict, how, quote in _made(page, others, stranger, chance):
            yield {
                "id": f"{page.id}: {how}", "quote": quote, "passage": page.id,
                "others": [one.id for one in others], "verdict": verdict, "how": how,
            }  # fmt: skip


def _made(
    page: Page, others: Sequence[Page], stranger: Page, chance: random.Random
) -> Iterator[tuple[str, str, str]]:
    first, second, third = chance.sample(page.sentences, 3)
    yield "found", "word for word", first
    yield from (("found", how, quote) for how, quote in _told_otherwise(second, chance))
    yield from (
        ("altered", how, quote)
        for how, quote in _altered(third, chance)
        if quote not in {third, page.text} and quote not in page.text
    )
    yield "stitched", "joined by dots", f"{_half(first, 0)} ... {_half(second, 1)}"
    yield "stitched", "joined by a bracketed ellipsis", f"{first} […] {_half(third, 1)}"
    yield "stitched", "spliced", f"{_half(second, 0)} {_half(third, 1)}"
    theirs, more = (chance.choice(one.sentences) for one in others)
    yield "stitched", "of two passages", f"{_half(first, 0)} ... {_half(theirs, 1)}"
    yield "misattributed", "of the next passage", theirs
    yield "misattributed", "a part of another passage", _half(more, 0)
    yield "not_found", "of a passage that was not shown", chance.choice(stranger.sentences)
    yield "not_found", "invented", chance.choice(NEVER_SAID)
    words = third.split()
    yield "not_found", "its words in another order", " ".join(chance.sample(words, len(words)))


def _told_otherwise(sentence: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """The declared differences: white space, quotation marks, escapes, ligatures; and a part."""
    words = sentence.split()
    at = chance.randrange(2, len(words) - 2)
    yield "wrapped at another place", f"{' '.join(words[:at])}\n   {' '.join(words[at:])}"
    yield "a part, from word to word", " ".join(words[1 : at + 3]).rstrip(".,;:")
    if "'" in sentence or '"' in sentence:
        curly = sentence.replace("'", "\u2019").replace('"', "\u201d")
        yield "curly quotation marks", curly
    if "fi" in sentence or "fl" in sentence:
        yield "ligatures", sentence.replace("fi", "\ufb01").replace("fl", "\ufb02")
    if "*" in sentence or "`" in sentence:
        yield "escaped Markdown", re.sub(r"([*`])", r"\\\1", sentence)


def _altered(sentence: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    words = sentence.split()
    at = chance.randrange(2, len(words) - 2)
    if re.search(r"\d", sentence):
        yield "another number", re.sub(r"\d+", lambda one: str(int(one[0]) + 1), sentence, count=1)
    for word, other in OTHER_WORDS.items():
        if word in words:
            changed = list(words)
            changed[words.index(word)] = other
            yield f"{word} became {other}", " ".join(changed)
            break
    yield "a word more", " ".join([*words[:at], "reportedly", *words[at:]])
    yield "a word less", " ".join([*words[:at], *words[at + 1 :]])
    yield "two words turned", " ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]])
    yield "shouted", sentence.upper()
    yield "a look-alike letter", _look_alike(sentence)
    yield "cut within its first word", sentence[1:] if words[0][1:2].isalpha() else sentence


def _look_alike(sentence: str) -> str:
    return re.sub(r"(?<=[a-z])[aeo](?=[a-z])", lambda one: {"a": "\u0430", "e": "\u0435", "o": "\u043e"}[one[0]],
                  sentence, count=1)  # fmt: skip


def _half(sentence: str, which: int) -> str:
    words = sentence.rstrip(".").split()
    middle = len(words) // 2
    return " ".join(words[middle:] if which else words[:middle])


def write_folder(
    folder: Path, passages: Sequence[dict[str, Any]], quotes: Sequence[dict[str, Any]]
) -> Path:
    """Write them as `kb eval citations --data` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("passages", passages), ("quotes", quotes)):
        lines = [json.dumps(one, ensure_ascii=False) for one in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder
