"""When a model that fails is left alone, and by whom it is tried again."""

from kb_contract.chat_models.breaker import Breaker, BreakerChange, BreakerRules, Turn
from kb_contract.chat_models.failures import ProviderFailure


def admitted(breaker: Breaker) -> Turn:
    turn = breaker.admit()
    assert turn is not None
    return turn


def test_only_the_probe_says_how_a_model_is_now() -> None:
    now = [0.0]
    told: list[BreakerChange] = []
    breaker = Breaker("m", lambda: now[0], BreakerRules(rest=10), told.append)
    # Four were under way when three others opened it.
    early = [admitted(breaker) for _ in range(7)]
    for one in early[:3]:
        one.failed("down", 1.0)
    now[0] += 10
    probe = admitted(breaker)
    early[3].answered(11.0, slow=False)
    early[4].failed("late", 11.0)
    early[5].left_alone()
    assert (breaker.state, breaker.admit()) == ("half_open", None)
    probe.answered(1.0, slow=False)
    early[6].failed("late", 12.0)
    probe.failed("twice", 1.0)
    assert [one.state for one in told] == ["open", "half_open", "closed"]


def test_a_breaker_rests_longer_each_time_and_probes_with_one_call() -> None:
    now = [0.0]
    told: list[BreakerChange] = []
    breaker = Breaker("m", lambda: now[0], BreakerRules(rest=10, longest_rest=25), told.append)
    for _ in range(3):
        admitted(breaker).failed("down", 1.0)
    assert not breaker.admit()
    for rest in (10, 20, 25):
        assert told[-1].rest == rest
        now[0] += rest
        probe = admitted(breaker)
        assert not breaker.admit()
        probe.failed("down", 1.0)
    now[0] += 25
    admitted(breaker).left_alone()
    admitted(breaker).answered(1.0, slow=False)
    assert (breaker.state, breaker.numbers()["calls"]) == ("closed", {"failed": 6, "answered": 1})


def busy(wait: float) -> ProviderFailure:
    return ProviderFailure("busy", "429", rest=wait)


def test_a_told_wait_is_one_rest_and_then_all_may_ask() -> None:
    now = [0.0]
    told: list[BreakerChange] = []
    breaker = Breaker("m", lambda: now[0], BreakerRules(rest=30), told.append)
    for turn in [admitted(breaker) for _ in range(12)]:
        now[0] += 0.01
        turn.ended_in(busy(1.0), 0.1)
    assert [(one.state, one.rest) for one in told] == [("open", 1.0)]
    assert breaker.admit() is None
    now[0] += 1.0
    several = [admitted(breaker) for _ in range(4)]
    assert [one.state for one in told] == ["open", "closed"]
    # What it was told before makes no rest longer that follows from a failure.
    for turn in several[:3]:
        turn.ended_in(ProviderFailure("down", "500"), 0.1)
    assert (told[-1].state, told[-1].rest) == ("open", 30)


def test_no_told_wait_makes_a_rest_shorter_or_a_probe_needless() -> None:
    now = [0.0]
    told: list[BreakerChange] = []
    breaker = Breaker("m", lambda: now[0], BreakerRules(rest=30), told.append)
    early = [admitted(breaker) for _ in range(3)]
    early[0].ended_in(ProviderFailure("refused_us", "401", rest=300.0), 0.1)
    early[1].ended_in(busy(1.0), 0.1)
    assert breaker.waits() == 300
    now[0] += 300
    probe = admitted(breaker)
    early[2].ended_in(busy(2.0), 0.1)
    assert (breaker.state, breaker.waits()) == ("open", 2.0)
    probe.answered(1.0, slow=False)
    assert breaker.admit() is None
    now[0] += 2
    assert all([breaker.admit(), breaker.admit()])
    assert [one.state for one in told] == ["open", "half_open", "open", "closed"]


def test_who_says_when_to_come_again_and_fails_each_time_is_tried_out_by_one() -> None:
    now = [0.0]
    breaker = Breaker("m", lambda: now[0], BreakerRules(rest=30))
    for wait in (1.0, 1.0, 30.0):
        admitted(breaker).ended_in(ProviderFailure("down", "503", rest=1.0), 0.1)
        assert breaker.waits() == wait
        now[0] += wait
    assert admitted(breaker)
    assert breaker.admit() is None


def test_what_lies_at_a_question_says_nothing_of_the_model() -> None:
    breaker = Breaker("m", lambda: 0.0)
    for _ in range(9):
        admitted(breaker).ended_in(ProviderFailure("refused_this", "400"), 0.1)
    assert breaker.state == "closed"
