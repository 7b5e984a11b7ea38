"""Who judges, writes or sets side by side what documents speak of reads it first, and reads it by its matter."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from graph.classification.spelling import fold
from graph.planning.agent_choice import AgentChoice, named_in, without_names
from graph.planning.asking_back import possible_actions
from graph.planning.clause_kinds import is_creative
from graph.planning.matter import asks_what_changed, context_of, matter_of
from graph.planning.registry import Registry
from graph.planning.sides import listed_sides, named_sides
from graph.planning.sketch import Need, Sketch
from graph.planning.tool_choice import tool_agent
from kb_contract.agent_manifest import Capability

_WORDS_OF_A_NAME: Final = 4
_JUDGES: Final[frozenset[Capability]] = frozenset({"reasoning", "comparison"})


def changes_asked(question: str, registry: Registry) -> Sketch | None:
    """What changed, in agents that are named or anywhere, stands in the catalogue, and in none of the documents."""
    named = named_in(question, registry.by_capability("knowledge"))
    if not asks_what_changed(without_names(question, named) if named else question):
        return None
    made = Sketch()
    made.add("catalogue", question, parameters={"topic": "changes"})
    return made


def may_be_done(question: str, registry: Registry) -> bool:
    """Tell whether an agent could do a deed that no word names: one that does anything, or has a tool for it."""
    acting = registry.by_capability("action")
    return not possible_actions(registry) or tool_agent(question, acting, changing=True) is not None


def without_wordless_deeds(sketch: Sketch, *, orders: bool) -> Sketch:
    """Leave out a deed of which no word of the question says what it is, unless the question is an order.

    Nothing could be done for it, and documents may answer what was asked.
    """
    wordless = [one for one in sketch.needs if one.capability == "action" and not one.verb]
    if orders or len(wordless) != len(sketch.needs) or not wordless:
        return sketch
    made = Sketch()
    made.add("knowledge", wordless[0].question)
    return made


async def grounded(sketch: Sketch, choice: AgentChoice, registry: Registry) -> Sketch:
    """Put a reading before judgements that have nothing to go by, where an agent knows of the matter."""
    if not sketch.needs or any(one.capability not in _JUDGES for one in sketch.needs):
        return in_view(by_matter(sketch))
    question = sketch.needs[0].question
    if is_creative(fold(question)):
        return sketch
    near = await choice.near(matter_of(question), registry.by_capability("knowledge"))
    sides = named_sides(question) or listed_sides(question)
    asked = sides if len(sides) > 1 else (matter_of(question),)
    return in_view(_read_first(sketch, asked)) if near else sketch


def _read_first(sketch: Sketch, asked: Sequence[str]) -> Sketch:
    made = Sketch()
    read = [made.add("knowledge", one) for one in asked]
    renamed = {one.key: f"s{len(read) + place}" for place, one in enumerate(sketch.needs, start=1)}
    for need in sketch.needs:
        after = tuple(renamed[one] for one in need.after) or tuple(read)
        made.needs.append(replace(need, key=renamed[need.key], after=after))
    made.narrow()
    return made


def by_matter(sketch: Sketch) -> Sketch:
    """Ask documents for the matter of a text that a later step writes."""
    judged = {one.question for one in sketch.needs if one.capability == "reasoning"}

    def asked(need: Need) -> Need:
        repeats = need.capability == "knowledge" and need.question in judged
        return replace(need, question=matter_of(need.question)) if repeats else need

    return Sketch([asked(one) for one in sketch.needs])


def in_view(sketch: Sketch) -> Sketch:
    """Look the sides of a comparison up in view of what they are compared for."""
    joins = [one for one in sketch.needs if one.capability in _JUDGES and len(one.after) > 1]
    if len(joins) != 1:
        return sketch
    sides = [one for one in sketch.needs if one.key in joins[0].after]
    if any(one.capability != "knowledge" or not _is_a_name(one.question) for one in sides):
        return sketch
    view = context_of(joins[0].question, [one.question for one in sides])
    seen = {one.key: f"{one.question} ({view})" for one in sides} if view else {}
    return Sketch([replace(one, question=seen.get(one.key, one.question)) for one in sketch.needs])


def _is_a_name(question: str) -> bool:
    return len(question.split()) <= _WORDS_OF_A_NAME and "?" not in question
