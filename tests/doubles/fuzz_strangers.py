"""The fuzzer as a stranger: its paths and bodies name what is another tenant's, and no answer may say anything of it."""

import json
import os
from typing import Any

import schemathesis
from fuzz_hooks import before_call as _without_waiting  # noqa: F401 - it is registered by being there

IDS: dict[str, str] = json.loads(os.environ["STRANGERS_IDS"])
CANARY = os.environ["STRANGERS_CANARY"]
NAMED = {one.removesuffix(":path"): value for one, value in IDS.items()}
# Bodies and queries name some things otherwise than paths do.
NAMED |= {"thread_ids": [NAMED["thread_id"]], "run_ids": [NAMED["run_id"]]}


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    return _named(path_parameters)


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    return _named(query)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    return _named(body)


@schemathesis.check
def tells_nothing_of_another_tenant(ctx: Any, response: Any, case: Any) -> None:
    said = response.text
    for one in IDS.values():  # what was asked for may be said back
        said = said.replace(one, "") if len(one) > 8 else said
    assert CANARY not in said, f"a leak: {said[:300]}"
    for name in case.path_parameters or {}:
        if name in NAMED and case.path_parameters[name] == NAMED[name]:
            assert response.status_code >= 400, f"{name} of another tenant: {response.status_code}"


def _named(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {name: NAMED.get(name, one) for name, one in values.items()}
