"""Words that ask, turn or join a question: a short list of each kind, in English."""

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\S+", text))


IDLE: Final = _words(
    "a an the i we you one my our your am is are be being do does its exactly actually"
    " really basically please if whether kindly precisely"
)
BE: Final = _words("is are was were be been being gets get")
PAST: Final = _words("was were did had")
FUTURE: Final = _words("will shall going")
WOULD: Final = _words("would could might")
NOT: Final = _words("not no never nobody none nothing neither nor non")
MAY: Final = _words("may can")
MUST: Final = _words("must")
SHOULD: Final = _words("should ought")
HAVE: Final = _words("have has having had")
"""Owning and having done are not told apart, so either must stand in both questions."""
DO: Final = _words("do does did")
ASKING: Final = _words("who whose when where why what which how")
HOW: Final = _words(
    "many much long often far soon fast late early well likely deep wide thick hot cold"
)
"""What "how" asks for where one of these follows; else it asks for a way."""
SUBJECT: Final = _words("i we you one to")
"""Somebody of whom nothing is known."""
OPENING: Final = BE | MAY | MUST | SHOULD | PAST | FUTURE | WOULD | HAVE | DO | {"am"}
TURNING: Final = PAST | FUTURE | WOULD | NOT | MAY | MUST | SHOULD | ASKING | HAVE | {"been"}
SMALL: Final = IDLE | TURNING | BE

PLACES: Final = {
    "in": "at", "on": "at", "at": "at", "into": "to", "onto": "to", "to": "to", "for": "for", "about": "about",
    "regarding": "about", "concerning": "about", "of": "of", "upon": "at",
}  # fmt: skip
NEAR: Final = ({"for", "of"}, {"at", "of"}, {"about", "at"}, {"about", "of"})
"""Of two places in front of a word, these may stand for each other."""
HOLDERS: Final = _words(
    "cup glass bottle box bag can tank jar plate bowl spoon pack packet piece book list picture photo map"
    " history kind sort type set group team array king queen house home bank"
)
"""A cup of coffee is no coffee cup; the price of coffee is the coffee price."""
KINDS: Final = (
    (NOT, "not"), (PAST, "past"), (FUTURE, "future"), (WOULD, "would"), (MAY, "may"), (MUST, "must"),
    (SHOULD, "should"), (HAVE, "have"), (_words("been"), "been"),
)  # fmt: skip
EASY: Final = {"how": ("may", "should", "would"), "where": ("may", "would")}
"""How one can, should or does do a thing is one question; so is where."""
