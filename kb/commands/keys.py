"""`kb keys`: who may come in at the server's door, as what, and until when."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.operator_access import moment, operator
from kb.settings import find_addresses, load_settings
from kb.terminal import console, escape, say_json
from kb_contract.errors import BadInput, NotServed
from kb_contract.identifiers import DEFAULT_WORKSPACE
from kb_contract.named_queries import named_queries

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import DictRow

keys = typer.Typer(no_args_is_help=True, help="Keys for the API, each with roles and an end.")
Workspace = Annotated[str, typer.Option(help="Tenant.")]
KeyId = Annotated[str, typer.Argument(help="The key's id, as `kb keys list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who calls with it: a person or a program.")],
    role: Annotated[list[str] | None, typer.Option(help="viewer, asker, approver, …")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="Only this agent; may repeat.")] = None,
    until: Annotated[str | None, typer.Option(help="2027-01-31; by default in 90 days.")] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown once."""
    from graph.server.door.roles import INCLUDED

    roles = sorted(set(role or ["asker"]))
    unknown = [one for one in roles if one not in INCLUDED]
    if unknown:
        raise BadInput(
            f"{', '.join(unknown)} is no role", where="--role", cure=f"use {', '.join(INCLUDED)}"
        )
    ends = moment(until) if until else _now() + timedelta(days=90)
    values = {"name": _name(name), "roles": roles, "agents": sorted(agent) if agent else None}
    with _door(workspace) as door:
        _say_new(_kept(door, values, ends, None), as_json=as_json)


@keys.command("list")
def list_keys(workspace: Workspace = DEFAULT_WORKSPACE, as_json: AsJson = False) -> None:
    """List keys, the oldest first; never their secrets."""
    with _door(workspace) as door:
        rows = door.rows("keys")
    if as_json:
        say_json({"keys": rows})
        return
    for row in rows:
        state = "valid" if row["valid"] else "revoked" if row["revoked_at"] else "expired"
        ends = f"until {row['expires_at']:%Y-%m-%d %H:%M}" if row["expires_at"] else ""
        agents = f"only {', '.join(row['agents'])}" if row["agents"] is not None else ""
        said = f"{row['key_id']}  {state:<8} {row['name']:<20} {','.join(row['roles'])}  {ends}  {agents}"
        console().print(escape(said.rstrip()))


@keys.command("rotate")
def rotate(
    key_id: KeyId,
    overlap: Annotated[float, typer.Option(min=0, help="Hours that the old one still works.")] = 24,
    days: Annotated[int, typer.Option(min=1, help="Days that the new one works.")] = 90,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Replace a key by a new one with the same rights."""
    with _door(workspace) as door:
        old = _valid(door, key_id)
        values = {name: old[name] for name in ("name", "roles", "agents")}
        new = _kept(door, values, _now() + timedelta(days=days), key_id)
        [ended] = door.rows("end_key", key_id=key_id, at=_now() + timedelta(hours=overlap))
        _say_new({**new, "old_expires_at": ended["expires_at"]}, as_json=as_json)


@keys.command("revoke")
def revoke(
    key_id: KeyId, workspace: Workspace = DEFAULT_WORKSPACE, as_json: AsJson = False
) -> None:
    """End a key now; servers refuse it within five seconds."""
    with _door(workspace) as door:
        _valid(door, key_id)
        [row] = door.rows("revoke_key", key_id=key_id)
    if as_json:
        say_json(row)
    else:
        console().print(f"{row['key_id']} ({escape(row['name'])}) is revoked")


class _Door:
    """Statements of the door, in one transaction, in an operator's name."""

    def __init__(self, cursor: "psycopg.Cursor[DictRow]", workspace: str) -> None:
        self._cursor = cursor
        self._workspace = workspace

    def rows(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        statement = named_queries("door")[name].encode()
        return self._cursor.execute(statement, {"workspace": self._workspace, **values}).fetchall()


@contextmanager
def _door(workspace: str) -> Generator[_Door]:
    import psycopg
    from psycopg.rows import dict_row

    url = find_addresses(load_settings()).database_url
    with psycopg.connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        door = _Door(cursor, workspace)
        door.rows("as_actor", actor=operator())
        yield door


def _kept(
    door: _Door, values: dict[str, Any], ends: datetime, replaces: str | None
) -> dict[str, Any]:
    from graph.server.door.keys import new_key

    if ends <= _now():
        raise BadInput("a key cannot end before it begins", where="--until", cure="say a later day")
    made = new_key()
    [row] = door.rows(
        "new_key", key_id=made.key_id, digest=made.digest, created_by=operator(),
        expires_at=ends, replaces=replaces, **values,
    )  # fmt: skip
    return {**row, "key": made.text}


def _valid(door: _Door, key_id: str) -> dict[str, Any]:
    found = door.rows("lock_key", key_id=key_id)
    if not found or found[0]["revoked_at"] is not None:
        raise NotServed(f"there is no valid key {key_id[:40]!r}", cure="kb keys list")
    return found[0]


def _say_new(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(row)
        return
    out = console()
    out.print(f"{row['name']}: {', '.join(row['roles'])}, until {row['expires_at']:%Y-%m-%d %H:%M}")
    out.print("Send it as X-Api-Key. It is shown this once:")
    out.print(escape(row["key"]), soft_wrap=True)


def _name(said: str) -> str:
    name = said.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise BadInput("a key needs a name of at most 100 characters", where="NAME")
    return name


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the clock of the person at the terminal
