"""Says what kind of question it is; asks the person where that cannot be told."""

import time
from dataclasses import dataclass
from typing import Any

from langgraph.types import interrupt

from graph.agents.registry import LiveRegistry, Registry
from graph.classification.clarifying import (
    ASKED,
    chosen,
    clarifying_request,
    plausible,
    sureness,
)
from graph.classification.classifier import (
    Classification,
    Classifier,
    classification_from_json,
)
from graph.classification.trained import decided
from graph.planning.asking_back import says_nothing
from graph.planning.indifference import Matters, always_matters
from graph.scheduler.durable_task import durable
from graph.state import State


@dataclass(frozen=True)
class Classify:
    """Asks the classifier; which one that is, the composition root decides."""

    classifier: Classifier
    registry: LiveRegistry
    ask_below: float = 0.0
    """Confidence below which the person is asked; 0: never."""
    matters: Matters = always_matters
    """Whether anything else would be done for another reading; nobody is asked for nothing."""

    async def __call__(self, state: State) -> dict[str, Any]:
        began = time.monotonic()
        registry = await self.registry.current()
        found = await self._found(state, registry)
        unclear = self._unclear(state, found) and await self._matters(state, found, registry)
        seconds = round(time.monotonic() - began, 3)
        if unclear:
            answer = interrupt(clarifying_request(state.question, found))
            found = decided(found, chosen(answer, plausible(found)), ASKED)
        return {
            "query_type": found.query_type,
            "classification": found.as_json(),
            "timings": {**state.timings, "classify": seconds},
        }

    async def _found(self, state: State, registry: Registry) -> Classification:
        """Classify once where a person may be asked: the answer is about the readings that were shown."""

        async def look() -> dict[str, Any]:
            return (await self.classifier.classify(state.asks, registry=registry)).as_json()

        # Outside of what waits for a person nothing has to be kept.
        kept = await durable("classification", look) if self.ask_below > 0 else await look()
        return classification_from_json(kept)

    async def _matters(self, state: State, found: Classification, registry: Registry) -> bool:
        """Decide once: whoever is asked is heard days later, though other passages are near by then."""

        async def look() -> dict[str, bool]:
            return {"matters": await self.matters(state.asks, found, plausible(found), registry)}

        return (await durable("matters", look))["matters"]

    def _unclear(self, state: State, found: Classification) -> bool:
        """Who names an agent or brings a plan has said what is wanted; "the thing" is asked about later."""
        said_already = bool(state.agent or state.clarified) or state.own_plan is not None
        clear = found.path == "empty" or sureness(found) >= self.ask_below
        return not (said_already or clear or says_nothing(state.question))
