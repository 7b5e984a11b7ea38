"""How a provider's embedding model is asked: as the file of LLM_PROFILES says, else as litellm does."""

from kb_contract.chat_models.by_api import name_by_api
from kb_contract.chat_models.profiles import Deployment, read_models_file
from kb_contract.provider_embeddings.spaces import dollars_a_token


def deployment_of(setting: str, models_file: str, timeout: float) -> Deployment:
    """Return the model that EMBEDDING_MODEL names."""
    name = name_by_api(setting)
    own = {one.model: one for one in read_models_file(models_file).embeddings}
    said = own.get(name, Deployment(model=name))
    # Whoever asks knows how long it can wait, where the file does not say.
    is_said = "timeout" in said.model_fields_set
    return said if is_said else said.model_copy(update={"timeout": timeout})


def price_of(setting: str, deployment: Deployment) -> float | None:
    """Return dollars for a token; None: nobody says."""
    own = deployment.input_price
    return dollars_a_token(setting) if own is None else own / 1_000_000
