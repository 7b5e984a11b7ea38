"""One shape of error for every route: {type, message, hint, trace_id}, and `detail` as FastAPI has it."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from graph.postgres_session import PASSING_ERRORS
from graph.server.correlation import current_trace_id
from graph.server.encoding import JsonResponse
from kb_contract.errors import BadInput, NotServed, ScriptoriumError, Unavailable

log = structlog.get_logger(__name__)
NAMES: Final = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    501: "not_implemented",
    503: "unavailable",
}


class ErrorBody(BaseModel):
    """What every error says."""

    type: str
    message: str
    hint: str = ""
    trace_id: str = ""
    detail: str = ""


class ApiError(HTTPException):
    """An answer other than success, with what to do about it."""

    def __init__(
        self, status: int, message: str, *, hint: str = "", more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(status, message)
        self.message = message
        self.hint = hint
        self.more = dict(more or {})


def error_response(
    status: int, message: str, *, hint: str = "", more: Mapping[str, Any] | None = None
) -> JsonResponse:
    """Say an error in the one shape."""
    body = ErrorBody(
        type=NAMES.get(status, "internal"),
        message=message,
        hint=hint,
        trace_id=current_trace_id(),
        detail=message,
    )
    return JsonResponse({**(more or {}), **body.model_dump()}, status_code=status)


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
    return error_response(error.status_code, error.message, hint=error.hint, more=error.more)


async def _invalid(_: Request, error: Exception) -> JsonResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    found = [
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
    ]
    return error_response(422, "; ".join(found)[:2000], hint="see /docs for what this route takes")


async def _http(_: Request, error: Exception) -> JsonResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    return error_response(error.status_code, str(error.detail), hint="see /docs")


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
