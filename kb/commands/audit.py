"""`kb audit`: who was asked, who decided, and whether anybody changed that afterwards."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.settings import find_addresses, load_settings
from kb.terminal import console, escape, say_json
from kb_contract.named_queries import named_queries

if TYPE_CHECKING:
    from graph.server.audit_entries import Chain

audit = typer.Typer(no_args_is_help=True, help="Every question to a person, and every decision.")
BATCH = 1000
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@audit.command("list")
def list_entries(
    approval: Annotated[str | None, typer.Option(help="Only this approval's.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only what comes after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=BATCH, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List entries, oldest first."""
    from graph.server.audit_entries import entry_body

    entries = [entry_body(row) for row in _batch(after, approval, limit)]
    if as_json:
        say_json({"entries": entries})
        return
    out = console()
    for one in entries:
        subject = one.get("approval_id") or one.get("deputy") or ""
        behalf = f" for {one['on_behalf_of']}" if one.get("on_behalf_of") else ""
        said = f"{one['n']:>6}  {one['at']}  {one['kind']:<12} {subject}  {one['actor']}{behalf}"
        out.print(escape(said))


@audit.command("verify")
def verify_chain(
    head: Annotated[
        str | None, typer.Option(help="A head that you noted before: it must be in the chain.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow the chain of digests. Exit 1 at the first entry that is not what it was."""
    chain, seen = _followed(head)
    lost = head is not None and not seen
    report: dict[str, Any] = {
        "ok": chain.broken is None and not lost,
        "entries": chain.count,
        "head": chain.head,
        "broken": chain.broken,
        "reason": chain.reason or ("the noted head is not in the chain" if lost else ""),
    }
    if as_json:
        say_json(report)
    elif report["ok"]:
        console().print(f"{chain.count} entries, none changed. Note the head: {chain.head}")
    else:
        place = f"entry {chain.broken}: " if chain.broken else ""
        console().print(f"[red]{place}{escape(str(report['reason']))}[/red]")
    raise typer.Exit(0 if report["ok"] else 1)


def _followed(head: str | None) -> "tuple[Chain, bool]":
    from graph.server.audit_entries import Chain

    chain, seen, after = Chain(), head is None, 0
    while rows := _batch(after, None, BATCH):
        chain.follow(rows)
        seen = seen or any(row["digest"] == head for row in rows)
        after = rows[-1]["n"]
    return chain, seen


def _batch(after: int, approval: str | None, limit: int) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    statement = named_queries("approvals")["audit_after"].encode()
    everyones = {"workspace": None, "scope": None}
    values = {**everyones, "after": after, "approval_id": approval, "limit": limit}
    url = find_addresses(load_settings()).database_url
    with psycopg.connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()
