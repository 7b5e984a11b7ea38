"""Indexes of payload fields."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import qdrant_edge
from pydantic import Field

from kb.embedded.qdrant_owner.forms import Form, Unsupported

Count = Annotated[int, Field(ge=0, lt=2**31)]
IndexType = Literal["keyword", "integer", "float", "bool", "datetime", "uuid", "text"]
_KINDS: Mapping[str, Callable[..., Any]] = {
    "keyword": qdrant_edge.KeywordIndexParams,
    "integer": qdrant_edge.IntegerIndexParams,
    "float": qdrant_edge.FloatIndexParams,
    "bool": qdrant_edge.BoolIndexParams,
    "datetime": qdrant_edge.DatetimeIndexParams,
    "uuid": qdrant_edge.UuidIndexParams,
    "text": qdrant_edge.TextIndexParams,
}


class IndexParams(Form):
    """A kind of index with its options; the engine refuses those that the kind does not have."""

    type: IndexType
    is_tenant: bool | None = None
    is_principal: bool | None = None
    lookup: bool | None = None
    range: bool | None = None
    on_disk: bool | None = None
    min_token_len: Count | None = None
    max_token_len: Count | None = None
    lowercase: bool | None = None
    phrase_matching: bool | None = None
    tokenizer: Unsupported = None
    stopwords: Unsupported = None
    stemmer: Unsupported = None
    ascii_folding: Unsupported = None
    enable_hnsw: Unsupported = None
    prefix: Unsupported = None
    nested: Unsupported = None
    memory: Unsupported = None


class CreateIndex(Form):
    """Body of `PUT collections/{name}/index`."""

    field_name: str
    field_schema: IndexType | IndexParams

    def to_engine(self) -> qdrant_edge.UpdateOperation:
        schema = self.field_schema
        given = schema.given() if isinstance(schema, IndexParams) else {"type": schema}
        kind = given.pop("type")
        return qdrant_edge.UpdateOperation.create_field_index(
            self.field_name, _KINDS[kind](**given)
        )


def kind_name(schema: qdrant_edge.PayloadSchemaType) -> str:
    """Write the engine's kind of index as Qdrant does: `keyword`, `integer`, …."""
    return str(schema).rpartition(".")[2].lower()
