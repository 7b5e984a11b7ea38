"""Whom the server takes a caller for. `/me`."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from graph.caller import current_caller
from graph.server.border import BorderRoute
from graph.server.door.roles import INCLUDED
from graph.server.replies.examples import example
from graph.server.server_parts import Parts

router = APIRouter(tags=["health"], route_class=BorderRoute)


class Identity(BaseModel):
    """A caller, as every route sees it."""

    model_config = example(
        name="ann", roles=["asker", "viewer"], agents=["hr"], workspace="default", auth="required"
    )

    name: str
    roles: list[str] = Field(description="with those that they include")
    agents: list[str] | None = Field(description="null: every agent of the workspace")
    workspace: str
    auth: Literal["off", "required"]


@router.get("/me")
async def me(parts: Parts) -> Identity:
    """Who you are here, and what you may."""
    caller, settings = current_caller(), parts.settings
    roles = caller.roles if caller.roles is not None else INCLUDED["admin"]
    return Identity(
        name=caller.name,
        roles=sorted(roles),
        agents=caller.scope,
        workspace=settings.workspace_id,
        auth=settings.kb_auth,
    )
