"""Checks a value against a JSON Schema that a stranger wrote: it reaches no network, and it ends."""

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Final, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType] - it has no types
from referencing import Registry
from referencing.exceptions import Unresolvable

MOST_SAID: Final = 5
LONGEST_SAID: Final = 300
MOST_REFERENCES: Final = 10_000
_FOLLOWED: Final[ContextVar[list[int]]] = ContextVar("references followed")
_KEYWORDS: Final[dict[str, Any]] = dict(Draft202012Validator.VALIDATORS)


class UnusableSchema(Exception):
    """Nothing can be checked against it."""


def misfits(value: Any, schema: Any) -> list[str]:
    """What does not fit, each with its place; nothing when all does. Raises `UnusableSchema`."""
    # A registry of our own, since the usual one fetches what `$ref` names from the network.
    registry: Registry[Any] = Registry()
    token = _FOLLOWED.set([0])
    try:
        Draft202012Validator.check_schema(schema)
        found: list[ValidationError] = list(_Bounded(schema, registry=registry).iter_errors(value))
    except SchemaError as error:
        raise UnusableSchema(error.message[:LONGEST_SAID]) from error
    except Unresolvable as error:
        raise UnusableSchema(f"it refers to {error.ref!r}, which is not in it") from error
    except RecursionError as error:
        raise UnusableSchema("it, or what is checked, is nested too deep") from error
    finally:
        _FOLLOWED.reset(token)
    return [_said(one) for one in found[:MOST_SAID]]


def _said(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}{': ' if place else ''}{error.message}"[:LONGEST_SAID]


def _skipped(_validator: Any, _said: Any, _value: Any, _schema: Any) -> Iterator[ValidationError]:
    return iter(())


def _additional(validator: Any, said: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """Where names are given by patterns, nobody can tell which ones are too many."""
    if "patternProperties" not in schema:
        yield from _KEYWORDS["additionalProperties"](validator, said, value, schema) or ()


def _reference(validator: Any, said: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """References that double at every level would keep us busy for ever."""
    followed = _FOLLOWED.get()
    followed[0] += 1
    if followed[0] > MOST_REFERENCES:
        raise UnusableSchema(f"it makes more than {MOST_REFERENCES:,} references")
    yield from _KEYWORDS["$ref"](validator, said, value, schema) or ()


# A regular expression of a stranger's making could keep us busy for ever: whoever wrote it looks itself.
_Bounded: Any = cast("Any", extend)(
    Draft202012Validator,
    {
        "pattern": _skipped,
        "patternProperties": _skipped,
        "unevaluatedProperties": _skipped,
        "$dynamicRef": _skipped,
        "additionalProperties": _additional,
        "$ref": _reference,
    },
)
