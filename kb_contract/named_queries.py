"""SQL by name: blocks of `kb_contract/sql/…` that begin with `-- name: <name>`."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def named_queries(place: str) -> dict[str, str]:
    """Return the statements of `sql/<place>.sql`, or of every file in the folder `sql/<place>/`."""
    found: dict[str, str] = {}
    for text in _texts(place):
        parts = _NAME.split(text)[1:]
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            if name in found:
                raise KeyError(f"two statements of {place} are named {name}")
            found[name] = body.strip().rstrip(";")
    return found


def _texts(place: str) -> Iterator[str]:
    folder = files("kb_contract") / "sql" / place
    if not folder.is_dir():
        yield (files("kb_contract") / "sql" / f"{place}.sql").read_text(encoding="utf-8")
        return
    for one in sorted(folder.iterdir(), key=lambda found: found.name):
        yield one.read_text(encoding="utf-8")
