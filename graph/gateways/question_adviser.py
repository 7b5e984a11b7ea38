"""Asks the chat model what kind of question it is, where the local classifier is unsure."""

import json
from dataclasses import dataclass
from typing import Final

from graph.citations.model_claims import prompt
from graph.classification.clarifying import READINGS
from graph.classification.query_type import QUERY_TYPES, QueryType
from graph.ports import WORKING_STEP, ChatModel

_LONGEST: Final = 4000


@dataclass(frozen=True)
class ModelAdviser:
    """One short call; what it cost is kept by the model's own usage log."""

    model: ChatModel
    seconds: float = 10.0

    async def advise(self, question: str, likely: tuple[QueryType, ...]) -> QueryType | None:
        """Return a type, or None when the model names none; `ModelFailed` when it does not answer."""
        types = {kind: READINGS[kind] for kind in likely}
        asked = json.dumps({"types": types, "question": question[:_LONGEST]}, ensure_ascii=False)
        token = WORKING_STEP.set(("classify", "classifier"))
        try:
            written = await self.model.write(
                system=prompt("classify"), user=asked, tier="cheap", deadline=self.seconds
            )
        finally:
            WORKING_STEP.reset(token)
        # A name is there or it is not, so a text that was cut off names none.
        named: list[QueryType] = [kind for kind in QUERY_TYPES if kind in written.text]
        return named[0] if len(named) == 1 else None
