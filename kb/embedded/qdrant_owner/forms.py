"""What every request body has in common: strict types, and no key that is silently dropped."""

import json
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from kb.embedded.qdrant_owner.complaints import from_validation


class Form(BaseModel):
    """A JSON object of Qdrant's REST API, as far as it is supported."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=False
    )

    def given(self) -> dict[str, Any]:
        """The keys that the caller gave a value, as JSON would hold them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


# A key that Qdrant knows and we do not: `null` is fine, anything else is refused with 501.
Unsupported: TypeAlias = None

PointId = Annotated[int, Field(ge=0, lt=2**64)] | UUID
Limit = Annotated[int, Field(ge=1, lt=2**32)]
Offset = Annotated[int, Field(ge=0, lt=2**32)]
Integer = Annotated[int, Field(ge=-(2**63), lt=2**63)]


def _finite(payload: dict[str, JsonValue]) -> dict[str, JsonValue]:
    json.dumps(payload, allow_nan=False)  # `Infinity` and 1e999 could never be sent back as JSON
    return payload


Payload = Annotated[dict[str, JsonValue], AfterValidator(_finite)]

FormType = TypeVar("FormType", bound=Form)


def parse(form: type[FormType], body: bytes) -> FormType:
    """Read a body as this form, or refuse it and name the field."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error, body) from error


def _without_repeats(ids: list[int | UUID]) -> list[int | UUID]:
    return list(dict.fromkeys(ids))


PointIds = Annotated[list[PointId], AfterValidator(_without_repeats)]
