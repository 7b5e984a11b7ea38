"""litellm, loaded by the first call and kept quiet: its SDK alone, never its proxy."""

import inspect
import os
from functools import cache, wraps
from typing import Any, cast


@cache
def litellm() -> Any:
    """Import it; that takes seconds, so only a process with a profile pays."""
    # Without this the library fetches its price list over the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # noqa: TID251 - a library's switch
    import litellm as library  # noqa: PLC0415
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler  # noqa: PLC0415
    from litellm.llms.openai.common_utils import BaseOpenAILLM  # noqa: PLC0415

    library.suppress_debug_info = True
    # All of its providers are asked through clients that one of these two makes; neither has a switch.
    for owner, name in (
        (AsyncHTTPHandler, "create_client"),
        (BaseOpenAILLM, "_get_async_http_client"),
    ):
        setattr(owner, name, _staying(inspect.getattr_static(owner, name)))
    return library


def _staying(made: Any) -> Any:
    """Make clients that follow no redirect: it would carry texts and key to whom no profile names."""
    if isinstance(made, staticmethod):
        return staticmethod(_staying(cast("Any", made.__func__)))

    @wraps(made)
    def make(*args: Any, **more: Any) -> Any:
        client = made(*args, **more)
        if client is not None:
            client.follow_redirects = False
        return client

    return make
