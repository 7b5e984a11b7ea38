"""Books without budgets, kept in memory: a real implementation of the port for tests without Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.ports import WORKING_STEP
from kb_contract.chat_models.books import Held, Order, Receipt
from kb_contract.chat_models.profiles import Profile
from tests.doubles.loopback_provider import LoopbackProvider


@dataclass
class KeptBooks:
    orders: list[Order] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    sent: list[Held] = field(default_factory=list)
    who: list[tuple[str, str] | None] = field(default_factory=list)
    question: str = ""
    """What a budget wants to be asked."""

    async def hold(self, order: Order) -> Held:
        self.orders.append(order)
        self.who.append(WORKING_STEP.get())
        return Held(str(len(self.orders)))

    async def goes_out(self, held: Held) -> None:
        self.sent.append(held)

    async def asks(self, orders: Sequence[tuple[str, Order]]) -> str:
        return self.question

    async def settle(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)


def loopback_profile(*providers: LoopbackProvider, **more: Any) -> Profile:
    """Ask these, in this order."""
    asked = {
        role: {"standard": {
            "model": f"openai/{role}", "api_base": one.api_base, "api_key": SecretStr("sk-test"),
            "input_price": 1.0, "output_price": 2.0, **more,
        }}
        for role, one in zip(("primary", "fallback", "emergency"), providers, strict=False)
    }  # fmt: skip
    return Profile.model_validate(asked)


def loopback_model(
    *providers: LoopbackProvider, books: KeptBooks | None = None, **more: Any
) -> RoutedChatModel:
    return RoutedChatModel(loopback_profile(*providers, **more), books or KeptBooks())
