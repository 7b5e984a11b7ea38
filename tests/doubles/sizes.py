"""How often a test lets something happen: little in `make test`, more in `make full`, or as often as the environment says."""

import os
from typing import Any

import pytest


def sizes(variable: str, few: int, many: int) -> list[Any]:
    """Give the sizes to try, the large one in `make full` alone."""
    if chosen := os.environ.get(variable):
        return [int(chosen)]
    return [few, pytest.param(many, marks=pytest.mark.full)]
