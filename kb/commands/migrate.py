"""`kb migrate`: ledger, queue and checkpoints in their newest shape."""

import json as json_text
from typing import Annotated

import typer

from kb import migrate as migrations
from kb.settings import find_addresses, load_settings


def migrate(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Bring the database to its newest shape; two at once do not race."""
    settings = load_settings()
    own = settings.database_url
    url = own.get_secret_value() if own else find_addresses(settings).database_url
    revision = migrations.migrate(url)
    typer.echo(json_text.dumps({"revision": revision}) if json else f"at revision {revision}")
