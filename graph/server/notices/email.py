"""Sends a mail through an SMTP server."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from kb_contract.errors import BadSetting

SECONDS: Final = 15.0


@dataclass(frozen=True)
class Mail:
    """What is written to whom."""

    to: str
    subject: str
    text: str
    delivery: str
    """The same for every attempt."""


@dataclass(frozen=True)
class Mailer:
    """Speaks SMTP in a thread; the server is the operator's own, as the settings name it."""

    url: str
    sender: str

    async def send(self, mail: Mail) -> None:
        await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> None:
        message = EmailMessage()
        message["From"], message["To"] = self.sender, mail.to
        # A line break here would be a header of somebody else's making.
        message["Subject"] = " ".join(mail.subject.split())[:200]
        message["Message-ID"] = f"<{mail.delivery}@scriptorium>" if mail.delivery else make_msgid()
        message.set_content(mail.text)
        place = mail_place(self.url)
        with _connected(place) as server:
            if place.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if place.username:
                server.login(unquote(place.username), unquote(place.password or ""))
            server.send_message(message)


def _connected(place: SplitResult) -> smtplib.SMTP:
    host = place.hostname or ""
    if place.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, place.port or 465, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, place.port or 25, timeout=SECONDS)
    server.ehlo()
    return server


def mail_place(url: str) -> SplitResult:
    """Where the mail server is; raises when the setting names none."""
    try:
        place = urlsplit(url)
        if place.scheme in {"smtp", "smtps"} and place.hostname and place.port != 0:
            return place
    except ValueError as error:
        raise _no_place() from error
    raise _no_place()


def _no_place() -> BadSetting:
    return BadSetting(
        "this is no place of a mail server",
        where="SMTP_URL",
        cure="write smtp://user:password@host:587, or smtps://host",
    )
