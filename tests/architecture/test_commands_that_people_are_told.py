"""Whoever is told a command, by an incident, an error or a page, can run it as it stands there."""

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from kb.__main__ import VERBS, build_app
from tests.architecture.test_house_rules import sources, tracked

COMMAND = re.compile(r"`kb (\w[^`]*)`")
# A line of a block, without what is said beside it.
LINE = re.compile(r"^kb (\w(?:(?!  |[#|>\n]).)*)", re.MULTILINE)
# What a string is filled with: the name of an agent, or anything else.
AGENT, UNKNOWN = "AGENT", "UNKNOWN"


def strings_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(_part(one) for one in node.values)


def _part(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    return AGENT if "agent" in ast.unparse(value) else UNKNOWN


def told() -> list[str]:
    texts = [text for path in sources() for text in strings_of(path.read_text("utf-8"))]
    pages = [path.read_text("utf-8") for path in tracked("README.md", "docs/*.md")]
    found = [one for text in (*texts, *pages) for one in COMMAND.findall(text)]
    found += [line for page in pages for line in LINE.findall(page)]
    return sorted({" ".join(one.split()) for one in found} - {UNKNOWN})


def words_of(command: str) -> Iterator[Sequence[str]]:
    """`[--agent A]` is tried with, and `up|down` as either."""
    choices = [word.split("|") for word in shlex.split(re.sub(r"[\[\]]", " ", command))]
    yield from product(*choices)


@cache
def verb(name: str) -> Any:
    assert name in {one.name for one in VERBS}, f"kb has no command {name}"
    app = typer.main.get_command(build_app(name))
    assert isinstance(app, TyperGroup)
    return app.commands[name]


def try_out(words: Sequence[str]) -> None:
    """A command's name alone only speaks of it; with anything behind it, people type it so."""
    command, left = verb(words[0]), list(words[1:])
    while left and isinstance(command, TyperGroup):
        name = left.pop(0)
        if name == UNKNOWN:
            return
        assert name in command.commands, f"kb {command.name} has no command {name}"
        command = command.commands[name]
    if left:
        assert isinstance(command, TyperCommand)
        try_arguments(command, left)


def try_arguments(command: TyperCommand, words: list[str]) -> None:
    """An option that is not there, or has no value, is raised by the parser."""
    parser = command.make_parser(command.context_class(command, info_name=command.name))
    values, too_much, _ = parser.parse_args(words)
    assert too_much == []
    known = {one.name: one for one in command.params if one.name}
    arguments = [name for name, one in known.items() if one.param_type_name == "argument"]
    if any(values[one] for one in arguments):
        assert [one for one in arguments if known[one].required and not values[one]] == []
    for name, one in known.items():
        given = values.get(name)
        if AGENT in (given if isinstance(given, Sequence) else ()):
            assert "agent" in name or "--agent" in one.opts, f"an agent is no {name}"


@pytest.mark.parametrize("command", told())
def test_a_command_that_people_are_told_is_one(command: str):
    for words in words_of(command):
        try_out(words)


@pytest.mark.parametrize(
    ("command", "said"),
    {
        "go": "kb has no command go",
        "keys AGENT": "kb keys has no command AGENT",
        "dagster webserver|everything": "has no command everything",
        "ingest AGENT": "an agent is no paths",
        "ingest --all": "No such option: --all",
        "eval citations --data": "requires an argument",
        "pin AGENT": "'generation'",
        "verify AGENT 7": "'7'",
    }.items(),
)
def test_one_that_is_none_is_found(command: str, said: str):
    with pytest.raises(Exception, match=said):
        test_a_command_that_people_are_told_is_one(command)
