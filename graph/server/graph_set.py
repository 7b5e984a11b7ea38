"""The graphs that this server knows, by name and by assistant id."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from pydantic import TypeAdapter, ValidationError

from graph.server.errors import ApiError

Graph = CompiledStateGraph[Any, Any, Any, Any]
GraphFactory = Callable[[BaseCheckpointSaver[Any]], Graph]
ASSISTANTS: Final = uuid.UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")


def assistant_id(name: str) -> str:
    """Id of the built-in assistant of a graph."""
    return str(uuid.uuid5(ASSISTANTS, name))


@dataclass(frozen=True)
class GraphSet:
    """Compiled graphs; the first is the one that is meant when none is named."""

    graphs: Mapping[str, Graph]

    @classmethod
    def compiled(
        cls, factories: Mapping[str, GraphFactory], checkpointer: BaseCheckpointSaver[Any]
    ) -> "GraphSet":
        return cls({name: make(checkpointer) for name, make in factories.items()})

    def name(self, asked: str) -> str:
        """Name of the graph that an assistant's id or a name stands for."""
        for name in self.graphs:
            if asked in (name, assistant_id(name)):
                return name
        raise ApiError(
            404, f"there is no assistant {asked[:100]!r}", hint=f"use {', '.join(self.graphs)}"
        )

    def get(self, asked: str) -> Graph:
        return self.graphs[self.name(asked)]

    def of_thread(self, metadata: Mapping[str, Any]) -> Graph:
        """The graph that last ran on a thread."""
        known = str(metadata.get("graph_id"))
        return self.graphs[known] if known in self.graphs else next(iter(self.graphs.values()))

    def check_context(self, asked: str, context: Any) -> None:
        """Refuse a context that the graph would refuse later."""
        schema = self.get(asked).context_schema
        if context is None or schema is None:
            return
        try:
            TypeAdapter(schema).validate_python(context)
        except ValidationError as error:
            found = "; ".join(
                f"context.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
            )
            raise ApiError(422, found, hint="see GET /assistants/{id}/schemas") from error
