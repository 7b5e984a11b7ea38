"""Where rows go that are kept no longer: files of JSON lines, each written whole or not at all."""

import asyncio
import gzip
import json
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterable
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from graph.server.database import Row

UNFINISHED: Final = ".part"


async def archived(
    folder: Path, name: str, now: datetime, rows: AsyncIterable[Row]
) -> Counter[str]:
    """Write every row on a line of one new file; return how many came from which table.

    When this returns the file is on the disk, so the rows may be deleted for good.
    """
    target = folder / f"{name}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.jsonl.gz"
    part = target.with_name(target.name + UNFINISHED)
    places = Counter[str]()
    try:
        # In threads, for beside this the worker answers questions.
        file = await asyncio.to_thread(_opened, part)
        try:
            with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
                async for row in rows:
                    await asyncio.to_thread(packed.write, _line(row))
                    places[row["place"]] += 1
            await asyncio.to_thread(_on_disk, file)
        finally:
            file.close()
        if places:
            await asyncio.to_thread(_named, part, target)
    finally:
        part.unlink(missing_ok=True)
    return places


def _line(row: Row) -> bytes:
    # Documents that are kept letter by letter may be written on several lines; within texts none is broken.
    said = row["said"].replace("\n", " ")
    return f'{{"table": {json.dumps(row["place"])}, "row": {said}}}\n'.encode()


def _opened(path: Path) -> IO[bytes]:
    """Nobody else reads what people asked."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _on_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _named(part: Path, target: Path) -> None:
    part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
