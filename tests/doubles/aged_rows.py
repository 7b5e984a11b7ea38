"""Rows of a reader's database that are old, and an archive to read."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


def later(**how_long: float) -> datetime:
    return datetime.now(UTC) + timedelta(**how_long)


def rows(database_url: str, statement: LiteralString, *values: Any) -> list[dict[str, Any]]:
    # Without values it may be several statements.
    with (
        psycopg.connect(database_url) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def lines(archive: Path) -> list[dict[str, Any]]:
    """Every line of every file."""
    return [
        json.loads(line)
        for path in sorted(archive.glob("*.jsonl.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def put_back(database_url: str, archive: Path) -> None:
    """As the documentation says."""
    statement = (
        "insert into {0} overriding system value select * from json_populate_record(null::{0}, %s)"
    )
    with psycopg.connect(database_url) as connection:
        for one in lines(archive):
            place = sql.Identifier(*one["table"].split("."))
            connection.execute(sql.SQL(statement).format(place), (json.dumps(one["row"]),))


def tables(archive: Path) -> Counter[str]:
    return Counter(one["table"] for one in lines(archive))
