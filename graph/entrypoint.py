"""Where the reader is put together. Nothing opens here: pools and the model open on first use."""

import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from qdrant_client import AsyncQdrantClient

from graph.agent_graph import Nodes, ReaderGraph, agent_graph
from graph.agents.agents_graph import AgentsGraph, build_agents_graph
from graph.agents.base_agent import Services
from graph.agents.calculation import Calculation
from graph.agents.catalogue import Catalogue
from graph.agents.class_agents import AgentClass, ClassAgents, load_classes
from graph.agents.comparison import Comparison
from graph.agents.operations import OperationsAgent
from graph.agents.rag import Rag
from graph.agents.reasoning import Reasoning
from graph.agents.registry import LiveRegistry
from graph.agents.system import System
from graph.agents.tools import ToolCalls
from graph.caching.what_is_kept import Lifetimes
from graph.checkpoints import PostgresSaver, open_saver
from graph.classification.trained import TrainedClassifier
from graph.gateways.answer_cache.cache import StoredAnswers
from graph.gateways.answer_cache.composed import stored_answers
from graph.gateways.answer_log import PostgresAnswerLog
from graph.gateways.asked_selection import asked_selection
from graph.gateways.chat_model import RoutedChatModel, chat_model
from graph.gateways.entity_links import PostgresEntityLinks
from graph.gateways.found_passages import FoundPassages, RememberingReader
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.model_planner import ModelPlanner
from graph.gateways.operations import RequestedOperations
from graph.gateways.past_copies import PastCopies
from graph.gateways.past_knowledge import AnyTimeReader
from graph.gateways.postgres import READER_ROLE, LazyPool
from graph.gateways.provider_questions import provider_questions
from graph.gateways.provider_reranker import ProviderReranker, provider_reranker
from graph.gateways.query_embedder import QuestionEmbedder
from graph.gateways.question_adviser import ModelAdviser
from graph.gateways.reranking import reranking_of
from graph.gateways.rewording import Rewording
from graph.gateways.service_probes import QdrantProbe
from graph.gateways.step_history import PostgresStepHistory
from graph.gateways.system_state import PostgresSystemState
from graph.gateways.tool_log import PostgresToolLog
from graph.gateways.tool_servers.pool import ToolServerPool, tool_servers
from graph.gateways.usage_ledger import PostgresQuestionCosts
from graph.nodes.classify import Classify
from graph.nodes.execute import Execute
from graph.nodes.intake import Intake
from graph.nodes.plan import Plan
from graph.nodes.recall import Keeping, Recall, nothing_is_kept
from graph.nodes.remember import Remember
from graph.nodes.synthesize import Synthesize
from graph.nodes.understand import Understand
from graph.nodes.verify import Verify
from graph.planning.indifference import PlansDiffer
from graph.planning.plan_cache import PlanCache
from graph.planning.planner import Planner
from graph.planning.rules import RulePlanner
from graph.ports import AnswerLog
from graph.settings import ReaderSettings, load_settings
from kb_contract.audience import callers_groups
from kb_contract.chat_models.by_api import is_by_api
from kb_contract.kept_secrets import KeptSecrets, secrets_of
from kb_contract.trusted_certificates import trusted_certificates


@dataclass(frozen=True)
class Gateways:
    """The ways out of the reader; whoever makes them closes them."""

    ledger: LazyPool
    """May only select from schema kb."""
    ops: LazyPool
    qdrant: AsyncQdrantClient
    embedder: QuestionEmbedder
    reader: AnyTimeReader
    model: RoutedChatModel | None
    """None where the profile is offline: answers are sentences of the passages."""
    tools: ToolServerPool
    classes: ClassAgents
    """Agents that packages bring, and those that whoever composes registers."""
    kept: StoredAnswers | None = None
    """Answers that may be given again; None: every one is worked out anew."""
    plans: PlanCache = field(default_factory=PlanCache)
    reranker: ProviderReranker | None = None
    """None where passages are read by a model of our own, or by none."""

    @property
    def registry(self) -> LiveRegistry:
        return LiveRegistry(self.reader, self.classes, self.tools, self.reader.caller)

    async def close(self) -> None:
        await self.reader.copies.close()
        await self.tools.close()
        if self.model is not None:
            await self.model.close()
        if self.reranker is not None:
            await self.reranker.close()
        await self.embedder.close()
        await self.ledger.close()
        await self.ops.close()
        await self.qdrant.close()


def gateways_of(
    settings: ReaderSettings, *, classes: Mapping[str, AgentClass] | None = None
) -> Gateways:
    """Make the gateways; none of them connects before it is used."""
    ledger = LazyPool(settings.database_url, role=READER_ROLE)
    ops = LazyPool(settings.database_url)
    qdrant, embedder = _qdrant_of(settings), _embedder_of(settings, ops)
    # Everybody who may call this server has the same rights; keys of their own may change that here.
    groups = callers_groups(settings.kb_audience)
    model, reranker = chat_model(settings, ops), provider_reranker(settings, ops)
    live = PostgresQdrantReader(
        ledger,
        qdrant,
        embedder,
        settings.workspace_id,
        caller=lambda: groups,
        links=PostgresEntityLinks(ledger, settings.workspace_id, caller=lambda: groups),
        reranking=reranking_of(
            settings.rerank_model, settings.rerank_seconds, settings.embedding_threads, reranker
        ),
        rewording=Rewording(model) if model else None,
        asks_in=embedder.near_by,
    )
    kept = stored_answers(settings, ledger, ops, qdrant, embedder)
    copies = PastCopies(ledger, ops, qdrant, settings.workspace_id, settings.as_of_seconds)
    found = FoundPassages(ledger, settings.workspace_id)
    reader = RememberingReader(live, copies, found)
    tools = tool_servers(settings.mcp_servers)
    return Gateways(
        ledger=ledger,
        ops=ops,
        qdrant=qdrant,
        embedder=embedder,
        reader=reader,
        model=model,
        tools=tools,
        classes=ClassAgents(load_classes(classes).classes, Services(reader, model, tools)),
        kept=kept,
        plans=PlanCache(settings.workspace_id, settings.plan_cache_size),
        reranker=reranker,
    )


def _qdrant_of(settings: ReaderSettings) -> AsyncQdrantClient:
    key = settings.qdrant_api_key
    return AsyncQdrantClient(
        url=settings.qdrant_url,
        api_key=key.get_secret_value() if key else None,
        check_compatibility=False,
        verify=trusted_certificates(),
    )


def _embedder_of(settings: ReaderSettings, ops: LazyPool) -> QuestionEmbedder:
    if is_by_api(settings.embedding_model):
        return provider_questions(settings, ops)
    return QuestionEmbedder(
        settings.embedding_model,
        settings.embedding_threads,
        settings.embedding_backend,
        settings.embedding_cache.expanduser(),
    )


def classifier_of(settings: ReaderSettings, outside: Gateways) -> TrainedClassifier:
    """Make the classifier; it loads at the first question."""
    adviser = ModelAdviser(outside.model) if outside.model else None
    return TrainedClassifier(adviser, settings.classify_llm_below)


def planner_of(settings: ReaderSettings, outside: Gateways) -> Planner:
    """Make the planner; without a model the rules plan, whatever the settings want."""
    if settings.planner == "model" and outside.model is not None:
        return ModelPlanner(outside.model)
    return RulePlanner()


def build_graph(
    settings: ReaderSettings,
    *,
    checkpointer: BaseCheckpointSaver[str] | None = None,
    gateways: Gateways | None = None,
    answers: AnswerLog | None = None,
) -> ReaderGraph:
    """Put the reader together; finished answers are kept in Postgres unless somebody else keeps them."""
    outside = gateways or gateways_of(settings)
    kept, caller = outside.kept, outside.reader.caller
    nodes = Nodes(
        intake=Intake(settings.max_question_chars),
        understand=Understand(outside.model),
        classify=Classify(
            classifier_of(settings, outside),
            outside.registry,
            settings.classify_ask_below,
            PlansDiffer(outside.reader.affinity),
        ),
        plan=Plan(
            planner_of(settings, outside),
            outside.reader,
            outside.registry,
            history=PostgresStepHistory(outside.ops, settings.workspace_id),
            cache=outside.plans,
            rights=outside.reader.caller,
            looks_at=asked_selection,
            spending=outside.model,
        ),
        execute=_execute(settings, outside),
        agents=_agents(settings, outside),
        synthesize=Synthesize(outside.model),
        verify=Verify(
            outside.reader,
            unsupported=settings.unsupported_claims,
            conflict_rule=settings.conflict_rule,
        ),
        remember=Remember(
            answers or PostgresAnswerLog(outside.ops, settings.workspace_id),
            PostgresQuestionCosts(outside.ops, settings.workspace_id) if outside.model else None,
            Keeping(kept, caller, _lifetimes(settings)) if kept else None,
        ),
        recall=Recall(kept, caller) if kept else nothing_is_kept,
    )
    return agent_graph(nodes, checkpointer=checkpointer)


def _lifetimes(settings: ReaderSettings) -> Lifetimes:
    return Lifetimes(settings.result_cache_ttl, settings.schema_cache_ttl)


def _execute(settings: ReaderSettings, outside: Gateways) -> Execute:
    return Execute(
        outside.registry,
        max_parallel=settings.max_parallel,
        timeout=settings.query_timeout,
        secrets=KeptSecrets.of(secrets_of(settings)),
    )


def _agents(settings: ReaderSettings, outside: Gateways) -> AgentsGraph:
    return build_agents_graph(
        {
            "rag": Rag(outside.reader, outside.embedder, outside.model, settings.context_tokens),
            "reasoning": Reasoning(outside.model),
            "calculation": Calculation(),
            "comparison": Comparison(),
            "catalogue": Catalogue(outside.reader),
            "system": System(
                PostgresSystemState(
                    outside.ledger,
                    outside.ops,
                    settings.workspace_id,
                    QdrantProbe(settings.qdrant_url, settings.qdrant_api_key),
                )
            ),
            "operations": OperationsAgent(
                RequestedOperations(outside.ops, settings.workspace_id), outside.reader
            ),
            "tools": ToolCalls(
                outside.tools, PostgresToolLog(outside.ops, settings.workspace_id), outside.model
            ),
            "class": outside.classes,
        }
    )


@cache
def _graph_of_this_process() -> ReaderGraph:
    return build_graph(load_settings())


def make_graph() -> Any:
    """Give `langgraph dev` its graph; it asks often, and gets the same one."""
    return _graph_of_this_process()


@contextlib.asynccontextmanager
async def checkpointer() -> AsyncGenerator[PostgresSaver]:
    """Give `langgraph dev` our saver."""
    async with open_saver(load_settings().database_url.get_secret_value()) as saver:
        yield saver
