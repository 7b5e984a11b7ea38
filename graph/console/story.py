"""Pure: what a session told so far, as the page shows it; one turn for each question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Line = Mapping[str, Any]
SHOWN_AS: Final = {
    "done": "done", "failed": "failed", "timed_out": "failed", "skipped": "skipped",
    "rejected": "skipped", "cancelled": "skipped",
}  # fmt: skip
"""How a step ended, in the few words that have a colour."""


@dataclass
class Step:
    """A step of the plan: a node of the picture, and a lane."""

    step_id: str
    agent: str
    capability: str
    question: str
    depends_on: list[str]
    requires_approval: bool = False
    state: str = "waiting"
    doing: str = ""
    seconds: float | None = None
    error: str = ""
    found: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    tools: list[str] = field(default_factory=list[str])
    draft: str = ""


@dataclass
class Turn:
    """One question and all that was told about it."""

    question: str = ""
    query_type: str = ""
    steps: dict[str, Step] = field(default_factory=dict[str, Step])
    written: str = ""
    citations: dict[int, Mapping[str, Any]] = field(default_factory=dict[int, Mapping[str, Any]])
    coverage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conflicts: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    warnings: list[str] = field(default_factory=list[str])
    status: str = ""
    """Empty while it goes on."""
    answer_id: str = ""
    error: str = ""

    @property
    def ended(self) -> bool:
        return bool(self.status)

    @property
    def waits(self) -> bool:
        """Whether nothing moves but for a person."""
        states = [one.state for one in self.steps.values()]
        return not self.ended and "approval" in states and "running" not in states


@dataclass
class Story:
    """Turns in order; taking the same lines always gives the same story."""

    turns: list[Turn] = field(default_factory=list[Turn])
    seen: int = 0
    """The last `seq`: where to go on after a cut."""

    @property
    def now(self) -> Turn:
        """The turn that is being told, begun when there is none."""
        if not self.turns or self.turns[-1].ended:
            self.turns.append(Turn())
        return self.turns[-1]

    def ask(self, question: str) -> Turn:
        self.turns.append(Turn(question=question))
        return self.turns[-1]

    def take(self, line: Line) -> None:
        """Take the next line in; one of an unknown type changes nothing."""
        if line["seq"] <= self.seen:
            return
        self.seen = line["seq"]
        take = _TAKES.get(line["type"])
        if take is not None:
            take(self.now, line)


def _plan(turn: Turn, line: Line) -> None:
    plan: Mapping[str, Any] = line["plan"]
    turn.question = turn.question or str(plan.get("query") or "")
    turn.query_type = str(plan.get("query_type") or "")
    known = turn.steps
    # A run that goes on tells its plan again: what is done stays done.
    turn.steps = {}
    told: list[Mapping[str, Any]] = plan.get("steps") or []
    for one in told:
        step = Step(
            one["step_id"], one["agent"], one["capability"], one["question"],
            list(one["depends_on"]), bool(one["requires_approval"]),
        )  # fmt: skip
        before = known.get(step.step_id)
        same = before is not None and (before.agent, before.question) == (step.agent, step.question)
        turn.steps[step.step_id] = before if same and before is not None else step


def _started(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.state, step.doing = "running", ""


def _ended(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.state = SHOWN_AS.get(str(line.get("status")), "failed")
        step.doing, step.seconds = "", line.get("seconds")
        step.error = str(line.get("error") or "")


def _retrieving(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.doing = "looking for passages"


def _passages(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.found, step.doing = list(line.get("found") or []), "reading"


def _tool(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.tools.append(str(line.get("tool") or line.get("name") or "a tool"))


def _asked(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.state = "approval"


def _answered(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.state, step.doing = "waiting", str(line.get("decision") or "")


def _token(turn: Turn, line: Line) -> None:
    text = str(line.get("text") or "")
    if not line.get("draft"):
        turn.written += text
    elif step := turn.steps.get(line["step"]):
        step.draft += text


def _dropped(turn: Turn, line: Line) -> None:
    if step := turn.steps.get(line["step"]):
        step.draft = ""


def _citation(turn: Turn, line: Line) -> None:
    turn.citations[line["number"]] = line["citation"]


def _coverage(turn: Turn, line: Line) -> None:
    turn.coverage = line


def _conflict(turn: Turn, line: Line) -> None:
    turn.conflicts.append(line.get("conflict") or line)


def _cost(turn: Turn, line: Line) -> None:
    turn.usage, turn.timings = line.get("usage") or {}, line.get("timings") or {}


def _warning(turn: Turn, line: Line) -> None:
    turn.warnings.append(str(line.get("what") or line.get("budget") or line["type"]))


def _final(turn: Turn, line: Line) -> None:
    turn.status = str(line.get("status") or "completed")
    turn.written = str(line.get("answer") or turn.written)
    turn.answer_id = str(line.get("answer_id") or "")
    turn.query_type = str(line.get("query_type") or turn.query_type)


def _failed(turn: Turn, line: Line) -> None:
    turn.status = "failed"
    turn.error = str(line.get("message") or line.get("error") or "the run ended with an error")


_TAKES: Final = {
    "plan": _plan,
    "step_started": _started,
    "step_finished": _ended,
    "step_failed": _ended,
    "retrieving": _retrieving,
    "passages": _passages,
    "tool_called": _tool,
    "approval_asked": _asked,
    "approval_answered": _answered,
    "token": _token,
    "draft_dropped": _dropped,
    "citation": _citation,
    "coverage": _coverage,
    "conflict": _conflict,
    "cost": _cost,
    "budget_warning": _warning,
    "budget_waits": _warning,
    "budget_spent": _warning,
    "final": _final,
    "error": _failed,
}
