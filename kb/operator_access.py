"""The ledger for commands of operators, and who they are."""

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kb.writer_access import require_parts, writer_settings
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from dagster_kb.resources.ledger import Ledger


def operator() -> str:
    """Whoever typed the command."""
    return getpass.getuser()


@contextmanager
def operators_ledger(workspace: str | None) -> "Generator[Ledger]":
    """Open the ledger that the settings name, and close it."""
    from dagster_kb.resources.ledger import open_ledger

    settings = writer_settings(workspace)
    require_parts(settings, store=False)
    ledger = open_ledger(settings.database_url.get_secret_value(), settings.workspace_id)
    try:
        yield ledger
    finally:
        ledger.database.close()


def moment(text: str) -> datetime:
    """Read a moment as people write one; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            f"{text!r} is no moment", cure="write 2027-01-31, or 2027-01-31T12:00+01:00"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
