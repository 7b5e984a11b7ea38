"""Says what kind of question it is."""

import time
from dataclasses import dataclass
from typing import Any

from graph.agents.registry import LiveRegistry
from graph.classification.classifier import Classifier
from graph.state import State


@dataclass(frozen=True)
class Classify:
    """Asks the classifier; which one that is, the composition root decides."""

    classifier: Classifier
    registry: LiveRegistry

    async def __call__(self, state: State) -> dict[str, Any]:
        began = time.monotonic()
        found = await self.classifier.classify(
            state.question, registry=await self.registry.current()
        )
        seconds = round(time.monotonic() - began, 3)
        return {
            "query_type": found.query_type,
            "classification": found.as_json(),
            "timings": {**state.timings, "classify": seconds},
        }
