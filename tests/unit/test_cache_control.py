"""`Cache-Control` of a request becomes the run's own word, where the run has none."""

import pytest
from pydantic import ValidationError

from graph.run_context import RunContext
from graph.server import correlation
from graph.server.run_request import RunRequest
from graph.server.wishes_of_requests import with_cache_control


class Graph:
    def __init__(self, schema: object) -> None:
        self.context_schema = schema


@pytest.mark.parametrize(
    ("header", "context", "asked"),
    [
        ("no-cache", None, {"cache": "no-cache"}),
        ("no-cache", {"timeout": 3}, {"timeout": 3, "cache": "no-cache"}),
        ("no-store", {"cache": "max-age=9"}, {"cache": "max-age=9"}),
        ("stale-while-revalidate=3, max-age=5", None, {"cache": " max-age=5"}),
        ("whatever", None, None),
        ("", None, None),
    ],
)
def test_the_header_is_heard(header: str, context: dict[str, object] | None, asked: object) -> None:
    token = correlation._cache_control.set(header)
    try:
        request = RunRequest(assistant_id="scriptorium", context=context)
        assert with_cache_control(request, Graph(RunContext)).context == asked  # type: ignore[arg-type]
        assert with_cache_control(request, Graph(None)).context == context  # type: ignore[arg-type]
    finally:
        correlation._cache_control.reset(token)


def test_a_context_that_says_nonsense_is_refused() -> None:
    with pytest.raises(ValidationError, match="says nothing about caches"):
        RunContext(cache="perhaps")
