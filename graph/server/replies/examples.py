"""Examples that stand beside a reply's fields on the page of the API."""

from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import ConfigDict

AT: Final = "2031-01-15T09:30:00Z"
SHA: Final = "9b2c5d1e7f30a4c8b6d2e1f0a9c8b7d6e5f4a3b2"
DIGEST: Final = "4f1d0c8a6b5e7392d1c0b9a8f7e6d5c4b3a291807f6e5d4c3b2a190817263544"
RUN: Final = "6f1c2b0e-58a4-4c0e-9d51-0f0a7c1f8a10"
SESSION: Final = "0b7e6a52-3c1d-4b8e-9a60-2f4d5c6b7a81"
CHUNK: Final = "5a0f3c9d-1b2e-5f64-8c7d-9e0a1b2c3d4e"


def example(**fields: Any) -> ConfigDict:
    """The settings of a reply that shows this."""
    return ConfigDict(json_schema_extra={"example": fields})


def selected(**fields: Any) -> ConfigDict:
    """The settings of a reply of which `select` names the fields that are there."""

    def shown(schema: dict[str, Any]) -> None:
        schema.pop("required", None)
        schema["example"] = fields

    return ConfigDict(json_schema_extra=shown)


def restore_nulls(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Put back what FastAPI leaves out of an example: required fields that are null."""
    options: list[Mapping[str, Any]] = schema.get("anyOf", [schema])
    known = next((one for one in options if one.get("type") != "null"), schema)
    if "$ref" in known:
        known = schemas[known["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        for name in known.get("required", ()):
            fields.setdefault(name, None)
        for name, one in fields.items():
            restore_nulls(one, known.get("properties", {}).get(name, {}), schemas)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            restore_nulls(one, known.get("items", {}), schemas)
