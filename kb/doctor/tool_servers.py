"""Servers of tools, asked one by one, and packages that bring agents."""

import asyncio
from typing import TYPE_CHECKING

from kb.doctor.findings import Finding, ok, warning, wrong
from kb.settings import StackSettings
from kb_contract.errors import BadSetting

if TYPE_CHECKING:
    from graph.gateways.tool_servers.pool import ToolServerPool


def tool_server_findings(settings: StackSettings) -> list[Finding]:
    """Name each server with its tools, or with what is wrong with it."""
    from graph.gateways.tool_servers.pool import tool_servers
    from graph.server.telemetry import configure_logging

    configure_logging(
        "ERROR"
    )  # what is logged is said here already, and stdout is for the findings
    try:
        pool = tool_servers(settings.mcp_servers)
    except BadSetting as error:
        return [wrong("MCP_SERVERS", error.what, error.cure), *_classes()]
    return [*asyncio.run(_asked(pool)), *_classes()]


async def _asked(pool: "ToolServerPool") -> list[Finding]:
    seen = await pool.health()
    await pool.close()
    cure = "start it, or mend MCP_SERVERS; questions are answered without its tools meanwhile"
    return [
        warning(f"tool server {name}", one.trouble, cure)
        if one.trouble
        else ok(f"tool server {name}", ", ".join(card.name for card in one.cards) or "no tools")
        for name, one in seen.items()
    ]


def _classes() -> list[Finding]:
    from graph.agents.class_agents import load_classes

    loaded = load_classes()
    cure = "mend or remove the package; the agent is not there meanwhile"
    return [
        *(ok(f"agent class {name}", one.__module__) for name, one in loaded.classes.items()),
        *(warning(f"agent class {name}", why, cure) for name, why in loaded.problems.items()),
    ]
