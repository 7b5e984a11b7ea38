"""A mail says what waits in lines of ours, whatever the words of the question are."""

from graph.server.notices.wording import LONGEST_LINE, mail_of

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
