"""Qdrant's filter language, read strictly and handed to the engine."""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, TypeVar, cast

import numpy as np
import qdrant_edge
from pydantic import Discriminator, Field, Tag, model_validator

from kb.embedded.qdrant_owner.forms import Form, Integer, PointIds, Unsupported
from kb.embedded.qdrant_owner.refusals import unsupported

FormType = TypeVar("FormType", bound=Form)
_MATCHES: Mapping[str, Callable[[Any], Any]] = {
    "value": qdrant_edge.MatchValue,
    "any_of": qdrant_edge.MatchAny,
    "none_of": qdrant_edge.MatchExcept,
    "text": qdrant_edge.MatchText,
    "text_any": qdrant_edge.MatchTextAny,
    "phrase": qdrant_edge.MatchPhrase,
}


class Match(Form):
    """`{"value": …}`, `{"any": […]}`, `{"except": […]}` or a search for words."""

    value: bool | Integer | str | None = None
    any_of: list[str] | list[Integer] | None = Field(None, alias="any")
    none_of: list[str] | list[Integer] | None = Field(None, alias="except")
    text: str | None = None
    text_any: str | None = None
    phrase: str | None = None
    prefix: Unsupported = None
    substring: Unsupported = None

    @model_validator(mode="after")
    def _one_way(self) -> "Match":
        return _exactly_one(self, "match")

    def to_engine(self) -> Any:
        if isinstance(self.value, bool):
            # The engine takes Python's bool for an integer; numpy's it knows for what it is.
            return qdrant_edge.MatchValue(value=cast("bool", np.bool_(self.value)))
        given = next(name for name in _MATCHES if getattr(self, name) is not None)
        return _MATCHES[given](getattr(self, given))


class Range(Form):
    """Bounds of numbers, or of times written as RFC 3339 text."""

    gt: float | str | None = None
    gte: float | str | None = None
    lt: float | str | None = None
    lte: float | str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Range":
        if len({isinstance(bound, str) for bound in self.given().values()}) != 1:
            raise ValueError("a range needs bounds, and either numbers or times, not both")
        return self

    def to_engine(self) -> qdrant_edge.RangeFloat | qdrant_edge.RangeDateTime:
        bounds = self.given()
        if any(isinstance(bound, str) for bound in bounds.values()):
            return qdrant_edge.RangeDateTime(**bounds)
        return qdrant_edge.RangeFloat(**bounds)


class ValuesCount(Form):
    """Bounds of how many values a field has."""

    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class FieldCondition(Form):
    """One test of one payload field."""

    key: str
    match: Match | None = None
    range: Range | None = None
    values_count: ValuesCount | None = None
    geo_bounding_box: Unsupported = None
    geo_radius: Unsupported = None
    geo_polygon: Unsupported = None
    is_empty: Unsupported = None
    is_null: Unsupported = None

    @model_validator(mode="after")
    def _one_test(self) -> "FieldCondition":
        return _exactly_one(self, "a field condition", besides="key")

    def to_engine(self) -> qdrant_edge.FieldCondition:
        count = self.values_count
        return qdrant_edge.FieldCondition(
            key=self.key,
            match=self.match.to_engine() if self.match else None,
            range=self.range.to_engine() if self.range else None,
            values_count=qdrant_edge.ValuesCount(**count.given()) if count else None,
        )


class PayloadField(Form):
    """The name of a payload field."""

    key: str


class IsEmpty(Form):
    """The field is missing, null or an empty list."""

    is_empty: PayloadField

    def to_engine(self) -> qdrant_edge.IsEmptyCondition:
        return qdrant_edge.IsEmptyCondition(self.is_empty.key)


class IsNull(Form):
    """The field is there and null."""

    is_null: PayloadField

    def to_engine(self) -> qdrant_edge.IsNullCondition:
        return qdrant_edge.IsNullCondition(self.is_null.key)


class HasId(Form):
    """The point is one of these."""

    has_id: PointIds

    def to_engine(self) -> qdrant_edge.HasIdCondition:
        return qdrant_edge.HasIdCondition(set(self.has_id))


class NestedFilter(Form):
    """A filter that must hold for one and the same element of a list."""

    key: str
    filter: "Filter"


class Nested(Form):
    """`{"nested": {"key": …, "condition": …}}`."""

    nested: NestedFilter

    def to_engine(self) -> qdrant_edge.NestedCondition:
        return qdrant_edge.NestedCondition(self.nested.key, self.nested.filter.to_engine())


class Filter(Form):
    """`must`, `should`, `must_not`, `min_should`; none given lets every point through."""

    must: "list[Condition] | Condition | None" = None
    should: "list[Condition] | Condition | None" = None
    must_not: "list[Condition] | Condition | None" = None
    min_should: Unsupported = None

    def to_engine(self) -> qdrant_edge.Filter:
        return qdrant_edge.Filter(
            must=_conditions(self.must),
            should=_conditions(self.should),
            must_not=_conditions(self.must_not),
        )


class UnsupportedCondition(Form):
    """Conditions that Qdrant has and we do not."""

    has_vector: Unsupported = None
    slice: Unsupported = None

    def to_engine(self) -> Any:
        raise unsupported("this condition")


_KINDS = ("key", "is_empty", "is_null", "has_id", "nested")


def _kind(condition: Any) -> str:
    """Which form a condition is to be read as; one that we do not know is read as a filter."""
    if isinstance(condition, dict):
        keys = cast("dict[str, Any]", condition)
        if keys.keys() & {"has_vector", "slice"}:
            return "unsupported condition"
        return next((f"with {kind}" for kind in _KINDS if kind in keys), "a filter")
    return "a filter"


Condition = Annotated[
    Annotated[FieldCondition, Tag("with key")]
    | Annotated[IsEmpty, Tag("with is_empty")]
    | Annotated[IsNull, Tag("with is_null")]
    | Annotated[HasId, Tag("with has_id")]
    | Annotated[Nested, Tag("with nested")]
    | Annotated[UnsupportedCondition, Tag("unsupported condition")]
    | Annotated["Filter", Tag("a filter")],
    Discriminator(_kind),
]


def filter_to_engine(given: Filter | None) -> qdrant_edge.Filter | None:
    """Translate a filter that may be missing."""
    return given.to_engine() if given else None


def _conditions(given: "list[Condition] | Condition | None") -> list[Any] | None:
    if given is None:
        return None
    return [one.to_engine() for one in (given if isinstance(given, list) else [given])]


def _exactly_one(form: FormType, what: str, besides: str = "") -> FormType:
    fields = type(form).model_fields.items()
    ways = {name: field.alias or name for name, field in fields
            if name != besides and field.annotation is not NoneType}  # fmt: skip
    if sum(getattr(form, name) is not None for name in ways) != 1:
        raise ValueError(f"{what} needs exactly one of {', '.join(ways.values())}")
    return form


NestedFilter.model_rebuild()
Nested.model_rebuild()
Filter.model_rebuild()
