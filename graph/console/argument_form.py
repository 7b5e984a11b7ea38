"""Pure: the arguments of an action as fields that people can fill in, and back again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

PREFIX: Final = "arg:"
NESTED: Final = "parameters"
Kind = Literal["text", "words", "number", "choice", "switch", "json"]


class NotReadable(ValueError):
    """A field holds something that it cannot mean."""


@dataclass(frozen=True)
class Field:
    """One argument."""

    path: tuple[str, ...]
    kind: Kind
    value: str
    about: str = ""
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return PREFIX + ".".join(self.path)

    @property
    def label(self) -> str:
        return self.path[-1].replace("_", " ")


def fields_of(schema: Mapping[str, Any], args: Mapping[str, Any]) -> list[Field]:
    """Fields for what the schema names and for what is there; `parameters` is laid open."""
    found: list[Field] = []
    known = _mapping(schema.get("properties"))
    for name in dict.fromkeys([*args, *known]):
        shape, value = _mapping(known.get(name)), args.get(name)
        if name == NESTED and isinstance(value, Mapping):
            inner = _mapping(shape.get("properties"))
            given = cast("Mapping[str, Any]", value)
            found += [
                _field((name, one), _mapping(inner.get(one)), given.get(one))
                for one in dict.fromkeys([*given, *inner])
            ]
        else:
            found.append(_field((name,), shape, value))
    return found


def arguments_from(fields: list[Field], said: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields back; what was empty and is left empty is not there."""
    args: dict[str, Any] = {}
    for one in fields:
        text = str(said.get(one.name, "")).strip()
        if not text and not one.value:
            continue
        place = args
        for part in one.path[:-1]:
            place = place.setdefault(part, {})
        place[one.path[-1]] = _read(one, text)
    return args


def _field(path: tuple[str, ...], shape: Mapping[str, Any], value: Any) -> Field:
    about = str(shape.get("description") or "")
    choices = shape.get("enum")
    if isinstance(choices, list) and all(
        isinstance(one, str) for one in cast("list[Any]", choices)
    ):
        return Field(path, "choice", _written(value), about, tuple(cast("list[str]", choices)))
    kind: Kind
    match shape.get("type"), value:
        case "integer" | "number", _:
            kind = "number"
        case "boolean", _:
            kind = "switch"
        case "string", _:
            kind = "words" if path == ("question",) else "text"
        case _, str() | None:
            kind = "text"
        case _:
            kind = "json"
    return Field(path, kind, _written(value), about)


def _read(field: Field, text: str) -> Any:
    try:
        match field.kind:
            case "number":
                return json.loads(text)
            case "switch":
                return {"true": True, "false": False, "": False}[text]
            case "json":
                return json.loads(text)
            case _:
                return text
    except (ValueError, KeyError) as error:
        raise NotReadable(f"{field.label}: {text[:80]!r} cannot be read") from error


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
