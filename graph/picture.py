"""The picture of the graph, as the documentation shows it."""

from typing import Any, Final

from langgraph.graph.state import CompiledStateGraph

BEGIN: Final = "<!-- graph:begin -->"
END: Final = "<!-- graph:end -->"

AnyGraph = CompiledStateGraph[Any, Any, Any, Any]


def mermaid(graph: AnyGraph) -> str:
    """Draw the graph with its agents, without LangGraph's colours."""
    return graph.get_graph(xray=True).draw_mermaid(with_styles=False).strip()


def block(graph: AnyGraph) -> str:
    """Say the picture as it stands between the markers in docs/architecture.md."""
    return f"{BEGIN}\n```mermaid\n{mermaid(graph)}\n```\n{END}"


def replaced(page: str, graph: AnyGraph) -> str:
    """Put the picture into a page, in place of the one that is there."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + block(graph) + after
