"""Writes what a run says into its event log: in order, in batches, and never after its time."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, cast

from graph.server.database import Database, Statements
from graph.server.encoding import to_json
from graph.server.signals import EVENTS
from kb_contract.kept_secrets import KeptSecrets

BATCH: Final = 200


class Superseded(Exception):
    """Another attempt has begun (or the run has ended): this one must stop and write nothing."""


def saying(event: str, text: str) -> tuple[str, str]:
    """What tells one event from another; LangGraph marks what a checkpoint's writes say again."""
    if '"__metadata__"' not in text:
        return event, text
    data = json.loads(text)
    if isinstance(data, dict):
        cast("dict[str, Any]", data).pop("__metadata__", None)
    return event, to_json(data)


@dataclass
class EventSink:
    """The event log of one attempt."""

    database: Database
    run_id: str
    attempt: int
    said_before: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """What earlier attempts said since the checkpoint that this one continues from."""
    checkpoint_id: str | None = None
    secrets: KeptSecrets = field(default_factory=KeptSecrets)
    """What agents inside of a node say is told before anything else has looked at it."""
    waiting: list[tuple[str, str, str | None]] = field(default_factory=list, init=False)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def add(self, event: str, data: Any) -> None:
        """Take an event; what a client has already heard is not said again."""
        text = self.secrets.text(to_json(data))
        if self.said_before and self.said_before[said := saying(event, text)] > 0:
            self.said_before[said] -= 1
            return
        self.waiting.append((event, text, self.checkpoint_id))

    async def flush(self) -> None:
        """Write all that was taken so far."""
        async with self._writing:
            while self.waiting:
                async with self.database.transaction() as statements:
                    await self.write_in(statements)

    def flush_soon(self) -> None:
        """Write in the background; what comes meanwhile goes with the next batch."""
        if self._task is None or self._task.done():
            if self._task is not None:
                self._task.result()
            self._task = asyncio.create_task(self.flush(), name=f"events of {self.run_id}")

    async def close(self) -> None:
        """Write what is left."""
        if self._task is not None:
            await self._task
        await self.flush()

    async def write_in(self, statements: Statements) -> None:
        """Write the next batch in a transaction of the caller's."""
        batch = self.waiting[:BATCH]
        written = await statements.rows(
            "append_events",
            run_id=self.run_id,
            attempt=self.attempt,
            events=[event for event, _, _ in batch],
            data=[text for _, text, _ in batch],
            checkpoints=[place for _, _, place in batch],
        )
        if not written:
            raise Superseded(self.run_id)
        await statements.rows("notify", channel=EVENTS, payload=self.run_id)
        del self.waiting[: len(batch)]
