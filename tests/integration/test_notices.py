"""People elsewhere are told of approvals: by signed webhooks and by mail, on real servers on loopback."""

import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from graph.server.notices.email import Mail, Mailer
from graph.server.notices.post_office import TryLater, post_office_of
from graph.server.notices.webhook import NotTaken, Webhooks, signature
from graph.testing.running_reader import RunningReader, running_reader
from kb_contract.errors import BadInput, BadSetting
from tests.conftest import until
from tests.doubles.approval_world import GRAPH, World, settings_of
from tests.doubles.hook_receiver import hook_receiver
from tests.doubles.mail_inbox import Inbox, mail_inbox
from tests.doubles.scripted_agents import plan_of, step

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
SECRET = "a long random text"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_inbox() as inbox:
        yield inbox


async def asked(reader: RunningReader) -> str:
    steps = (step("g", agent="pay", requires_approval=True, script={"amount": 5}),)
    return await reader.ask({"question": "q?", "own_plan": plan_of(*steps)}, graph=GRAPH)


async def test_what_waits_and_what_was_decided_is_told_once_by_hook_and_mail(
    database_url: str, inbox: Inbox
):
    world = World(database_url)
    with hook_receiver(500) as receiver:
        settings = settings_of(
            database_url, notify_webhooks=receiver.url, notify_webhook_secret=SECRET,
            notify_private_addresses=True, notify_email_to="ada@example.org", smtp_url=inbox.url,
        )  # fmt: skip
        async with running_reader(settings, world.graphs(), tends_itself=True) as reader:
            thread = await asked(reader)
            await until(lambda: len(receiver.came) >= 2 and inbox.mails)
            await reader.approver("ada").see_through(thread)
            await until(lambda: len(receiver.came) >= 3)
    (first, again), decided = receiver.came[:2], receiver.came[2]
    assert first[0]["webhook-id"] == again[0]["webhook-id"] != decided[0]["webhook-id"]
    for headers, body in receiver.came:
        moment = int(headers["webhook-timestamp"])
        assert abs(time.time() - moment) < 120
        right = signature(SECRET, headers["webhook-id"], moment, body)
        assert headers["webhook-signature"] == right
    said = json.loads(first[1])
    assert (said["type"], said["data"]["thread_id"]) == ("approval.asked", thread)
    assert "amount" not in first[1].decode(), "arguments are for the inbox"
    assert json.loads(decided[1])["type"] == "approval.approved"
    [mail] = inbox.mails
    assert (mail["to"], "waits for you" in mail["subject"]) == ("ada@example.org", True)
    assert f"kb approve {said['data']['approval_id']}" in str(mail.get_payload())
    with psycopg.connect(database_url) as database:
        rows = database.execute("select channel, status, attempts from ops.notices order by 1, 3")
        assert rows.fetchall() == [
            ("email", "sent", 1),
            ("webhook", "sent", 1),
            ("webhook", "sent", 2),
        ]


async def test_redirects_are_not_followed_and_loopback_is_refused():
    with hook_receiver(302) as receiver:
        with pytest.raises(NotTaken, match="redirects are not followed"):
            await Webhooks(SECRET, allow_private=True).post(receiver.url, "d1", b"{}")
        assert len(receiver.came) == 1
        with pytest.raises(BadInput, match="NOTIFY_PRIVATE_ADDRESSES"):
            await Webhooks(SECRET).post(receiver.url.replace("http:", "https:"), "d1", b"{}")
        assert len(receiver.came) == 1


async def test_a_receiver_that_never_takes_it_is_given_up_and_named(database_url: str):
    world = World(database_url)
    with hook_receiver(*[503] * 20) as receiver:
        settings = settings_of(
            database_url, notify_webhooks=receiver.url, notify_webhook_secret=SECRET,
            notify_private_addresses=True,
        )  # fmt: skip
        async with running_reader(settings, world.graphs()) as reader:
            await asked(reader)
            assert reader.worker is not None
            office = reader.worker.people.post_office
            notices: list[int] = []

            async def put(_: Any, notice_id: int) -> None:
                notices.append(notice_id)

            assert [await office.collect(put) for _ in range(2)] == [1, 0]
            for _ in range(7):
                with pytest.raises(TryLater, match="503"):
                    await office.deliver(notices[0])
            for _ in range(3):
                await office.deliver(notices[0])
    with psycopg.connect(database_url) as database:
        [row] = database.execute("select status, attempts, error from ops.notices").fetchall()
    assert (row[:2], "503" in row[2], len(receiver.came)) == (("failed", 8), True, 8)


async def test_a_mail_cannot_be_given_other_headers(inbox: Inbox):
    text = "subject\r\nBcc: eve@example.org\r\n\r\nbody"
    await Mailer(inbox.url, "us@example.org").send(Mail("ada@example.org", text, "words", "d1"))
    [mail] = inbox.mails
    assert (mail["bcc"], mail["to"]) == (None, "ada@example.org")


def test_settings_that_could_never_deliver_are_refused(database_url: str):
    for more, named in (
        ({"notify_webhooks": "https://x.example"}, "NOTIFY_WEBHOOK_SECRET"),
        ({"notify_webhooks": "https://a..b/", "notify_webhook_secret": SECRET}, "can be no host"),
        ({"notify_webhooks": "https://x.example, https://xn--zzzz-.com/", "notify_webhook_secret": SECRET},
         "no URL"),
        ({"notify_webhooks": "http://x.example", "notify_webhook_secret": SECRET}, "by https"),
        ({"notify_webhooks": "https://x.example", "notify_webhook_secret": "whsec_a b"}, "no base64"),
        ({"notify_email_to": "a@example.org"}, "SMTP_URL"),
        ({"notify_email_to": "a@example.org", "smtp_url": "smtp://host:words"}, "SMTP_URL"),
        ({"notify_email_to": "a@b@c", "smtp_url": "smtp://host"}, "no mail address"),
    ):  # fmt: skip
        with pytest.raises((BadSetting, BadInput), match=named):
            post_office_of(settings_of(database_url, **more), None)  # type: ignore[arg-type]
