"""litellm, loaded by the first call and kept quiet: its SDK alone, never its proxy."""

import inspect
import os
from functools import cache, wraps
from typing import Any, cast

from kb_contract.chat_models.going_out import tell_going_out
from kb_contract.chat_models.lenient_account import lenient
from kb_contract.chat_models.measured_reply import measure


@cache
def litellm() -> Any:
    """Import it; that takes seconds, so only a process with a profile pays."""
    # Without this the library fetches its price list over the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # noqa: TID251 - a library's switch
    import litellm as library  # noqa: PLC0415
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler  # noqa: PLC0415
    from litellm.llms.openai.common_utils import BaseOpenAILLM  # noqa: PLC0415

    library.suppress_debug_info = True
    # Where none are asked for, it takes these: of a request for vectors each would be sent three times.
    library.DEFAULT_MAX_RETRIES = 0  # pyright: ignore[reportPrivateImportUsage]
    # All of its providers are asked through clients that one of these two makes; neither has a switch.
    for owner, name in (
        (AsyncHTTPHandler, "create_client"),
        (BaseOpenAILLM, "_get_async_http_client"),
    ):
        setattr(owner, name, _careful(inspect.getattr_static(owner, name)))
    library.Usage.__init__ = lenient(library.Usage.__init__)
    return library


def _careful(made: Any) -> Any:
    """Make clients that measure replies, and follow no redirect to whom no profile names."""
    if isinstance(made, staticmethod):
        return staticmethod(_careful(cast("Any", made.__func__)))

    @wraps(made)
    def make(*args: Any, **more: Any) -> Any:
        client = made(*args, **more)
        if client is not None:
            # A redirect would carry texts and key elsewhere.
            client.follow_redirects = False
            client.event_hooks["request"].append(tell_going_out)
            client.event_hooks["response"].append(measure)
            # Nothing that unpacks to more than it seems.
            client.headers["accept-encoding"] = "identity"
        return client

    return make
