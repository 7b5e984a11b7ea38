"""Whoever waits for approvals hears of them by NOTIFY, and looks no more often than something happens."""

import asyncio
from typing import Any

from graph.server.signals import APPROVALS
from tests.doubles.two_tenants import furnish, make_key, tenant


async def test_whoever_waits_hears_of_a_decision(database_url: str):
    async with tenant(database_url, "a") as server:
        admin = make_key(database_url, "a", "admin", name="ada")
        ids = await furnish(database_url, server, admin)
        known = (await server.call("GET", "/approvals/pending", admin)).json()
        assert [one["approval_id"] for one in known["approvals"]] == [ids["approval_id"]]
        nothing = f"/approvals/events?after={known['next']}"
        assert (await server.call("GET", nothing, admin)).json() == {
            "events": [], "next": known["next"],
        }  # fmt: skip
        with server.app.state.parts.streams.signals.waiting_for(APPROVALS) as told:
            waiting = asyncio.create_task(server.call("GET", f"{nothing}&wait=12", admin))
            await server.call("POST", f"/approvals/{ids['approval_id']}/reject", admin, {})
            async with asyncio.timeout(60):
                await told.wait()
                said: dict[str, Any] = (await waiting).json()
        assert [one["kind"] for one in said["events"]] == ["rejected"]
        assert said["next"] > known["next"]
