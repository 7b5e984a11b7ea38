"""Work of a page beside its events: it ends when the page is closed, and its failure is seen."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from nicegui import background_tasks, ui


def begin(work: Coroutine[Any, Any, None]) -> None:
    """Do it for as long as the page is open: a closed page must not follow its session for days."""
    client = ui.context.client
    task = cast("asyncio.Task[None]", background_tasks.create(work, name="console", context=client))

    def stop() -> None:
        task.cancel()

    client.on_delete(stop)
