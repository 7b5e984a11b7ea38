"""How much may be spent, by whom, in which time, and what happens when it is not enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Scope = Literal["service", "user", "session", "agent"]
Period = Literal["day", "month", "ever"]
OverBudget = Literal["reject", "cheaper", "throttle", "ask"]
EVERYBODY: Final = "*"


class Budget(BaseModel):
    """A cap; one balance is kept for each subject and period."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    scope: Scope = "service"
    subject: Annotated[str, Field(min_length=1, max_length=200)] = EVERYBODY
    """One user, session or agent; `*`: each of them has the cap for itself."""
    period: Period = "month"
    cap: float = Field(gt=0)
    unit: Literal["dollars", "tokens"] = "dollars"
    over: OverBudget = "reject"
    warn_at: float = Field(default=0.8, gt=0, le=1)
    """Share of the cap from which people are told, and from which `cheaper` is cheaper."""

    def subject_of(self, who: Mapping[str, str | None]) -> str | None:
        """Whose balance a call counts in; None when this budget does not look at the call."""
        if self.scope == "service":
            return EVERYBODY
        subject = who.get(
            {"user": "user_id", "session": "thread_id", "agent": "agent_id"}[self.scope]
        )
        return subject if subject and self.subject in {EVERYBODY, subject} else None

    def cap_for(self, tier: str) -> float:
        """Return the cap for a tier; near its end, `cheaper` has room for cheap models alone."""
        nearly = self.over == "cheaper" and tier != "cheap"
        return self.cap * self.warn_at if nearly else self.cap

    def begins(self, now: datetime) -> str:
        """Name the period that a moment lies in, by its first day."""
        if self.period == "ever":
            return "ever"
        return now.strftime("%Y-%m-01" if self.period == "month" else "%Y-%m-%d")


@dataclass(frozen=True)
class Hold:
    """What one call may take from one balance at most."""

    budget: Budget
    subject: str
    begins: str
    amount: float
    usual: float
    """By our count, of a provider that keeps to what it is asked for."""
    cap: float | None
    """None: a person agreed to go past it."""

    def as_json(self) -> dict[str, Any]:
        return {
            "budget": self.budget.name,
            "subject": self.subject,
            "begins": self.begins,
            "amount": self.amount,
            "cap": self.cap,
            "full_cap": self.budget.cap,
            "warn_from": self.budget.cap * self.budget.warn_at,
            "unit": self.budget.unit,
        }


def spent_words(budget: Budget, said: Mapping[str, Any]) -> str:
    """Say that a budget has no room, with the figures that `ops.hold_money` gave."""
    whose = "" if said["subject"] == EVERYBODY else f" of {said['subject']}"
    return (
        f"the budget {budget.name}{whose} has no room: {float(said['spent']):.4f} of {budget.cap:g} "
        f"{budget.unit} spent, {float(said['held']):.4f} held, {float(said['usual']):.4f} wanted, "
        f"and {float(said['amount']):.4f} at worst"
    )


@dataclass(frozen=True)
class Wanted:
    """What a request may take at most, and what by our count."""

    tier: str
    dollars: float
    tokens: int
    usual_dollars: float
    usual_tokens: int
    approved: bool = False
    """A person agreed to it."""


def holds_of(
    budgets: tuple[Budget, ...], who: Mapping[str, str | None], now: datetime, wanted: Wanted
) -> list[Hold]:
    """Return what a call takes from which balances, always in the same order."""
    found = [
        Hold(
            one,
            subject,
            one.begins(now),
            wanted.dollars if one.unit == "dollars" else float(wanted.tokens),
            wanted.usual_dollars if one.unit == "dollars" else float(wanted.usual_tokens),
            None if wanted.approved and one.over == "ask" else one.cap_for(wanted.tier),
        )
        for one in budgets
        if (subject := one.subject_of(who)) is not None
    ]
    return sorted(found, key=lambda one: (one.budget.name, one.subject, one.begins))
