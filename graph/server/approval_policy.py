"""How long people have, who they are, and what happens when nobody answers: by agent and question type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting


class ApprovalPolicy(BaseModel):
    """The rules for one approval, as they were when it was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout: float = Field(default=604_800, ge=0, le=31_536_000)
    """Seconds until nobody is waited for any more; 0: for ever."""
    warn_before: float = Field(default=86_400, ge=0)
    on_timeout: Literal["reject", "escalate"] = "reject"
    escalate_to: tuple[str, ...] = Field(default=(), max_length=10)
    """Whom to ask next, one after the other; each has the same time, and after the last it is rejected."""
    approvers: tuple[str, ...] = Field(default=(), max_length=100)
    """Who may answer; empty: everyone who may call."""
    separate_approver: bool = False
    """Whoever asked the question may not approve what it leads to."""

    def deadline(self, asked: datetime) -> datetime | None:
        return asked + timedelta(seconds=self.timeout) if self.timeout else None

    def warn_at(self, asked: datetime) -> datetime | None:
        """Warn in good time, but not before half of it is over."""
        if not self.timeout or not self.warn_before:
            return None
        return asked + timedelta(seconds=max(self.timeout - self.warn_before, self.timeout / 2))

    def next_person(self, level: int) -> str | None:
        """Whom an approval goes to that was escalated `level` times; None: reject it."""
        several = self.escalate_to if self.on_timeout == "escalate" else ()
        return several[level] if level < len(several) else None


@dataclass(frozen=True)
class ApprovalPolicies:
    """The usual policy, and what differs for a question type or an agent; the agent's word is last."""

    usual: ApprovalPolicy = field(default_factory=ApprovalPolicy)
    differences: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict[str, Mapping[str, Any]]
    )

    def of(self, agent_id: str, query_type: str) -> ApprovalPolicy:
        said = {**self.differences.get(query_type, {}), **self.differences.get(agent_id, {})}
        return ApprovalPolicy.model_validate({**self.usual.model_dump(), **said})


def policies_of(settings: ReaderSettings) -> ApprovalPolicies:
    """Read the policies, and refuse wrong ones before anything waits for them."""
    try:
        policies = ApprovalPolicies(_usual(settings), _differences(settings.approval_policies))
        for name in policies.differences:
            policies.of(name, name)
    except (ValueError, ValidationError) as error:
        raise BadSetting(
            " ".join(str(error).split())[:500],
            where="APPROVAL_POLICIES",
            cure='write {"<agent or question type>": {"timeout": 3600, "on_timeout": "escalate", '
            '"escalate_to": ["ada"]}}; see docs/approvals.md',
        ) from error
    return policies


def _usual(settings: ReaderSettings) -> ApprovalPolicy:
    return ApprovalPolicy(
        timeout=settings.approval_timeout,
        warn_before=settings.approval_warn_before,
        on_timeout=settings.approval_on_timeout,
        escalate_to=_names(settings.approval_escalate_to),
        approvers=_names(settings.approval_approvers),
        separate_approver=settings.approval_separate_approver,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _differences(text: str) -> dict[str, dict[str, Any]]:
    found: Any = json.loads(text) if text.strip() else {}
    several = cast("dict[str, Any]", found)
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in several.values()):
        raise ValueError("this is no JSON object of objects")
    return cast("dict[str, dict[str, Any]]", found)
