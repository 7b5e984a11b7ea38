"""The servers: Postgres with its roles and migrations, and Qdrant."""

import httpx
import psycopg

from kb.addresses import Addresses
from kb.doctor.findings import Finding, ok, warning, wrong
from kb.migrate import current_revision
from kb.migrations import sql_revisions
from kb.settings import StackSettings, find_addresses
from kb_contract.errors import NotServed

OLDEST_POSTGRES = 15
OLDEST_QDRANT = (1, 19, 2)
# A hundred agents in two colours; each collection has segments, buffers and files of its own.
MANY_COLLECTIONS = 200
MEGABYTES_A_COLLECTION = 10


def server_findings(settings: StackSettings) -> list[Finding]:
    """Look at both, where the settings or the running stack say that they are."""
    try:
        addresses = find_addresses(settings)
    except NotServed as error:
        return [wrong("stack", error.what, error.cure)]
    return [*_postgres(addresses.database_url), _qdrant(addresses, settings)]


def _postgres(url: str) -> list[Finding]:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
            reader = connection.execute(
                "select count(*) from pg_roles where rolname = 'kb_reader' "
                "and pg_has_role(current_user, oid, 'member')"
            ).fetchone()
    except psycopg.Error as error:
        said = str(error).strip().splitlines()[0]
        return [wrong("Postgres", said, "run `kb up`, or mend DATABASE_URL")]
    return [
        ok("Postgres", f"version {version}")
        if version >= OLDEST_POSTGRES
        else wrong("Postgres", f"version {version}", f"use {OLDEST_POSTGRES} or newer"),
        ok("role kb_reader", "there, and ours to take")
        if reader == (1,)
        else wrong("role kb_reader", "missing, or not ours to take", "run `kb migrate`"),
        _migrations(url),
    ]


def _migrations(url: str) -> Finding:
    current, newest = current_revision(url), sql_revisions.head()
    if current == newest:
        return ok("migrations", f"at {newest}, the newest")
    return wrong("migrations", f"at {current}, the newest is {newest}", "run `kb migrate`")


def _qdrant(addresses: Addresses, settings: StackSettings) -> Finding:
    headers = {"api-key": addresses.qdrant_api_key} if addresses.qdrant_api_key else {}
    try:
        answer = httpx.get(addresses.qdrant_url, headers=headers, timeout=5, trust_env=False)
        listed = httpx.get(
            f"{addresses.qdrant_url}/collections", headers=headers, timeout=5, trust_env=False
        )
        said = answer.raise_for_status().json()
        listed.raise_for_status()
    except (httpx.HTTPError, ValueError) as error:
        cure = "run `kb up`, or mend QDRANT_URL and QDRANT_API_KEY"
        return wrong("Qdrant", f"{addresses.qdrant_url}: {error}", cure)
    collections = len(listed.json()["result"]["collections"])
    return of_qdrant(str(said.get("version", "?")), collections, external=bool(settings.qdrant_url))


def of_qdrant(version: str, collections: int, *, external: bool) -> Finding:
    """Pure: judge what a Qdrant says of itself; the version of our own is not a person's to choose."""
    says, cures = f"version {version}, {collections} collections", list[str]()
    if external and _older(version):
        says += f"; {version} has known faults"
        cures.append(f"use {'.'.join(map(str, OLDEST_QDRANT))} or newer")
    if collections > MANY_COLLECTIONS:
        gigabytes = collections * MEGABYTES_A_COLLECTION / 1000
        says += (
            f"; so many take about {gigabytes:.1f} GB and many open files, however small they are"
        )
        cures.append('join small agents, or see "more collections" in docs/scaling.md')
    return warning("Qdrant", says, "; ".join(cures)) if cures else ok("Qdrant", says)


def _older(version: str) -> bool:
    numbers = tuple(int(one) for one in version.split("-")[0].split(".") if one.isdigit())
    return numbers < OLDEST_QDRANT
