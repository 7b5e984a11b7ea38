"""Reads the audit on, puts one job per notice in the queue, and delivers them."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any, Final

import structlog

from graph.server.database import Connection, Database, Row, Statements
from graph.server.notices.answer_links import AnswerLinks, answer_links
from graph.server.notices.email import Mailer, mail_place
from graph.server.notices.safe_address import checked_url
from graph.server.notices.webhook import Webhooks, key_of
from graph.server.notices.wording import MAILED, TOLD, mail_of, webhook_body
from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting

log = structlog.get_logger(__name__)
BATCH: Final = 200
MOST_ATTEMPTS: Final = 8
Defer = Callable[[Connection, int], Awaitable[Any]]


@dataclass(frozen=True)
class Targets:
    """Who is told."""

    webhooks: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def of(self, kind: str) -> list[tuple[str, str]]:
        found = [("webhook", one) for one in self.webhooks] if kind in TOLD else []
        return found + ([("email", one) for one in self.addresses] if kind in MAILED else [])


class TryLater(Exception):
    """It was not delivered; the queue tries again."""


@dataclass(frozen=True)
class PostOffice:
    """The outbox is filled in the transaction that moves the cursor, so nothing is told twice or never."""

    database: Database
    targets: Targets
    webhooks: Webhooks
    mailer: Mailer
    links: AnswerLinks

    async def collect(self, defer: Defer) -> int:
        """Make notices of what happened since the last look; return how many."""
        async with self.database.transaction() as statements:
            await statements.rows("begin_notices")
            cursor = await statements.row("notice_cursor")
            if cursor is None:
                return 0  # another worker is at it
            entries = await statements.rows(
                "audit_after", after=cursor["n"], approval_id=None, limit=BATCH
            )
            made = [one for entry in entries for one in await self._made(statements, entry)]
            for notice_id in made:
                await defer(statements.connection, notice_id)
            if entries:
                await statements.rows("move_notice_cursor", n=entries[-1]["n"])
        return len(made)

    async def _made(self, statements: Statements, entry: Row) -> list[int]:
        kind = str(json.loads(entry["entry"]).get("kind"))
        rows = [
            await statements.row("new_notice", n=entry["n"], channel=channel, target=target)
            for channel, target in self.targets.of(kind)
        ]
        return [row["notice_id"] for row in rows if row is not None]

    async def deliver(self, notice_id: int) -> None:
        """Deliver one; `TryLater` when that failed and there are attempts left."""
        notice = await self.database.row("notice", notice_id=notice_id)
        if notice is None or notice["status"] != "waiting":
            return
        error: str | None = None
        try:
            await self._send(notice)
        except Exception as failure:  # noqa: BLE001 - servers of others fail in every way
            error = f"{type(failure).__name__}: {failure}"[:500]
        last = notice["attempts"] + 1 >= MOST_ATTEMPTS
        status = "sent" if error is None else "failed" if last else "waiting"
        await self.database.rows("notice_tried", notice_id=notice_id, status=status, error=error)
        if error is not None:
            log.warning("notice not delivered", notice_id=notice_id, channel=notice["channel"],
                        error=error, given_up=last)  # fmt: skip
            if not last:
                raise TryLater(error)

    async def _send(self, notice: Row) -> None:
        entry: dict[str, Any] = json.loads(notice["entry"])
        delivery = f"notice_{notice['notice_id']}"
        if notice["channel"] == "email":
            link = await self.links.made_for(entry, notice["target"])
            await self.mailer.send(mail_of(entry, notice["target"], delivery, link))
        else:
            await self.webhooks.post(notice["target"], delivery, webhook_body(entry))


def post_office_of(settings: ReaderSettings, database: Database) -> PostOffice:
    """Put it together, and refuse settings that could never deliver."""
    targets = Targets(_several(settings.notify_webhooks), _several(settings.notify_email_to))
    secret = settings.notify_webhook_secret.get_secret_value()
    smtp = settings.smtp_url.get_secret_value()
    private = settings.notify_private_addresses
    if targets.webhooks:
        _check_webhooks(targets.webhooks, secret, allow_private=private)
    if targets.addresses:
        _check_mail(targets.addresses, smtp)
    return PostOffice(
        database,
        targets,
        Webhooks(secret, allow_private=private),
        Mailer(smtp, settings.notify_email_from),
        answer_links(settings, database),
    )


def _check_webhooks(urls: Sequence[str], secret: str, *, allow_private: bool) -> None:
    if not secret:
        raise BadSetting(
            "NOTIFY_WEBHOOKS needs a NOTIFY_WEBHOOK_SECRET",
            where="settings",
            cure="set a long random text, and give it to the receivers",
        )
    try:
        key_of(secret)
    except ValueError as error:
        raise BadSetting(
            "what follows whsec_ is no base64",
            where="NOTIFY_WEBHOOK_SECRET",
            cure="copy all of it, or set a long random text without whsec_",
        ) from error
    for url in urls:
        checked_url(url, allow_private=allow_private)


def _check_mail(addresses: Sequence[str], smtp: str) -> None:
    if not smtp:
        raise BadSetting(
            "NOTIFY_EMAIL_TO needs an SMTP_URL", where="settings", cure="set smtp://host:port"
        )
    mail_place(smtp)
    for one in addresses:
        try:
            Address(addr_spec=one)
        except (ValueError, HeaderParseError) as error:
            raise BadSetting(
                f"{one[:100]!r} is no mail address: {error}",
                where="NOTIFY_EMAIL_TO",
                cure="write ada@example.org,bob@example.org",
            ) from error


def _several(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())
