"""Where the steps of a run are executed, chosen by a setting; more machines need no other code."""

import importlib
from collections.abc import Mapping
from typing import Any, Final, get_args

import dagster as dg

from dagster_kb.settings import Executor
from kb_contract.errors import BadSetting

# Nothing else is ever imported because of a setting.
_PLACES: Final[Mapping[Executor, tuple[str, str]]] = {
    "in_process": ("dagster", "in_process_executor"),
    "multiprocess": ("dagster", "multiprocess_executor"),
    "celery": ("dagster_celery", "celery_executor"),
    "celery_k8s": ("dagster_celery_k8s", "celery_k8s_job_executor"),
    "dask": ("dagster_dask", "dask_executor"),
    "k8s": ("dagster_k8s", "k8s_job_executor"),
    "ray": ("dagster_ray", "ray_executor"),
}
NAMES: Final = get_args(Executor)


def executor_of(name: Executor, config: Mapping[str, Any]) -> dg.ExecutorDefinition:
    """Return the executor of that name, with its configuration if there is one."""
    module, attribute = _PLACES[name]
    try:
        found: dg.ExecutorDefinition = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise BadSetting(
            f"the executor {name!r} needs {module}, which cannot be imported: {error}",
            where="KB_EXECUTOR",
            cure=f"pip install {module.replace('_', '-')}",
        ) from error
    return found.configured(dict(config)) if config else found
