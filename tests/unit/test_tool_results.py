"""Results of tools are given again only where the tool says for how long, and only to the same call."""

from typing import Any

import pytest

from graph.caching.wishes import read_wish
from graph.gateways.tool_servers.described_tools import cards_of
from graph.gateways.tool_servers.results import ToolResults
from graph.gateways.tool_servers.server_specs import read_servers
from graph.planning.tool_card import ToolCard
from graph.ports import ToolAnswer

SAID = ToolAnswer("rain", {"degrees": 12})


class Listed:
    """A tool as a server lists it."""

    def __init__(self, **said: Any) -> None:
        self.said = {"name": "forecast", "inputSchema": {"type": "object"}, **said}

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return self.said


def card_of(**said: Any) -> ToolCard:
    [spec] = read_servers('{"weather": {"url": "http://127.0.0.1:9/mcp"}}')
    [card] = cards_of(spec, [Listed(**said)])
    return card


READS = {"readOnlyHint": True}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"annotations": READS, "_meta": {"cache_seconds": 60}}, 60),
        ({"annotations": READS, "_meta": {"cache_seconds": 10**9}}, 86_400),
        ({"annotations": READS}, 0),
        ({"annotations": READS, "_meta": {"cache_seconds": True}}, 0),
        ({"annotations": READS, "_meta": {"cache_seconds": "60"}}, 0),
        ({"annotations": READS, "_meta": {"cache_seconds": -5}}, 0),
        # What may change something is called every time, whatever it says.
        ({"_meta": {"cache_seconds": 60}}, 0),
        ({"annotations": {"destructiveHint": True}, "_meta": {"cache_seconds": 60}}, 0),
    ],
)
def test_only_a_reader_with_a_number_says_how_long(said: dict[str, Any], seconds: float) -> None:
    assert card_of(**said).cache_seconds == seconds


def test_the_same_call_is_answered_until_its_time_is_over() -> None:
    now = [0.0]
    results = ToolResults(lambda: now[0])
    card = card_of(annotations=READS, _meta={"cache_seconds": 60})
    results.keep(card, {"city": "Oslo", "days": 1}, SAID)
    assert results.find(card, {"days": 1, "city": "Oslo"}) == SAID
    assert results.find(card, {"city": "Rome", "days": 1}) is None
    other = card_of(annotations=READS, _meta={"cache_seconds": 60}, description="another")
    assert results.find(other, {"city": "Oslo", "days": 1}) is None
    now[0] = 61
    assert results.find(card, {"city": "Oslo", "days": 1}) is None
    assert (results.tally.hits, results.tally.misses) == (1, 3)


def test_what_a_caller_says_of_caches_holds_for_results_too() -> None:
    now = [0.0]
    results, arguments = ToolResults(lambda: now[0]), {"city": "Oslo"}
    card = card_of(annotations=READS, _meta={"cache_seconds": 60})
    results.keep(card, arguments, SAID, read_wish("no-store"))
    assert results.find(card, arguments) is None
    results.keep(card, arguments, SAID, read_wish("no-cache"))
    now[0] = 30
    for said, found in {
        "no-cache": None,
        "no-store": None,
        "max-age=29": None,
        "max-age=30": SAID,
    }.items():
        assert results.find(card, arguments, read_wish(said)) == found


def test_failures_and_what_says_nothing_are_not_kept_and_the_room_has_an_end() -> None:
    results = ToolResults(most=200)
    card = card_of(annotations=READS, _meta={"cache_seconds": 60})
    results.keep(card, {}, ToolAnswer("away", failed=True))
    results.keep(card, {"n": 1}, ToolAnswer("x" * 500))
    results.keep(card_of(annotations=READS), {"n": 2}, SAID)
    assert results.size().entries == 0
    for number in range(50):
        results.keep(card, {"n": number}, SAID)
    assert 0 < results.size().bytes <= 200
