"""`POST /hooks/git`: a git server tells of a push; the writer's sensor does the rest."""

import time
from typing import Annotated, Final, Literal

import structlog
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from graph.server.border import BorderRoute, read_json
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError, ErrorBody
from graph.server.hook_payloads import ToldPush, is_push, read_push
from graph.server.hook_signatures import Delivery, checked_delivery, keys_of
from graph.server.replies.examples import SHA, example
from graph.server.replies.knowledge import Push
from graph.server.server_parts import Parts, ServerParts

log = structlog.get_logger(__name__)
PATH: Final = "/hooks/git"
# A push of many commits is long; GitHub itself sends up to 25 MB, and leaves out commits before that.
MOST_BYTES: Final = 5_000_000
REFUSALS: Final = {status: {"model": ErrorBody} for status in (400, 401, 413, 422, 503)}
router = APIRouter(tags=["knowledge"], route_class=BorderRoute)
DeliveryId = Annotated[str, Path(pattern=r"^[\x21-\x7e]{1,220}$")]


class Received(BaseModel):
    """What became of a delivery."""

    model_config = example(
        status="recorded", delivery_id="github:72d3162e", why="", branch="main", commit=SHA
    )

    status: Literal["recorded", "known", "ignored", "pong"]
    delivery_id: str
    why: str = ""
    branch: str = ""
    commit: str = ""


@router.post(PATH, responses={202: {"model": Received}, **REFUSALS}, response_model=Received)
async def receive_push(parts: Parts, request: Request, response: Response) -> Received:
    """Take a signed push of GitHub, GitLab, Gitea or Forgejo; the sensor over git looks next."""
    keys = keys_of(parts.settings.git_webhook_secret)
    if not keys:
        raise ApiError(
            503, "webhooks are closed: there is no secret to know their sender by",
            hint="set GIT_WEBHOOK_SECRET, the same as in the hook's settings, and start again",
        )  # fmt: skip
    body = await request.body()
    delivery = checked_delivery(request.headers, body, keys, time.time())
    if delivery.event == "ping":
        return Received(status="pong", delivery_id=delivery.delivery_id)
    payload = read_json(body)
    if not is_push(delivery.provider, delivery.event, payload):
        return _ignored(delivery, f"{delivery.event[:100]} is no push")
    push = read_push(delivery.provider, payload)
    settings = parts.settings
    if why := push.why_not(settings.knowledge_repository, settings.knowledge_branch):
        return _ignored(delivery, why)
    received = await _keep(parts, delivery, push)
    response.status_code = 202 if received.status == "recorded" else 200
    log.info("push told", **received.model_dump(), repository=push.repository)
    return received


@router.get(PATH + "/{delivery_id}", response_model=Push)
async def show_push(parts: Parts, delivery_id: DeliveryId) -> JsonResponse:
    """What became of a push: when the writer looked, and the Dagster runs that it launched."""
    row = await parts.database.row("push", delivery_id=delivery_id)
    if row is None:
        raise ApiError(404, "no such push was told of", hint="the id begins with the provider")
    return JsonResponse(row)


async def _keep(parts: ServerParts, delivery: Delivery, push: ToldPush) -> Received:
    kept = await parts.database.row(
        "record_push", delivery_id=delivery.delivery_id, provider=delivery.provider,
        repository=push.repository, ref=push.ref, after_sha=push.after, pusher=push.pusher,
        signed_digest=delivery.signed_digest,
    )  # fmt: skip
    return Received(
        status="recorded" if kept else "known", delivery_id=delivery.delivery_id,
        branch=push.branch, commit=push.after,
    )  # fmt: skip


def _ignored(delivery: Delivery, why: str) -> Received:
    return Received(status="ignored", delivery_id=delivery.delivery_id, why=why)
