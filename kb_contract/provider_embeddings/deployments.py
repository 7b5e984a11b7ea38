"""How a provider's embedding model is asked: as the file of LLM_PROFILES says, else as litellm does."""

from kb_contract.chat_models.by_api import name_by_api
from kb_contract.chat_models.profiles import Deployment, read_models_file
from kb_contract.provider_embeddings.spaces import dollars_a_token


def deployment_of(setting: str, models_file: str, timeout: float) -> Deployment:
    """Return the model that EMBEDDING_MODEL names."""
    name = name_by_api(setting)
    own = {one.model: one for one in read_models_file(models_file).embeddings}
    return own.get(name) or Deployment(model=name, timeout=timeout)


def price_of(setting: str, deployment: Deployment) -> float | None:
    """Return dollars for a token; None: nobody says."""
    own = deployment.input_price
    return dollars_a_token(setting) if own is None else own / 1_000_000
