"""What a tool server says of one tool costs it that tool, and nobody anything else."""

from typing import Any

import pytest
from mcp.types import Tool

from graph.gateways.tool_servers.described_tools import cards_of
from graph.gateways.tool_servers.server_specs import read_servers

[SPEC] = read_servers('{"notes": {"url": "http://127.0.0.1:1/mcp"}}')


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [nested(80), {"type": "object", "maxProperties": 2**64}, {"type": "object", "x": "y" * 30_000}],
)
def test_a_tool_that_cannot_be_kept_is_left_out_alone(schema: dict[str, Any]):
    odd = Tool(name="odd", input_schema=schema)
    sound = Tool(name="sound", input_schema={"type": "object"})
    assert [one.name for one in cards_of(SPEC, [odd, sound])] == ["notes/sound"]
