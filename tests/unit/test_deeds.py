"""Orders however they are worded, and talk about orders that orders nothing."""

import pytest

from graph.planning.clauses import asking_clauses, order_in


def ordered(question: str) -> list[str]:
    return [verb for one in asking_clauses(question) if (verb := order_in(one))]


@pytest.mark.parametrize(
    "question",
    [
        "The crawler should be paused until Monday.", "Please have the export rerun.",
        "We need the newsletter sent out today.", "It would be great if somebody fed the cat list to the printer and printed it.",
        "Would you mind forwarding this to the team?", "Don't forget to renew the licence.",
        "How about deleting the old drafts?", "Roll the service back to yesterday's release.",
        "Frobnicate the old index.", "If the disk is full delete the temporary files",
        "Restart the proxy only if it is not responding.", "The old logs need deleting.",
        "I need a refund for the broken lamp.", "Ticket 12 is solved: close it.",
        "Stop sending me these messages.", "Bitte starte den Server neu.", "Merci d'annuler la commande.",
        "Shred the contracts.", "Could the heating in room 9 be turned down?",
        "The contracts can go now, please do so.", "Make a significant decision about the lease",
        "Silence alert 4 until six", "busca quién tiene la llave y mándale un mensaje",
        "Cerca l'indirizzo del notaio e inoltragli la copia.", "Quali scorte finiscono oggi? Riordinali.",
        "Calcule o reembolso e registe-o na contabilidade.", "Restart the proxy, no matter how.",
    ],
)  # fmt: skip
def test_an_order_is_heard(question: str):
    assert ordered(question)


@pytest.mark.parametrize(
    "question",
    [
        "How do I delete an account?", "What does the command \"drop table x\" do?",
        "Which items must be archived?", "I need to cancel my booking, how does that work?",
        "Our policy says invoices must be paid within 14 days - is that correct?",
        "Who decided to close the gate?", "Explain the button labelled \"Delete all\".",
        "Add the rents of flat 3 and flat 7.", "Remind me what the deposit is.",
        "Show the letter; send nothing.", "I want to know how orders are cancelled.",
        "When was the last time the charter was amended?", "Contrast the 2021 and the 2023 quotas.",
        "Darf man hier parken?", "phone number of the harbour pilot",
        "Dime quién firmó el contrato", "Spiegami il regolamento", "Bitte den Liefertermin nachschlagen.",
        "undo last commit how", "cancel a booking how?",
    ],
)  # fmt: skip
def test_talk_of_an_order_is_none(question: str):
    assert ordered(question) == []


def test_what_is_looked_at_stands_before_the_deed():
    clauses = asking_clauses("Restart the proxy if it is down")
    assert [bool(order_in(one)) for one in clauses] == [False, True]


def test_a_plan_of_ones_own_with_no_question_is_an_order():
    assert ordered("I need to cancel my booking.") == ["cancel"]
