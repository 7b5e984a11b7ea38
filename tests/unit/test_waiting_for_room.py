"""Whoever waits for a budget's room looks less and less often, says it once, and counts its prompt once."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kb_contract.chat_models import request
from kb_contract.chat_models.books import BudgetSpent, Held, Order
from kb_contract.chat_models.profiles import Deployment
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider


@dataclass
class FullBooks(KeptBooks):
    """Books that have no room for so many looks."""

    full: int = 0

    async def hold(self, order: Order) -> Held:
        held = await super().hold(order)
        if len(self.orders) <= self.full:
            raise BudgetSpent("no room", over="throttle", where="here", cure="wait", momentary=True)
        return held


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


async def test_each_look_knows_what_was_told_and_counted(
    provider: LoopbackProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    count = request.count_asked

    def noted(one: Deployment, messages: list[dict[str, str]]) -> int:
        counted.append(one.model)
        return count(one, messages)

    monkeypatch.setattr(request, "count_asked", noted)
    provider.says("fine")
    books = FullBooks(full=2)
    model = loopback_model(provider, books=books)
    written = await model.write(system="s", user="u", tier="standard", deadline=120)
    await model.close()
    assert written.text == "fine"
    assert [one.told for one in books.orders] == [None, *["budget_waits"] * 2]
    assert counted == ["openai/primary"]
