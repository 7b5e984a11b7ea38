"""Plans that were made already: the same question, agents, workspace and rights need no second one."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from graph.classification.classifier import Classification
from graph.planning.registry import Registry
from graph.planning.workflow_plan import WorkflowPlan
from graph.selection import EVERYTHING, Selection
from graph.tally import Size, Tally
from kb_contract.identifiers import sha256_json


@dataclass
class PlanCache:
    """Bounded, of one process; the plan that was not used for longest goes first."""

    workspace: str = ""
    largest: int = 512
    tally: Tally = field(default_factory=Tally, init=False, repr=False)
    _plans: OrderedDict[str, WorkflowPlan] = field(
        default_factory=OrderedDict[str, WorkflowPlan], init=False, repr=False
    )

    def key(
        self,
        question: str,
        classification: Classification,
        registry: Registry,
        rights: Sequence[str] = (),
        only: Selection = EVERYTHING,
    ) -> str:
        """Name what a plan depends on; generations stand in the registry's digest.

        Who is near a question is told by the documents that are looked at.
        """
        asked = " ".join(question.split()).rstrip(" ?")
        kind = [classification.query_type, classification.path]
        return sha256_json([asked, kind, registry.digest(), self.workspace, sorted(rights),
                            only.model_dump(mode="json")])  # fmt: skip

    def find(self, key: str, question: str) -> WorkflowPlan | None:
        """Return the plan as if it had been made for these very words."""
        plan = self._plans.get(key)
        self.tally.count(hit=plan is not None)
        if plan is None:
            return None
        self._plans.move_to_end(key)
        return plan.model_copy(update={"query": question})

    def keep(self, key: str, plan: WorkflowPlan) -> None:
        """Keep a plan; one that only stands in for a refused one is made again next time."""
        if plan.refused or self.largest < 1:
            return
        self._plans[key] = plan
        self._plans.move_to_end(key)
        while len(self._plans) > self.largest:
            self._plans.popitem(last=False)

    def size(self) -> Size:
        return Size(len(self._plans))

    def __len__(self) -> int:
        return len(self._plans)
