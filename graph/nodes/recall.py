"""Gives an answer again that was worked out before, where it still holds; and keeps new ones."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from langgraph.runtime import Runtime

from graph.caching.kept_answer import AnswerCache, Asking, Costs, Hit
from graph.caching.what_is_kept import Lifetimes, Moment, kept_of, why_not_kept
from graph.caching.wishes import read_wish
from graph.caller import current_caller
from graph.gateways.run_story import tell_story
from graph.planning.asking_back import says_nothing
from graph.ports import CallerGroups, FinishedAnswer
from graph.run_context import RunContext
from graph.selection import EVERYTHING
from graph.state import State
from kb_contract.citation import Citation

LANE: Final = "cache"
NOT_KEPT: Final = "No answer to this is kept, and only a kept one was asked for."


@dataclass(frozen=True)
class Recall:
    """Looks before anybody works; whoever comes second waits for the first."""

    cache: AnswerCache
    caller: CallerGroups

    async def __call__(self, state: State, runtime: Runtime[RunContext]) -> dict[str, Any]:
        said = RunContext.model_validate(runtime.context or {})
        if said.as_of is not None or said.only != EVERYTHING or state.own_plan is not None:
            return {}
        began = time.monotonic()
        asking = asking_of(state, self.caller(), said.cache)
        looked = await self.cache.find(asking)
        if looked.hit is not None:
            return _given_again(state, looked.hit, round(time.monotonic() - began, 3))
        if asking.wish.only_kept:
            return {"answer": NOT_KEPT, "status": "refused"}
        return {"cache": {"served": dict(looked.served)} if looked.served is not None else {}}


def asking_of(state: State, groups: tuple[str, ...], wish: str | None) -> Asking:
    """Say what is asked by whom."""
    scope = current_caller().scope
    return Asking(
        question=state.asks,
        agent=state.agent,
        groups=groups,
        wish=read_wish(wish),
        answer_id=state.answer_id,
        may_ask=None if scope is None else tuple(scope),
        alone=not says_nothing(state.question),
    )


def _given_again(state: State, hit: Hit, seconds: float) -> dict[str, Any]:
    kept, body = hit.kept, hit.kept.body
    about = {
        "hit": hit.kind,
        "answer_id": kept.entry_id,
        "question": kept.question,
        "age_seconds": round(hit.age, 1),
        "saved_cost": kept.costs.dollars,
        "saved_seconds": kept.costs.seconds,
    }
    tell_story({"type": "cached", "step": None, "agent": None, "lane": LANE, **about})
    return {
        "answer": body["answer"],
        "status": "completed",
        "query_type": kept.query_type,
        "classification": body["classification"],
        "plan": body["plan"],
        "citations": list(hit.citations),
        "coverage": body["coverage"],
        "conflicts": [_as_it_stands(one, hit.citations) for one in body["conflicts"]],
        "cached": True,
        "cache": about,
        "timings": {**state.timings, "recall": seconds},
    }


def _as_it_stands(conflict: Mapping[str, Any], citations: Any) -> dict[str, Any]:
    """Let the sides of a conflict name the places of now, as the citations do."""
    place = ("path", "title", "sha", "generation", "start", "end")

    def moved(side: Mapping[str, Any]) -> dict[str, Any]:
        numbers: list[int] = side.get("citations") or []
        cited: Citation | None = citations[numbers[0] - 1] if numbers else None
        now = (
            {name: cited[name] for name in place}
            if cited and cited["quote"] == side["quote"]
            else {}
        )
        return {**side, **now}

    return {**conflict, "sides": [moved(one) for one in conflict["sides"]]}


async def nothing_is_kept(_state: State) -> dict[str, Any]:
    """Work out every answer anew."""
    return {}


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)  # noqa: TID251 - the clock that others take as a parameter


@dataclass(frozen=True)
class Keeping:
    """Keeps a finished answer for whoever asks next, if it may be given again at all."""

    cache: AnswerCache
    caller: CallerGroups
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    now: Callable[[], datetime] = utc_now

    async def __call__(self, state: State, finished: FinishedAnswer, wish: str | None) -> None:
        """Whether it is kept or not, those who wait for it go on."""
        try:
            await self._kept(state, finished, wish)
        finally:
            self.cache.let_go(state.answer_id)

    async def _kept(self, state: State, finished: FinishedAnswer, wish: str | None) -> None:
        served: Mapping[str, int] | None = state.cache.get("served")
        seconds = self.lifetimes.of(state.query_type)
        if state.cached or served is None or seconds <= 0 or not read_wish(wish).may_keep:
            return
        if why_not_kept(state, as_of=finished.as_of):
            return
        groups = self.caller()
        costs = Costs(float(finished.usage.get("cost", 0.0)), finished.timings.get("total", 0.0))
        kept = kept_of(state, served, groups, costs, Moment(self.now(), seconds))
        if kept is not None:
            await self.cache.keep(asking_of(state, groups, wish), kept)
