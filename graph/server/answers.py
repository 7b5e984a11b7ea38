"""Kept answers, and the passages that they quote with the quote marked. `/answers`."""

import html
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, Response
from pydantic import AwareDatetime

from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.knowledge import own_agents
from graph.server.replies.answers import CitedPassage, KeptAnswer, StaleAnswers
from graph.server.run_request import OwnId, PathId
from graph.server.server_parts import Parts, ServerParts
from graph.state import Passage

router = APIRouter(tags=["answers"], route_class=BorderRoute)
Number = Annotated[int, Path(ge=1, le=10_000)]
# What stands in a document is data: on this page it can load and run nothing.
_NOTHING_LOADS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


@router.get("/answers/stale", response_model=StaleAnswers)
async def stale_answers(
    parts: Parts,
    agent: Annotated[
        OwnId | None, Query(description="made stale by this agent; none: by any of them")
    ] = None,
    since: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JsonResponse:
    """Answers that were given and hold no more, newest first: when, why, and by whose generation."""
    if agent is not None:
        own_agents([agent])
    rows = await parts.database.rows("stale_answers", agent_id=agent, since=since, limit=limit)
    return JsonResponse({"answers": rows})


@router.get("/answers/{answer_id}", response_model=KeptAnswer)
async def answer(parts: Parts, answer_id: PathId) -> JsonResponse:
    """An answer with its citations, which sentence stands on which, and what sources differ in."""
    row = await parts.database.row("answer", answer_id=answer_id)
    if row is None:
        raise ApiError(
            404, f"no answer {answer_id!r} is kept", hint="take answer_id from an answer"
        )
    rows = await parts.database.rows("citations_shown", answer_id=answer_id)
    cited = [
        {**one, "chunk_id": str(one["chunk_id"]), **_links(parts, answer_id, one)} for one in rows
    ]
    stale = row["stale_at"].isoformat() if row["stale_at"] else None
    body = {**row, "created_at": row["created_at"].isoformat(), "stale_at": stale}
    return JsonResponse({**body, "citations": cited})


@router.get(
    "/answers/{answer_id}/citations/{number}",
    response_model=CitedPassage,
    responses={200: {"content": {"text/html": {}}}},
)
async def passage(
    parts: Parts,
    answer_id: PathId,
    number: Number,
    format: Literal["json", "html"] = "json",  # noqa: A002 - the name that callers use
) -> Response:
    """The passage of a citation, as its generation has it, with the quote marked."""
    rows = await parts.database.rows("citations_shown", answer_id=answer_id)
    if number > len(rows):
        raise ApiError(
            404, f"answer {answer_id!r} has {len(rows)} citations", hint="count from 1, as it does"
        )
    cited = rows[number - 1]
    found = await _passage(parts, cited)
    body = {**_marked(cited, found), **_links(parts, answer_id, cited), "answer_id": answer_id}
    if format == "html":
        return HTMLResponse(_page(body), headers=_NOTHING_LOADS)
    return JsonResponse(body)


async def _passage(parts: ServerParts, cited: Row) -> Passage:
    """Read it with the caller's rights; what nobody may read any more is not shown here either."""
    if parts.reader is None:
        raise ApiError(503, "this server was started without knowledge", hint="start it: kb serve")
    found = await parts.reader.chunk_text(
        cited["agent_id"], cited["generation"], str(cited["chunk_id"])
    )
    if found is None:
        raise ApiError(
            404, f"generation {cited['generation']} of {cited['agent_id']} does not have it for you now",
            hint="it was deleted, is for others, or only git has it: `kb cite verify` reads it there",
        )  # fmt: skip
    return found


def _marked(cited: Row, found: Passage) -> dict[str, Any]:
    start, end = cited["start"] - found["start"], cited["end"] - found["start"]
    text = found["text"]
    return {
        "before": text[:start], "quote": text[start:end], "after": text[end:],
        "stands": text[start:end] == cited["quote"], "path": found["path"], "title": found["title"],
        "sha": cited["sha"], "start": cited["start"], "end": cited["end"], "page": found["page"],
        "heading_path": found["heading_path"], "agent_id": cited["agent_id"],
        "generation": cited["generation"], "chunk_id": str(cited["chunk_id"]),
        "run_id": cited["run_id"], "score": cited["score"],
    }  # fmt: skip


def _links(parts: ServerParts, answer_id: str, cited: Row) -> dict[str, str | None]:
    """Where the passage is shown, and the Dagster run and asset that published it."""
    dagster, run = parts.settings.dagster_url.rstrip("/"), cited["run_id"]
    partition = quote(cited["agent_id"], safe="")
    return {
        "passage_url": f"/answers/{answer_id}/citations/{cited['ordinal']}",
        "run_url": f"{dagster}/runs/{run}" if dagster and run else None,
        "asset_url": f"{dagster}/assets/live_alias?view=events&partition={partition}"
        if dagster
        else None,
    }


def _page(body: dict[str, Any]) -> str:
    def shown(name: str) -> str:
        return html.escape(str(body[name] if body[name] is not None else ""))

    place = html.escape(" > ".join(body["heading_path"]))
    page = f"page {shown('page')}, " if body["page"] is not None else ""
    links = "".join(
        f' \u00b7 <a href="{shown(name)}">{words}</a>'
        for name, words in (("run_url", "run"), ("asset_url", "asset"))
        if body[name]
    )
    return (
        "<!doctype html><meta charset=utf-8><title>{title}</title>"
        "<style>body{{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}}"
        "pre{{white-space:pre-wrap}}mark{{background:#ffe58a}}</style>"
        "<h1>{title}</h1><p>{place}</p><pre>{before}<mark>{quote}</mark>{after}</pre>"
        "<p>{path} at {sha}, {page}characters {start} to {end}, generation {generation}{links}</p>"
    ).format(
        place=place, page=page, links=links,
        **{name: shown(name) for name in ("title", "before", "quote", "after", "path", "sha", "start",
                                          "end", "generation")},
    )  # fmt: skip
