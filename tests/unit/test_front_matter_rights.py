"""When a document holds and whom it is for."""

import pytest

from dagster_kb.readers.front_matter import FrontMatter, split_front_matter
from kb_contract.audience import callers_groups
from kb_contract.errors import BadDocument, BadIdentifier


def said(*lines: str) -> FrontMatter:
    return split_front_matter("\n".join(["---", *lines, "---", "body"])).front_matter


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-31", "2026-12-31T00:00:00Z"),
        ("'2026-12-31'", "2026-12-31T00:00:00Z"),
        ("2026-12-31T18:00", "2026-12-31T18:00:00Z"),
        ("2026-12-31 18:00:30", "2026-12-31T18:00:30Z"),
        ("2026-12-31T18:00:00Z", "2026-12-31T18:00:00Z"),
        ("2026-12-31t18:00:00.5z", "2026-12-31T18:00:00.500000Z"),
        ("2026-12-31T18:00:00+01:00", "2026-12-31T17:00:00Z"),
        ("2026-12-31 18:00 -0530", "2026-12-31T23:30:00Z"),
        ("2028-02-29", "2028-02-29T00:00:00Z"),
        ("", None),
        ("~", None),
    ],
)
def test_moments_are_said_in_one_way(written: str, meant: str | None) -> None:
    assert said(f"effective: {written}").effective == meant
    assert said(f"expires: {written}").expires == meant


@pytest.mark.parametrize(
    "written",
    ["tomorrow", "2026-02-30", "2026-13-01", "31.12.2026", "2026", "2026-1-1", "2026-W01-1", "20261231",
     "2026-12-31T25:00", "2026-12-31T18:00:00+25:00", "0001-01-01T00:00:00+05:00", "0000-01-01", "[2026-01-01]",
     "{a: b}", "1767225600", "2026-12-31T18:00:00[Europe/Berlin]", "٢٠٢٦-01-01", "2026-12-31T18", "'2026-12-31\\n'x"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["effective", "expires"])
def test_what_is_no_date_is_refused(key: str, written: str) -> None:
    with pytest.raises(BadDocument) as refusal:
        said(f"{key}: {written}")
    assert refusal.value.cure


@pytest.mark.parametrize(
    ("lines", "meant"),
    [
        (["publishDate: 2099-01-01"], "2099-01-01T00:00:00Z"),
        (["publish_date: 2020-01-01"], "2020-01-01T00:00:00Z"),
        (["PublishDate: 2099-01-01"], "2099-01-01T00:00:00Z"),
        (["publish-date: 2099-01-01"], "2099-01-01T00:00:00Z"),
        (["publishDate: 2099-01-01", "effective: 2040-01-01"], "2040-01-01T00:00:00Z"),
        (["publishDate: 2099/1/01"], "2099-01-01T00:00:00Z"),
        (["publishDate: 2099/01/01 10:30"], "2099-01-01T10:30:00Z"),
        (["publishDate: 2099-01-01T00:00:00.123456789Z"], "2099-01-01T00:00:00.123456Z"),
        (["publishDate: January 1, 2099"], "2099-01-01T00:00:00Z"),
        (["publishDate: 1  jan 2099"], "2099-01-01T00:00:00Z"),
        (["publishDate: next spring"], None),
        (["publish_date: [a]"], None),
    ],
)
def test_a_day_of_publication_is_waited_for(lines: list[str], meant: str | None) -> None:
    found = said(*lines)
    assert found.effective == meant
    assert found.extra == {lines[0].split(":")[0]: said(f"x: {lines[0].split(': ')[1]}").extra["x"]}


def test_a_day_of_publication_is_waited_for_in_a_drawer_too() -> None:
    assert said("params: {publishDate: 2099-01-01}").effective == "2099-01-01T00:00:00Z"
    assert said("params: {publishDate: soon, x: 1}").effective is None


@pytest.mark.parametrize(
    "written", ["01/02/2099", "2099", "spring 2099", "2099-13-01", "Mai 3, 2099"]
)
def test_a_day_of_publication_that_is_not_clear_is_refused(written: str) -> None:
    with pytest.raises(BadDocument, match="which is no date"):
        said(f"publishDate: {written}")


@pytest.mark.parametrize(
    "expires", ["2026-01-01", "2026-01-02T00:00:00Z", "2026-01-02T01:00+01:00"]
)
def test_a_document_that_never_holds_is_refused(expires: str) -> None:
    with pytest.raises(BadDocument, match="before it is effective") as refusal:
        said("effective: 2026-01-02", f"expires: {expires}")
    assert "later" in refusal.value.cure
    said("effective: 2026-01-02", "expires: 2026-01-02T00:00:01Z")


@pytest.mark.parametrize(
    ("written", "groups"),
    [
        ("[hr]", ("hr",)),
        ("hr", ("hr",)),
        ("[Legal, hr, HR]", ("hr", "legal")),
        ("[everyone, hr]", ("everyone", "hr")),
        ("[All, hr]", ("everyone", "hr")),
        ("[team@example.org, a/b, 'x:y']", ("a/b", "team@example.org", "x:y")),
    ],
)
def test_an_audience_is_a_list_of_groups(written: str, groups: tuple[str, ...]) -> None:
    assert said(f"audience: {written}").audience == groups


def test_without_an_audience_it_is_for_everyone() -> None:
    assert said("title: t").audience == ("everyone",)
    assert FrontMatter().audience == ("everyone",)


@pytest.mark.parametrize(
    "line",
    ["audience:", "audience: ~", "audience: []", "audience: ['']", "audience: [hr, ~]", "audience: {a: b}",
     "audience: [[hr]]", "audience: 'hr, legal'", "audience: ['*']", "audience: ['hr\u200b']",
     "audiences: [hr]", "audiance: [hr]", "expire: 2026-01-01", "aud\u200bience: [hr]", "\u0430udience: [hr]",
     "Expires: soon", "audience: [" + "g" * 65 + "]",
     "audience: [" + ",".join(f"g{n}" for n in range(51)) + "]"],
)  # fmt: skip
def test_rights_that_are_not_clear_are_refused_and_never_taken_for_everyone(line: str) -> None:
    with pytest.raises(BadDocument) as refusal:
        said(line)
    assert refusal.value.cure


def test_callers_belong_to_everyone_and_to_what_the_setting_says() -> None:
    assert callers_groups("") == ("everyone",)
    assert callers_groups(" HR, legal,, ") == ("everyone", "hr", "legal")
    with pytest.raises(BadIdentifier):
        callers_groups("hr, every body")


@pytest.mark.parametrize(
    ("written", "status"),
    [("draft: true", "draft"), ("draft: 'Yes'", "draft"), ("published: false", "draft"),
     ("draft: false", "published"), ("published: 2020-01-01", "published"),
     ("status: published\ndraft: true", "draft"), ("status: Draft", "draft")],
)  # fmt: skip
def test_what_other_tools_call_a_draft_is_one(written: str, status: str) -> None:
    assert said(written).status == status


@pytest.mark.parametrize("written", ["draft:", "published:", "draft: ''", "published: ~", "published: O'Reilly",
                                     "published: {url: x}", "published: https://example.org"])  # fmt: skip
def test_what_says_neither_yes_nor_no_of_being_published_holds_nothing_back(written: str) -> None:
    assert said(written, "title: T").status == "published"


@pytest.mark.parametrize("written", ["draft: perhaps", "draft: [a]", "published: never", "published: not yet"])  # fmt: skip
def test_what_may_hold_back_is_refused(written: str) -> None:
    with pytest.raises(BadDocument, match="neither yes nor no"):
        said(written)
