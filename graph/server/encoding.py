"""Anything that a graph says, as JSON that Postgres and browsers take."""

import base64
import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast

import orjson
from fastapi import Response
from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from kb_contract.text_border import clean_text

OPTIONS: Final = (
    orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_SERIALIZE_NUMPY
)
DEEPEST: Final = 200


def to_json(value: Any) -> str:
    """Write a value; what JSON or Postgres cannot hold (NUL, NaN, huge numbers) is made harmless."""
    try:
        text = orjson.dumps(value, default=_plain, option=OPTIONS).decode()
    except (TypeError, RecursionError):
        return json.dumps(_harmless(value, 0), ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" in text:
        return json.dumps(_harmless(value, 0), ensure_ascii=False, separators=(",", ":"))
    return text


def plain(value: Any) -> Any:
    """Turn a value into what JSON can say."""
    return orjson.loads(to_json(value))


class JsonResponse(Response):
    """JSON of anything that a graph may hold."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return to_json(content).encode()


def _plain(value: Any) -> Any:
    """One step towards JSON, for what is not JSON already."""
    if isinstance(value, BaseModel):
        said = value.model_dump()
        return {**said, "type": value.type} if isinstance(value, BaseMessage) else said
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    if isinstance(value, BaseException):
        return repr(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date):
        return value.isoformat()
    return _plain_collection(value)


def _plain_collection(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, tuple | set | frozenset | list):
        return list(cast("list[Any]", value))
    return str(value)


def _harmless(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return "…nested too deep"
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return {clean_text(str(key)): _harmless(one, depth + 1) for key, one in pairs}
    if isinstance(value, list | tuple):
        return [_harmless(one, depth + 1) for one in cast("list[Any]", value)]
    return _harmless(_plain(value), depth + 1)
