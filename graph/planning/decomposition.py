"""Takes a question apart into needs: read, look, compute, compare, judge, act."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from graph.classification.spelling import fold
from graph.planning.clause_kinds import (
    ClauseKind,
    Kind,
    is_creative,
    is_ratio,
    kinds_of,
    names_things,
)
from graph.planning.clauses import asking_clauses
from graph.planning.expressions import expression_of
from graph.planning.hops import first_hop
from graph.planning.live_readings import condition_is_live
from graph.planning.lookups import all_sides, named_sources, one_by_one, summed, taken_apart
from graph.planning.sides import counted_sides
from graph.planning.sketch import Need, Sketch
from graph.planning.workflow_plan import MAX_STEPS

_ANSWER_BEFORE: Final = re.compile(r"\b(?:their|his|her|they|them|he|she|that\s+\w+|those)\b")
_POINTS_BACK: Final = re.compile(
    r"\b(?:it|its|they|them|their|that|those|these|this|each\s+other|one\s+another|both|result|answer|above)\b"
)
_PRONOUN: Final = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her)\b|\b(?:may|can|must|should|to|do|does)\s.*\bones?$"
)
_ASKS_FOR_SOMEBODY: Final = re.compile(r"^(?:who|which|what\s+\w+s?\s+(?:have|has|had|are|were))\b")
_FINDS_SOMEBODY: Final = re.compile(
    r"(?:find|identify|look\s+up|name|determine)\s+(?:out\s+)?(?:the|who|which)\b"
)
_ONE_OF_THEM: Final = re.compile(
    r"\b(?:newest|latest|oldest|first|last|longest|shortest|most\s+\w+|one|ones|it|them|each|these|those)\b"
)
_COUNTED_PAPERS: Final = re.compile(
    r"(?:reports?|papers?|handbooks?|guides?|manuals?|policies|drafts?|contracts?|studies|surveys?|articles?|documents?"
    r"|chapters?|sections?|minutes|memos?|proposals?|quotes?|offers?|bids?|plans?|protocols?|agreements?|agents?|sources?"
    r"|summaries|reviews?|letters?|invoices?|logs?|statements?)$"
)
_AGGREGATES: Final = re.compile(
    r"\b(?:average|avg|mean|median|total|sum|proportion|percentage|share\s+of|ratio|net\s+change|overall\s+\w+|how\s+much\s+(?:more|less))\b"
)
_RANKS: Final = re.compile(
    r"\b(?:rank|best|worst|highest|lowest|most|least|top\s+\w+|cheapest|largest|smallest|compare|differ\w*)\b"
)

_JUDGES: Final = re.compile(
    r"\b(?:analy[sz]e|analysis|assess|evaluate|investigate|trends?|patterns?|root\s+causes?|implications?|impact|affect(?:s|ed)?|influence[sd]?|correlat\w+|recurring|common\s+\w+|drivers?|factors|synthesi[sz]e|weigh|worth|should\s+(?:we|i)|develop(?:ed|ment)?\s+over|over\s+the\s+(?:last|past))\b"
)

# What was looked at under a condition is judged before the deed.
_LOOKS_WHETHER: Final = re.compile(
    r"is\s+it\s+so\s+that\b|(?:check|see|look|verify|find\s+out)\b.*\b(?:if|whether)\b"
)

# "If I drive at 80 km/h for 2 hours, how far do I get": all numbers are given.
_WORD_PROBLEM: Final = re.compile(
    r"(?:if|suppose|when|given|a|an|i|we)\b(?!.*\b(?:the\s+\w+|handbook|policy|manual|contract|according)\b)[^?]*\d[^?]*\d[^?]*[,.]\s*(?:how\s+(?:far|long|much|many|fast|old)|what)\b[^?]*\??\s*$"
)
_NUMBER_GIVEN: Final = re.compile(
    r"\b(?:square\s+root|sqrt|cube\s+root|factorial|logarithm)\s+of\s+\d|\d\s+(?:squared|cubed)\b"
)


def sketch_of(question: str, *, analysis: bool = False) -> Sketch:
    """Return the needs of a question; `analysis` says that it is more than looking up."""
    sketch = Sketch()
    if _WORD_PROBLEM.match(fold(question[:600])):
        sketch.add("calculation", question.strip())
        return sketch
    for clause in asking_clauses(question)[: MAX_STEPS + 1]:
        for part in kinds_of(clause):
            _HANDLERS[part.kind](sketch, part)
    if not sketch.needs:
        sketch.add("knowledge", question.strip())
    if len(sketch.needs) == 1 and sketch.needs[0].capability in {"knowledge", "catalogue"}:
        sketch.needs[0] = _whole(sketch.needs[0], question)
    if analysis and _only_reads(sketch):
        _analyse(sketch, question)
    _join(sketch, question)
    sketch.narrow()
    return sketch


def _whole(need: Need, question: str) -> Need:
    """A question that was not taken apart is asked in its own words."""
    return Need(need.key, need.capability, question.strip(), need.after, need.parameters)


def _knowledge(sketch: Sketch, part: ClauseKind) -> None:
    before = sketch.last()
    after: list[str] = []
    if (before and (before.capability == "knowledge" and _needs_answer(before, part))) or (
        before and before.capability == "catalogue" and _ONE_OF_THEM.search(part.plain)
    ):
        after = [before.key]
    elif before and _is_echo(before, part):
        return
    count, what = counted_sides(part.text)
    if count and _COUNTED_PAPERS.search(what):
        one_by_one(sketch, part.text, count)
    elif hop := first_hop(part.text):
        first = sketch.add("knowledge", _asking(hop), after=after)
        sketch.add("knowledge", part.text, after=[first], parameters={"resolve": {first: hop}})
    else:
        sketch.add("knowledge", _with_context(part, before), after=after)


def _with_context(part: ClauseKind, before: Need | None) -> str:
    """A clause with a pronoun is asked together with what the pronoun stands for."""
    if before is None or not _PRONOUN.search(part.plain):
        return part.text
    return f"{part.text} ({before.question[:400]})"


def _needs_answer(before: Need, part: ClauseKind) -> bool:
    """In "Which wards …, and what did their reports say", the second needs the first's answer."""
    asked = fold(before.question[:200])
    if _FINDS_SOMEBODY.match(asked) and re.match(
        r"(?:who|what|which|where|when|how)\b", part.plain
    ):
        return bool(re.search(r"\b(?:their|his|her|they|he|she)\b", part.plain))
    return bool(_ASKS_FOR_SOMEBODY.match(asked) and _ANSWER_BEFORE.search(part.plain))


def _is_echo(before: Need, part: ClauseKind) -> bool:
    """A clause like "explain it" or "whether it answers" says how, and asks for nothing new."""
    words = part.plain.split()
    return len(words) <= 4 and bool(_POINTS_BACK.search(part.plain)) and before.capability in {
        "knowledge", "tool", "catalogue",
    }  # fmt: skip


def _asking(description: str) -> str:
    human = re.search(
        r"\b(?:who|author|director|manager|person|head|chair|owner|founder|lead(?:er)?)\b",
        description,
    )
    return f"{'Who' if human else 'What'} is {description}?"


def _tool(sketch: Sketch, part: ClauseKind) -> None:
    before = sketch.last()
    if before and _is_echo(before, part) and before.capability == "tool":
        return
    acted = before is not None and before.capability == "action"
    if part.source:
        sketch.add("knowledge", part.text)
    sketch.add("tool", part.text, after=[before.key] if acted and before else [])


def _calculation(sketch: Sketch, part: ClauseKind) -> None:
    inputs = sketch.open_of("knowledge", "tool", "catalogue", "calculation")
    if not inputs:
        inputs = all_sides(sketch, part.text) or summed(sketch, part)
    if not inputs and (part.source or _wants_value(part)):
        inputs = [sketch.add("knowledge", part.text)]
    _compute(sketch, part.text, inputs)


def _compute(sketch: Sketch, text: str, inputs: list[str]) -> str:
    given: dict[str, Any] = {}
    if len(inputs) == 1 and (expression := expression_of(fold(text), inputs[0])):
        given["expression"] = expression
    return sketch.add("calculation", text, after=inputs, parameters=given)


def _wants_value(part: ClauseKind) -> bool:
    """A sum over things that the question gives no numbers for must look them up."""
    if _NUMBER_GIVEN.search(part.plain):
        return False
    numbers = len(re.findall(r"\d[\d.,]*", part.plain))
    return names_things(part.plain) and numbers < 2 and not part.plain.startswith("convert")


def _comparison(sketch: Sketch, part: ClauseKind) -> None:
    inputs = all_sides(sketch, part.text)
    if len(inputs) < 2:
        inputs = inputs + [one for one in sketch.open_ends() if one not in inputs]
    if len(inputs) == 1:
        inputs = taken_apart(sketch, inputs[0])
    if not inputs:
        inputs = [sketch.add("knowledge", part.text)]
    if is_ratio(part.plain) and len(inputs) > 2:
        inputs = [_compute(sketch, part.text, inputs)]
    sketch.add("comparison", part.text, after=inputs)


def _reasoning(sketch: Sketch, part: ClauseKind) -> None:
    inputs = sketch.open_ends()
    if not inputs and not is_creative(part.plain):
        inputs = all_sides(sketch, part.text) or named_sources(sketch, part)
    sketch.add("reasoning", part.text, after=inputs)


def _action(sketch: Sketch, part: ClauseKind) -> None:
    inputs = sketch.open_ends()
    if not inputs and part.source:
        inputs = [sketch.add("knowledge", part.text)]
    elif inputs and (before := sketch.last()) and _LOOKS_WHETHER.match(fold(before.question[:200])):
        inputs = [sketch.add("reasoning", before.question, after=inputs)]
    sketch.add("action", part.text, after=inputs, verb=part.verb)


def _condition(sketch: Sketch, part: ClauseKind) -> None:
    """What a deed depends on is looked at first; "when it is done" is only an order of things."""
    question = re.sub(r"^\w+\s+", "Is it so that ", part.text, count=1).strip(" ?") + "?"
    before = sketch.last()
    if condition_is_live(part.plain):
        if before is None or before.capability != "tool" or not _is_echo(before, part):
            sketch.add("tool", question)
    elif part.source or (names_things(part.plain) and not _POINTS_BACK.search(part.plain)):
        sketch.add("knowledge", question)


def _catalogue(sketch: Sketch, part: ClauseKind) -> None:
    before = sketch.last()
    if before is None or not _is_echo(before, part):
        sketch.add("catalogue", part.text)


_HANDLERS: Final[Mapping[Kind, Callable[[Sketch, ClauseKind], None]]] = {
    "knowledge": _knowledge,
    "tool": _tool,
    "calculation": _calculation,
    "comparison": _comparison,
    "reasoning": _reasoning,
    "action": _action,
    "condition": _condition,
    "catalogue": _catalogue,
}


def _only_reads(sketch: Sketch) -> bool:
    return len(sketch.needs) == 1 and sketch.needs[0].capability == "knowledge"


def _analyse(sketch: Sketch, question: str) -> None:
    """One reading that is to be analysed: compute, compare or judge what it found."""
    plain = fold(question[:2000])
    inputs = sketch.open_ends()
    if _AGGREGATES.search(plain):
        sketch.add("calculation", question, after=inputs)
    elif _RANKS.search(plain):
        sketch.add("comparison", question, after=inputs)
    elif _JUDGES.search(plain):
        sketch.add("reasoning", question, after=inputs)


def _join(sketch: Sketch, question: str) -> None:
    """Several findings that nothing brings together yet are joined; deeds stand alone."""
    ends = sketch.open_ends()
    joinable = sketch.open_of("knowledge", "tool", "catalogue", "calculation", "comparison")
    if len(ends) > 1 and len(joinable) == len(ends):
        sketch.add("reasoning", question.strip(), after=ends)
