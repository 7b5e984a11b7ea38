"""Health as data: a probe answers with a version, or says why not."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx
import psycopg

from kb_contract.trusted_certificates import trusted_certificates

TIMEOUT = 5.0


class NotHealthy(Exception):
    """The part does not answer as it should."""


class Probe(Protocol):
    """Asks a part how it is; `uptime` is how long its process has run."""

    async def __call__(self, uptime: float) -> str | None:
        """Return the version if there is one to tell; raise NotHealthy."""
        ...


@dataclass(frozen=True)
class HttpProbe:
    """A GET that must give 200; the version is a key of another (or the same) JSON answer."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    version_url: str = ""
    version_key: str = "version"

    async def __call__(self, uptime: float) -> str | None:  # noqa: ARG002 - part of the protocol
        """Ask."""
        try:
            async with httpx.AsyncClient(
                timeout=TIMEOUT,
                headers=dict(self.headers),
                trust_env=False,
                verify=trusted_certificates(),
            ) as client:
                (await client.get(self.url)).raise_for_status()
                if not self.version_url:
                    return None
                said = (await client.get(self.version_url)).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotHealthy(f"{self.url}: {error or type(error).__name__}") from error
        return str(said[self.version_key]) if self.version_key in said else None


@dataclass(frozen=True)
class SocketProbe:
    """Something listens at a Unix socket."""

    path: Path

    async def __call__(self, uptime: float) -> str | None:  # noqa: ARG002 - part of the protocol
        """Knock."""
        try:
            async with asyncio.timeout(TIMEOUT):
                _, writer = await asyncio.open_unix_connection(self.path)
        except (OSError, TimeoutError) as error:
            raise NotHealthy(f"{self.path}: {error or type(error).__name__}") from error
        writer.close()
        return None


@dataclass(frozen=True)
class SqlProbe:
    """A statement whose one value must be true; the second, if any, is the version.

    `%(uptime)s` is there for heartbeats: one from before this process proves nothing.
    """

    database_url: str = field(repr=False)
    statement: str = "select true, current_setting('server_version')"
    missing: str = "does not answer"

    async def __call__(self, uptime: float) -> str | None:
        """Ask."""
        try:
            async with await psycopg.AsyncConnection.connect(
                self.database_url, connect_timeout=int(TIMEOUT), autocommit=True
            ) as connection:
                given = {"uptime": uptime}
                answer = await connection.execute(self.statement.encode(), given)
                row = await answer.fetchone()
        except psycopg.Error as error:
            raise NotHealthy(str(error).strip().splitlines()[0]) from error
        if row is None or not row[0]:
            raise NotHealthy(self.missing)
        return str(row[1]) if len(row) > 1 else None


@dataclass(frozen=True)
class AliveProbe:
    """For a process that answers nobody: it has not ended in its first seconds."""

    settles_in: float = 1.0

    async def __call__(self, uptime: float) -> str | None:
        """Look at how long it has lived."""
        if uptime < self.settles_in:
            raise NotHealthy("has just started")
        return None
