"""Tells the run that is at work here; outside of a graph nobody hears it."""

from typing import Any

from langgraph.config import get_stream_writer


def tell_story(event: dict[str, Any]) -> None:
    """Write an event into the run's custom stream."""
    try:
        write = get_stream_writer()
    except (RuntimeError, KeyError):
        return
    write(event)
