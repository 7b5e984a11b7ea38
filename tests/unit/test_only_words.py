"""What begins like an order and only asks for words is looked up; orders beside it stay orders."""

import pytest

from graph.planning.clauses import asking_clauses, order_in


def ordered(question: str) -> bool:
    return any(order_in(one) for one in asking_clauses(question))


@pytest.mark.parametrize(
    "question",
    [
        "Put the ferry and the bus timetable next to each other.", "put the quotes in order of price",
        "Order the four crossings by sailing time", "deposit for the party tent", "email address of the warden",
        "split 1,260 euro over 9 people", "Turn the minutes into three bullet points.", "Please.",
        "Would you mind telling me the notice period?", "Forgive me for asking, but who keeps the key?",
        "Suggest what to do with the boats; nothing is to be moved yet.", "never mind, found it",
        "I don't want it exported.", "I need the year in which the canon retired.", "Bitte: wer leitet das Lager?",
        "Put the clause into words that a child can follow", "Create no booking. What does the room cost?",
        "Word a polite refusal, and keep it in the drawer.", "restart threshold from the runbook",
        "Order the bids from lowest price to highest.", "Talk me through how a claim is approved",
        "Look at the meter and subtract 18,240 from it.", "Say which is lower.", "Check whether the gate is open.",
    ],
)  # fmt: skip
def test_words_are_no_deeds(question: str):
    assert not ordered(question)


@pytest.mark.parametrize(
    "question",
    [
        "Put the bins next to the gate tonight.", "Order three crates of apples",
        "Let Mrs Voss know that the hall is free.", "Email the warden", "Restart the queue",
        "Turn the heating off in hall 2", "I want that banner gone.", "I need the invoice sent by Friday.",
        "Bitte das Lager heizen", "Die schlimmere bitte gleich beim Arzt anmelden.",
        "Add the counter to the dashboard", "the lamp is to be moved", "Order 20 chairs from Oslo to the new hall",
    ],
)  # fmt: skip
def test_deeds_stay_deeds(question: str):
    assert ordered(question)
