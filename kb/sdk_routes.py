"""What langgraph_sdk calls, read from its own source: which of its methods ask for which route."""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CLIENTS: Final = ("assistants", "threads", "runs", "cron", "store")
PLAIN: Final = frozenset({"get", "post", "put", "patch", "delete"})
# These are told the method; without it they ask for the first.
TOLD: Final = {"stream": "POST", "request_reconnect": "GET"}


@dataclass(frozen=True, order=True)
class SdkCall:
    """One way in which a method of a client asks the server."""

    client: str
    name: str
    method: str
    path: str
    """With `{}` for every id."""


def sdk_calls() -> list[SdkCall]:
    """Every request that the clients of langgraph_sdk can make."""
    found = importlib.util.find_spec("langgraph_sdk")
    assert found is not None  # noqa: S101 - it is a dependency of ours
    assert found.origin is not None  # noqa: S101 - and a package of files
    folder = Path(found.origin).parent / "_async"
    trees = {one: ast.parse((folder / f"{one}.py").read_text("utf-8")) for one in CLIENTS}
    return sorted({call for client, tree in trees.items() for call in _of_client(client, tree)})


def _of_client(client: str, tree: ast.Module) -> Iterator[SdkCall]:
    methods = (
        one
        for kept in ast.walk(tree)
        if isinstance(kept, ast.ClassDef)
        for one in kept.body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    for method in methods:
        for call in ast.walk(method):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                yield from _requests(client, method, call, call.func)


def _requests(
    client: str, method: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call, asks: ast.Attribute
) -> Iterator[SdkCall]:
    is_http = isinstance(asks.value, ast.Attribute) and asks.value.attr == "http"
    if not is_http or asks.attr not in PLAIN | TOLD.keys():
        return
    verb = asks.attr.upper() if asks.attr in PLAIN else _told(call, TOLD[asks.attr])
    for path in _paths(call.args[0], method):
        yield SdkCall("crons" if client == "cron" else client, method.name, verb, path)


def _told(call: ast.Call, usual: str) -> str:
    second = call.args[1] if len(call.args) > 1 else None
    return str(second.value) if isinstance(second, ast.Constant) else usual


def _paths(said: ast.expr, method: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    if isinstance(said, ast.IfExp):
        yield from _paths(said.body, method)
        yield from _paths(said.orelse, method)
    elif isinstance(said, ast.Name):
        for one in ast.walk(method):
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == said.id:
                yield from _paths(one.value, method)
    elif isinstance(said, ast.JoinedStr):
        yield "".join(
            str(one.value) if isinstance(one, ast.Constant) else "{}" for one in said.values
        )
    elif isinstance(said, ast.Constant):
        yield str(said.value)
