"""Which clauses of a question ask for something."""

import re
from dataclasses import replace
from typing import Final

from graph.classification.reading import Clause, read

_OPEN_PICK: Final = re.compile(
    r"(?:which|what|who)\b.{0,60}\b(?:\w{2,}er|\w{2,}est|more|less|most|least|worse|worst)(?:\s+\w+)?$"
)


def asking_clauses(question: str) -> list[Clause]:
    """Clauses that ask; background and what was turned away ask for nothing."""
    clauses = read(question).clauses
    kept = [one for one in clauses if one.weight >= 0.8]
    conditions = [one for one in clauses if one.plain.startswith(("if ", "once ", "as soon as "))]
    chosen = _with_their_sides([one for one in clauses if one in kept or one in conditions])
    return chosen or [max(clauses, key=lambda one: one.weight)]


def _with_their_sides(clauses: list[Clause]) -> list[Clause]:
    """In "Which is longer: this or that?" the colon parts nothing."""
    joined: list[Clause] = []
    for one in clauses:
        if joined and one.link == "colon" and _OPEN_PICK.match(joined[-1].plain):
            before = joined.pop()
            text, plain = f"{before.text}: {one.text}", f"{before.plain}: {one.plain}"
            joined.append(replace(before, text=text, plain=plain))
        else:
            joined.append(one)
    return joined
