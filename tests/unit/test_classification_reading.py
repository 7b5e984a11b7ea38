import pytest

from graph.classification.language import language_of
from graph.classification.live_state import asks_live_state
from graph.classification.reading import read
from graph.classification.rules import ordered_change
from graph.classification.spelling import Spelling, fold, one_slip_apart


def orders(question: str) -> list[str]:
    reading = read(question)
    found = [ordered_change(one.plain, one.language) for one in reading.clauses if one.weight > 0.3]
    return [one for one in found if one]


@pytest.mark.parametrize(
    "question",
    [
        "Delete the old drafts", "please restart the crawler", "Could you send Ana the agenda?",
        "We should archive the wiki", "Order paper for the copy room", "book room 4 for tuesday",
        "Read the policy, then close the ticket", "go ahead and publish it", "roll back the agent",
        "I want you to cancel the delivery", "Give Tom access to the vault", "mark all as read",
        "if the disk is full, purge the cache", "turn the heating off and notify the caretaker",
        "Place an order for twelve chairs", "place the order with the closest supplier", "ingest it",
        "Lösche den alten Entwurf", "Supprime les doublons", "Elimina la carpeta vieja",
        "Riavvia il servizio di ricerca", "Verwijder de dubbele regels", "Apague a pasta antiga",
        "remvoe the badge", "Set the limit to 20", "make the page public", "add Kim to the group",
    ],
)  # fmt: skip
def test_orders_are_heard(question: str):
    assert orders(question)


@pytest.mark.parametrize(
    "question",
    [
        "How do I delete a draft?", "what happens when I restart the crawler", "Who sent the agenda?",
        "order number of the copier", "post office hours", "release date of version 3",
        "Don't delete anything, just list the drafts", "Preview the mail without sending it",
        "Draft a reply to the council", "Is it allowed to archive a case?", "book price",
        "What does 'delete all' do?", "The archive was deleted when?", "explain how to roll back",
        "tell me about the restart", "show me the deleted pages", "change history of the file",
        "Wie lösche ich einen Entwurf?", "Comment supprimer un dossier ?", "run through the rules",
        "update on the bridge works?", "What is the backup schedule", "starting salary of nurses",
    ],
)  # fmt: skip
def test_talking_about_a_change_is_no_order(question: str):
    assert orders(question) == []


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("is the indexer running", True), ("how many jobs are queued right now", True),
        ("show queue length of the embedder", True), ("are we past it", True),
        ("ping the gateway", True), ("did the nightly backup succeed", True),
        ("what time is it", True), ("what does the manual advise when storage is full", False),
        ("who is the current treasurer", False), ("opening hours today", False),
        ("how do i check the status of a job", False), ("is the pool open on sundays", False),
    ],
)  # fmt: skip
def test_live_state(text: str, live: bool):
    assert asks_live_state(text) is live


def test_what_counts_in_a_question():
    reading = read("I only know its name, but please: delete the 'Compare' page. It is raining.")
    heavy = [one.plain for one in reading.clauses if one.weight >= 0.8]
    assert heavy == ["delete the quoted page"]


def test_clauses_keep_their_own_words():
    reading = read('Get the Ümlaut "Price List" from the guide and compute the sum')
    assert [one.text for one in reading.clauses] == [
        'Get the Ümlaut "Price List" from the guide',
        "compute the sum",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("what is the price per unit", "en"), ("Wie viel kostet der Eintritt?", "de"),
        ("Quel est le tarif ?", "fr"), ("¿Dónde está la sala?", "es"),
        ("Quanto costa il biglietto?", "it"), ("Hoeveel kost het kaartje?", "nl"),
        ("Qual é o preço do bilhete?", "pt"), ("", "en"), ("ISBN", "en"),
    ],
)  # fmt: skip
def test_language(text: str, code: str):
    assert language_of(text) == code


def test_folding_keeps_every_place():
    text = "Größe «Œuvre» — naïve İ ﬁ"
    assert len(fold(text)) == len(text)


def test_spelling_leaves_real_words_alone():
    spelling = Spelling.of(["contact", "remove", "compare"])
    assert spelling.corrected("the contract was removed") == "the contract was removed"
    assert spelling.corrected("remvoe Remvoe comapre") == "remove remove compare"
    assert one_slip_apart("remve", "remove")
    assert not one_slip_apart("rmve", "remove")
