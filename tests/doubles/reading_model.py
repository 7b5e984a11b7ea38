"""A model that reads passages as it is told to, and the file that names it."""

import json
import re
from pathlib import Path
from typing import Any

from tests.doubles.loopback_provider import LoopbackProvider

_PROFILE = """
profiles:
  house:
    primary: {{model: openai/reader, api_base: "{base}", api_key: k, input_price: 1, output_price: 2,
               timeout: 20, max_tokens: 500}}
budgets: {budgets}
"""


def models_file(folder: Path, provider: LoopbackProvider, budgets: str = "[]") -> str:
    """Write the file of LLM_PROFILES; its profile is `house`."""
    file = folder / "models.yaml"
    file.write_text(_PROFILE.format(base=provider.api_base, budgets=budgets), encoding="utf-8")
    return str(file)


def shown(call: dict[str, Any]) -> str:
    """The passage that a call shows."""
    said = call["messages"][1]["content"].partition("\n\nYour last")[0]
    return str(json.loads(said)["passage"])


def obedient(call: dict[str, Any], **more: Any) -> str:
    """What an obedient model says of the passage that it was shown."""
    text = shown(call)
    names = re.findall(r"[A-Z]\w+(?: [A-Z]\w+)+", text)
    return json.dumps({
        "entities": [{"name": one, "kind": "name"} for one in names],
        "facts": [text[:100]], "questions": ["What?"], "summary": text[:80], "keywords": ["k"],
        "situation": f"Of {text.split()[0].lower()} in the handbook.", **more,
    })  # fmt: skip
