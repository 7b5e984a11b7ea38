"""What follows from who waits for whom."""

from collections.abc import Mapping, Sequence

from graph.planning.workflow_plan import Shape, WorkflowStep

Waits = Mapping[str, Sequence[str]]
"""Step id → ids of the steps that it waits for."""


def waits_of(steps: Sequence[WorkflowStep]) -> dict[str, tuple[str, ...]]:
    """Return who waits for whom."""
    return {step.step_id: step.depends_on for step in steps}


def cycle_in(waits: Waits) -> list[str]:
    """Return the ids that stand on a cycle, or that wait for one; none when there is none."""
    left = {step: {one for one in needed if one in waits} for step, needed in waits.items()}
    while ready := [step for step, needed in left.items() if not needed]:
        for step in ready:
            del left[step]
        for needed in left.values():
            needed.difference_update(ready)
    return sorted(left)


def in_order(steps: Sequence[WorkflowStep]) -> tuple[WorkflowStep, ...]:
    """Sort so that every step stands after what it waits for; else the order stays."""
    done: set[str] = set()
    left, sorted_steps = list(steps), list[WorkflowStep]()
    known = {step.step_id for step in steps}
    while left:
        ready = next((one for one in left if done >= known.intersection(one.depends_on)), None)
        if ready is None:
            return tuple(steps)
        left.remove(ready)
        done.add(ready.step_id)
        sorted_steps.append(ready)
    return tuple(sorted_steps)


def before(waits: Waits) -> dict[str, frozenset[str]]:
    """For each step of a plan without cycles: everything that is done before it begins."""
    found: dict[str, frozenset[str]] = {}

    def visit(step: str) -> frozenset[str]:
        if step not in found:
            direct = [one for one in waits.get(step, ()) if one in waits]
            found[step] = frozenset(direct).union(*(visit(one) for one in direct))
        return found[step]

    for step in waits:
        visit(step)
    return found


def depths(waits: Waits) -> dict[str, int]:
    """Length of the longest chain that ends in each step; entry points have 1."""
    found: dict[str, int] = {}

    def visit(step: str) -> int:
        if step not in found:
            found[step] = 1 + max((visit(one) for one in waits[step] if one in waits), default=0)
        return found[step]

    for step in waits:
        visit(step)
    return found


def widest(waits: Waits) -> int:
    """How many steps stand in the widest stage."""
    levels = list(depths(waits).values())
    return max((levels.count(level) for level in set(levels)), default=0)


def shape_of(steps: Sequence[WorkflowStep]) -> Shape:
    """Name the shape of the dependencies."""
    return shape_of_waits(waits_of(steps), acts=any(one.capability == "action" for one in steps))


def shape_of_waits(waits: Waits, *, acts: bool = False) -> Shape:
    """Name the shape of who waits for whom; what only reads, all at once, is joined in the answer."""
    if len(waits) < 2:
        return "single" if waits else "direct"
    if not acts and not any(waits.values()):
        return "parallel_then_join"
    followers = {step: [one for one, needed in waits.items() if step in needed] for step in waits}
    if all(len(needed) <= 1 for needed in waits.values()) and all(
        len(after) <= 1 for after in followers.values()
    ):
        entries = sum(not needed for needed in waits.values())
        return "sequential" if entries == 1 else "mixed"
    return "parallel_then_join" if _fans_in(waits, followers) else "mixed"


def _fans_in(waits: Waits, followers: Mapping[str, Sequence[str]]) -> bool:
    """Parallel entry points that meet in one step, and at most a chain after it."""
    entries = [step for step, needed in waits.items() if not needed]
    meeting = {one for step in entries for one in followers[step]}
    if len(entries) < 2 or len(meeting) != 1 or any(len(followers[one]) != 1 for one in entries):
        return False
    step = meeting.pop()
    length = 1
    while followers[step]:
        # A plan that is not validated yet may go round in a ring behind its join.
        if len(followers[step]) > 1 or length > len(waits):
            return False
        step = followers[step][0]
        length += 1
    return len(entries) + length == len(waits)
