"""A full disk is told in a line, whichever driver met it."""

from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy

from kb.__main__ import unreachable

FULL = """do $$ begin raise exception using errcode = '53100',
message = 'could not extend file "base/1/2": No space left on device'; end $$"""


def by_psycopg(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(FULL)


def as_dagster(url: str) -> None:
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg2://", 1))
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(FULL), {"secret": "what a document says"})


@pytest.mark.parametrize("ask", [by_psycopg, as_dagster])
def test_a_full_disk_is_told_in_a_line(ask: Callable[[str], None], database_url: str):
    with pytest.raises(Exception, match="No space left") as met:
        ask(database_url)
    told = unreachable(met.value)
    assert told
    assert "cannot be used: " in told.what
    assert "No space left on device" in told.what
    assert "raise exception" not in told.what
    assert "what a document says" not in told.what
    assert told.cure == "free some disk (`kb doctor` says how much there is); what was done is kept"
