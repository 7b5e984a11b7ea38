"""What a server says of its tools, bounded and checked; what breaks the rules is left out."""

import fnmatch
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import structlog
from pydantic import ValidationError

from graph.gateways.tool_servers.server_specs import ServerSpec
from graph.planning.tool_card import LONGEST_DESCRIPTION, ToolCard, fingerprint
from kb_contract.errors import BadInput
from kb_contract.text_border import clean, clean_text, cut_text

log = structlog.get_logger(__name__)
MOST_TOOLS: Final = 200
LONGEST_CACHED: Final = 86_400.0
LARGEST_SCHEMA: Final = 20_000
# Room for the mark that says how much was cut.
_ROOM: Final = 60


def cards_of(spec: ServerSpec, listed: Iterable[Any]) -> tuple[ToolCard, ...]:
    """Make cards of `tools/list`; a name that comes twice is not sure to be either."""
    described = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in listed]
    names = [str(one.get("name")) for one in described]
    sound = [one for one in described[:MOST_TOOLS] if names.count(str(one.get("name"))) == 1]
    cards = (_card(spec, one) for one in sound)
    return tuple(one for one in cards if one is not None)


def _card(spec: ServerSpec, listed: dict[str, Any]) -> ToolCard | None:
    name = clean_text(str(listed.get("name")))
    try:
        said: dict[str, Any] = clean(listed)
        schema = said.get("inputSchema", {})
        description = str(said.get("description") or said.get("title") or "")
        if len(json.dumps(schema)) > LARGEST_SCHEMA:
            raise ValueError(f"its schema has more than {LARGEST_SCHEMA:,} characters")
        changes = _changes(spec, name, said.get("annotations") or {})
        return ToolCard(
            name=f"{spec.name}/{name}",
            description=cut_text(description, at_most=LONGEST_DESCRIPTION - _ROOM),
            input_schema=schema,
            changes=changes,
            cache_seconds=0 if changes else _cache_seconds(said.get("_meta") or {}),
            # How we see it belongs to it: a tool that begins to change something is another one.
            fingerprint=fingerprint({"tool": said, "changes": changes}),
        )
    except (ValidationError, ValueError, BadInput) as error:
        log.warning("tool left out", server=spec.name, tool=name[:100], error=str(error)[:200])
        return None


def _changes(spec: ServerSpec, name: str, hints: dict[str, Any]) -> bool:
    """Only what is said to read alone is let through; everything else asks a person."""
    if _named(name, spec.changing):
        return True
    if _named(name, spec.read_only):
        return False
    return hints.get("readOnlyHint") is not True or hints.get("destructiveHint") is True


def _cache_seconds(said: dict[str, Any]) -> float:
    """Only a number that a tool gives of itself counts; nobody guesses that a result holds."""
    match said.get("cache_seconds"):
        case bool():
            return 0.0
        case int() | float() as seconds:
            return min(max(float(seconds), 0.0), LONGEST_CACHED)
        case _:
            return 0.0


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
