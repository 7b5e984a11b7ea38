"""Links in mails: they answer once, what was shown, for whom it was sent to; looking at them decides nothing."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from graph.server.notices.answer_links import answer_links
from graph.settings import ReaderSettings
from graph.testing.running_reader import RunningReader, running_reader
from kb_contract.errors import BadSetting
from tests.doubles.approval_world import GRAPH, World, settings_of
from tests.doubles.mail_inbox import Inbox, mail_inbox
from tests.doubles.scripted_agents import plan_of, step

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
LINK = re.compile(r"http://127\.0\.0\.1(/approvals/links/[A-Za-z0-9_-]{43})")
HOSTILE = "<img src=https://evil.example/x onerror=alert(1)>"


@dataclass
class Mailed:
    """A reader whose worker mails when it is told to, and what came."""

    reader: RunningReader
    inbox: Inbox

    async def link_of_a_question(self, amount: Any = 5) -> tuple[str, str]:
        """Ask for something that waits; return its thread and the link of the mail about it."""
        steps = (step("g", agent="pay", requires_approval=True, script={"amount": amount}),)
        thread = await self.reader.ask({"question": "q?", "own_plan": plan_of(*steps)}, graph=GRAPH)
        assert self.reader.worker is not None
        office = self.reader.worker.people.post_office
        notices: list[int] = []

        async def put(_: Any, notice_id: int) -> None:
            notices.append(notice_id)

        await office.collect(put)
        for one in notices:
            await office.deliver(one)
        words = self.inbox.mails[-1].get_payload(decode=True)
        assert isinstance(words, bytes)
        found = LINK.search(words.decode())
        assert found is not None, words
        return thread, found[1]

    async def status(self, thread: str) -> list[tuple[str, str | None]]:
        reply = await self.reader.http.get(f"/approvals/history?thread_id={thread}")
        return [(one["status"], one["decided_by"]) for one in reply.json()["approvals"]]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_inbox() as inbox:
        yield inbox


@pytest.fixture
async def mailed(database_url: str, inbox: Inbox) -> AsyncIterator[Mailed]:
    settings = settings_of(
        database_url, notify_email_to="ada@example.org", smtp_url=inbox.url, public_url="http://127.0.0.1"
    )  # fmt: skip
    async with running_reader(settings, World(database_url).graphs()) as reader:
        yield Mailed(reader, inbox)


async def test_it_answers_once(mailed: Mailed):
    thread, link = await mailed.link_of_a_question()
    http = mailed.reader.http
    for _ in range(3):
        page = await http.get(link)
        assert (page.status_code, "An approval waits" in page.text) == (200, True)
    assert await mailed.status(thread) == []
    both = await asyncio.gather(http.post(f"{link}/reject"), http.post(f"{link}/reject"))
    assert sorted(one.status_code for one in both) == [200, 404]
    assert await mailed.status(thread) == [("rejected", "ada@example.org")]
    assert (await http.get(link)).status_code == 404


async def test_it_approves_what_was_shown(mailed: Mailed, database_url: str):
    thread, link = await mailed.link_of_a_question()
    with psycopg.connect(database_url) as connection:
        kept = str(connection.execute("select l::text from ops.approval_links l").fetchall())
        assert link.rpartition("/")[2] not in kept
    assert (await mailed.reader.http.post(f"{link}/approve")).status_code == 200
    assert await mailed.status(thread) == [("approved", "ada@example.org")]


async def test_it_is_worth_nothing_for_something_else(mailed: Mailed, database_url: str):
    thread, link = await mailed.link_of_a_question()
    with psycopg.connect(database_url) as connection:
        connection.execute("update ops.approvals set digest = 'other' where thread_id = %s", (thread,))  # fmt: skip
    assert (await mailed.reader.http.get(link)).status_code == 404
    assert (await mailed.reader.http.post(f"{link}/approve")).status_code == 409
    assert await mailed.status(thread) == []


async def test_it_ends(mailed: Mailed, database_url: str):
    thread, link = await mailed.link_of_a_question()
    with psycopg.connect(database_url) as connection:
        connection.execute("update ops.approval_links set expires_at = now()")
    made_up = f"/approvals/links/{'a' * 43}"
    for place in (link, made_up):
        assert (await mailed.reader.http.get(place)).status_code == 404
        assert (await mailed.reader.http.post(f"{place}/approve")).status_code == 404
    assert await mailed.status(thread) == []


async def test_what_it_shows_runs_and_loads_nothing(mailed: Mailed):
    _, link = await mailed.link_of_a_question(HOSTILE)
    page = await mailed.reader.http.get(link)
    assert "<img" not in page.text
    assert "&lt;img" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("http://127.0.0.1", 200)]
)
async def test_a_page_elsewhere_cannot_press_its_buttons(mailed: Mailed, origin: str, status: int):
    _, link = await mailed.link_of_a_question()
    reply: httpx.Response = await mailed.reader.http.post(
        f"{link}/reject", headers={"Origin": origin}
    )
    assert reply.status_code == status


def test_a_link_is_sent_for_https_only(database_url: str):
    def settings(url: str) -> ReaderSettings:
        return ReaderSettings(
            database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1", public_url=url
        )

    nowhere: Any = None
    for url in ("http://kb.example.org", "ftp://x"):
        with pytest.raises(BadSetting, match="PUBLIC_URL"):
            answer_links(settings(url), nowhere)
    assert answer_links(settings("https://kb.example.org"), nowhere).public_url
