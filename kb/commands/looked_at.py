"""Options that say which documents are looked at."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

TagOption = Annotated[
    list[str] | None, typer.Option("--tag", help="Only documents with this tag; may be repeated.")
]
VersionOption = Annotated[
    list[str] | None, typer.Option("--version", help="Only documents of this version; likewise.")
]
SinceOption = Annotated[
    str | None, typer.Option(help="Only documents in effect from this day on, or later.")
]
UntilOption = Annotated[
    str | None, typer.Option(help="Only documents in effect from this day on, or earlier.")
]


def looked_at(
    tags: Sequence[str] | None, versions: Sequence[str] | None, since: str | None, until: str | None
) -> dict[str, Any]:
    """Return what the options said, as the server takes it."""
    said = {
        "tags": list(tags or ()),
        "versions": list(versions or ()),
        "since": since,
        "until": until,
    }
    return {name: one for name, one in said.items() if one}
