"""Whoever asks is killed at random moments: no request without a row, no effect without its rows, none paid again.

`QUESTION_KILLS=100` makes it long, `QUESTION_SEED` makes it another.
"""

import json
import os
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from graph.checkpoints import RETURN, PostgresSaver, open_saver
from tests.doubles.asking_process import FACTS, answer
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.quick_processes import quick_processes
from tests.doubles.sizes import sizes

SEED = int(os.environ.get("QUESTION_SEED", "3"))
# So often a thread's process is killed before it may come to its end.
MOST_OF_A_THREAD = 4
LONG = 180.0
FILE = """
profiles:
  house:
    primary: {{model: openai/first, api_base: "{base}", api_key: k, input_price: 1, output_price: 2}}
budgets: [{{name: all, scope: service, period: ever, cap: 5}}]
"""


def as_it_was_asked(call: dict[str, Any]) -> Reply:
    """Say what the shown passage says, and then that again."""
    asked = call["messages"][-1]["content"]
    shown = [fact for fact in FACTS.values() if fact in asked]
    claims = [{"text": fact, "quotes": [{"passage": "p1", "quote": fact}]} for fact in shown]
    if len(shown) > 1:
        claims = [{"text": fact, "findings": [f"f{n}"]} for n, fact in enumerate(shown, 1)]
    return Reply(text=json.dumps({"claims": claims}), drip_seconds=0.005)


def effects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Find results of steps, wherever they are kept."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if "step_id" in found and "usage" in found:
            yield found
            return
        for one in found.values():
            yield from effects_in(one)


@dataclass
class Ordeal:
    """Threads, what was killed under them, and what was checkpointed then."""

    database_url: str
    file: str
    saver: PostgresSaver
    most_kills: int
    database: psycopg.Connection[DictRow]
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    threads: list[str] = field(default_factory=list)
    kills: int = 0
    took: float = 0.0
    """Seconds of a run that nobody disturbs."""

    async def thread(self) -> None:
        """Ask a question, killed and resumed until it is answered."""
        thread = uuid.uuid4().hex
        self.database.execute("insert into ops.threads (thread_id) values (%s)", (thread,))
        self.threads.append(thread)
        kept: dict[str, int] = {}
        for left in range(MOST_OF_A_THREAD if self.took else 0, -1, -1):
            killed = self._run(thread, may_die=left > 0 and self.kills < self.most_kills)
            self.kills += killed
            await self._look(thread, kept)
            if not killed:
                return

    def _run(self, thread: str, *, may_die: bool) -> bool:
        begins = quick_processes().Event()
        process = quick_processes().Process(
            target=answer, args=(self.database_url, self.file, thread, f"Who keeps the signing keys? ({thread})", begins)
        )  # fmt: skip
        process.start()
        assert begins.wait(LONG)
        began = time.monotonic()
        if may_die:
            process.join(self.dice.random() * self.took)
            process.kill()
        process.join(LONG)
        self.took = self.took or time.monotonic() - began
        assert process.exitcode in ({0, -9} if may_die else {0})
        return process.exitcode == -9

    async def _look(self, thread: str, kept: dict[str, int]) -> None:
        """Each effect has its rows, and what was checkpointed before was not asked for again."""
        place: Any = {"configurable": {"thread_id": thread}}
        found: dict[str, int] = {}
        async for one in self.saver.alist(place):
            returned = [value for _, name, value in one.pending_writes or [] if name == RETURN]
            for value in (*returned, one.checkpoint["channel_values"].get("results", {})):
                found.update({each["step_id"]: len(each["usage"]) for each in effects_in(value)})
            if one.checkpoint["channel_values"].get("draft"):
                found["synthesize"] = 1
        rows = self.database.execute(
            "select step_id, count(*)::int as n from ops.usage where thread_id = %s group by 1", (thread,)
        ).fetchall()  # fmt: skip
        # Who dies while the books are late leaves a row open, which is settled as lost.
        every = Counter({one["step_id"]: one["n"] for one in rows})
        assert all(every[step] >= paid > 0 for step, paid in found.items()), (found, rows)
        assert {step: every[step] for step in kept} == kept
        kept.update({step: every[step] for step in found})


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        running.script = as_it_was_asked
        yield running


@pytest.fixture
async def ordeal(
    database_url: str, tmp_path: Path, provider: LoopbackProvider, kills: int
) -> AsyncIterator[Ordeal]:
    file = tmp_path / "models.yaml"
    file.write_text(FILE.format(base=provider.api_base), encoding="utf-8")
    with psycopg.Connection[DictRow].connect(
        database_url, autocommit=True, row_factory=dict_row
    ) as database:
        async with open_saver(database_url) as saver:
            yield Ordeal(database_url, str(file), saver, kills, database)


@pytest.mark.stack
@pytest.mark.timeout(300 + 60 * int(os.environ.get("QUESTION_KILLS", "5")))
@pytest.mark.parametrize("kills", sizes("QUESTION_KILLS", 2, 5))
async def test_every_request_has_one_row_and_what_was_checkpointed_is_not_paid_again(
    ordeal: Ordeal,
    provider: LoopbackProvider,
    kills: int,
    record_property: Callable[[str, object], None],
) -> None:
    while ordeal.kills < kills:
        assert len(ordeal.threads) < 10 * kills, "nobody could be killed"
        await ordeal.thread()
    record_property("faults", f"{ordeal.kills} kills of {len(ordeal.threads)} threads")
    say = ordeal.database.execute
    say("update ops.usage set expires_at = now() - interval '1 s' where outcome = 'open'")
    say("select ops.settle_lost_money()")

    for thread in ordeal.threads:
        calls = sum(thread in json.dumps(one["messages"]) for one in provider.calls)
        [rows] = say(
            "select count(sent_at)::int as sent, (count(*) filter (where outcome in ('answered', 'unusable', 'failed')))::int as heard,"
            " (count(*) filter (where outcome = 'open'))::int as open from ops.usage where thread_id = %s", (thread,),
        ).fetchall()  # fmt: skip
        # Between its mark and its first byte a process may die: that one is down as lost, and was never sent.
        assert rows["heard"] <= calls <= rows["sent"], (rows, calls)
        assert rows["open"] == 0
    [kept] = say("select count(*)::int as n, count(distinct thread_id)::int as threads from ops.answers").fetchall()  # fmt: skip
    assert (kept["n"], kept["threads"]) == (len(ordeal.threads),) * 2
    [books] = say("select sum(cost)::float as cost from ops.usage").fetchall()
    [balance] = say("select sum(spent)::float as spent, sum(held)::float as held from ops.budget_balances").fetchall()  # fmt: skip
    assert balance == {"spent": pytest.approx(books["cost"], abs=1e-7), "held": 0.0}
