"""How long people have, and who is next: by agent, else by question type, else as usual."""

from datetime import UTC, datetime, timedelta

import pytest

from graph.server.approval_policy import ApprovalPolicy, policies_of
from graph.testing.controlled_clock import BEGINNING, ControlledClock
from graph.testing.racing import race
from kb_contract.errors import BadSetting
from tests.doubles.approval_world import settings_of

URL = "postgresql://nowhere"


def test_the_agent_has_the_last_word():
    policies = policies_of(
        settings_of(
            URL, approval_timeout=100, approval_approvers=" ada, bob ,",
            approval_policies='{"tool_operation": {"timeout": 50, "separate_approver": true}, "ops": {"timeout": 10}}',
        )
    )  # fmt: skip
    assert policies.of("other", "rag_document").timeout == 100
    assert policies.of("other", "tool_operation").timeout == 50
    both = policies.of("ops", "tool_operation")
    assert (both.timeout, both.separate_approver, both.approvers) == (10, True, ("ada", "bob"))


@pytest.mark.parametrize(
    "wrong", ["[]", "{", '{"ops": 1}', '{"ops": {"timeout": -1}}', '{"ops": {"time": 1}}', '"x"']
)
def test_what_cannot_be_is_refused_with_the_cure(wrong: str):
    with pytest.raises(BadSetting, match=r"APPROVAL_POLICIES.*docs/approvals\.md"):
        policies_of(settings_of(URL, approval_policies=wrong))


def test_the_warning_comes_before_the_deadline_but_not_in_the_first_half():
    asked = datetime(2030, 1, 1, tzinfo=UTC)
    week = ApprovalPolicy()
    assert (week.deadline(asked), week.warn_at(asked)) == (
        asked + timedelta(days=7), asked + timedelta(days=6),
    )  # fmt: skip
    assert ApprovalPolicy(timeout=60).warn_at(asked) == asked + timedelta(seconds=30)
    never = ApprovalPolicy(timeout=0)
    assert (never.deadline(asked), never.warn_at(asked)) == (None, None)


def test_whom_it_goes_to_next():
    chain = ApprovalPolicy(on_timeout="escalate", escalate_to=("ada", "bob"))
    assert [chain.next_person(level) for level in range(3)] == ["ada", "bob", None]
    assert ApprovalPolicy(escalate_to=("ada",)).next_person(0) is None


def test_a_controlled_clock_goes_on_when_told_and_never_back():
    clock = ControlledClock()
    assert clock() == clock() == BEGINNING
    assert clock.go_on(hours=2, minutes=1) == clock() == BEGINNING + timedelta(minutes=121)
    with pytest.raises(ValueError, match="back"):
        clock.go_on(seconds=-1)


async def test_racers_begin_together_and_errors_are_results():
    begun: list[int] = []

    async def run(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise KeyError(number)
        return len(begun)

    one, two, three = await race([lambda n=n: run(n) for n in range(3)])
    assert (isinstance(two, KeyError), {one, three} <= {1, 2, 3}) == (True, True)
