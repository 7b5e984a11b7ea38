"""Which generation a run works on: what is live already, an unfinished one, or a new one."""

from dataclasses import dataclass
from typing import Final

from dagster_kb.assembly import PlacedDocument
from dagster_kb.intake.document_intake import Way
from dagster_kb.origins import Origin
from dagster_kb.publishing.alias_moves import is_served, names_of
from dagster_kb.publishing.collection_audit import wanted_look
from dagster_kb.publishing.live_audit import LiveAudit
from dagster_kb.publishing.live_canary import has_answered
from dagster_kb.publishing.made_again import serve_astray_again
from dagster_kb.publishing.renames import Renames, is_file_now
from dagster_kb.readers.agent_files import AgentFolder
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_generations import Intent, Staged
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import BadInput, Unavailable
from kb_contract.generation import Generation

# How often a run looks again because somebody committed between its look and its staging.
STAGING_TRIES: Final = 20


@dataclass(frozen=True)
class Staging:
    """Finds or makes the generation that a run works on."""

    folder: KnowledgeFolder
    ledger: Ledger
    store: VectorStore
    way: Way

    def revision(self, agent: str, *, uncommitted: bool) -> Revision:
        """Find what to read: the last commit, or the files as they lie there."""
        now = self.folder.uncommitted(agent) if uncommitted else self.folder.head()
        trees = self.folder.agents(now)
        if agent not in trees:
            refused = self.folder.refused(now).get(agent)
            what = "there is no folder"
            if is_file_now(self.folder, agent, now):
                what = "a file is in the place of the folder"
            raise BadInput(
                refused or f"{what} of agent {agent!r} at {now.sha[:12]}",
                where=str(self.folder),
                cure=f"commit one, or choose of: {', '.join(sorted(trees)) or 'none yet'}",
            )
        return now

    def stage(
        self, agent: str, dagster_run: str, *, uncommitted: bool = False, force: bool = False,
        deep: bool = False, origin: Origin | None = None,
    ) -> tuple[Revision, Staged]:  # fmt: skip
        """Stage what git says at that very moment, so that no older commit follows a newer one."""
        try:
            for _ in range(STAGING_TRIES):
                revision = self.revision(agent, uncommitted=uncommitted)
                staged = self._stage(agent, revision, dagster_run, force=force, deep=deep)
                if staged:
                    return revision, staged
        finally:
            if origin:
                self.ledger.triggers.record(dagster_run, origin)
        raise Unavailable(
            f"the branch moved {STAGING_TRIES} times while it was read", where=str(self.folder),
            cure="it is tried again when commits come more slowly; what is served stays",
        )  # fmt: skip

    def _stage(
        self, agent: str, revision: Revision, dagster_run: str, *, force: bool, deep: bool
    ) -> Staged | None:
        """Stage; an agent whose own files are broken is refused, and what is live stays."""
        self._know_former_name(agent, revision)
        if before := self.ledger.generations.live(agent):
            serve_astray_again(self.ledger, self.store, before)
        self.ledger.incidents.refuse_if_paused(agent)
        try:
            settings = self.folder.agent_settings(revision, agent)
        except BadInput as error:
            space = self.way.embedder.space
            self.ledger.generations.refuse(agent, revision.sha, space, dagster_run, str(error))
            raise
        intent = self._intent(agent, revision, settings)
        live = self.ledger.generations.live(agent)
        served = (
            live is not None
            and is_served(self.ledger, self.store, live)
            and LiveAudit(self.ledger, self.store).holds(live, wanted_look(force=False, deep=deep))
        )
        # Runs of an agent stage in turn; a deletion by hand waits for none that asks a slow git server.
        with self.ledger.database.lock(f"order:{self.ledger.workspace}:{agent}"):
            if not self.folder.is_newest(revision):
                return None
            return self.ledger.generations.stage(intent, dagster_run, force=force, served=served)

    def _know_former_name(self, agent: str, revision: Revision) -> None:
        """See before the first run under a name whether its folder is one that was renamed."""
        trees = self.folder.agents(revision)
        self.ledger.names.forget_taken_back(trees)
        if self.ledger.generations.live(agent):
            return
        known = {one.agent_id for one in self.ledger.generations.all_live()}
        gone = sorted((known | self.ledger.incidents.all_paused().keys()) - trees.keys())
        Renames(self.ledger, self.folder).find(gone, revision)

    def settled(self, agent: str, revision: Revision) -> Generation | None:
        """Return what is live, where a run would find that there is nothing to do.

        It looks as such a run does, and changes nothing: whatever is in doubt is for a run to tell.
        """
        live = self.ledger.generations.live(agent)
        if live is None or not has_answered(live) or self.ledger.generations.unfinished(agent):
            return None
        try:
            settings = self.folder.agent_settings(revision, agent)
        except BadInput:
            return None
        is_same = self._intent(agent, revision, settings).is_what(live)
        return live if is_same and self._stands(live) else None

    def _stands(self, live: Generation) -> bool:
        """Whether every name leads to it, nobody but writers ever touched it, and it is counted."""
        names = names_of(self.ledger, self.store, live.agent_id)
        audit = LiveAudit(self.ledger, self.store)
        return (
            is_served(self.ledger, self.store, live, names=names)
            and audit.is_sealed(live)
            and self.ledger.terms.is_counted(live)
        )

    def _intent(self, agent: str, revision: Revision, settings: AgentFolder) -> Intent:
        return Intent(
            agent=agent,
            git_sha=revision.sha,
            tree_sha=self.folder.agents(revision)[agent],
            uncommitted=revision.uncommitted,
            manifest=settings.manifest.model_dump(mode="json"),
            golden=settings.golden.model_dump(mode="json"),
            instructions=settings.instructions,
            reader=self.way.of_agent(settings.manifest).recipe,
            space=self.way.embedder.space,
        )

    def live_documents(self, agent: str) -> dict[str, PlacedDocument]:
        live: Generation | None = self.ledger.generations.live(agent)
        return self.ledger.documents.placed(live.generation_id) if live else {}
