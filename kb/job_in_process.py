"""One job of Dagster's, run in this process over and over, by several threads at a time."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.execute_in_process import core_execute_in_process, merge_run_tags


@dataclass(frozen=True)
class JobInProcess:
    """`execute_in_process` makes the job anew for each run, with all that describes it to Dagster's storage.

    Here that is made once, by the first thread that needs it; runs only read it.
    """

    job: dg.JobDefinition
    instance: dg.DagsterInstance
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def run(
        self, partition: str, config: Mapping[str, Any], tags: Mapping[str, str]
    ) -> dg.ExecuteInProcessResult:
        """Run it for a partition; a failure is in the result."""
        told = merge_run_tags(self.job, partition, tags, None, self.instance, config)
        return core_execute_in_process(
            config, self._ready(), self.instance, output_capturing_enabled=False,
            raise_on_error=False, run_tags=told, asset_selection=frozenset(),
        )  # fmt: skip

    def _ready(self) -> InMemoryJob:
        with self._making:
            self._made.get_definition().get_job_snapshot_id()
            return self._made

    @cached_property
    def _made(self) -> InMemoryJob:
        return InMemoryJob(self.job.as_ephemeral_job({}, {}))
