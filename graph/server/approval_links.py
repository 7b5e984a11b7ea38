"""The page behind a link in a mail: it shows what would be done, and its buttons answer once. `/approvals/links…`."""

import html
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, Response

from graph.caller import Caller, working_for
from graph.server.approval_answering import one_approval
from graph.server.approvals import Decided, decide
from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.door.roles import INCLUDED
from graph.server.errors import REFUSALS, ApiError
from graph.server.notices.answer_links import AnswerLinks
from graph.server.server_parts import Parts, ServerParts

router = APIRouter(prefix="/approvals/links", tags=["approvals"], route_class=BorderRoute)
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]
# What a document or a tool said is data on this page: it runs nothing, and loads nothing.
POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    # With `no-referrer` a browser would not say whose page it was that sent the form.
    "Referrer-Policy": "same-origin",
}
STYLE: Final = (
    "body{font:16px/1.5 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}"
    "pre{white-space:pre-wrap;background:#f4f1ec;padding:1rem}form{display:inline}"
    "button{font:inherit;padding:.5rem 1rem;margin-right:1rem}"
)
# What the API's page says of it: people read pages, and what they sent by hand gets errors as everywhere.
_HTML: Final[dict[str, Any]] = {"content": {"text/html": {}}}
_PAGES: Final[dict[int | str, dict[str, Any]]] = {
    200: _HTML,
    **{
        status: {**REFUSALS[status], "content": {**REFUSALS[status]["content"], **_HTML["content"]}}
        for status in (403, 404, 409, 422)
    },
}
GONE: Final = "This link was used, is too old, or what it was about is something else by now."


@router.get("/{token}", response_class=Response, responses=_PAGES)
async def show_link(parts: Parts, token: Token) -> Response:
    """What the link is about, with a button for each answer; looking decides nothing."""
    link = await AnswerLinks(parts.database).look(token)
    if link is None:
        return _page(f"<p>{GONE}</p>", status=404)
    with working_for(_bearer(link)):
        row = await one_approval(parts.database, link["approval_id"], link["thread_id"])
    if row["status"] != "pending" or row["digest"] != link["shown"]:
        return _page(f"<p>{GONE}</p>", status=404)
    return _page(_shown(row["request"], token))


@router.post("/{token}/{answer}", response_class=Response, responses=_PAGES)
async def use_link(parts: Parts, token: Token, answer: Literal["approve", "reject"]) -> Response:
    """Answer with the link, in the name of whoever it was sent to; it is used up by that."""
    link = await AnswerLinks(parts.database).used(token)
    if link is None:
        return _page(f"<p>{GONE}</p>", status=404)
    try:
        said = await _decided(parts, link, answer)
    except ApiError as refused:
        return _page(f"<p>{html.escape(refused.message)}</p>", status=refused.status_code)
    return _page(f"<p>It is {html.escape(said)}.</p>")


async def _decided(parts: ServerParts, link: Row, answer: str) -> str:
    about = Decided(digest=link["shown"], thread_id=link["thread_id"])
    with working_for(_bearer(link)):
        done = await decide(parts, link["person"], link["approval_id"], {"type": answer}, about)
    return done.status


def _bearer(link: Row) -> Caller:
    """Whoever has the link may answer this one approval, and nothing else is asked of them here."""
    return Caller(link["person"], INCLUDED["approver"])


def _shown(request: Mapping[str, Any], token: str) -> str:
    risk: Mapping[str, Any] = request.get("risk") or {}
    lines = {
        "What": request.get("what"),
        "Why": request.get("why"),
        "Impact": request.get("impact"),
        "Risk": risk.get("level"),
    }
    told = "".join(
        f"<p><b>{name}:</b> {html.escape(str(one))}</p>" for name, one in lines.items() if one
    )
    whole = html.escape(json.dumps(request, ensure_ascii=False, indent=1, default=str))
    buttons = "".join(
        f'<form method="post" action="/approvals/links/{token}/{verb}"><button>{word}</button></form>'
        for verb, word in (("approve", "Approve"), ("reject", "Reject"))
    )
    return f"<h1>An approval waits for you</h1>{told}{buttons}<h2>All of it</h2><pre>{whole}</pre>"


def _page(body: str, status: int = 200) -> HTMLResponse:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Approval</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>{body}'
    )
    return HTMLResponse(page, status_code=status, headers=POLICY)
