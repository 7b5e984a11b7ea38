"""A sentence model as torch traced it: as quick as the library, and ready in a second, not in five."""

import warnings
from functools import cached_property
from typing import Any

from kb_contract.sentence_models.graph_model import GraphModel
from kb_contract.sentence_models.token_batches import Tokens
from kb_contract.sentence_models.torch_model import set_library_switches


class TracedModel(GraphModel):
    """Loads at the first text: a second of a processor, and neither transformers nor its friends."""

    runs_on = "torch bfloat16"
    # What a core's caches take best.
    tokens_in_a_batch = 1024

    def _run(self, tokens: Tokens, mask: Tokens) -> tuple[Any, Any]:
        torch, graph = self._loaded
        with torch.inference_mode():
            rows, words = graph(torch.from_numpy(tokens), torch.from_numpy(mask))
            return rows.float().numpy(), words.float().numpy()

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        set_library_switches()
        import torch as untyped  # noqa: PLC0415 - a second, so not before there is work

        torch: Any = untyped
        torch.set_num_threads(self.threads)
        with warnings.catch_warnings():
            # It recommends torch.export, whose graphs take seconds of imports again.
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch, torch.jit.load(str(self.graph))
