"""One shape of error for every route: {type, message, hint, trace_id}, and `detail` as FastAPI has it."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from graph.postgres_session import PASSING_ERRORS
from graph.server.correlation import current_path, current_trace_id
from graph.server.encoding import JsonResponse
from graph.server.openai_shapes import error_of
from kb_contract.errors import BadInput, NotServed, ScriptoriumError, Unavailable

log = structlog.get_logger(__name__)
NAMES: Final = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "too_many_requests",
    501: "not_implemented",
    503: "unavailable",
}


class ErrorBody(BaseModel):
    """What every error says."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "not_found", "message": "there is no agent hrr", "hint": "GET /agents",
                "trace_id": "6f1c2b0e58a44c0e9d510f0a7c1f8a10", "detail": "there is no agent hrr",
            }
        }
    )  # fmt: skip

    type: str
    message: str
    hint: str = ""
    trace_id: str = ""
    detail: str = ""


# By its name: of each model FastAPI makes a validator for each route, 1,400 in all, which took a second of every start.
_BODY: Final = {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"content": {"application/json": _BODY}, "description": said}
    for status, said in {
        400: "not understood",
        401: "who calls is not known",
        403: "not for this caller",
        404: "not there, or not for this caller",
        408: "the body did not come in time",
        409: "somebody was first",
        413: "too large",
        422: "something in it is wrong",
        429: "too much at this time; Retry-After says when",
        501: "not done here",
        502: "the run failed",
        503: "something that this stands on does not answer",
    }.items()
}
"""What any route may answer beside what it is for."""


class ApiError(HTTPException):
    """An answer other than success, with what to do about it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        hint: str = "",
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, headers=dict(headers or {}))
        self.message = message
        self.hint = hint
        self.more = dict(more or {})


def error_response(
    status: int,
    message: str,
    *,
    hint: str = "",
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Say an error in the one shape."""
    body = ErrorBody(
        type=NAMES.get(status, "internal"),
        message=message,
        hint=hint,
        trace_id=current_trace_id(),
        detail=message,
    )
    said = {**(more or {}), **body.model_dump()}
    if current_path().startswith("/v1/"):
        said |= error_of(message, body.type, code=str(status))
    return JsonResponse(said, status_code=status, headers=dict(headers or {}))


def install_error_answers(app: FastAPI) -> None:
    """Give every kind of error its answer."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ScriptoriumError, _ours)
    for kind in PASSING_ERRORS:
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(psycopg.DataError, _unstorable)
    app.add_exception_handler(Exception, _unexpected)


async def _api_error(_: Request, error: Exception) -> JsonResponse:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this type only
    return error_response(
        error.status_code, error.message, hint=error.hint, more=error.more, headers=error.headers
    )


async def _invalid(_: Request, error: Exception) -> JsonResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    found = [
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
    ]
    return error_response(422, "; ".join(found)[:2000], hint="see /docs for what this route takes")


async def _http(_: Request, error: Exception) -> JsonResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    return error_response(
        error.status_code, str(error.detail), hint="see /docs", headers=error.headers
    )


async def _ours(_: Request, error: Exception) -> JsonResponse:
    assert isinstance(error, ScriptoriumError)  # noqa: S101 - registered for this type only
    status = 422 if isinstance(error, BadInput) else 404 if isinstance(error, NotServed) else 500
    status = 503 if isinstance(error, Unavailable) else status
    place = f"{error.where}: " if error.where else ""
    return error_response(status, f"{place}{error.what}", hint=error.cure)


async def _database_away(_: Request, error: Exception) -> JsonResponse:
    log.warning("database does not answer", error=str(error)[:300])
    return error_response(503, "the database does not answer", hint="see `kb status`, try again")


async def _unstorable(_: Request, error: Exception) -> JsonResponse:
    log.warning("value refused by the database", error=str(error)[:300])
    return error_response(
        422, "a value cannot be stored", hint="look for odd characters or numbers"
    )


async def _unexpected(_: Request, error: Exception) -> JsonResponse:
    log.error("unexpected error", exc_info=error)
    return error_response(
        500, "something went wrong here", hint="the log has the rest, under this trace_id"
    )
