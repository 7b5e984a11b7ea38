"""What extraction of an agent would cost, before its documents are read."""

from dataclasses import dataclass

from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.extraction.estimate import BYTES_OF_A_TOKEN, ExtractionEstimate, estimate_of
from dagster_kb.intake.estimates import Estimator
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from kb_contract.errors import BadInput


@dataclass(frozen=True)
class Forecast:
    """Counts what is known, and takes a sample of what is not."""

    folder: KnowledgeFolder
    ledger: Ledger
    desk: ExtractionDesk
    estimator: Estimator
    always: bool = False
    """Also for agents that leave it off."""

    def of(self, agent: str, revision: Revision) -> ExtractionEstimate | None:
        """Estimate; None for an agent that is not read, or whose settings are refused anyway."""
        try:
            settings = self.folder.agent_settings(revision, agent).manifest.extraction
        except BadInput:
            return None
        if not (settings.is_on or self.always):
            return None
        extractor = self.desk.extractor(settings)
        look = self.estimator.look({agent: revision})
        known = self.ledger.extractions.unextracted(look.known, extractor.key)
        whole = self.estimator.estimate(look, 1)
        new, tokens = whole.chunks - look.chunks, whole.tokens - look.tokens
        return estimate_of(
            extractor,
            known["passages"] + new,
            known["size"] + tokens * BYTES_OF_A_TOKEN,
            self.ledger.extractions.usual_completion(extractor.key),
        )
