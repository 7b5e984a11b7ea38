"""What each provider needs, as litellm's own tables have it: for `docs/models.md`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.profiles import built_in_profiles

PROVIDERS: Final = ("groq", "openai", "anthropic", "gemini", "ollama")
_ASKED: Final = (
    "stream",
    "stream_options",
    "max_tokens",
    "temperature",
    "response_format",
    "tools",
)
_MILLION: Final = 1_000_000
_BEGIN, _END = "<!-- providers:begin -->", "<!-- providers:end -->"


def facts_here() -> dict[str, Any]:
    """Read the tables; keys in this process's environment would change what is said to be missing."""
    return {"providers": [_provider(one) for one in PROVIDERS], "models": _models()}


def with_provider_facts(page: str) -> str:
    """Return the page with its tables as they are now, read where nothing is set."""
    quiet = {"LITELLM_MODE": "PRODUCTION", "PYTHONPATH": ":".join(sys.path)}
    asked = [sys.executable, "-m", "kb_contract.chat_models.provider_facts"]
    said = subprocess.run(asked, env=quiet, capture_output=True, text=True, check=True).stdout
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_tables(json.loads(said))}\n{_END}{after}"


def _provider(name: str) -> dict[str, Any]:
    library = litellm()
    example = f"{name}/any"
    needs = library.validate_environment(example)["missing_keys"]
    _, _, _, address = library.get_llm_provider(example)
    takes: set[str] = set(library.get_supported_openai_params(example) or ())
    chat = [
        one for one in library.model_cost.values()
        if one.get("litellm_provider") == name and one.get("mode") == "chat"
    ]  # fmt: skip
    return {
        "name": name,
        "needs": needs,
        "address": address or "",
        "takes": [one for one in _ASKED if one in takes],
        "lacks": [one for one in _ASKED if one not in takes],
        "models": len(chat),
    }


def _models() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for profile, said in built_in_profiles().items():
        for one in said.deployments():
            known: Mapping[str, Any] = _known(one.model)
            rows.append(
                {
                    "profile": profile,
                    "model": one.model,
                    "window": known.get("max_input_tokens"),
                    "input": _price(known.get("input_cost_per_token")),
                    "output": _price(known.get("output_cost_per_token")),
                }
            )
    return rows


def _known(model: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = litellm().model_cost
    return table.get(model) or table.get(model.partition("/")[2]) or {}


def _price(per_token: float | None) -> float | None:
    return None if per_token is None else round(per_token * _MILLION, 4)


def _tables(facts: Mapping[str, Any]) -> str:
    lines = [
        "| provider | in the environment | address | of what we send, it takes | does not take | chat models known |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for one in facts["providers"]:
        needs = " or ".join(f"`{key}`" for key in one["needs"]) or "-"
        address = f"`{one['address']}`" if one["address"] else "the library's own"
        lines.append(
            f"| {one['name']} | {needs} | {address} | {', '.join(one['takes'])} | "
            f"{', '.join(one['lacks']) or '-'} | {one['models']} |"
        )
    lines += [
        "",
        "| profile | model | window | $ per million in | out |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in facts["models"]:
        numbers = (one["window"], one["input"], one["output"])
        said = " | ".join("not listed" if number is None else f"{number:,}" for number in numbers)
        lines.append(f"| {one['profile']} | `{one['model']}` | {said} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(facts_here()))
