"""What a machine has not: people may go without it, CI may not."""

import os
import platform
import sys
from typing import NoReturn

import pytest


def brings_everything() -> bool:
    """Tell whether `make test` can fetch here whatever tests run, so that what is missing is a fault."""
    linux = sys.platform == "linux" and platform.machine() == "x86_64"
    return linux and os.environ.get("CI") == "true"


def go_without(missing: str, cure: str) -> NoReturn:
    """Skip the test that asks; on CI fail it, for nobody reads there what was skipped."""
    said = f"{missing} ({cure})"
    if brings_everything():
        pytest.fail(said, pytrace=False)
    pytest.skip(said)
