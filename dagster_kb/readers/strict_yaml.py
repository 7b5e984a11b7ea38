"""YAML without its surprises: no aliases, anchors, merges or tags, no duplicate keys, no guessed types.

Every plain scalar is text, but for an empty value, `null` and `~`, which are None. The value is
built from parser events, so that nesting is refused before anything recurses, and by the pure
Python parser: the C one dies (SIGSEGV) of deep nesting and takes the process along.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml

from kb_contract.errors import BadInput

_INDENTED_BY_TAB: Final = re.compile(r" *\t")
_NULLS: Final = frozenset({"", "~", "null"})


@dataclass(frozen=True)
class YamlRules:
    """How much is accepted, and how a refusal is said."""

    complaint: type[BadInput]
    where: str = ""
    first_line: int = 1
    max_bytes: int = 256 * 1024
    max_depth: int = 8
    max_keys: int = 200
    max_values: int = 20_000

    def refuse(self, line: int, what: str, cure: str) -> BadInput:
        """Make the error; `line` counts from 0 within the YAML."""
        return self.complaint(f"line {self.first_line + line}: {what}", where=self.where, cure=cure)


def load_strict(text: str, rules: YamlRules) -> Any:
    """Read one YAML document; an empty one is None."""
    size = len(text.encode("utf-8"))
    if size > rules.max_bytes:
        raise rules.refuse(
            0,
            f"{size:,} bytes of YAML, more than {rules.max_bytes:,}",
            "keep here only what describes the file, and move the rest into a document",
        )
    try:
        events = cast("Iterator[yaml.Event]", yaml.parse(text, Loader=yaml.SafeLoader))
        return _Builder(rules, events).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "it cannot be parsed"
        line = mark.line if mark else 0
        raise rules.refuse(line, f"not valid YAML: {said}", _cure(text, line, said)) from error
    except yaml.YAMLError as error:
        raise rules.refuse(
            0, f"not valid YAML: {_one_line(error)}", "remove control characters"
        ) from error


class _Builder:
    """Builds one value from events, and refuses what the rules do not allow."""

    def __init__(self, rules: YamlRules, events: Iterator[yaml.Event]) -> None:
        self._rules = rules
        self._events = events
        self._keys = 0
        self._values = 0

    def document(self) -> Any:
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "a second document begins here", "keep only one")
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, 0)
        return value

    def _value(self, event: yaml.Event, depth: int) -> Any:
        self._check(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(one, depth + 1) for one in self._until(yaml.SequenceEndEvent)]
        return self._mapping(depth + 1)

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            key = self._key(event, depth)
            if key in found:
                raise self._refuse(event, f"key {key!r} is there twice", "remove one of them")
            found[key] = self._value(next(self._events), depth)
        return found

    def _key(self, event: yaml.Event, depth: int) -> str:
        self._check(event, depth)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse(
                event, "a key that is not text", "quote the value if '{', '[' or '?' begins it"
            )
        self._keys += 1
        if self._keys > self._rules.max_keys:
            raise self._refuse(event, f"more than {self._rules.max_keys} keys", "use fewer keys")
        if event.value == "<<":
            raise self._refuse(event, "a merge key (<<)", "write its keys out, one a line")
        self._scalar(event)
        return event.value

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _check(self, event: yaml.Event, depth: int) -> None:
        self._values += 1
        if self._values > self._rules.max_values:
            raise self._refuse(event, f"more than {self._rules.max_values} values", "use fewer")
        if depth > self._rules.max_depth:
            raise self._refuse(
                event, f"nested deeper than {self._rules.max_depth} levels", "make it flatter"
            )
        if isinstance(event, yaml.AliasEvent):
            raise self._refuse(event, "an alias (*)", "write the value out, or quote it")
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            raise self._refuse(event, "an anchor (&)", "write the value out, or quote it")
        if getattr(event, "tag", None):
            raise self._refuse(event, "a tag (!)", "quote the value if it begins with '!'")

    def _scalar(self, event: yaml.ScalarEvent) -> str | None:
        text = event.value
        if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
            raise self._refuse(
                event, "text with a NUL or half a surrogate pair", "remove the escape"
            )
        return None if event.style is None and text in _NULLS else text

    def _refuse(self, event: yaml.Event, what: str, cure: str) -> BadInput:
        mark = event.start_mark
        return self._rules.refuse(mark.line if mark else 0, what, cure)


def _cure(text: str, line: int, said: str) -> str:
    """Say what helps: a tab that begins a line is not always what the parser stumbles over."""
    begun = text.splitlines()[line : line + 1]
    if r"'\t'" in said or any(_INDENTED_BY_TAB.match(one) for one in begun):
        return "write spaces in place of the tabs, there and in what stands below"
    return "quote values that hold ': ', ' #' or '?'"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
