"""`kb audit`: who was asked, who decided, and whether anybody changed that afterwards."""

import asyncio
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
    chain, start, seen = _followed(head)
    lost = head is not None and not seen
    report: dict[str, Any] = {
        "ok": chain.broken is None and not lost,
        "entries": chain.count - start,
        "cut": start,
        "head": chain.head,
        "broken": chain.broken,
        "reason": chain.reason or ("the noted head is not in the chain" if lost else ""),
    }
    if as_json:
        say_json(report)
    elif report["ok"]:
        after = f" after entry {start}, where it was cut" if start else ""
        entries = f"{report['entries']} entries{after}, none changed"
        console().print(f"{entries}. Note the head: {chain.head}")
    else:
        place = f"entry {chain.broken}: " if chain.broken else ""
        console().print(f"[red]{place}{escape(str(report['reason']))}[/red]")
    raise typer.Exit(0 if report["ok"] else 1)


@audit.command("cut")
def cut(
    keep_days: Annotated[int, typer.Option(min=1, help="Entries that are older go.")],
    as_json: AsJson = False,
) -> None:
    """Take the oldest entries away, into ARCHIVE_DIR if it is set; the chain says so and goes on."""
    went = asyncio.run(_cut(keep_days))
    if as_json:
        say_json({"entries": went})
    else:
        console().print(f"{went} entries went")


async def _cut(keep_days: int) -> int:
    from graph.caller import Caller, working_for
    from graph.server.database import Database, server_pool
    from graph.server.retention import audit_retention
    from kb.operator_access import operator
    from kb.reader_process import reader_settings

    settings = reader_settings()
    async with server_pool(settings.database_url, largest=1) as pool:
        work = audit_retention(settings, Database(pool, settings.workspace_id), keep_days)
        with working_for(Caller(operator())):
            return (await work.run())["audit"]


def _followed(head: str | None) -> "tuple[Chain, int, bool]":
    """The chain from where it was cut, that place, and whether the noted head was met."""
    from graph.server.audit_entries import Chain

    [start] = _rows("audit_start", {})
    chain, after = Chain(start["n"], start["digest"]), start["n"]
    seen = head in {None, start["digest"]}
    while rows := _batch(after, None, BATCH):
        chain.follow(rows)
        seen = seen or any(row["digest"] == head for row in rows)
        after = rows[-1]["n"]
    if chain.broken is None and chain.cut != (start["n"], start["digest"]):
        chain.broken, chain.reason = start["n"] + 1, "no entry says that those before it were cut"
    return chain, start["n"], seen


def _batch(after: int, approval: str | None, limit: int) -> list[dict[str, Any]]:
    everyones = {"workspace": None, "scope": None}
    values = {**everyones, "after": after, "approval_id": approval, "limit": limit}
    return _rows("audit_after", values)


def _rows(name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    statement = named_queries("approvals")[name].encode()
    url = find_addresses(load_settings()).database_url
    with psycopg.connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()
