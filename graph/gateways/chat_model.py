"""Every provider through one port: bounded in time, two requests at most, and never half an answer."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from graph.gateways.postgres import LazyPool
from graph.gateways.run_story import tell_story
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import WORKING_STEP, Check, Heard, Written, accepted
from graph.settings import ReaderSettings
from kb_contract.chat_models.books import Books, Order
from kb_contract.chat_models.breaker import BreakerChange
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.logical_call import LogicalCall
from kb_contract.chat_models.prices import per_thousand
from kb_contract.chat_models.profiles import TIERS, Profile, chosen_profile, read_models_file
from kb_contract.chat_models.request import order_for
from kb_contract.chat_models.switchboard import Switchboard

log = structlog.get_logger(__name__)
USUAL_PROMPT: Final = 2_000


def tell_change(change: BreakerChange) -> None:
    """Say that a model is asked no more, is tried, or is asked again."""
    log.warning("model", model=change.model, state=change.state, why=change.why, rest=change.rest)
    # Whoever asks a question need not know where our models are.
    said = {"model": change.model.partition(" at ")[0], "state": change.state, "why": change.why}
    tell_story({"type": "model_state", "lane": "models", **said})


@dataclass(frozen=True)
class RoutedChatModel:
    """The models of a profile, in their order; only the profile names them."""

    profile: Profile
    books: Books
    keep_state: Callable[[BreakerChange], Coroutine[Any, Any, None]] | None = None
    """Keeps how a model is, where other processes see it."""
    board: Switchboard = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "board", Switchboard(self.profile, self._changed))

    def _changed(self, change: BreakerChange) -> None:
        tell_change(change)
        if self.keep_state is not None:
            self.board.beside(self.keep_state(change))

    async def write(
        self,
        *,
        system: str,
        user: str,
        tier: str,
        deadline: float,
        check: Check = accepted,
        heard: Heard | None = None,
    ) -> Written:
        """Return a whole answer that passes `check` within `deadline` seconds, or raise `NoAnswer`."""
        _, agent = WORKING_STEP.get() or (None, None)
        call = LogicalCall(
            self.board,
            self.books,
            system,
            user,
            self.profile.tier_for(tier, agent),
            asyncio.get_running_loop().time() + deadline,
            check,
            heard,
        )
        return await call.in_time()

    async def ask_first(self, steps: Sequence[tuple[str, str]]) -> str:
        """Say which budget wants a person to agree to these (agent, tier), by what they may take at most."""
        await asyncio.to_thread(litellm)
        orders: list[tuple[str, Order]] = []
        for agent, planned in steps:
            tier = self.profile.tier_for(planned, agent)
            role, one = self.profile.in_order(tier)[0]
            orders.append((agent, order_for(one, tier, role, USUAL_PROMPT, one.timeout)))
        return await self.books.asks(orders)

    async def prices(self) -> Mapping[str, float]:
        """Say what a thousand tokens cost, by tier, of the model that is asked first."""
        await asyncio.to_thread(litellm)
        first = {
            tier: self.profile.in_order(self.profile.tier_for(tier, None))[0] for tier in TIERS
        }
        return {tier: per_thousand(one) for tier, (_, one) in first.items()}

    async def close(self) -> None:
        """Wait for the books of what was given up."""
        await self.board.finished()


def chat_model(settings: ReaderSettings, ops: LazyPool) -> RoutedChatModel | None:
    """Return the model of the settings; None means that answers are made of sentences as they are."""
    profile = chosen_profile(settings.llm_profile, settings.llm_profiles)
    if profile is None:
        return None
    budgets = read_models_file(settings.llm_profiles).budgets
    books = PostgresBooks(ops, settings.workspace_id, budgets)
    return RoutedChatModel(profile, books, books.keep_state)
