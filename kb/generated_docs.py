"""Pages that the code writes, so that they cannot rot: `make docs`; a test compares them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dagster_kb.settings import WriterSettings
from graph.entrypoint import build_graph
from graph.picture import replaced
from graph.server.app import create_app
from graph.server.door.roles import MEANING
from graph.server.door.route_roles import ROUTE_ROLES
from graph.server.unavailable import REASONS
from graph.settings import ReaderSettings
from kb.sdk_routes import sdk_calls
from kb.settings import StackSettings
from kb_contract.agent_manifest import AgentManifest, GoldenQuestion
from kb_contract.chat_models.provider_facts import with_provider_facts

ROOT = Path(__file__).parents[1]
SIDES = (
    ("The stack on one machine", StackSettings),
    ("The writer", WriterSettings),
    ("The reader and its server", ReaderSettings),
)


def fields() -> Iterator[tuple[str, str, FieldInfo]]:
    """Every setting once, under the first side that has it."""
    seen: set[str] = set()
    for side, settings in SIDES:
        for name, field in settings.model_fields.items():
            if name not in seen:
                seen.add(name)
                yield side, name.upper(), field


def default_of(field: FieldInfo) -> str:
    """The default as one would type it."""
    if field.default is PydanticUndefined or field.default is None:
        return ""
    if isinstance(field.default, SecretStr):
        return ""
    return str(field.default)


def allowed(field: FieldInfo) -> str:
    """What a value must be, in words."""
    kind, limits = _kind(field.annotation)
    return ", ".join([kind, *(said for said in map(_limit, [*limits, *field.metadata]) if said)])


def _kind(annotation: Any) -> tuple[str, list[Any]]:
    """A type in words, and the limits that are written into it."""
    inside = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(str(one) for one in inside), []
    if origin is Annotated:
        return _kind(inside[0])[0], [limit for one in inside[1:] for limit in one.metadata]
    if origin is tuple:
        kind, limits = _kind(inside[0])
        return f"list of {kind}", limits
    if inside:
        return next(_kind(one) for one in inside if one is not NoneType)
    fields: Mapping[str, Any] = getattr(annotation, "model_fields", {})
    return f"mapping of {' and '.join(fields)}" if fields else WORDS.get(annotation, "text"), []


def _limit(limit: Any) -> str:
    """A limit in words; nothing for what limits nothing."""
    said = ((getattr(limit, name, None), words) for name, words in LIMITS.items())
    return ", ".join(words.format(value) for value, words in said if value is not None)


WORDS = {int: "whole number", float: "number", Path: "path", bool: "true or false"}
LIMITS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "min_length": "at least {} characters",
    "pattern": "like `{}`",
}


def env_example() -> str:
    """`.env.example`, whole."""
    lines = ["# Every setting with its default. Copy to .env and change what you need.", ""]
    last = ""
    for side, name, field in fields():
        if side != last:
            lines += [f"# --- {side} ---", ""]
            last = side
        lines += [f"# {field.description or ''}".rstrip(), f"# {name}={default_of(field)}", ""]
    lines += [
        "# --- Providers ---",
        "",
        "# Keys of model providers, named as litellm names them; with none the profile is offline.",
        "# What each of them needs: docs/models.md.",
        "# OPENAI_API_KEY=",
        "",
    ]
    return "\n".join(lines)


def configuration_page() -> str:
    """`docs/configuration.md`, whole."""
    lines = [
        "# Configuration",
        "",
        "Made from the code by `make docs`. Every setting comes from the",
    ]
    lines += ["environment, else from `.env`, else from its default.", ""]
    last = ""
    for side, name, field in fields():
        if side != last:
            lines += ["", f"## {side}", "", "| name | default | allowed | what it is |"]
            lines += ["| --- | --- | --- | --- |"]
            last = side
        lines.append(
            f"| `{name}` | `{default_of(field)}` | {allowed(field)} | {field.description or ''} |"
        )
    lines += ["", "## agent.yaml", "", *manifest_table(AgentManifest)]
    lines += [
        "",
        "## golden.yaml",
        "",
        "A list `questions:` of:",
        "",
        *manifest_table(GoldenQuestion),
        "",
    ]
    return "\n".join(lines).replace("``", "")


def manifest_table(model: type[BaseModel], prefix: str = "") -> list[str]:
    """One row per key; nested keys are written with a dot."""
    rows = [] if prefix else ["| key | default | allowed |", "| --- | --- | --- |"]
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += manifest_table(kind, f"{prefix}{name}.")
        else:
            rows.append(f"| `{prefix}{name}` | `{default_of(field)}` | {allowed(field)} |")
    return rows


def architecture_page() -> str:
    """`docs/architecture.md` with the graph's picture as it is now; the rest is by hand."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    return replaced(page, build_graph(nowhere()))


def models_page() -> str:
    """`docs/models.md` with what providers need as litellm's tables have it; the rest is by hand."""
    return with_provider_facts((ROOT / "docs" / "models.md").read_text("utf-8"))


def security_page() -> str:
    """`docs/security.md` with the table of roles as the door has it; the rest is by hand."""
    begin, end = "<!-- roles -->", "<!-- end of roles -->"
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    before, _, rest = page.partition(begin)
    rows = ["| role | may | routes |", "| --- | --- | --- |"]
    for role, meaning in {"open": "whoever reaches the server", **MEANING}.items():
        routes = [
            f"`{one.replace(':path', '')}`" for one, needs in ROUTE_ROLES.items() if needs == role
        ]
        rows.append(f"| `{role}` | {meaning} | {' · '.join(routes)} |")
    return "\n".join([before + begin, *rows, end]) + rest.partition(end)[2]


def nowhere() -> ReaderSettings:
    """Settings for what is drawn or described and never run."""
    return ReaderSettings(database_url=SecretStr("postgresql://"), qdrant_url="http://127.0.0.1:1")


def api_page() -> str:
    """`docs/api.md`, whole: each route with what it does."""
    described = create_app(nowhere(), {}).openapi()["paths"]
    lines = [
        "# The HTTP API",
        "",
        "Made from the code by `make docs`; the server shows the same at `/docs`.",
    ]
    lines += [
        "What it refuses with 501 says why in its answer.",
        "",
        "| route | what it does |",
        "| --- | --- |",
    ]
    for path, operations in sorted(described.items()):
        for method, operation in sorted(operations.items()):
            said = operation.get("description") or operation.get("summary") or ""
            lines.append(f"| `{method.upper()} {path}` | {said.splitlines()[0] if said else ''} |")
    lines += [
        "",
        "## langgraph_sdk",
        "",
        "Each method of its clients, and what becomes of it here. `threads.stream`, which speaks the v3 protocol, gets 501.",
        "",
    ]
    lines += ["| method | asks for | here |", "| --- | --- | --- |", *_sdk_rows(set(_refused()))]
    lines += ["", "## Refused with 501", "", "| route | why |", "| --- | --- |"]
    lines += [f"| `{path.replace('{rest:path}', '…')}` | {why} |" for path, why in REASONS.items()]
    return "\n".join([*lines, "", *API_NOTES, ""])


def _refused() -> Iterator[tuple[str, str]]:
    """Methods and paths that say why they are not there."""
    for path in REASONS:
        yield "ANY", _blank(path)


def _sdk_rows(refused: set[tuple[str, str]]) -> Iterator[str]:
    for call in sdk_calls():
        gone = {(call.method, call.path), ("ANY", call.path)} & refused
        said = "501" if gone else "works"
        yield f"| `{call.client}.{call.name}` | `{call.method} {call.path.replace('{}', '…')}` | {said} |"


def _blank(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


API_NOTES = (
    "## Errors",
    "",
    "Every error has one form: `{type, message, hint, trace_id}`. 409 means that somebody was first (an approval",
    "that is answered, a thread that is busy); 422 names the field; 429 says in `Retry-After` when; 503 names what does not",
    "answer. Below `/v1` errors have OpenAI's `error` beside it. Who may call what: [security](security.md).",
    "",
    "## Streams",
    "",
    "A stream's events have ids. After a break, ask for the `Location` of the response with `Last-Event-ID`; `langgraph_sdk`",
    "does so by itself. The stream of a run that was taken up after a crash has a `metadata` event with its attempt.",
    "",
    "## By the clock",
    "",
    "A cron has five columns, read in its `timezone` (UTC when none is said). Workers look every five seconds; whatever was missed while",
    "none of them ran is made up for by one run. A run that would find its thread waiting for a person is left out, and the cron says so in",
    "`last_error`. A run with `on_completion: delete`, and one of a cron without a thread unless it says `keep`, is forgotten with its thread five",
    "minutes after its end; a thread with `ttl`, after those minutes. One that works or waits for a person is never forgotten.",
    "",
    "`webhook` is told the end of a run with its values: at least once, with `webhook-id` to tell repetitions, signed with `NOTIFY_WEBHOOK_SECRET` where",
    "that is set; six attempts over some two and a half hours.",
)


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    return {
        ROOT / ".env.example": env_example(),
        ROOT / "docs" / "api.md": api_page(),
        ROOT / "docs" / "architecture.md": architecture_page(),
        ROOT / "docs" / "configuration.md": configuration_page(),
        ROOT / "docs" / "models.md": models_page(),
        ROOT / "docs" / "security.md": security_page(),
    }


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
