"""Two things at a time, in order, and stopped together."""

import threading

import pytest

from kb.side_by_side import SideBySide

LONG = 60


def test_two_are_under_way_at_one_time_and_results_keep_their_order():
    both = threading.Barrier(2, timeout=LONG)

    def work(number: int) -> int:
        both.wait()  # for the other one: alone it would fail
        return 10 * number

    assert list(SideBySide(work).run([1, 2, 3, 4])) == [10, 20, 30, 40]


def test_one_alone_leaves_the_caller_to_ctrl_c():
    def work(_: str) -> str:
        return threading.current_thread().name

    assert list(SideBySide(work).run(["a"])) != [threading.current_thread().name]
    assert list(SideBySide(work).run([])) == []


def test_ctrl_c_waits_for_nothing_and_begins_no_other():
    begun: list[int] = []
    second, end = threading.Event(), threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            assert second.wait(LONG)
            return number
        second.set()
        assert end.wait(LONG)
        return number

    ran = SideBySide(work).run(range(9))
    assert next(ran) == 0
    with pytest.raises(KeyboardInterrupt):
        ran.throw(KeyboardInterrupt)
    end.set()
    assert len(begun) <= 3


def test_one_that_fails_is_told_when_the_other_is_done():
    begun, failed, done = threading.Event(), threading.Event(), threading.Event()

    def work(number: int) -> None:
        if number == 0:
            assert begun.wait(LONG)
            failed.set()
            raise RuntimeError("broken")
        begun.set()
        assert failed.wait(LONG)
        done.set()

    with pytest.raises(RuntimeError, match="broken"):
        list(SideBySide(work).run([0, 1]))
    assert done.is_set()
