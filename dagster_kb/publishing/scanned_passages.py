"""New passages, each text looked through once for everything, whichever generation brings it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from dagster_kb.batching import batches
from dagster_kb.gates.evidence import Family, Passage, Suspects
from dagster_kb.gates.families import FAMILIES, families_in
from dagster_kb.resources.ledger import Ledger
from kb_contract.generation import Generation

_TEXTS_IN_A_COMMIT = 500


def look_through(ledger: Ledger, texts: Mapping[str, str]) -> None:
    """Look through those of some texts, by their digest, that nobody ever looked through."""
    unknown = ledger.scans.unknown(texts)
    ledger.scans.keep({digest: families_in(texts[digest]) for digest in unknown})


@dataclass(frozen=True)
class ScannedPassages:
    """What a generation has and its base has not; nothing is looked at before somebody asks."""

    ledger: Ledger
    generation: Generation
    base: Generation | None

    def suspects(self, family: Family) -> Suspects:
        """Passages, and what documents say of themselves, in which the family finds something."""
        passages = self.ledger.scans.suspects(self.generation, self.base, family)
        return Suspects(chain(self._scanned[family], passages), self._new)

    @cached_property
    def _new(self) -> int:
        return self.ledger.scans.new(self.generation, self.base)

    @cached_property
    def _scanned(self) -> dict[Family, list[Passage]]:
        """Look through what was never looked through, and return the heads that are suspect."""
        heads: dict[Family, list[Passage]] = {family: [] for family in FAMILIES}
        texts = self.ledger.scans.unscanned(self.generation, self.base)
        for batch in batches(texts, _TEXTS_IN_A_COMMIT):
            look_through(self.ledger, dict(batch))
        for head in self.ledger.passages.fresh_heads(self.generation, self.base):
            for family in families_in(head.text):
                heads[family].append(head)
        return heads
