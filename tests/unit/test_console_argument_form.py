"""Arguments go into fields and come back as they were, or as somebody meant them."""

from typing import Any

import pytest

from graph.console.argument_form import NotReadable, arguments_from, fields_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": {"type": "string"},
        "parameters": {
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ["pause", "rollback"]},
                "to": {"type": "integer", "description": "generation to go back to"},
                "now": {"type": "boolean"},
                "reason": {"type": "string"},
            },
        },
    },
}
ARGS: dict[str, Any] = {
    "question": "go back",
    "parameters": {"action": "rollback", "to": 3, "now": True, "more": {"a": [1]}},
}


def test_what_is_not_touched_comes_back_as_it_was():
    fields = fields_of(SCHEMA, ARGS)
    assert arguments_from(fields, {one.name: one.value for one in fields}) == ARGS


def test_each_kind_has_its_field():
    kinds = {one.path[-1]: one.kind for one in fields_of(SCHEMA, ARGS)}
    assert kinds == {
        "question": "words", "action": "choice", "to": "number", "now": "switch", "more": "json",
        "reason": "text",
    }  # fmt: skip


def test_an_edit_is_read_by_its_kind():
    fields = fields_of(SCHEMA, ARGS)
    said = {one.name: one.value for one in fields}
    said |= {
        "arg:parameters.to": " 2 ",
        "arg:parameters.now": "false",
        "arg:parameters.reason": "n",
    }
    edited = arguments_from(fields, said)["parameters"]
    assert (edited["to"], edited["now"], edited["reason"]) == (2, False, "n")


@pytest.mark.parametrize(
    ("name", "said"),
    [("arg:parameters.to", "two"), ("arg:parameters.now", "perhaps"), ("arg:parameters.more", "{")],
)
def test_what_cannot_be_read_is_named(name: str, said: str):
    fields = fields_of(SCHEMA, ARGS)
    values = {one.name: one.value for one in fields} | {name: said}
    with pytest.raises(NotReadable, match=name.rpartition(".")[2]):
        arguments_from(fields, values)


def test_an_action_without_a_schema_has_fields_too():
    fields = fields_of({}, {"path": "/tmp", "deep": {"a": 1}, "parameters": "words"})
    assert [one.kind for one in fields] == ["text", "json", "text"]
