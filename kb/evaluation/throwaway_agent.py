"""An agent for one measurement: ingested by the writer's own job, asked through the reader's own gateways."""

import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import dagster as dg
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions
from dagster_kb.described_parts import embedder_of, ledger_of
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress
from dagster_kb.settings import WriterSettings
from graph.entrypoint import Gateways, gateways_of
from graph.settings import ReaderSettings
from kb.evaluation.corpus_folder import AGENT
from kb.evaluation.private_stack import PrivateStack
from kb.ingestion import Ingested, Ingestion
from kb_contract import setting_errors
from kb_contract.errors import ScriptoriumError
from kb_contract.identifiers import DEFAULT_WORKSPACE

# What a busy machine did not let be read in time is read again, so often.
_MORE_TRIES: Final = 2


@dataclass(frozen=True)
class ThrowawayAgent:
    """The agent on its own stack; everything else is as the settings of this machine say."""

    stack: PrivateStack

    def ingest(self, progress: Progress) -> Ingested:
        """Run the job of the real pipeline; a document that is refused stops no other."""
        settings = setting_errors.load(lambda: WriterSettings(**self._given()))
        ledger = ledger_of(settings)
        embedder = embedder_of(settings, ledger.database)
        try:
            with dg.DagsterInstance.ephemeral() as instance:
                definitions = build_definitions(
                    settings, ledger=ledger, embedder=embedder, progress=progress
                )
                return _until_read(Ingestion(definitions, ledger, instance), ledger)
        finally:
            ledger.database.close()
            embedder.close()

    @asynccontextmanager
    async def reader(self) -> AsyncGenerator[Gateways]:
        """Open the reader's gateways; the model is loaded before anybody measures."""
        given: dict[str, Any] = {**self._given(), "kb_audience": "", "mcp_servers": ""}
        settings = setting_errors.load(lambda: ReaderSettings(**given))
        with warnings.catch_warnings():
            # The key goes no further than this machine.
            warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
            gateways = gateways_of(settings)
        try:
            yield gateways
        finally:
            await gateways.close()

    def model(self) -> str:
        """Name the embedding model."""
        return setting_errors.load(lambda: WriterSettings(**self._given())).embedding_model

    def _given(self) -> dict[str, Any]:
        found = self.stack.addresses
        return {
            "database_url": SecretStr(found.database_url),
            "qdrant_url": found.qdrant_url,
            "qdrant_api_key": SecretStr(found.qdrant_api_key) if found.qdrant_api_key else None,
            "workspace_id": DEFAULT_WORKSPACE,
            "knowledge_dir": self.stack.repository / "knowledge",
            "knowledge_repository": "",
            "kb_home": self.stack.home,
            "kb_executor": "in_process",
        }  # fmt: skip


def _until_read(ingestion: Ingestion, ledger: Ledger) -> Ingested:
    done = _run(ingestion, force=False)
    seconds, unread = done.seconds, _unread(ledger)
    for _ in range(_MORE_TRIES):
        if not unread:
            break
        done = _run(ingestion, force=True)
        seconds, before, unread = seconds + done.seconds, unread, _unread(ledger)
        if unread >= before:
            break
    return replace(done, seconds=round(seconds, 3))


def _run(ingestion: Ingestion, *, force: bool) -> Ingested:
    done = ingestion.run(AGENT, uncommitted=False, force=force)
    if done.ok or done.withdrawn:
        return done
    raise ScriptoriumError(
        f"the corpus was not published: {done.error}",
        cure="see what it says of the documents; `kb ingest` would refuse them in the same way",
    )


def _unread(ledger: Ledger) -> int:
    """Count files that were not read for want of time: of them no document is kept."""
    live = ledger.generations.live(AGENT)
    placed = ledger.documents.placed(live.generation_id) if live else {}
    return sum(one.status == "quarantined" and not one.document_id for one in placed.values())
