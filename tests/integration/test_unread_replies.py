"""What nobody read the reply of: what it is put down as, and how far the books lie beside the provider's."""

import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from kb_contract.chat_models.books import Bound, Held, Order, Receipt
from kb_contract.chat_models.prices import Count
from kb_contract.named_queries import named_queries
from tests.doubles.simulated_spending import (
    FIRST_TOKEN,
    IN_PRICE,
    MOST_TOKENS,
    OUT_PRICE,
    Asked,
    spending,
)

HELD = [{"budget": "all", "subject": "*", "begins": "ever", "cap": 1000, "full_cap": 1000,
         "warn_from": 900, "unit": "dollars"}]  # fmt: skip
LOST = "update ops.usage set expires_at = now() - interval '1 s' where outcome = 'open'"


@pytest.fixture
def books(database_url: str) -> Iterator[psycopg.Connection[DictRow]]:
    connection = psycopg.Connection[DictRow].connect(
        database_url, autocommit=True, row_factory=dict_row
    )
    with connection:
        yield connection


def order(counted: int, unread_share: float = 1.0) -> Order:
    prompt = counted * IN_PRICE
    most = prompt + MOST_TOKENS * OUT_PRICE
    bound = Bound(4 * counted, 2 * MOST_TOKENS, 4 * prompt + 2 * MOST_TOKENS * OUT_PRICE)
    return Order(
        "m", "cheap", "primary", counted, MOST_TOKENS, prompt, most, 60, bound, unread_share
    )


def hold(books: psycopg.Connection[DictRow], wanted: Order, agent: str = "a") -> str:
    call_id = str(uuid.uuid4())
    call = {**wanted.as_json(), "call_id": call_id, "workspace_id": "default", "agent_id": agent,
            "step_id": "s", "seconds": 120}  # fmt: skip
    holds = [{**one, "amount": wanted.bound.dollars} for one in HELD]
    books.execute(named_queries("costs")["hold_money"].encode(), {"call": Jsonb(call), "holds": Jsonb(holds)})  # fmt: skip
    return call_id


def send(books: psycopg.Connection[DictRow], call_id: str) -> None:
    books.execute(named_queries("costs")["money_goes_out"].encode(), {"call_id": call_id})


def settle(books: psycopg.Connection[DictRow], receipt: Receipt) -> None:
    values = {"call_id": receipt.held.call_id, "said": Jsonb(receipt.as_json())}
    books.execute(named_queries("costs")["settle_money"].encode(), values)


def answered(call_id: str, prompt: int, completion: int) -> Receipt:
    dollars = prompt * IN_PRICE + completion * OUT_PRICE
    return Receipt(
        Held(call_id), Count(prompt, completion, 0, "provider"), dollars, "answered", 1.0
    )


def lost(books: psycopg.Connection[DictRow]) -> list[DictRow]:
    books.execute(LOST)
    books.execute("select ops.settle_lost_money()")
    return books.execute(
        "select prompt_tokens, completion_tokens, cost::float as cost, spread::float as spread, source, error"
        " from ops.usage where outcome = 'lost' order by usage_id"
    ).fetchall()


def written_down(
    books: psycopg.Connection[DictRow], asked: Sequence[Asked], unread_share: float
) -> None:
    """Hold, send and settle as was done in that week, at the moments of that week."""
    for one in asked:
        call_id = hold(books, order(one.counted, unread_share), one.agent)
        if one.died is None or one.died >= one.sent:
            send(books, call_id)
        if one.died is None:
            count = Count(one.prompt, one.completion, 0, "provider")
            first = FIRST_TOKEN if one.completion else None
            settle(
                books,
                Receipt(Held(call_id), count, one.dollars, one.outcome, 1.0, first_word=first),
            )  # pyright: ignore[reportArgumentType]
            books.execute(
                "update ops.usage set sent_at = settled_at - make_interval(secs => %s) where call_id = %s",
                [one.ends - one.sent, call_id],
            )


@pytest.mark.parametrize("stops_unread", [False, True], ids=["writes on", "stops"])
def test_the_books_stay_within_a_percent_of_the_providers(
    books: psycopg.Connection[DictRow], stops_unread: bool
) -> None:
    # Some weeks, since what is right on average may lie beside it by chance in one.
    asked = [one for seed in range(1, 6) for one in spending(seed, 500, 25.0)]
    written_down(books, asked, 0.5 if stops_unread else 1.0)
    with books.transaction():
        put_down = lost(books)
    billed = sum(one.billed(stops_unread=stops_unread) for one in asked)
    [ours] = books.execute("select sum(cost)::float as cost, sqrt(sum(spread ^ 2)) as spread from ops.usage").fetchall()  # fmt: skip
    error, spread = ours["cost"] - billed, float(ours["spread"])
    print(
        f"{len(put_down)} of {len(asked)} replies unread; billed ${billed:.4f}, ours {error / billed:+.2%}, "
        f"by chance ±{spread / billed:.2%}"
    )
    assert len(put_down) > len(asked) / 12
    assert abs(error) <= 0.01 * billed
    assert abs(error) <= 3 * spread
    [balance] = books.execute("select spent::float as spent, held::float as held from ops.budget_balances").fetchall()  # fmt: skip
    assert balance == {"spent": pytest.approx(ours["cost"], rel=1e-6), "held": 0.0}


@pytest.mark.parametrize("first_word", [None, 0.4])
def test_who_stops_unread_had_written_nothing_before_the_first_word(
    books: psycopg.Connection[DictRow], first_word: float | None
) -> None:
    for _ in range(5):
        sent = hold(books, order(1000, 0.5))
        send(books, sent)
        settle(books, replace(answered(sent, 1000, 100), first_word=first_word))
    books.execute("update ops.usage set sent_at = settled_at - interval '1 s'")
    send(books, hold(books, order(1000, 0.5)))
    [row] = lost(books)
    # Half of what is written after it, and somewhat less since every sixth of them died.
    assert row["completion_tokens"] == pytest.approx(29 if first_word else 48, abs=1)


def test_a_new_providers_first_request_is_put_down_as_those_that_came_after_it(
    books: psycopg.Connection[DictRow],
) -> None:
    send(books, hold(books, order(1000)))
    for _ in range(5):
        sent = hold(books, order(1000))
        send(books, sent)
        settle(books, answered(sent, 1300, 70))
    [row] = lost(books)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (1300, 70)


def test_what_is_put_down_for_the_lost_is_never_more_than_was_held(
    books: psycopg.Connection[DictRow],
) -> None:
    for _ in range(5):  # of a short prompt, what a provider adds to it is a large share
        sent = hold(books, order(10))
        send(books, sent)
        settle(books, answered(sent, 290, 2 * MOST_TOKENS))
    send(books, hold(books, order(1000)))
    [row] = lost(books)
    assert row["prompt_tokens"] == 4000
    assert row["cost"] == pytest.approx(4000 * IN_PRICE + 2 * MOST_TOKENS * OUT_PRICE)
    [balance] = books.execute("select held::float as held from ops.budget_balances").fetchall()
    assert balance == {"held": 0.0}


def test_what_never_went_out_costs_nothing(books: psycopg.Connection[DictRow]) -> None:
    for _ in range(5):
        sent = hold(books, order(1000))
        send(books, sent)
        settle(books, answered(sent, 1000, 50))
    hold(books, order(1000))
    [row] = lost(books)
    assert (row["cost"], row["prompt_tokens"], row["spread"]) == (0.0, 0, 0.0)
    assert row["error"] == "the process died before it asked"


def test_where_nothing_is_settled_all_that_was_held_is_put_down(
    books: psycopg.Connection[DictRow],
) -> None:
    send(books, hold(books, order(1000)))
    [row] = lost(books)
    assert row["cost"] == pytest.approx(order(1000).most_dollars)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (1000, MOST_TOKENS)
    assert row["spread"] == pytest.approx(MOST_TOKENS * OUT_PRICE / math.sqrt(12))


def test_what_the_same_agent_took_says_more_than_what_others_took(
    books: psycopg.Connection[DictRow],
) -> None:
    for agent, completion in (("terse", 40), ("wordy", 600)) * 5:
        sent = hold(books, order(1000), agent)
        send(books, sent)
        settle(books, answered(sent, 1100, completion))
    for agent in ("terse", "wordy", "new"):
        send(books, hold(books, order(2000), agent))
    # They were all under way as long as each other, or nearly: that is what the moments say.
    books.execute("update ops.usage set sent_at = settled_at - interval '1 s' where outcome = 'answered'")  # fmt: skip
    terse, wordy, new = lost(books)
    assert [one["completion_tokens"] for one in (terse, wordy, new)] == [40, 600, 320]
    # This provider counts a tenth more than we do.
    assert {one["prompt_tokens"] for one in (terse, wordy, new)} == {2200}
    assert terse["cost"] == pytest.approx(2200 * IN_PRICE + 40 * OUT_PRICE)
    assert (terse["spread"], wordy["spread"]) == (pytest.approx(0, abs=1e-8),) * 2
    assert new["spread"] == pytest.approx(280 * OUT_PRICE)
    assert {one["source"] for one in (terse, wordy, new)} == {"estimated"}
    assert "put down as 10 like it took" in new["error"]


@pytest.mark.parametrize(("unread_share", "wrote"), [(1.0, 50), (0.5, 7)])
def test_who_hangs_up_pays_what_is_written_on(
    books: psycopg.Connection[DictRow], unread_share: float, wrote: int
) -> None:
    for _ in range(5):
        sent = hold(books, order(1000, unread_share))
        send(books, sent)
        settle(books, answered(sent, 1000, 50))
    sent = hold(books, order(1000, unread_share))
    send(books, sent)
    came = Count(1000, 7)
    dollars = 1000 * IN_PRICE + 7 * OUT_PRICE
    settle(books, Receipt(Held(sent), came, dollars, "abandoned", 1.0, unread=True))
    row = books.execute("select completion_tokens, cost::float as cost from ops.usage where outcome = 'abandoned'").fetchone()  # fmt: skip
    assert row == {
        "completion_tokens": wrote,
        "cost": pytest.approx(1000 * IN_PRICE + wrote * OUT_PRICE),
    }
