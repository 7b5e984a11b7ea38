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
