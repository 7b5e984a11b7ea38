"""Text that speaks to a model instead of a reader, or hides. Readers treat all text as data anyway."""

import re
from collections.abc import Iterator
from typing import Final

from dagster_kb.gates.evidence import Evidence
from dagster_kb.gates.needles import folded, has_any
from dagster_kb.gates.scanning import Findings, Hit, allow_list, scan
from dagster_kb.gates.verdicts import Verdict, switched_off

_TELLING: Final = Findings(
    setting="injection",
    what="text that speaks to a model or hides",
    cure="read it, and take it out if nobody meant it",
)
_TO_A_MODEL: Final = (
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:all\s+|any\s+|everything\s+|the\s+|your\s+|of\s+|these\s+|my\s+){0,4}"
    r"(?:previous|prior|above|earlier|preceding|former|original|system)\s+"
    r"(?:instructions?|prompts?|rules?|directions?|context|messages?|guidelines?)\b"
    r"|\b(?:ignore|disregard|forget|override|bypass)\s+(?:all\s+)?(?:of\s+)?your\s+(?:instructions|prompts?|guidelines)\b"
    r"|\bforget\s+(?:everything|all)\s+(?:above|before|you)\b"
    r"|\byou\s+are\s+now\s+(?:in\s+)?(?:a\s+|an\s+|the\s+)?(?:\w+\s+){0,3}(?:mode|assistant|model|DAN|jailbroken)\b"
    r"|\bfrom\s+now\s+on,?\s+you\s+(?:must|will|are|shall|should)\b"
    r"|\b(?:reveal|print|repeat|output|leak|show)\s+(?:me\s+)?(?:your|the)\s+(?:hidden\s+|full\s+|initial\s+){0,2}"
    r"(?:system\s+prompt|system\s+message|initial\s+instructions?|hidden\s+instructions?)\b"
    r"|\bdo\s+not\s+(?:tell|inform|mention|reveal)\s+(?:this\s+|anything\s+|it\s+){0,2}(?:to\s+)?the\s+(?:user|human|reader)\b"
    r"|\b(?:new|updated|real|important)\s+instructions?\s*(?:for\s+(?:the\s+)?(?:ai|assistant|model|llm)\b|:\s*you\b)"
)
_PATTERNS: Final = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for kind, pattern in (
        ("instruction to the model", _TO_A_MODEL),
        (
            "role marker",
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>"
            r"|\[/?INST\]|<</?SYS>>|^\s*</?(?:system|assistant)(?:_prompt)?>\s*$"
            r"|^\s*(?:system|developer)(?:\s+(?:prompt|message))?\s*:\s*you\s+(?:are|must|will)\b",
        ),
        (
            "hidden by its style",
            r"<[^<>]{0,500}\bstyle\s*=\s*[\"'][^\"'<>]{0,500}(?:(?<![-\w])color\s*:\s*(?:white|#fff(?:fff)?)\b"
            r"|font-size\s*:\s*0|display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]))",
        ),
        ("run of zero-width characters", "[\u200b\u200c\u2060\ufeff]{2,}|[\u200b-\u200d\u2060\ufeff]{4,}"),
        ("order of letters turned", "[\u202d\u202e]"),
        # A flag of a region is a black flag and tags; anything else in tags is hidden text.
        ("tag characters", "(?<!\U0001f3f4)(?<![\U000e0020-\U000e007e])[\U000e0000-\U000e007f]+"),
    )
)  # fmt: skip
# Without any of these there is nothing to find; the kinds that are not here need more than ASCII.
_NEEDLES: Final = {
    "instruction to the model": (
        "ignore", "disregard", "forget", "override", "bypass", "now", "prompt", "message",
        "instruction", "tell", "inform", "mention", "reveal",
    ),
    "role marker": ("<|", "inst]", "sys>>", "system", "assistant", "developer"),
    "hidden by its style": ("style",),
}  # fmt: skip
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
# Not what tools write there for themselves: `prettier-ignore`, `cspell:ignore words`.
_SPEAKS: Final = re.compile(
    r"\bignore\s+(?:all|any|every|the|your|previous|prior|above|what)\b|\bdisregard\b"
    r"|\b(?:system\s+prompt|assistant|llms?|language\s+model|chat\s?bot)\b"
    r"|\byou\s+(?:must|should|will|are\s+to)\s+(?:always|never|not|say|answer|reply|respond|tell|recommend)\b",
    re.IGNORECASE,
)


def no_injection(evidence: Evidence) -> Verdict:
    """No passage that is new speaks to a model, or hides what it says."""
    gate = evidence.gate()
    if gate.injection == "off":
        return switched_off("injection")
    allowed = allow_list(evidence.agent(), gate.allow.injection)
    found = scan(injections_in, evidence.suspects("injection"), evidence.line, allowed)
    return _TELLING.verdict(gate.injection, found)


def injections_in(text: str) -> Iterator[Hit]:
    """Find text that is not meant for people."""
    seen, is_ascii = folded(text), text.isascii()
    for kind, pattern in _PATTERNS:
        needles = _NEEDLES.get(kind)
        if not has_any(seen, needles) if needles else is_ascii:
            continue
        for one in pattern.finditer(text):
            yield Hit(kind, one.start(), one.end())
    for one in _COMMENT.finditer(text) if "<!--" in text else ():
        if _SPEAKS.search(one[0]):
            yield Hit("comment with an instruction", one.start(), one.end())
