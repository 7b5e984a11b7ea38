"""The reranker, where one is set: whether its files or its key are there; nothing is loaded or asked."""

from pathlib import Path

from kb.doctor.findings import Finding, ok, warning
from kb.settings import StackSettings

ABOUT = "reranker"
_CONFIG = "config.json"
_WEIGHTS = ("*.safetensors", "*.bin")
_MEANWHILE = "passages keep the order of the blend meanwhile"


def reranker_findings(settings: StackSettings) -> list[Finding]:
    """Look at what RERANK_MODEL names."""
    from kb_contract.chat_models.by_api import is_by_api, name_by_api

    name = settings.rerank_model
    if not name:
        return []
    return [_by_api(name_by_api(name)) if is_by_api(name) else _by_files(name)]


def _by_api(model: str) -> Finding:
    from kb_contract.chat_models.litellm_library import litellm

    said = litellm().validate_environment(model)
    if said["keys_in_environment"] or not said["missing_keys"]:
        return ok(ABOUT, f"{model}, by its provider")
    missing = " or ".join(said["missing_keys"])
    return warning(ABOUT, f"{missing} is not set", f"set it; {_MEANWHILE}")


def _by_files(name: str) -> Finding:
    folder = Path(name) if Path(name).is_dir() else _cached(name)
    cure = f"set RERANK_MODEL to a folder of a cross-encoder, or put it into the hub's cache; {_MEANWHILE}"
    if folder is None:
        return warning(ABOUT, f"{name} is neither a folder nor in the hub's cache", cure)
    if not (folder / _CONFIG).is_file() or not any(any(folder.glob(one)) for one in _WEIGHTS):
        return warning(ABOUT, f"{folder} has no {_CONFIG} or no weights", cure)
    return ok(ABOUT, str(folder))


def _cached(name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, _CONFIG)
    except HFValidationError:
        return None  # no name that the hub could have
    return Path(found).parent if isinstance(found, str) else None
