"""Looks of sensors and schedules at servers that may be away: a line says so, and no trace does."""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import dagster as dg
import psycopg
from psycopg_pool import PoolTimeout

from kb_contract.errors import BadInput, KnowledgeUnavailable, Unavailable

Given = ParamSpec("Given")
Asked = TypeVar("Asked")
# What Postgres itself says with a code is of our statements, but for: it is lost, starts, or ends.
_AWAY: Final = ("08", "57P")


def skips_what_is_away(
    look: Callable[Given, Asked],
) -> Callable[Given, Asked | dg.SkipReason]:
    """Skip a look while a server is away or not set; the next one sees what this one did not."""

    @wraps(look)
    def looked(*given: Given.args, **named: Given.kwargs) -> Asked | dg.SkipReason:
        try:
            return look(*given, **named)
        except (BadInput, Unavailable) as error:
            return dg.SkipReason(str(error))
        except psycopg.OperationalError as error:
            of_ours = error.sqlstate and not error.sqlstate.startswith(_AWAY)
            # The ledger tells this one only where Postgres answers: all its connections are in use.
            if of_ours or isinstance(error, PoolTimeout):
                raise
            return dg.SkipReason(str(_without_postgres(error)))

    return looked


def _without_postgres(error: psycopg.OperationalError) -> KnowledgeUnavailable:
    said = " ".join(str(error).split())
    return KnowledgeUnavailable(
        f"Postgres is not reached ({said})", where="DATABASE_URL",
        cure="`kb up` starts it, `kb status` says how it is",
    )  # fmt: skip
