"""`kb delegate`: deputies for approvals."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from kb.operator_access import moment
from kb.server_access import server_client
from kb.terminal import console, escape, say_json
from kb_contract.errors import BadInput


def delegate(
    deputy: Annotated[
        str | None, typer.Argument(help="Who answers for you; without it, all are listed.")
    ] = None,
    until: Annotated[str, typer.Option(help="2027-01-31, or 2027-01-31T18:00+01:00.")] = "",
    reason: Annotated[str, typer.Option(help="What for.")] = "",
    end: Annotated[int | None, typer.Option(help="Number of a delegation to take back.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Name a deputy who may answer approvals in your place, until a day; or list, or end."""
    client = server_client()
    if end is not None:
        changed = client.end_delegation(end)
    elif deputy is not None:
        if not until:
            raise BadInput("a delegation has an end", cure="say --until 2027-01-31")
        changed = client.delegate(deputy, until=moment(until), reason=reason)
    else:
        changed = {"delegations": client.delegations()}
    if as_json:
        say_json(changed)
    else:
        _show(changed.get("delegations", [changed]))


def _show(several: Sequence[Mapping[str, Any]]) -> None:
    out = console()
    if not several:
        out.print("Nobody has a deputy.")
    for one in several:
        people = f"{one['person']} → {one['deputy']}"
        times = f"{one['starts_at']} … {one['ends_at']}"
        ended = f", ended {one['ended_at']}" if one.get("ended_at") else ""
        out.print(escape(f"{one['delegation_id']}  {people}  {times}{ended}  {one['reason']}"))
