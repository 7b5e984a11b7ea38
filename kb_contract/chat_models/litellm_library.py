"""litellm, loaded by the first call and kept quiet: its SDK alone, never its proxy."""

import os
from functools import cache
from typing import Any


@cache
def litellm() -> Any:
    """Import it; that takes seconds, so only a process with a profile pays."""
    # Without this the library fetches its price list over the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # noqa: TID251 - a library's switch
    import litellm as library  # noqa: PLC0415

    library.suppress_debug_info = True
    return library
