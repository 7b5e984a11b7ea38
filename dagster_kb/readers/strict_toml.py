"""TOML as strict as the YAML here: flat, of few values, and every value is text."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, cast

from dagster_kb.readers.strict_yaml import YamlRules

# The time that dotted keys take grows with the square of their length.
MAX_BYTES: Final = 16 * 1024
_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")


def load_toml(text: str, rules: YamlRules) -> dict[str, Any]:
    """Read TOML; an empty one is an empty mapping."""
    size = len(text.encode("utf-8"))
    if size > MAX_BYTES:
        raise rules.refuse(
            0, f"{size:,} bytes of TOML, more than {MAX_BYTES:,}", "keep only what describes it"
        )
    try:
        found = tomllib.loads(re.sub(r"\r\n?", "\n", text))
        return _Plain(rules).mapping(found, 1)
    except (ValueError, RecursionError) as error:
        said = str(error)[:200]
        place = _PLACE.search(said)
        line = int(place[1]) - 1 if place and place[1] else 0
        raise rules.refuse(
            line, f"not valid TOML: {_PLACE.sub('', said)}", "write it as YAML between '---' lines"
        ) from error


@dataclass
class _Plain:
    """Says values as YAML's are said, and counts them."""

    rules: YamlRules
    values: int = 0
    keys: int = 0

    def mapping(self, found: dict[str, Any], depth: int) -> dict[str, Any]:
        self.keys += len(found)
        if self.keys > self.rules.max_keys:
            raise self.rules.refuse(0, f"more than {self.rules.max_keys} keys", "use fewer keys")
        return {key: self._value(value, depth) for key, value in found.items()}

    def _value(self, value: Any, depth: int) -> Any:
        self.values += 1
        if self.values > self.rules.max_values:
            raise self.rules.refuse(0, f"more than {self.rules.max_values} values", "use fewer")
        if depth > self.rules.max_depth:
            raise self.rules.refuse(
                0, f"nested deeper than {self.rules.max_depth} levels", "make it flatter"
            )
        if isinstance(value, dict):
            return self.mapping(cast("dict[str, Any]", value), depth + 1)
        if isinstance(value, list):
            return [self._value(one, depth + 1) for one in cast("list[Any]", value)]
        return _said(value)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
