"""One partition per agent; the sensor adds and the retirement removes them."""

import warnings
from typing import Final

import dagster as dg

# Dagster may rename these yet; our pin of it is exact, so the warnings say nothing.
warnings.filterwarnings("ignore", category=dg.PreviewWarning, message=".*partitions_def.*")
warnings.filterwarnings("ignore", category=dg.BetaWarning, message="Parameter `owners`.*")

AGENTS: Final = "agents"
agents: Final = dg.DynamicPartitionsDefinition(name=AGENTS)
GROUP: Final = "knowledge"
OWNERS: Final = ["team:knowledge"]
CHECK: Final = "check_knowledge"


def agent_of_check(context: dg.AssetCheckExecutionContext) -> str:
    """Whose check it is; the button on the page of checks launches a run that is about nobody."""
    if context.has_partition_key:
        return context.partition_key
    said = f"a check is of one agent, and this run names none → launch the job `{CHECK}` for its partition"
    raise dg.Failure(said, allow_retries=False)
