"""How a request is refused: an HTTP status and a sentence, in the shape that Qdrant's clients read."""

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus


class Refused(Exception):
    """The request was not carried out; nothing of it was applied unless the text says so."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def bad_request(reason: str) -> Refused:
    """The request itself is wrong."""
    return Refused(HTTPStatus.BAD_REQUEST, reason)


def unsupported(what: str) -> Refused:
    """Qdrant can do it, the embedded one cannot."""
    return Refused(
        HTTPStatus.NOT_IMPLEMENTED,
        f"{what} is not supported by the embedded Qdrant; set QDRANT_URL to a Qdrant server for it",
    )


def no_collection(name: str) -> Refused:
    """Neither a collection nor an alias has this name."""
    return Refused(HTTPStatus.NOT_FOUND, f"Not found: Collection `{name}` doesn't exist!")


def name_taken(name: str) -> Refused:
    """A collection has this name already."""
    return Refused(HTTPStatus.CONFLICT, f"Wrong input: Collection `{name}` already exists!")


@contextmanager
def engine_errors() -> Generator[None]:
    """Turn what the engine throws into an answer.

    It throws plain `Exception`s, so the text is all there is to tell them apart by.
    """
    try:
        yield
    except Refused:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise bad_request(f"Wrong input: {_first_line(error)}") from error
    except Exception as error:
        reason = _first_line(error)
        if reason.startswith("No point with id"):
            raise Refused(HTTPStatus.NOT_FOUND, f"Not found: {reason}") from error
        if reason.startswith(_CALLERS_FAULT):
            raise bad_request(f"Wrong input: {reason}") from error
        raise


_CALLERS_FAULT = (
    "Vector dimension error",
    "Not existing vector name",
    "Validation failed",
    "Wrong usage of",
    "No appropriate index",
    "Bad request",
    "Wrong input",
    "Conversion between",
)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
