"""The profile of chat models: whether it can be read, and whether its keys are there."""

from typing import TYPE_CHECKING

from kb.doctor.findings import Finding, ok, warning, wrong
from kb_contract.errors import BadSetting

if TYPE_CHECKING:
    from kb_contract.chat_models.profiles import Deployment


def chat_model_findings() -> list[Finding]:
    """Name each model of the profile, with the key that it misses."""
    from graph.settings import load_model_settings
    from kb_contract.chat_models.profiles import chosen_profile

    try:
        settings = load_model_settings()
        profile = chosen_profile(settings.llm_profile, settings.llm_profiles)
    except BadSetting as error:
        return [wrong(error.where or "LLM_PROFILE", error.what, error.cure)]
    if profile is None:
        return [ok("chat model", "offline: answers are sentences of the passages")]
    return [_finding(one) for one in profile.deployments()]


def _finding(one: "Deployment") -> Finding:
    from kb_contract.chat_models.litellm_library import litellm

    about = f"chat model {one.place}"
    said = litellm().validate_environment(one.model, api_base=one.api_base)
    if one.api_key or said["keys_in_environment"] or not said["missing_keys"]:
        return ok(about, "its key is there")
    return warning(
        about,
        f"{' or '.join(said['missing_keys'])} is not set",
        "set it, or name another profile: others are asked meanwhile, and at last none",
    )
