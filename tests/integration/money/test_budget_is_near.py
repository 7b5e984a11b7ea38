"""People elsewhere are told once of a budget that comes near its end, whoever and however many spent it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import WORKING_STEP
from graph.testing.running_reader import running_reader
from kb_contract.chat_models.books import Receipt
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.prices import Count
from tests.conftest import until
from tests.doubles.approval_world import World, settings_of
from tests.doubles.hook_receiver import HookReceiver, hook_receiver
from tests.doubles.mail_inbox import Inbox, mail_inbox
from tests.integration.money.conftest import order

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
FILE = "budgets: [{name: house, scope: agent, period: ever, cap: 1, warn_at: 0.5}]\n"
HOUSE = Budget(name="house", scope="agent", period="ever", cap=1, warn_at=0.5)


async def spend(books: PostgresBooks, agent: str, dollars: float) -> None:
    token = WORKING_STEP.set(("s", agent))
    held = await books.hold(order(dollars))
    WORKING_STEP.reset(token)
    await books.settle(Receipt(held, Count(1, 1), dollars, "answered", 0.1))


def told(receiver: HookReceiver) -> list[dict[str, Any]]:
    said = [json.loads(body) for _, body in receiver.came]
    return [one["data"] for one in said if one["type"] == "budget.near"]


def told_ids(receiver: HookReceiver) -> set[str]:
    return {headers["webhook-id"] for headers, _ in receiver.came}


def mail_ids(inbox: Inbox) -> set[str]:
    return {str(mail["Message-ID"]) for mail in inbox.mails}


async def test_each_crossing_is_told_once_by_hook_mail_and_metric(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(FILE, encoding="utf-8")
    pools = [LazyPool(SecretStr(database_url), seconds=60) for _ in range(2)]
    books = [PostgresBooks(one, budgets=(HOUSE,)) for one in pools]
    with mail_inbox() as inbox, hook_receiver(503) as receiver:  # the first time it is not taken
        settings = settings_of(
            database_url, llm_profiles=str(file), notify_webhooks=receiver.url, notify_webhook_secret="s" * 24,
            notify_private_addresses=True, notify_email_to="ada@example.org", smtp_url=inbox.url,
        )  # fmt: skip
        async with running_reader(
            settings, World(database_url).graphs(), tends_itself=True
        ) as reader:
            # Twenty at once, out of two pools, of which the tenth crosses; and then some beyond it.
            await asyncio.gather(*(spend(books[n % 2], "one", 0.045) for n in range(20)))
            await spend(books[0], "two", 0.40)
            await until(lambda: len(receiver.came) >= 2 and inbox.mails)
            [first] = {json.dumps(one, sort_keys=True) for one in told(receiver)}
            assert (json.loads(first)["budget"], json.loads(first)["subject"]) == ("house", "one")
            # The next that is told is the next crossing: nothing was told in between.
            await spend(books[1], "two", 0.20)
            await until(lambda: len(told_ids(receiver)) >= 2 and len(mail_ids(inbox)) >= 2)
            shown = (await reader.http.get("/metrics")).text.splitlines()
    # What is not taken at once comes again, under its old name.
    assert list(dict.fromkeys(one["subject"] for one in told(receiver))) == ["one", "two"]
    assert len(told_ids(receiver)) == 2
    assert len(mail_ids(inbox)) == 2
    [used] = [one for one in shown if one.startswith('scriptorium_budget_used{budget="house"}')]
    assert float(used.split()[-1]) == pytest.approx(0.9)
    for one in pools:
        await one.close()
