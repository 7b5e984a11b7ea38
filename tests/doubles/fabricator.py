"""Lies about a page, generated: what a model that fabricates would write, in some hundred ways."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.doubles.loopback_replies import Reply

SENTENCES = (
    "Signing keys are rotated every 90 days by Alice Moreau.",
    "Do not share signing keys with anyone.",
    "Bob Tanaka reports to Alice Moreau about broken keys.",
    "Broken keys are revoked within 24 hours, lost keys within 72 hours.",
    "Passwords for signing have at least 12 characters.",
    "The vault of signing keys opens on 2026-03-01.",
    "Clients need Python 3.10 for signing with keys.",
    "Visitors are never alone near signing keys.",
    "A signing fee of 45 EUR is charged, a renewal of keys costs 30 EUR.",
    "Backups of signing keys are optional before 18 March 2026.",
)
ROWS = (
    "| Basic keys | 5 GB | no support |",
    "| Signing keys | 100 GB | by phone |",
)
CODE = "kb keys rotate --days 90 --force"
TABLE = "| Plan | Storage | Support |\n| --- | --- | --- |\n" + "\n".join(ROWS)
LIMITS = (
    "Most deposits are returned in spring.",
    "Only admins may open the archive.",
    "Cards are refunded within 30 days if unused.",
    "The depot holds 5 million labels.",
    "The index changed by -12 points.",
    "The fine for a lost label is 250 CHF.",
    "Agents run on Python 3.12 or later.",
    "Members may leave the hall early.",
    "The tower was formerly painted red.",
)
PAGE = "# Signing keys\n\n{}\n\n{}\n\n## Plans\n\n{}\n\n## Command\n\n```\n{}\n```\n\n## Limits\n\n{}\n".format(
    " ".join(SENTENCES[:5]), " ".join(SENTENCES[5:]), TABLE, CODE, " ".join(LIMITS)
)
OLDER = PAGE.replace("every 90 days", "every 60 days").replace("12 characters", "8 characters")
OTHERS = "# Travel\n\nSigning keys are carried in a sealed bag on every trip abroad.\n"
RESTRICTED = (
    "---\naudience: [board]\n---\n# Plan\n\nSigning keys are sold to Umbra Ltd next summer.\n"
)
TRUE = {"text": "Visitors are never alone near signing keys.", "quote": SENTENCES[7]}
OTHER_TRUE = {"text": "Passwords for signing have at least 12 characters.", "quote": SENTENCES[4]}
QUESTION = "What is said about signing keys, passwords and visitors?"


@dataclass(frozen=True)
class Lie:
    """A claim with its quote, of which one or the other is false."""

    how: str
    text: str
    quote: str
    passage: str = ""
    """Name of the passage to blame; empty: the one that has `near`; another: one that has it not."""
    near: str = ""


@dataclass
class Fabricator:
    """Answers a prompt with a true claim and the lie of the day."""

    lie: Lie | None = None
    joins: bool = False
    """Whether it lies when it joins findings, and not when it reads passages."""
    told: int = field(default=0)
    shown: int = field(default=0)
    """Passages of the last prompt that had any."""

    def __call__(self, call: dict[str, Any]) -> Reply:
        prompt = str(call["messages"][-1]["content"])
        named = dict(re.findall(r"<[\w-]+ id=(\w+)>\n(.*?)\n</", prompt, re.DOTALL))
        if not named or self.lie is None:
            return Reply(text="no comment")
        if next(iter(named)).startswith("f"):
            return Reply(text=json.dumps({"claims": self._joined(named)}))
        return Reply(text=json.dumps({"claims": self._quoted(named)}))

    def _quoted(self, named: dict[str, str]) -> list[dict[str, Any]]:
        assert self.lie is not None
        claims, self.shown = [_claim(named, TRUE["text"], TRUE["quote"])], len(named)
        if self.joins:
            return [*claims, _claim(named, OTHER_TRUE["text"], OTHER_TRUE["quote"])]
        self.told += 1
        place = self.lie.passage or _where(named, self.lie.near)
        if place == "another":
            place = next(name for name, text in named.items() if self.lie.quote not in text)
        false = {"text": self.lie.text, "quotes": [{"passage": place, "quote": self.lie.quote}]}
        return [*claims, false]

    def _joined(self, named: dict[str, str]) -> list[dict[str, Any]]:
        assert self.lie is not None
        self.told += 1
        names = list(named)
        return [{"text": self.lie.text, "findings": names[:1]},
                *({"text": named[one], "findings": [one]} for one in names)]  # fmt: skip


def _claim(named: dict[str, str], text: str, quote: str) -> dict[str, Any]:
    return {"text": text, "quotes": [{"passage": _where(named, quote), "quote": quote}]}


def _where(named: dict[str, str], words: str) -> str:
    return next((name for name, text in named.items() if words and words in text), "p1")


def false_quotes() -> Iterator[Lie]:
    """Quotes that do not stand where they are said to, each said again by its claim."""
    chance = random.Random(11)
    for text in (*SENTENCES, *ROWS, CODE):
        for how, changed in _mutations(text, chance):
            if changed != text and len(changed) > 12 and not _stands(changed):
                yield Lie(how, changed, changed, near=text)
    for one, other in pairwise(SENTENCES):
        first, second = one.split(), other.split()
        yield Lie("joined by dots", f"{one} ... {other}"[:-1], f"{one} ... {other}", near=one)
        yield Lie(
            "joined by an ellipsis",
            f"{one} \u2026 {second[-2]}",
            f"{one[:-1]} \u2026 {other}",
            near=one,
        )
        spliced = " ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])
        yield Lie("spliced", spliced, spliced, near=one)
    for text in SENTENCES[:8]:
        yield Lie("of no such passage", f"{text} Truly.", text, passage="p99")
        yield Lie("of another passage", f"{text} Surely.", text, passage="another")
    yield Lie(
        "of another agent",
        "Signing keys are carried in a sealed bag.",
        OTHERS.split("\n\n")[1].strip(),
    )
    yield Lie("of an older generation", "Signing keys are rotated every 60 days by Alice Moreau.",
              "Signing keys are rotated every 60 days by Alice Moreau.")  # fmt: skip
    yield Lie("of an older generation", "Passwords for signing have at least 8 characters.",
              "Passwords for signing have at least 8 characters.")  # fmt: skip
    yield Lie("of a document that is not for the caller", "Signing keys are sold to Umbra Ltd next summer.",
              "Signing keys are sold to Umbra Ltd next summer.")  # fmt: skip
    yield Lie("across two rows", "Basic keys have 100 GB.", "| Basic keys | 100 GB |")
    yield Lie("too short to show anything", "Keys are everywhere.", "keys are")
    yield Lie("empty", "Keys are eternal.", "            ")
    for number in range(6):
        made_up = f"Signing keys are blessed by {number + 2} robots at dawn."
        yield Lie("invented", made_up, made_up, near=SENTENCES[0])


def _stands(text: str) -> bool:
    """Whether a change left words that the page has, from one end of a word to the other."""
    return bool(re.search(rf"(?<!\w){re.escape(text.strip())}(?!\w)", PAGE))


def _mutations(text: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    words = text.split()
    at = chance.randrange(1, len(words) - 1)
    yield "a changed number", re.sub(r"\d", lambda one: str((int(one[0]) + 3) % 10), text, count=1)
    yield "digits of another script", re.sub(r"\d", lambda one: chr(0xFF10 + int(one[0])), text)
    yield "a dropped denial", re.sub(r"\b(?:not|never|no) ", "", text, count=1)
    yield (
        "an added denial",
        re.sub(r"\b(are|is|have|need|reports|opens|costs)\b", r"\1 not", text, count=1),
    )
    yield "swapped names", _swapped(text, "Alice Moreau", "Bob Tanaka")
    yield "swapped amounts", _swapped(_swapped(text, "24 hours", "72 hours"), "45 EUR", "30 EUR")
    yield "a cut first word", text[2:]
    yield "a cut last word", text[:-3]
    yield "a look-alike letter", text.replace("a", "\u0430", 1)
    yield "look-alike letters", text.replace("e", "\u0435").replace("o", "\u043e")
    yield "a hidden character", text[:5] + "\u200b" + text[5:]
    yield "a soft hyphen", text[:4] + "\u00ad" + text[4:]
    yield "another case", text.swapcase()
    yield "shouted", text.upper()
    yield "a lost word", " ".join([*words[:at], *words[at + 1 :]])
    yield (
        "a turned pair of words",
        " ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]]),
    )
    yield "a word more", " ".join([*words[:at], "reportedly", *words[at:]])
    yield "another unit", re.sub(r"\b(days|hours|EUR|GB|characters)\b", "weeks", text)


def _swapped(text: str, one: str, other: str) -> str:
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


SAID_OF_QUOTES: dict[str, tuple[str, ...]] = {
    SENTENCES[0]: (
        "Signing keys are rotated every 30 days by Alice Moreau.",
        "Signing keys are rotated every 90 hours by Alice Moreau.",
        "Signing keys are rotated every 90 days by Carol Weiss.",
        "Signing keys are never rotated by Alice Moreau.",
        "Signing keys are rotated weekly by Alice Moreau.",
        "Signing keys are rotated every ninety-one days by Alice Moreau.",
        "Signing keys are rotated every 90 days since 2019 by Alice Moreau.",
    ),
    SENTENCES[1]: (
        "Share signing keys with anyone.",
        "Signing keys may be shared with anyone.",
        "Everyone is allowed to share signing keys with anyone.",
    ),
    SENTENCES[2]: (
        "Alice Moreau reports to Bob Tanaka about broken keys.",
        "Bob Tanaka never reports to Alice Moreau about broken keys.",
        "Bob Tanaka reports to Dana Cole about broken keys.",
    ),
    SENTENCES[3]: (
        "Lost keys are revoked within 24 hours.",
        "Broken keys are revoked within 72 hours.",
        "Broken keys are revoked within 24 days.",
        "Broken keys are not revoked.",
    ),
    SENTENCES[4]: (
        "Passwords for signing have at most 12 characters.",
        "Passwords for signing have at least 6 characters.",
        "Passwords for signing have at least twelve hundred characters.",
    ),
    SENTENCES[5]: (
        "The vault of signing keys opens on 2026-03-02.",
        "The vault of signing keys opens on 1 April 2026.",
        "The vault of signing keys does not open on 2026-03-01.",
    ),
    SENTENCES[6]: (
        "Clients need Python 3.1 for signing with keys.",
        "Clients need Ruby 3.10 for signing with keys.",
        "Clients need Python 3.11 for signing with keys.",
    ),
    SENTENCES[7]: ("Visitors are alone near signing keys.", "Visitors may be alone near signing keys."),
    SENTENCES[8]: (
        "A signing fee of 30 EUR is charged.",
        "A signing fee of 45 USD is charged.",
        "A renewal of keys costs 45 EUR.",
    ),
    SENTENCES[9]: (
        "Backups of signing keys are required before 18 March 2026.",
        "Backups of signing keys are optional after 18 March 2026.",
        "Backups of signing keys are optional before 19 March 2026.",
    ),
    ROWS[0]: ("Basic keys have 500 GB.", "Basic keys have 100 GB.", "Basic keys have support."),
    CODE: ("Keys rotate after 9 days.", "Umbrellas keep the rain away from everybody outside."),
    LIMITS[0]: ("All deposits are returned in spring.", "Deposits are returned in spring.", "Every deposit is returned in spring.",
                "Deposits are always returned in spring."),
    LIMITS[1]: ("Admins may open the archive.", "Admins must open the archive.", "Everyone may open the archive."),
    LIMITS[2]: ("Cards are refunded within 30 days.", "Cards are refunded within 30 days if used.", "Cards are refunded within 30 days unless unused.",
                "Cards are refunded within 30 days if stolen.", "All cards are refunded within 30 days."),
    LIMITS[3]: ("The depot holds 5 billion labels.", "The depot holds 5 labels.", "The depot holds 5k labels.",
                "The depot holds 5 million dollars."),
    LIMITS[4]: ("The index changed by 12 points.", "The index rose by 12 points.", "The index changed by -12k points."),
    LIMITS[5]: ("The fine for a lost label is 250 EUR.", "The fine for a lost label is $250.",
                "The fine for a lost label is 250 JPY.", "The fine for a lost label is 250k CHF."),
    LIMITS[6]: ("Agents run on Python 3.12 or earlier.", "Agents run on Python 3.12 or older.",
                "Agents run on Python 3.13 or later."),
    LIMITS[7]: ("Members must leave the hall early.", "Members have to leave the hall early.",
                "Members may leave the hall early if they pay.", "Only members may leave the hall early."),
    LIMITS[8]: ("The tower is painted red.", "The tower will be painted red.", "It is planned that the tower is painted red."),
}  # fmt: skip
"""Of each true quote what a claim says that it does not."""

LEAD_INS = ("No longer true", "Until 2019 only", "Approved by Bob Tanaka in 2031", "A common myth", "For dogs only",
            "According to the tabloids", "Confirmed by the court")  # fmt: skip


def false_claims() -> Iterator[Lie]:
    """True quotes, of which the claim says something else."""
    for quote, texts in SAID_OF_QUOTES.items():
        for text in texts:
            yield Lie("a claim that its quote does not make", text, quote, near=quote)
    for lead in LEAD_INS:
        for quote in (SENTENCES[0], SENTENCES[4], LIMITS[3]):
            yield Lie("a true sentence led into falsely", f"{lead}: {quote}", quote, near=quote)
        yield Lie(
            "a true sentence led into falsely",
            f"{lead} \u2014 {SENTENCES[0]}",
            SENTENCES[0],
            near=SENTENCES[0],
        )
