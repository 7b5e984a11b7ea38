"""What was answered and paid reaches who asked, however late the books are, and it is settled all the same."""

import asyncio
from collections.abc import Iterator

import pytest

from graph.gateways.chat_model import RoutedChatModel
from graph.ports import NoAnswer
from graph.scheduler.retries import is_transient
from kb_contract.chat_models.books import Held, Order, Receipt
from kb_contract.errors import KnowledgeUnavailable
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider

AWAY = KnowledgeUnavailable("Postgres does not answer", where="DATABASE_URL")


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        running.says("fine")
        yield running


class LateBooks(KeptBooks):
    """Settles when it may, and not before."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_settle = asyncio.Event(), asyncio.Event()

    async def settle(self, receipt: Receipt) -> None:
        self.asked.set()
        await self.may_settle.wait()
        await super().settle(receipt)


class AwayBooks(KeptBooks):
    """Is away at every moment that is named, as often as it says."""

    def __init__(self, **moments: list[int]) -> None:
        super().__init__()
        self.moments, self.seen = moments, dict.fromkeys(("hold", "goes_out", "settle"), 0)

    def _away(self, moment: str) -> None:
        self.seen[moment] += 1
        if self.seen[moment] in self.moments.get(moment, ()):
            raise AWAY

    async def hold(self, order: Order) -> Held:
        self._away("hold")
        return await super().hold(order)

    async def goes_out(self, held: Held) -> None:
        self._away("goes_out")
        await super().goes_out(held)

    async def settle(self, receipt: Receipt) -> None:
        self._away("settle")
        await super().settle(receipt)


async def written(model: RoutedChatModel, check: str = "") -> str:
    def wrong(text: str) -> str:
        return "" if check in text else f"it lacks {check}"

    answer = await model.write(system="s", user="u", tier="cheap", deadline=60, check=wrong)
    return answer.text


async def test_an_answer_does_not_hang_on_books_that_are_late(provider: LoopbackProvider) -> None:
    books = LateBooks()
    model = loopback_model(provider, books=books)
    assert await written(model) == "fine"
    assert books.receipts == []
    books.may_settle.set()
    await model.close()
    assert [one.outcome for one in books.receipts] == ["answered"]


async def test_who_gives_up_while_it_is_settled_leaves_it_settled(
    provider: LoopbackProvider,
) -> None:
    books = LateBooks()
    model = loopback_model(provider, books=books)
    work = asyncio.create_task(written(model))
    await books.asked.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    books.may_settle.set()
    await model.close()
    assert [one.outcome for one in books.receipts] == ["answered"]


async def test_books_that_are_away_only_to_settle_are_tried_again(
    provider: LoopbackProvider,
) -> None:
    books = AwayBooks(settle=[1, 2])
    model = loopback_model(provider, books=books)
    assert await written(model) == "fine"
    await model.close()
    assert [one.outcome for one in books.receipts] == ["answered"]
    assert len(provider.calls) == 1


async def test_what_was_paid_is_not_asked_for_anew_when_the_books_go_away(
    provider: LoopbackProvider,
) -> None:
    books = AwayBooks(hold=[2])
    model = loopback_model(provider, books=books)
    with pytest.raises(NoAnswer, match=r"it lacks more.*no second request: Postgres") as failed:
        await written(model, check="more")
    await model.close()
    assert not is_transient(failed.value)
    assert len(failed.value.usage) == len(provider.calls) == len(books.receipts) == 1


async def test_books_that_take_nothing_down_are_no_fault_of_the_provider(
    provider: LoopbackProvider,
) -> None:
    books = AwayBooks(goes_out=[1, 2, 3])
    model = loopback_model(provider, books=books)
    for _ in range(3):
        with pytest.raises(KnowledgeUnavailable, match="Postgres") as failed:
            await written(model)
        assert is_transient(failed.value)
    assert await written(model) == "fine"
    await model.close()
    assert len(provider.calls) == 1
    assert [one.dollars for one in books.receipts[:3]] == [0.0] * 3
