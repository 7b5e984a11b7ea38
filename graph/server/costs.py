"""What providers cost, by whom and for what. `/costs`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from graph.caller import current_caller
from graph.server.border import BorderRoute
from graph.server.clock import utc_now
from graph.server.database import Row
from graph.server.door.authentication import require_all_agents
from graph.server.encoding import JsonResponse
from graph.server.replies.costs import Costs
from graph.server.server_parts import Parts, ServerParts
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.profiles import read_models_file

router = APIRouter(tags=["costs"], route_class=BorderRoute)
SHOWN_OF_A_BUDGET: Final = 50
By = Literal["agent", "type", "user", "session", "day", "model"]


@router.get("/costs", response_model=Costs)
async def costs(
    parts: Parts,
    by: By = "agent",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JsonResponse:
    """Spend since the first of the month (or `since`), by `by`; budgets, projection, costly questions."""
    require_all_agents(current_caller())
    now = utc_now()
    begins = since or datetime(now.year, now.month, 1, tzinfo=UTC)
    # What processes left behind that died is settled first, so that the sums are whole.
    await parts.database.rows("settle_lost_money")
    between = {"workspace": parts.settings.workspace_id, "since": begins, "until": until}
    total = await parts.database.row("costs_total", **between)
    said: dict[str, Any] = {
        "by": by,
        "since": begins.isoformat(),
        "until": until.isoformat() if until else None,
        "rows": await parts.database.rows("costs", by=by, limit=limit, **between),
        "total": total,
        "ingestion": await parts.database.row("ingestion_costs", **between),
        "budgets": await budgets_now(parts, now),
        "projection": await _projection(parts, now),
        "costly_questions": await parts.database.rows("costly_questions", **between),
        "caches": await _caches(parts, begins),
    }
    return JsonResponse(said)


async def _caches(parts: ServerParts, since: datetime) -> list[dict[str, Any]]:
    """How often each cache knew since then, and what it holds now."""
    rows = await parts.database.rows("cache_figures", since=since)
    return [
        {**row, "hit_rate": round(row["hits"] / max(1, row["hits"] + row["misses"]), 4)}
        for row in rows
    ]


async def budgets_now(parts: ServerParts, now: datetime) -> list[dict[str, Any]]:
    """The fullest balances of each budget in the periods that it is now, and the budgets that nobody used."""
    budgets = {one.name: one for one in read_models_file(parts.settings.llm_profiles).budgets}
    begins = sorted({one.begins(now) for one in budgets.values()})
    rows = await parts.database.rows("balances", begins=begins, limit=SHOWN_OF_A_BUDGET)
    shown = [_balance(budgets[row["budget"]], row) for row in rows if row["budget"] in budgets]
    unused = set(budgets) - {one["budget"] for one in shown}
    nothing = {"subject": None, "begins": None, "spent": 0.0, "held": 0.0}
    return [
        *shown,
        *(_balance(budgets[name], {"budget": name, **nothing}) for name in sorted(unused)),
    ]


def _balance(budget: Budget, row: Row) -> dict[str, Any]:
    about = {
        "scope": budget.scope,
        "period": budget.period,
        "unit": budget.unit,
        "over": budget.over,
    }
    share = round((row["spent"] + row["held"]) / budget.cap, 4)
    shown = {name: row[name] for name in ("budget", "subject", "begins", "spent", "held")}
    return {**shown, **about, "cap": budget.cap, "used": share}


async def _projection(parts: ServerParts, now: datetime) -> dict[str, Any]:
    """Say what the month will cost if it goes on like this."""
    first = datetime(now.year, now.month, 1, tzinfo=UTC)
    following = (first + timedelta(days=32)).replace(day=1)
    row = await parts.database.row(
        "costs_total", workspace=parts.settings.workspace_id, since=first, until=None
    )
    spent = row["cost"] if row else 0.0
    share = (now - first) / (following - first)
    return {
        "month": first.strftime("%Y-%m"),
        "spent": spent,
        "projected": round(spent / max(share, 1e-6), 6),
    }
