"""Whatever route a key slips into, as any text of any body: no table keeps it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import Tenant, furnish, make_key, tenant
from tests.integration.test_door_matrix import NOWHERE, filled
from tests.integration.test_secrets_stay_out import KEY, places_of

# They answer when a run has ended, and here is no worker; what they take is that of POST /runs.
FOLLOWING = ("/stream", "/wait", "/orchestrate", "/execute", "/completions")
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
SLIPPED = f"canary-31 {KEY}"
Body = dict[str, Any]


def bodies(spec: dict[str, Any]) -> Iterator[tuple[str, str, Body]]:
    """Each route that takes a body, with its example."""
    for path, methods in spec["paths"].items():
        if path.endswith(FOLLOWING):
            continue
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            for one in (schema, schema.get("items", {}), *schema.get("anyOf", [])):
                if "$ref" in one:
                    example = spec["components"]["schemas"][one["$ref"].rpartition("/")[2]][
                        "example"
                    ]
                    yield method.upper(), path, example


def with_keys(value: Any) -> Iterator[Any]:
    """The same with one of its texts, or with a name in one of its objects, replaced."""
    if isinstance(value, str):
        yield SLIPPED
    elif isinstance(value, dict):
        yield {**value, "metadata": {"note": SLIPPED, KEY: 1}}
        for name, one in value.items():
            yield from ({**value, name: changed} for changed in with_keys(one))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in with_keys(one))


async def planted(server: Tenant, admin: str, ids: dict[str, str]) -> set[str]:
    """Send a key in every text of every body; the routes that took one."""
    took: set[str] = set()
    for method, path, example in bodies(server.app.openapi()):
        known = {**example, **{name: ids[name] for name in example if name in ids}}
        for body in with_keys(known):
            where = filled(path.replace("{key}", "{key:path}"), NOWHERE | ids)
            said = await server.call(method, where, admin, body)
            assert said.status_code < 500, f"{method} {path}: {said.text}"
            if said.is_success:
                took.add(f"{method} {path}")
    return took


async def test_no_text_of_any_body_is_kept_with_a_key_in_it(database_url: str):
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    async with tenant(database_url, "default", knowledge, query_timeout=1) as server:
        admin = make_key(database_url, "default", "admin")
        ids = await furnish(database_url, server, admin)
        ids |= {"assistant_id": "chat", "graph_id": "chat", "until": TOMORROW}
        took = await planted(server, admin, ids)
    assert {
        "POST /feedback", "PUT /store/items", "POST /threads", "PATCH /threads/{thread_id}",
        "POST /delegations", "POST /assistants", "POST /runs/crons", "POST /runs",
    } <= took  # fmt: skip
    assert list(places_of(database_url, "canary-31"))  # whoever looks would find
    assert list(places_of(database_url, KEY)) == []


async def test_an_answer_with_a_key_in_it_is_refused(database_url: str):
    """Hidden, it would be something else than what the approver said."""
    async with tenant(database_url, "default") as server:
        admin = make_key(database_url, "default", "admin")
        ids = await furnish(database_url, server, admin)
        resume = {
            "resume": {ids["approval_id"]: {"decisions": [{"type": "respond", "message": KEY}]}}
        }
        said = await server.call(
            "POST",
            f"/threads/{ids['thread_id']}/runs",
            admin,
            {"assistant_id": "chat", "command": resume},
        )
    assert (said.status_code, said.json()["message"]) == (422, "a key stands in the answer")
    assert list(places_of(database_url, KEY)) == []
