"""Passages are read once, whatever happens meanwhile; what it costs is known before and after."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_kb.assets.documents import IngestRequest
from dagster_kb.assets.extractions import COST_CHECK, ExtractionRequest
from dagster_kb.triggers.automation import REFRESH
from tests.doubles.git_repository import GitRepository
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.reading_model import models_file, obedient
from tests.doubles.writer_world import QUIET, WriterWorld, failures, metadata, why

AGENT = "gate: {canary: 'off', max_shrink: 1.0}\nextraction: "
ON, SITUATED = AGENT + "{enabled: true}\n", AGENT + "{situate: true}\n"
PAGES = {
    "one.md": "# Keys\n\nSigning keys are rotated every 90 days by the team that owns them, who tell everybody else of it "
    "on the same day, in the channel that is meant for such news and nothing else.\n\n"
    "# Doors\n\nDoors close at six in the evening on every day of the week but Sunday, when the house stays "
    "open for guests until the last of them has gone home.\n",
    "two.md": "# Leave\n\nIt is 30 days. The Human Resources Office (HRO) grants it.\n",
}
PASSAGES = 3


@pytest.fixture(scope="module")
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


@pytest.fixture(autouse=True)
def _obedient(provider: LoopbackProvider) -> None:
    provider.calls.clear()
    provider.bills.clear()
    provider.script = lambda call: Reply(text=obedient(call))


@pytest.fixture
def world_of(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[Callable[..., WriterWorld]]:
    made: list[WriterWorld] = []

    def make(**settings: Any) -> WriterWorld:
        made.append(WriterWorld(
            GitRepository(tmp_path / "repo") if not made else made[0].repository,
            database_url, qdrant_url, agent_id, **settings,
        ))  # fmt: skip
        return made[-1]

    yield make
    for one in reversed(made):
        one.close()


@pytest.fixture
def paid(
    world_of: Callable[..., WriterWorld], provider: LoopbackProvider, tmp_path: Path
) -> Callable[..., WriterWorld]:
    def make(budgets: str = "[]", **settings: Any) -> WriterWorld:
        file = models_file(tmp_path, provider, budgets)
        return world_of(llm_profile="house", llm_profiles=file, **settings)

    return make


def rows(world: WriterWorld, statement: str) -> list[dict[str, Any]]:
    with world.ledger.database.transaction() as connection:
        return connection.execute(statement.encode()).fetchall()


def ingest(
    world: WriterWorld, *, extract: bool = False, approved: bool = False, **request: Any
) -> Any:
    again = bool(request.get("force"))
    config = dg.RunConfig(
        {"parsed_documents": IngestRequest(**request),
         "extractions": ExtractionRequest(extract=extract, approved=approved, again=again)},
        loggers=QUIET,
    )  # fmt: skip
    world.instance.add_dynamic_partitions("agents", [world.agent])
    world.forget_counts()
    return world.definitions.resolve_job_def(REFRESH).execute_in_process(
        partition_key=world.agent, instance=world.instance, raise_on_error=False, run_config=config
    )


def published(world: WriterWorld, files: dict[str, str], **request: Any) -> dict[str, Any]:
    world.commit(files)
    result = ingest(world, **request)
    assert result.success, why(result)
    return metadata(result, "extractions")


def cost_check(result: Any) -> Any:
    return next(one for one in result.get_asset_check_evaluations() if one.check_name == COST_CHECK)


def test_off_nothing_is_asked(paid: Callable[..., WriterWorld], provider: LoopbackProvider) -> None:
    world = paid()
    told = published(world, {**PAGES, "agent.yaml": "gate: {canary: 'off'}\n"})
    assert (told["passages"], provider.calls, world.count("extractions")) == (0, [], 0)
    assert published(world, {}, extract=True)["extracted"] == PASSAGES
    assert len(provider.calls) == PASSAGES


def test_without_a_provider_patterns_read_and_say_so(world_of: Callable[..., WriterWorld]) -> None:
    world = world_of()
    told = published(world, {**PAGES, "agent.yaml": ON})
    assert (told["extracted"], told["cost"], told["requests"]) == (PASSAGES, 0.0, 0)
    assert {one["model"] for one in rows(world, "select model from kb.extractions")} == {
        "offline/patterns-3"
    }
    more = published(world, {"sick.md": "# Sick\n\nSick leave is paid.\n"})
    assert (more["extracted"], more["reused"]) == (1, PASSAGES)


def test_each_passage_is_paid_for_once_and_to_the_cent(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid()
    told = published(world, {**PAGES, "agent.yaml": ON})
    assert len(provider.calls) == PASSAGES
    assert told["cost"] == pytest.approx(provider.dollars(), abs=1e-6)
    assert told["estimated_cost"] > 0
    kept = rows(world, "select * from kb.extractions")
    assert {one["status"] for one in kept} == {"DONE"}
    assert all(
        json.loads(one["raw_text"])["summary"].strip() == one["parsed"]["summary"] for one in kept
    )
    assert sum(float(one["cost"]) for one in kept) == pytest.approx(provider.dollars(), abs=1e-6)
    [usage] = rows(world, "select count(*) as n, sum(cost)::float as cost, min(step_id) as step,"
                   " min(agent_id) as agent, (count(*) filter (where outcome <> 'answered')) as bad from ops.usage")  # fmt: skip
    assert (usage["n"], usage["step"], usage["agent"], usage["bad"]) == (
        PASSAGES, "extract", world.agent, 0,
    )  # fmt: skip
    assert usage["cost"] == pytest.approx(provider.dollars(), abs=1e-6)
    again = published(world, {}, force=True)
    assert (again["extracted"], again["reused"], again["cost"]) == (0, PASSAGES, 0.0)
    assert again["cost_of_agent"] == pytest.approx(provider.dollars(), abs=1e-6)
    # The edited passage, and the one that was shown its end.
    published(world, {"one.md": PAGES["one.md"].replace("90", "30")})
    assert len(provider.calls) == PASSAGES + 2


def test_what_is_no_use_is_mended_once_kept_and_left(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid()

    def script(call: dict[str, Any]) -> Reply:
        said = call["messages"][1]["content"]
        if "Doors" in said:
            return Reply(text=obedient(call, entities=[{"name": f"n{n}"} for n in range(100)]))
        if "Keys" in said and "Your last answer could not be used" not in said:
            return Reply(text="no json")
        return Reply(text=obedient(call))

    provider.script = script
    told = published(world, {**PAGES, "agent.yaml": ON})
    assert (told["extracted"], told["invalid"]) == (2, 1)
    assert len(provider.calls) == 1 + 2 + 2
    [bad] = rows(world, "select * from kb.extractions where status = 'INVALID'")
    assert bad["parsed"] is None
    assert "entities" in bad["validation_error"]
    assert len(json.loads(bad["raw_text"])["entities"]) == 100
    assert bad["attempts"] == 2
    assert published(world, {"three.md": "# Three\n\nThree.\n"})["extracted"] == 1
    provider.script = lambda call: Reply(text=obedient(call))
    assert published(world, {}, force=True)["invalid"] == 0


def test_the_first_error_can_stop_it(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid(extraction_concurrency=1)
    provider.says("no json")
    world.commit({**PAGES, "agent.yaml": AGENT + "{enabled: true, stop_on_first_error: true}\n"})
    result = ingest(world)
    assert "stopped at its first error" in failures(result)["extractions"]
    assert len(provider.calls) == 2


def test_an_outage_ends_early_and_holds_back_nothing(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid()
    provider.says(Reply(status=500))
    many = {f"p{n}.md": f"# Page {n}\n\nText {n} of many.\n" for n in range(40)}
    told = published(world, {**many, "agent.yaml": ON})
    assert len(provider.calls) < 30
    assert "in a row" in told["stopped"]
    assert told["pending"] > 0
    assert world.live().number == 1


def test_what_costs_more_than_the_limit_waits_for_a_word(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid(extraction_ask_above=0.0001)
    told = published(world, {**PAGES, "agent.yaml": ON})
    assert (told["extracted"], told["pending"], provider.calls) == (0, PASSAGES, [])
    world.commit({"agent.yaml": SITUATED})
    held = ingest(world)
    # Nothing can be embedded without it, so what is live stays.
    assert not held.success
    assert "more than the $0.0001" in str(cost_check(held).description)
    assert (world.live().number, provider.calls) == (1, [])
    agreed = ingest(world, approved=True)
    assert agreed.success, why(agreed)
    assert len(provider.calls) == PASSAGES


def test_a_budget_is_never_passed(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    # A request may take about 0.0013, so few have room, four at once or not.
    world = paid("[{name: ours, scope: service, cap: 0.004}]")
    many = {f"p{n}.md": f"# Page {n}\n\nText {n} of many.\n" for n in range(50)}
    told = published(world, {**many, "agent.yaml": ON})
    assert provider.dollars() <= 0.004
    assert 0 < told["extracted"] < 50
    [left] = rows(
        world, "select spent::float as spent, held::float as held from ops.budget_balances"
    )
    assert left["held"] == pytest.approx(0)
    assert left["spent"] == pytest.approx(provider.dollars(), abs=1e-6)


def test_a_budget_that_asks_is_passed_by_a_persons_word(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid("[{name: ours, scope: agent, cap: 0.0001, over: ask}]")
    world.commit({**PAGES, "agent.yaml": ON})
    held = ingest(world)
    assert held.success, why(held)
    assert "budget ours" in str(cost_check(held).description)
    assert not provider.calls
    assert metadata(ingest(world, approved=True), "extractions")["extracted"] == PASSAGES


def test_over_budget_a_cheaper_model_reads(
    world_of: Callable[..., WriterWorld], provider: LoopbackProvider, tmp_path: Path
) -> None:
    file = tmp_path / "tiers.yaml"
    model = f"{{api_base: '{provider.api_base}', api_key: k, input_price: 0, max_tokens: 500, "
    file.write_text(
        "profiles:\n  house:\n    primary:\n"
        f"      standard: {model}model: openai/dear, output_price: 1000}}\n"
        f"      cheap: {model}model: openai/cheap, output_price: 1}}\n"
        "budgets: [{name: ours, cap: 0.1, over: cheaper, warn_at: 0.5}]\n",
        encoding="utf-8",
    )
    world = world_of(llm_profile="house", llm_profiles=str(file))
    told = published(
        world, {**PAGES, "agent.yaml": AGENT + "{enabled: true, tier: standard, ask_above: 9}\n"}
    )
    assert told["extracted"] == PASSAGES
    assert {one["model"] for one in provider.calls} == {"cheap"}
    # Kept under the model that was to be asked, so that nobody pays again when there is money.
    assert rows(world, "select distinct asked_model, model from kb.extractions") == [
        {"asked_model": "openai/dear", "model": "openai/cheap"}
    ]


def test_a_situation_is_embedded_and_never_quoted(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid()
    published(world, {**PAGES, "agent.yaml": AGENT + "{enabled: true}\n"})
    calls, plain = len(provider.calls), set(world.served())
    told = published(world, {"agent.yaml": SITUATED})
    assert (told["situated"], len(provider.calls)) == (PASSAGES, calls)
    assert len(world.embedder.texts) == PASSAGES
    assert all("in the handbook." in one for one in world.embedder.texts)
    served = world.served()
    # The same ids and texts, other points.
    assert set(served) == plain
    assert all("in the handbook." not in one["text_chunk"] for one in served.values())
    assert all(one["metadata"]["extra"]["situated"] for one in served.values())
    quiet = published(world, {"three.md": "# Three\n\nThree.\n"})
    assert (quiet["extracted"], quiet["situated"], len(world.embedder.texts)) == (1, 1, 1)
    published(world, {"agent.yaml": ON})
    assert not any("situated" in one["metadata"]["extra"] for one in world.served().values())
    assert len(world.embedder.texts) == 1  # three.md was never embedded without it


def test_another_agent_with_the_same_pages_is_left_alone(
    paid: Callable[..., WriterWorld], provider: LoopbackProvider
) -> None:
    world = paid()
    other = f"{world.agent}-other"
    world.write({**PAGES, "agent.yaml": AGENT + "{enabled: true}\n"}, other)
    published(world, {**PAGES, "agent.yaml": AGENT + "{enabled: true}\n"})
    assert len(provider.calls) == PASSAGES
    assert world.ingest(other).success
    assert len(provider.calls) == PASSAGES
    published(world, {"agent.yaml": SITUATED})
    live = world.ledger.generations.live(other)
    assert live is not None
    assert world.ingest(other).success
    assert world.ledger.generations.live(other) == live
    assert world.embedder.texts == []


def test_what_is_deleted_by_hand_is_forgotten_with_what_was_read_of_it(
    paid: Callable[..., WriterWorld],
) -> None:
    world = paid()
    published(world, {**PAGES, "agent.yaml": SITUATED})
    with world.ledger.database.transaction() as connection:
        connection.execute(
            "update kb.chunks set text = '', purged_at = now() where text like '%every 90%'"
        )
    left = rows(world, "select raw_text from kb.extractions")
    assert left
    assert not any("90 days" in one["raw_text"] for one in left)
    # The passage after it was shown its end.
    assert not any("Doors" in one["raw_text"] for one in left)
