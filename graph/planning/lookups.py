"""Adds the readings that a comparison, a sum or a judgement stands on."""

import re

from graph.classification.spelling import fold
from graph.planning.clause_kinds import ClauseKind
from graph.planning.live_readings import reads_live_state
from graph.planning.sides import counted_sides, document_sides, named_sides
from graph.planning.sketch import Sketch


def one_by_one(sketch: Sketch, text: str, count: int) -> list[str]:
    """Read counted things one by one: "the three reports"."""
    return [
        sketch.add(
            "knowledge",
            f"{text.strip(' .?!')} ({number} of {count})",
            parameters={"part": number, "parts": count},
        )
        for number in range(1, count + 1)
    ]


def _side(sketch: Sketch, text: str) -> str:
    live = reads_live_state(f"show {fold(text)}")
    return sketch.add("tool" if live else "knowledge", text)


def all_sides(sketch: Sketch, text: str) -> list[str]:
    """Read every side of what is compared or added up."""
    count, _ = counted_sides(text)
    if count:
        return one_by_one(sketch, text, count)
    sides = named_sides(text)
    if not any(re.search(r"[^\W\d_]{3,}", one) for one in sides):
        return []
    return [_side(sketch, side) for side in sides]


def summed(sketch: Sketch, part: ClauseKind) -> list[str]:
    """In "add the rents of flat 3 and flat 7" two values are looked up."""
    added = re.match(r"(?:add|sum|total|combine|average)\s+(?:up\s+|together\s+)?", part.plain)
    if told := re.match(
        r"what\s+do(?:es)?\s+(?P<of>.+)\s+(?:add\s+up|come|amount|total)\b", part.plain
    ):
        return all_sides(sketch, f"sum of {told['of']}")
    return all_sides(sketch, f"sum of {part.text.strip()[added.end() :]}") if added else []


def taken_apart(sketch: Sketch, key: str) -> list[str]:
    """What is read as one, and compared with itself afterwards, is read as two."""
    whole = next(one for one in sketch.needs if one.key == key)
    if whole.capability != "knowledge" or whole.after or whole is not sketch.last():
        return [key]
    opening = re.match(r"\w+\s+", whole.question)
    counted, _ = counted_sides(whole.question)
    sides = document_sides(whole.question[opening.end() :]) if opening else ()
    if not counted and len(sides) < 2:
        return [key]
    sketch.needs.pop()
    if counted:
        return one_by_one(sketch, whole.question, counted)
    return [sketch.add("knowledge", one) for one in sides]


def named_sources(sketch: Sketch, part: ClauseKind) -> list[str]:
    """Read what the clause says it rests on."""
    named = re.search(r"\b(?:based\s+on|using|according\s+to|from)\s+", part.plain)
    at = fold(part.text).find(named.group()) if named else -1
    sides = document_sides(part.text[at + len(named.group()) :]) if named and at >= 0 else ()
    return [sketch.add("knowledge", one) for one in sides or (part.text,)]
