"""Who pays for a request: money is held before it, and what it took is written down after it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from kb_contract.chat_models.budgets import Wanted
from kb_contract.chat_models.prices import Count
from kb_contract.chat_models.profiles import Role, Tier
from kb_contract.errors import ModelFailed

Outcome = Literal["answered", "unusable", "failed", "abandoned"]
NoRoom = Literal["budget_waits", "budget_spent"]


@dataclass(frozen=True)
class Bound:
    """The most that can be settled for a request, whatever its provider says."""

    prompt: int
    completion: int
    dollars: float


@dataclass(frozen=True)
class Order:
    """A request that is about to be sent, and what it can take."""

    model: str
    tier: Tier
    role: Role
    prompt_tokens: int
    most_completion: int
    prompt_dollars: float
    most_dollars: float
    """Its prompt as we count it, and all of the answer that is asked for."""
    seconds: float
    """How long it may take."""
    bound: Bound
    unread_share: float = 1.0
    """Of an answer whose reader is gone, what is billed on average."""
    told: NoRoom | None = None
    """What was said already when there was no room for it; whoever waits says it once."""

    def as_json(self) -> dict[str, Any]:
        """Say it as `ops.hold_money` reads it, but for who asks."""
        ours = {"seconds", "told"}
        return {name: value for name, value in asdict(self).items() if name not in ours}

    def wanted(self, *, approved: bool = False) -> Wanted:
        """Return what of it is looked for in budgets; `approved`: a person agreed to it."""
        usual = self.prompt_tokens + self.most_completion
        most = self.bound.prompt + self.bound.completion
        return Wanted(self.tier, self.bound.dollars, most, self.most_dollars, usual, approved)


@dataclass(frozen=True)
class Held:
    """Money that is held."""

    call_id: str


@dataclass(frozen=True)
class Receipt:
    """How a request ended."""

    held: Held
    count: Count
    dollars: float
    outcome: Outcome
    seconds: float
    error: str = ""
    unread: bool = False
    """We hung up while the answer may still have come."""
    first_word: float | None = None
    """Seconds after which the answer began to come; None: it did not, or came at one go."""

    def as_json(self) -> dict[str, Any]:
        """Say it as `ops.settle_money` reads it."""
        return {
            "prompt_tokens": self.count.prompt,
            "completion_tokens": self.count.completion,
            "cached_tokens": self.count.cached,
            "source": self.count.source,
            "cost": self.dollars,
            "outcome": self.outcome,
            "seconds": self.seconds,
            "error": self.error,
            "unread": self.unread,
            "first_word": self.first_word,
        }


class BudgetSpent(ModelFailed):
    """A budget has no room for the request, so it is not sent."""

    def __init__(
        self, what: str, *, over: str, where: str, cure: str, momentary: bool = False
    ) -> None:
        super().__init__(what, where=where, cure=cure)
        self.over = over
        self.momentary = momentary
        """There is room again when requests that are under way are settled."""
        self.kind: NoRoom = "budget_waits" if momentary else "budget_spent"


class Books(Protocol):
    """Keeps a row for every request."""

    async def hold(self, order: Order) -> Held:
        """Write the request down and hold its money, or raise `BudgetSpent`."""
        ...

    async def goes_out(self, held: Held) -> None:
        """Write down that the request is sent now: of a process that dies before, nobody pays it."""
        ...

    async def asks(self, orders: Sequence[tuple[str, Order]]) -> str:
        """Say which budget wants a person to be asked before these agents send such requests."""
        ...

    async def settle(self, receipt: Receipt) -> None:
        """Replace what was held by what it took; settling twice settles once."""
        ...
