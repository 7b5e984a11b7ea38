"""Links in mails that answer an approval once: secret, bound to what was shown and to whom, and short-lived."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.server.database import Database, Row
from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting
from kb_contract.loopback import is_loopback


@dataclass(frozen=True)
class AnswerLinks:
    """Makes them, looks at them, and uses them up; only their digests are kept."""

    database: Database
    public_url: str = ""
    """Where people reach the server; empty: mails have no links."""

    async def made_for(self, entry: Mapping[str, Any], person: str) -> str:
        """The address that goes into a person's mail; nothing where there is none."""
        if not self.public_url or not entry.get("digest") or not entry.get("thread_id"):
            return ""
        text = secrets.token_urlsafe(32)
        await self.database.rows(
            "new_approval_link",
            link=_digest(text),
            approval_id=entry["approval_id"],
            thread_id=entry["thread_id"],
            person=person,
            shown=entry["digest"],
            deadline=entry.get("deadline"),
        )
        return f"{self.public_url.rstrip('/')}/approvals/links/{text}"

    async def look(self, text: str) -> Row | None:
        """What a link is about, as long as it is good; looking changes nothing."""
        return await self.database.row("approval_link", link=_digest(text))

    async def used(self, text: str) -> Row | None:
        """The same, once: of several who come, one gets it."""
        return await self.database.row("use_approval_link", link=_digest(text))


def answer_links(settings: ReaderSettings, database: Database) -> AnswerLinks:
    """As the settings say; refuses an address on which a link could be read on its way."""
    url = settings.public_url
    if url and not (url.startswith("https://") or is_loopback(url)):
        raise BadSetting(
            f"PUBLIC_URL={url!r} would send links that others can read on their way",
            where="settings",
            cure="use https, or leave it empty: mails say what to type then",
        )
    return AnswerLinks(database, url)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
