"""`kb mcp`: the tools for assistants on this machine, over stdin and stdout."""

import asyncio


def mcp() -> None:
    """Serve MCP over stdio, for desktop assistants; the questions go to the running server."""
    asyncio.run(_served())


async def _served() -> None:
    import httpx

    from graph.server.mcp_tools import Routes, mcp_server, no_headers
    from graph.server.telemetry import configure_logging
    from kb.server_access import server_client

    configure_logging("WARNING")  # to stderr: stdout is the protocol's
    client = server_client()
    known = {"X-User": client.user, "X-Api-Key": client.api_key}
    headers = {name: value for name, value in known.items() if value}
    async with httpx.AsyncClient(
        base_url=client.url, headers=headers, timeout=client.timeout, trust_env=False
    ) as http:
        await mcp_server(Routes(http, no_headers)).run_stdio_async()
