"""Gives a sketch the steps and the order of an outline, in the words that the rules found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graph.classification.spelling import fold
from graph.planning.expressions import expression_of
from graph.planning.hops import first_hop
from graph.planning.needs_labels import Outline, outline_of
from graph.planning.sides import counted_sides, document_sides, listed_sides, named_sides
from graph.planning.sketch import Need, Sketch
from kb_contract.agent_manifest import Capability

_DEEDS: Final = re.compile(
    r"\s*(?:,\s*(?:and|then|und|dann|et|y|en)?\s*(?:then\s+|also\s+)?|;\s*|\s(?:and|then|und|dann|et|puis|y|en)\s+(?:then\s+|also\s+)?)(?=\w+\s+\w)"
)
_LOOKUPS: Final = frozenset({"knowledge", "catalogue", "tool"})


def reshaped(sketch: Sketch, wanted: Outline, question: str) -> Sketch:
    """Return the sketch itself when it is as wanted, else one that is."""
    if outline_of(sketch) == wanted:
        return sketch
    if wanted.shape == "direct":
        return Sketch()
    made = _Reshaping(sketch, wanted, question.strip())
    made.look_up()
    made.work_out()
    made.act()
    made.made.narrow()
    return made.made


@dataclass
class _Reshaping:
    """Grows the new sketch stage by stage."""

    old: Sketch
    wanted: Outline
    question: str
    made: Sketch = field(default_factory=Sketch)

    def look_up(self) -> None:
        """At once, unless the plan is a chain; what needs a name first waits for it."""
        waiting: list[str] = []
        for need in self._lookups():
            key = self.made.add(
                need.capability, need.question, after=waiting, parameters=dict(need.parameters)
            )
            if self._chained(len(self.made.needs)):
                waiting = [key]

    def _chained(self, so_far: int) -> bool:
        if self.wanted.shape == "mixed":
            return so_far == 1 and self.wanted.count("knowledge") > 2
        return self.wanted.shape == "sequential"

    def _lookups(self) -> list[Need]:
        live = self._needs("tool", self.wanted.count("tool"))
        read = self._needs("knowledge", self.wanted.count("knowledge"))
        first = next((one.capability for one in self.old.needs if one.capability in _LOOKUPS), "")
        found = (
            [*live, *read]
            if first == "tool" or self.wanted.shape == "sequential"
            else [*read, *live]
        )
        return self._by_name_first(found)

    def _by_name_first(self, found: list[Need]) -> list[Need]:
        """In a chain of two readings the first one asks who or what is meant."""
        reads = [one for one in found if one.capability == "knowledge"]
        if self.wanted.shape != "sequential" or len(reads) != 2 or len(found) != 2:
            return found
        hop = first_hop(self.question)
        if not hop or reads[0].question != reads[1].question:
            return found
        return [
            Need("", "knowledge", f"What is {hop}?"),
            Need("", "knowledge", self.question, parameters={"resolve": {"s1": hop}}),
        ]

    def _needs(self, kind: Capability, count: int) -> list[Need]:
        """As many as are wanted: those of the rules, their sides, or the question part by part."""
        alike = {kind, "catalogue"} if kind == "knowledge" else {kind}
        found = [one for one in self.old.needs if one.capability in alike]
        if count == 1 and len(found) != 1:
            return [
                Need(
                    "",
                    kind,
                    found[0].question if found and self._more_is_wanted(kind) else self.question,
                )
            ]
        if len(found) >= count:
            return found[:count]
        if parts := parted(found[0].question if found else self.question, count, self.question):
            return [Need("", kind, one) for one in parts]
        numbered: list[dict[str, Any]] = [
            {"part": one, "parts": count} for one in range(1, count + 1)
        ]
        if self.wanted.shape == "sequential":
            numbered = [{} for _ in numbered]
        text = found[0].question if len(found) == 1 else self.question
        return [Need("", kind, text, parameters=one) for one in numbered]

    def _more_is_wanted(self, kind: Capability) -> bool:
        return sum(self.wanted.counts) > self.wanted.count(kind)

    def work_out(self) -> None:
        """Compute, compare and judge, one after the other."""
        for kind in ("calculation", "comparison", "reasoning"):
            found = [one for one in self.old.needs if one.capability == kind]
            for number in range(self.wanted.count(kind)):
                text = found[number].question if number < len(found) else self.question
                after = self.made.open_ends()
                if kind == "calculation" and self._apart():
                    after = []
                self._add_work(kind, text, after)

    def _apart(self) -> bool:
        """A sum of given numbers that is set against one finding needs no finding."""
        looked_up = [one for one in self.made.needs if one.capability in _LOOKUPS]
        return self.wanted.shape == "parallel_then_join" and len(looked_up) < 2

    def _add_work(self, kind: Capability, text: str, after: Sequence[str]) -> None:
        given: dict[str, Any] = {}
        if kind == "calculation" and len(after) == 1:
            expression = expression_of(fold(text), after[0])
            given = {"expression": expression} if expression else {}
        self.made.add(kind, text, after=after, parameters=given)

    def act(self) -> None:
        """Deeds come last; nothing is done twice because a model counted more deeds than there are."""
        count = self.wanted.count("action")
        if not count:
            return
        after = self.made.open_ends()
        for need in self._deeds(count):
            key = self.made.add(
                "action",
                need.question,
                after=after,
                verb=need.verb,
                parameters=dict(need.parameters),
            )
            if self.wanted.shape != "mixed":
                after = [key]

    def _deeds(self, count: int) -> list[Need]:
        found = [one for one in self.old.needs if one.capability == "action"]
        if not found:
            return [Need("", "action", self.question)]
        if len(found) > count:
            whole = "; ".join(one.question for one in found)
            return [Need("", "action", whole, verb=found[0].verb)]
        if len(found) == 1 and count > 1:
            parts = _DEEDS.split(found[0].question)
            if len(parts) == count and all(parts):
                return [Need("", "action", one, verb=found[0].verb) for one in parts]
        return found


def parted(text: str, count: int, question: str) -> list[str]:
    """Sides of a text, or of the whole question, when there are just as many as are wanted."""
    for whole in dict.fromkeys((text, question)):
        for sides in (named_sides(whole), document_sides(whole), listed_sides(whole)):
            if len(sides) == count:
                return list(sides)
        several, _ = counted_sides(whole)
        if several == count:
            return []
    return []
