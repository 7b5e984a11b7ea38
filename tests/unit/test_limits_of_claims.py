"""What a quote says of some, under a condition, as a possibility or of once is not said of all, always and now."""

import re
from itertools import product
from pathlib import Path

import pytest

from graph.citations.faithfulness import Fault, Grounds, fault_of
from graph.citations.readable import readable
from graph.retrieval.sentences import units

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
THINGS = (
    ("admins", "delete old records"),
    ("contractors", "join the video calls"),
    ("retired members", "keep their library card"),
    ("night nurses", "open the medicine cabinet"),
)
DONE = (
    ("deposits", "refunded within 30 days"),
    ("backup tapes", "shipped to the second site"),
    ("late invoices", "sent to the collection agency"),
    ("test accounts", "removed from the directory"),
)


def fault(said: str, quote: str, **more: str) -> Fault | None:
    return fault_of(said, Grounds([f"{quote[:1].upper()}{quote[1:]}."], **more))


def said_of(subject: str, done: str, form: str) -> str:
    made = form.format(subject=subject, done=done)
    return f"{made[:1].upper()}{made[1:]}."


def wrong(pairs: list[tuple[str, str]], wanted: set[Fault | None]) -> list[tuple[str, str, object]]:
    found = [(said, quote, fault(said, quote)) for said, quote in pairs]
    return [one for one in found if one[2] not in wanted]


MOST = ("most {subject} are {done}", "usually {subject} are {done}", "{subject} are often {done}",
        "the majority of {subject} are {done}", "almost all {subject} are {done}", "{subject} are generally {done}")  # fmt: skip
SOME = ("some {subject} are {done}", "several {subject} are {done}", "a few {subject} are {done}",
        "{subject} are sometimes {done}", "many {subject} are {done}", "{subject} are rarely {done}",
        "not all {subject} are {done}")  # fmt: skip
ALL = ("all {subject} are {done}", "every one of the {subject} is {done}", "{subject} are always {done}", "{subject} are {done}")  # fmt: skip


@pytest.mark.parametrize("subject", DONE)
def test_of_how_many_it_is_said_stays(subject: tuple[str, str]) -> None:
    def pairs(said: tuple[str, ...], quoted: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(said_of(*subject, one), other.format(subject=subject[0], done=subject[1])) for one, other in product(said, quoted)]  # fmt: skip

    unlike = {"quantity", "denial", "opposite"}
    assert wrong(pairs(ALL, MOST + SOME), unlike) == []  # type: ignore[arg-type]
    assert wrong(pairs(MOST, SOME[:-1]), unlike) == []  # type: ignore[arg-type]
    assert wrong(pairs(MOST, MOST) + pairs(SOME[:5], SOME[:5]), {None}) == []
    assert wrong(pairs(ALL[:2] + ALL[3:], ALL[:2] + ALL[3:]), {None}) == []


ONLY = ("only {subject} can {done}", "{subject} only can {done}", "solely {subject} may {done}",
        "it is only {subject} who can {done}", "exclusively {subject} can {done}")  # fmt: skip
ANYBODY = (
    "{subject} can {done}",
    "{subject} and others can {done}",
    "{subject} are able to {done}",
)
KEPT_OUT = ("only {subject} can {done}", "nobody but {subject} can {done}", "to {done} is reserved for {subject}",
            "to {done} is limited to {subject}", "no one except {subject} can {done}")  # fmt: skip


@pytest.mark.parametrize("subject", THINGS)
def test_who_alone_may_stays_alone_and_nobody_else_becomes_so(subject: tuple[str, str]) -> None:
    quoted = [one.format(subject=subject[0], done=subject[1]) for one in ONLY]
    open_to = [said_of(*subject, one) for one in ANYBODY]
    assert wrong(list(product(open_to, quoted)), {"quantity"}) == []
    kept = [said_of(*subject, one) for one in KEPT_OUT]
    assert wrong(list(product(kept[:1], quoted)), {None}) == []
    assert fault(kept[3], quoted[0]) is None
    assert fault(f"Only {subject[0]} can {subject[1]}.", f"{subject[0]} can {subject[1]}") == "quantity"  # fmt: skip
    assert fault(f"{subject[0]} can {subject[1]}.", f"{subject[0]} can {subject[1]} in only 3 steps") is None  # fmt: skip


CONDITIONS = (
    "if unopened", "if a manager signed the form", "unless the vault is sealed", "provided that the seal is intact",
    "as long as the owner agrees", "except during the summer freeze", "in case of a flood", "subject to a credit check",
    "until the new building opens", "when the quarter ends", "only if the auditor asks", "whenever the alarm rings",
    "on condition that rent was paid", "once the lawyers agree",
)  # fmt: skip


@pytest.mark.parametrize("subject", DONE)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_neither_dropped_nor_changed_nor_added(
    subject: tuple[str, str], condition: str
) -> None:
    name, done = subject
    bare, hung = f"{name} are {done}", f"{name} are {done} {condition}"
    before = f"{condition}, {name} are {done}"
    lost: set[Fault | None] = {"condition", "quantity"}
    assert wrong([(f"{bare}.", hung), (f"{bare}.", before)], lost) == []
    assert wrong([(f"{hung}.", before), (f"{before}.", hung), (f"{bare}.", bare)], {None}) == []
    assert wrong([(f"{bare} if the moon is full.", hung)], {*lost, "denial"}) == []
    assert wrong([(f"{hung}.", bare)], {*lost, "added", "denial"}) == []
    # What was asked under a condition is answered under it.
    assert fault(f"{bare}.", hung, question=f"What about {name} {condition}?") in {None, "quantity"}


@pytest.mark.parametrize("subject", DONE)
def test_if_and_unless_are_not_the_same(subject: tuple[str, str]) -> None:
    name, done = subject
    for one, other in (("if", "unless"), ("when", "unless"), ("provided that", "except if")):
        first, second = (f"{name} are {done} {each} the owner is abroad" for each in (one, other))
        assert fault(f"{first}.", second) == "condition"
        assert fault(f"{second}.", first) == "condition"
        assert fault(f"{first}.", first) is None


def test_a_condition_in_other_words_is_kept() -> None:
    pairs = [
        ("Cards are refunded if not used.", "Cards are refunded if unused"),
        ("Cards are refunded if unused.", "Cards are refunded when they are not used"),
        ("A full disk stops the server.", "If the disk is full, the server stops"),
        ("The server stops once its disk is full.", "When the disk is full, the server stops"),
        ("Cards are refunded; unused ones within 30 days.", "Unused cards are refunded within 30 days"),
        ("Keys are rotated.", "Keys are rotated. If they are lost, keys are revoked"),
    ]  # fmt: skip
    assert wrong(pairs, {None}) == []
    assert fault("Cards are refunded if used.", "Cards are refunded if unused") == "condition"


FORCE = {
    "must": ("{subject} must {done}", "{subject} have to {done}", "{subject} are required to {done}", "{subject} shall {done}"),
    "should": ("{subject} should {done}", "it is recommended that {subject} {done}", "{subject} ought to {done}"),
    "may": ("{subject} may {done}", "{subject} can {done}", "{subject} are allowed to {done}", "{subject} might {done}",
            "{subject} are permitted to {done}"),
}  # fmt: skip
KEEP = [("must", "must"), ("should", "should"), ("may", "may"), ("should", "must")]
TURN = [("must", "may"), ("must", "should"), ("may", "must"), ("should", "may")]


@pytest.mark.parametrize("subject", THINGS)
def test_what_may_be_is_not_what_must_be(subject: tuple[str, str]) -> None:
    def pairs(said: str, quoted: str) -> list[tuple[str, str]]:
        return [(said_of(*subject, one), other.format(subject=subject[0], done=subject[1])) for one, other in product(FORCE[said], FORCE[quoted])]  # fmt: skip

    for said, quoted in KEEP:
        assert wrong(pairs(said, quoted), {None}) == []
    for said, quoted in TURN:
        assert wrong(pairs(said, quoted), {"force", "opposite"}) == []
    name, done = subject
    assert fault(f"{name} {done}.", f"{name} might {done}") == "force"
    assert fault(f"{name} have to {done}.", f"{name} do not have to {done}") in {"force", "denial"}


@pytest.mark.parametrize("subject", DONE)
def test_what_was_or_is_planned_is_not_what_is(subject: tuple[str, str]) -> None:
    name, done = subject
    is_so, cases = f"{name} are {done}", ("formerly", "previously", "historically", "in the past")
    for once in cases:
        assert fault(f"{is_so}.", f"{once} {is_so}") == "time"
        assert fault(f"{once} {is_so}.", is_so) == "time"
        assert fault(f"{name} were {done}.", f"{once}, {name} were {done}") is None
    assert fault(f"{is_so}.", f"it is planned that {is_so}") == "time"
    assert fault(f"It is proposed that {is_so}.", is_so) == "time"
    for talk in (
        "the board considered whether",
        "the council is discussing whether",
        "a proposal says that",
    ):
        assert fault(f"{is_so}.", f"{talk} {is_so}") == "time"
    assert fault(f"{name} will be {done}.", f"it is planned that {is_so}") is None


LEAD_INS = (
    "No longer true", "Until 2019 only", "Approved by Bob Tanaka in 2031", "A common myth", "Rejected proposal",
    "Approved by the board", "As of last year", "In France", "For dogs", "According to the tabloids", "Rumour has it",
    "Formerly", "What lawyers contest", "Outdated", "Confirmed by physicists", "Draft for discussion", "Only on Mars",
    "The opposite of what holds", "Under the repealed statute", "Signed by the mayor", "Superseded in March",
)  # fmt: skip
DOUBTING = re.compile(
    "myth|rumour|reject|approved|contest|outdated|confirm|draft|opposite|signed|superseded|repealed|longer",
    re.IGNORECASE,
)
HONEST_LEADS = ("In short", "The answer", "Note", "Summary", "According to the handbook", "What happens", "Yes")  # fmt: skip


@pytest.mark.parametrize("subject", DONE)
@pytest.mark.parametrize("lead", LEAD_INS)
def test_nothing_is_put_before_a_true_sentence(subject: tuple[str, str], lead: str) -> None:
    name, done = subject
    quote = f"{name} are {done}"
    for mark in (": ", " \u2014 "):
        for said in (f"{lead}{mark}{quote}.", f"{lead}{mark}{quote.capitalize()}."):
            assert fault(said, quote), said


@pytest.mark.parametrize("lead", [one for one in LEAD_INS if DOUBTING.search(one)])
def test_a_question_lends_no_doubt_and_no_blessing(lead: str) -> None:
    for name, done in DONE:
        asked = f"Is it so: {lead}? What of {name}?"
        assert fault(f"{lead}: {name} are {done}.", f"{name} are {done}", question=asked)


@pytest.mark.parametrize("lead", HONEST_LEADS)
def test_words_that_only_say_that_something_is_said_are_free(lead: str) -> None:
    for name, done in DONE:
        quote = f"{name} are {done}"
        assert fault(f"{lead}: {quote}.", quote) is None
        assert fault(f"{name.capitalize()}: {quote}.", quote) is None
        assert fault(f"Treatment: {name} are {done}.", quote, question="Which treatment?") is None


ADDED = (", which is no longer true", " by order of the mayor", " (a common myth)", " and on the moon too",
         ", as wizards insist", " with the blessing of the choir", ", but lawyers dispute that")  # fmt: skip


@pytest.mark.parametrize("behind", ADDED)
def test_nothing_is_put_behind_a_true_sentence(behind: str) -> None:
    for name, done in DONE:
        assert fault(f"{name} are {done}{behind}.", f"{name} are {done}")


DIRECTIONS = [("or later", "or earlier"), ("or newer", "or older"), ("or above", "or below"), ("and higher", "and lower")]  # fmt: skip


@pytest.mark.parametrize(("up", "down"), DIRECTIONS)
@pytest.mark.parametrize("thing", ["Python 3.10", "version 7", "macOS 14.2", "release 2.4.1"])
def test_a_version_goes_on_the_way_that_its_quote_says(up: str, down: str, thing: str) -> None:
    form = "the client runs with {} {}"
    for one, other in ((up, down), (down, up)):
        quote = form.format(thing, one)
        assert fault(form.format(thing, other), quote) in {"opposite", "number"}
        assert fault(form.format(thing, one), quote) is None
        assert fault(f"the client runs with {thing}", quote) is None
        assert fault(quote, f"the client runs with {thing}") in {"opposite", "number", "added"}


def test_no_sentence_of_our_own_pages_is_refused_its_own_words() -> None:
    refused: list[tuple[Fault, str]] = []
    held = 0
    for file in sorted(KNOWLEDGE.glob("*/*.md")):
        text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text("utf-8"), flags=re.DOTALL)
        for unit in units(text):
            said = readable(text, unit)
            if unit.kind not in {"sentence", "item", "row"} or len(said) < 15:
                continue
            grounds, held = Grounds([unit.of(text)], about=" ".join(unit.header)), held + 1
            for form in (said, f"In short: {said[0].lower()}{said[1:]}"):
                if found := fault_of(form, grounds):
                    refused.append((found, form))
    assert held > 500
    assert refused == []
