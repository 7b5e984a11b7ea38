"""The five kinds of question."""

from typing import Final, Literal, get_args

QueryType = Literal[
    "simple_lookup", "complex_analysis", "rag_document", "schema_discovery", "tool_operation"
]
QUERY_TYPES: Final[tuple[QueryType, ...]] = get_args(QueryType)
