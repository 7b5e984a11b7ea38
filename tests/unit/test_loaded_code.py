"""What is loaded is left out of the garbage collector's rounds; garbage made later is found."""

import gc
import weakref
from collections.abc import Generator

import pytest

from kb_contract.loaded_code import loading_code


class Ring:
    """Only a round finds it: it holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _thawed() -> Generator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_is_left_out_and_what_comes_later_is_not():
    with loading_code():
        assert not gc.isenabled()
        loaded = [Ring() for _ in range(3)]
    assert gc.isenabled()
    rounds_look_at = {id(one) for one in gc.get_objects()}
    assert not any(id(one) in rounds_look_at for one in loaded)
    later = weakref.ref(Ring())
    gc.collect()
    assert later() is None


def test_what_fails_to_load_leaves_the_rounds_on():
    with pytest.raises(ImportError), loading_code():
        raise ImportError("no such module")
    assert gc.isenabled()
