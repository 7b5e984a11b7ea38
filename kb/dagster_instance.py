"""Dagster's instance, so that several runs may be at work in one process."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef


class SharedInstance(dg.DagsterInstance):
    """Sets Python's logging up once.

    Dagster does so at the beginning of each run, which closes handlers that another run writes with,
    and the two then wait for each other's locks.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._logging = threading.Lock()
        self._handlers: Sequence[logging.Handler] | None = None

    @classmethod
    def config_schema(cls) -> Mapping[str, Any]:
        return {}

    @classmethod
    def config_defaults(cls, base_dir: str) -> Mapping[str, Any]:
        return InstanceRef.config_defaults(base_dir)

    def get_yaml_python_handlers(self) -> Sequence[logging.Handler]:
        with self._logging:
            if self._handlers is None:
                self._handlers = super().get_yaml_python_handlers()
            return self._handlers
