"""When a model that fails is left alone, and by whom it is tried again."""

from kb_contract.chat_models.breaker import Breaker, BreakerChange, BreakerRules, Turn


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
