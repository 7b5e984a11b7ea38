"""The `Cache-Control` of a request, as the run's own words: what the context says comes first."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from graph.caching.wishes import read_wish
from graph.run_context import RunContext
from graph.server.correlation import current_cache_control
from graph.server.graph_set import Graph
from graph.server.run_request import RunRequest
from kb_contract.errors import BadInput

_NAME: Final = "cache"
Request = TypeVar("Request", bound=RunRequest)


def with_cache_control(request: Request, graph: Graph) -> Request:
    """Add what the header says, where the graph knows of caches and the caller said nothing else.

    Proxies and browsers add directives of their own, so one that means nothing here is passed over.
    """
    said, context = current_cache_control(), request.context or {}
    if not said or graph.context_schema is not RunContext or context.get(_NAME):
        return request
    known = ", ".join(one for one in said.split(",") if _is_known(one))
    return request.model_copy(update={"context": _with(context, known)}) if known else request


def _with(context: Mapping[str, Any], said: str) -> dict[str, Any]:
    return {**context, _NAME: said}


def _is_known(directive: str) -> bool:
    try:
        read_wish(directive)
    except BadInput:
        return False
    return bool(directive.strip())
