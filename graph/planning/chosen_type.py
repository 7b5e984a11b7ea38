"""What follows when a person has picked, of several types, the one that a question is of."""

from collections.abc import Mapping
from typing import Final

from graph.classification.clarifying import ASKED
from graph.classification.classifier import Classification
from graph.classification.query_type import QueryType
from graph.planning.needs_labels import Outline, outline_of
from graph.planning.sketch import Sketch
from kb_contract.agent_manifest import Capability

LOOKS_UP: Final[frozenset[QueryType]] = frozenset({"simple_lookup", "rag_document"})
"""Answered from documents."""
_ELSE: Final[Mapping[QueryType, tuple[Capability, ...]]] = {
    "simple_lookup": ("knowledge",),
    "rag_document": ("knowledge",),
    "complex_analysis": ("knowledge", "reasoning"),
    "schema_discovery": ("catalogue",),
    # What is done is at least asked about.
    "tool_operation": ("action",),
}


def chosen_type(classification: Classification | None) -> QueryType | None:
    """Return the type that a person picked, where one was asked."""
    asked = classification is not None and classification.path == ASKED
    return classification.query_type if classification and asked else None


def as_chosen(sketch: Sketch, chosen: QueryType | None, question: str) -> Sketch:
    """Return the sketch itself where it is of the type, else the plainest one that is."""
    if chosen is None or _is_of(sketch, chosen):
        return sketch
    made, after = Sketch(), ()
    for capability in _ELSE[chosen]:
        after = (made.add(capability, question, after=after),)
    return made


def _is_of(sketch: Sketch, chosen: QueryType) -> bool:
    if chosen == "schema_discovery":
        return any(one.capability == "catalogue" for one in sketch.needs)
    return of_type(outline_of(sketch), chosen)


def of_type(outline: Outline, chosen: QueryType) -> bool:
    """Tell whether a plan of such an outline does what the type says."""
    acts = any(map(outline.count, ("action", "tool", "calculation")))
    works_out = any(map(outline.count, ("calculation", "comparison", "reasoning")))
    if chosen in LOOKS_UP:
        return not acts
    return {"tool_operation": acts, "complex_analysis": works_out}.get(chosen, True)
