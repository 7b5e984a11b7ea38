"""SQL by name: `kb_contract/sql/<file>.sql` holds blocks that begin with `-- name: <name>`."""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def named_queries(file: str) -> dict[str, str]:
    """Return the statements of one file by name."""
    text = (files("kb_contract") / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return {
        name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
