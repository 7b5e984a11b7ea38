"""The API's own page, as a newcomer reads it: every route says what it does, and every body has an example."""

from collections.abc import Iterator
from typing import Any, cast

import jsonschema
import pytest

from graph.server.app import create_app
from kb.generated_docs import nowhere

SPEC: dict[str, Any] = create_app(nowhere(), {}).openapi()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def models_of(schema: dict[str, Any]) -> Iterator[str]:
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", [])):
        if "$ref" in one:
            yield one["$ref"].rpartition("/")[2]


@pytest.mark.parametrize(
    ("name", "operation"), list(operations()), ids=[name for name, _ in operations()]
)
def test_a_route_says_what_it_does(name: str, operation: dict[str, Any]):
    assert operation.get("description") or operation.get("summary")
    assert operation.get("tags")
    assert {"401", "403", "429"} <= set(operation["responses"])


@pytest.mark.parametrize("name", sorted({
    one for _, operation in operations()
    for one in models_of(
        operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    )
}))  # fmt: skip
def test_a_body_has_an_example_that_fits(name: str):
    schema = SPEC["components"]["schemas"][name]
    where = {"components": SPEC["components"], **schema}
    jsonschema.validate(schema["example"], where)


def replies(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Schemas of what it answers in JSON; of what has no JSON, none."""
    for status, reply in operation["responses"].items():
        said = reply.get("content", {})
        if "application/json" in said:
            yield said["application/json"].get("schema", {})
        elif status.startswith("2") and not said and status != "204":
            yield {}


def tells(schema: dict[str, Any]) -> bool:
    """Whether it says more than that there is something."""
    inner = schema.get("items") or schema.get("additionalProperties")
    return "$ref" in schema or schema.get("type") in ("integer", "string", "boolean") or (
        all(tells(one) or one == {"type": "null"} for one in schema["anyOf"]) if "anyOf" in schema
        else isinstance(inner, dict) and tells(cast("dict[str, Any]", inner))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "operation"), list(operations()), ids=[name for name, _ in operations()]
)
def test_every_reply_has_a_schema_that_says_something(name: str, operation: dict[str, Any]):
    found = list(replies(operation))
    assert found, name
    assert all(tells(one) for one in found), found


@pytest.mark.parametrize("name", sorted({
    one for _, operation in operations() for reply in replies(operation) for one in models_of(reply)
}))  # fmt: skip
def test_a_reply_has_an_example_that_fits(name: str):
    schema = SPEC["components"]["schemas"][name]
    where = {"components": SPEC["components"], **schema}
    jsonschema.validate(schema["example"], where)


def test_groups_of_routes_are_told_in_an_order():
    told = [one["name"] for one in SPEC["tags"]]
    assert {*told} == {operation["tags"][0] for _, operation in operations()}


def test_a_newcomer_is_told_how_to_come_in_and_for_whom_a_route_is():
    schemes = SPEC["components"]["securitySchemes"]
    assert schemes["key"] == {
        "type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "kb keys create",
    }  # fmt: skip
    for name, operation in operations():
        told = operation["description"].splitlines()[-1]
        is_open = operation["security"] == []
        assert told == "Open to whoever reaches the server." or told.startswith("For the role *"), (
            name
        )
        assert is_open is told.startswith("Open"), name
    assert "None" not in {one["description"].splitlines()[-1] for _, one in operations()}
    assert SPEC["paths"]["/costs"]["get"]["description"].endswith("For the role *operator*.")
