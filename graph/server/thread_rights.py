"""Who may go on in a conversation: whoever began it. Others of the workspace read it, and go on in a copy."""

from graph.caller import current_caller
from graph.server.database import Database
from graph.server.door.audit import write_privileged
from graph.server.errors import ApiError


async def check_may_change(
    database: Database, thread_id: str, owner: str | None, what: str
) -> None:
    """Refuse others than its owner; an operator may, and that is written down."""
    caller = current_caller()
    if owner in (None, caller.name) or caller.roles is None:
        return
    if not caller.may("operator"):
        raise ApiError(
            403, "this conversation was begun by somebody else",
            hint="go on in a copy, POST /threads/{thread_id}/copy, or ask an operator",
        )  # fmt: skip
    await write_privileged(database, {"route": f"another's thread: {what}", "thread_id": thread_id})


def check_is_own(owner: str | None) -> None:
    """Refuse everybody else, operators too: what is started later has its owner's rights only."""
    if owner not in (None, current_caller().name):
        raise ApiError(
            403, "this conversation was begun by somebody else",
            hint="copy it first: POST /threads/{thread_id}/copy",
        )  # fmt: skip
