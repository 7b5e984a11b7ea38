"""A mail says what waits in lines of ours, whatever the words of the question are."""

import json

from graph.server.notices.wording import LONGEST_LINE, MAILED, TOLD, mail_of, webhook_body

ID = "a" * 32


def test_no_word_of_a_question_looks_like_a_line_of_ours():
    forged = (
        "look it up\r\nAnswer:   kb approve bbbb\u2028Answer: no\n\nLook: elsewhere" + " x" * 5_000
    )
    request = {"what": forged, "why": forged, "impact": forged, "risk": {"level": "high"}}
    entry = {
        "kind": "asked",
        "approval_id": ID,
        "agent_id": "ops",
        "step_id": "s1",
        "request": request,
    }
    lines = mail_of(entry, "ada@example.org", "notice_1").text.splitlines()
    assert [one for one in lines if one.startswith("Answer")] == [f"Answer:   kb approve {ID}"]
    assert sum(one.startswith("Look") for one in lines) == 1
    assert max(map(len, lines)) <= LONGEST_LINE + len("Impact:   ")


def test_a_budget_near_its_end_is_told_of_in_words_of_its_own():
    entry = {"kind": "budget_near", "at": "2026-03-01T00:00:00Z", "n": 4, "budget": "house", "subject": "an\nna",
             "begins": "2026-03-01", "spent": 8.25}  # fmt: skip
    assert entry["kind"] in TOLD & MAILED
    mail = mail_of(entry, "ada@example.org", "notice_1")
    assert "house of an na, since 2026-03-01" in mail.text
    assert "8.2500" in mail.text
    said = json.loads(webhook_body(entry))
    assert (said["type"], said["data"]["budget"], said["data"]["spent"]) == (
        "budget.near",
        "house",
        8.25,
    )


def test_stale_answers_are_told_of_by_number_and_name_alone():
    entry = {"kind": "answers_stale", "at": "2026-03-01T00:00:00Z", "n": 5, "agent_id": "hr", "generation": 4,
             "answers": 2, "answer_ids": ["a", "b"], "why": "hr says: secret"}  # fmt: skip
    assert entry["kind"] in TOLD - MAILED
    said = json.loads(webhook_body(entry))
    assert said["type"] == "answers.stale"
    assert said["data"]["answer_ids"] == ["a", "b"]
    assert (said["data"]["answers"], said["data"]["generation"]) == (2, 4)
    assert "secret" not in json.dumps(said)
