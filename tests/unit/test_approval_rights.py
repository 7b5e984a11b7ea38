"""Who asked may not decide, whichever name they come by: a key's, or the address of a mail with a link."""

import pytest

from graph.server.approval_rights import may_be_one, on_whose_behalf
from graph.server.errors import ApiError

ASKED = {"policy": {"separate_approver": True}, "requested_by": "ann", "approvers": []}


@pytest.mark.parametrize("name", ["ann", "Ann", "ann@example.org", "ann+links@example.org"])
def test_who_asked_is_known_by_each_of_their_names(name: str):
    with pytest.raises(ApiError) as error:
        on_whose_behalf(ASKED, name, [])
    assert error.value.status_code == 403


@pytest.mark.parametrize("name", ["anna", "bob@example.org", "joann@example.org"])
def test_others_may_decide(name: str):
    assert on_whose_behalf(ASKED, name, []) is None


def test_an_approver_is_no_deputy_of_who_asked_by_another_name():
    named = {**ASKED, "approvers": ["ann@example.org", "bob"]}
    with pytest.raises(ApiError):
        on_whose_behalf(named, "cy", ["ann@example.org"])
    assert on_whose_behalf(named, "cy", ["ann@example.org", "bob"]) == "bob"


def test_two_addresses_are_one_person_only_when_they_are_the_same():
    assert may_be_one("ann@example.org", "Ann@Example.org")
    assert not may_be_one("ann@example.org", "ann@other.org")
    assert not may_be_one("ann", None)
