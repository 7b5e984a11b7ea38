"""How soon and how often a part is started again."""

from kb.embedded.restart_policy import RestartPolicy


def test_the_wait_doubles_up_to_fifteen_seconds():
    policy = RestartPolicy(limit_before_first_health=99, limit=99)
    assert [policy.ended(float(now)) for now in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]


def test_a_part_that_never_worked_is_given_up_early():
    policy = RestartPolicy()
    assert [policy.ended(float(now)) is None for now in range(5)] == [False] * 4 + [True]


def test_ten_ends_in_five_minutes_are_too_many_but_not_in_an_hour():
    often, seldom = RestartPolicy(), RestartPolicy()
    for policy, apart in ((often, 10.0), (seldom, 300.0)):
        policy.healthy(0)
        ends = [policy.ended(number * apart) for number in range(10)]
        assert (ends[-1] is None) is (policy is often)


def test_a_steady_minute_makes_the_next_restart_quick_again():
    policy = RestartPolicy()
    policy.healthy(0)
    assert [policy.ended(1), policy.ended(2)] == [0.5, 1]
    policy.healthy(3)
    assert policy.ended(70) == 0.5
