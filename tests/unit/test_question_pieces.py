import random

import pytest

from graph.classification.cue_words import TABLE, in_english
from graph.classification.pieces import MOST_PIECES, Pieces
from graph.classification.variations import varied
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.model_files import find_model


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces.of(find_model(DEFAULT_MODEL).folder)


@pytest.mark.parametrize(
    ("asked", "cue"),
    [
        ("Wie viele Bücher hat Frau Öztürk?", "how many"),
        ("Combien d'arbres y a-t-il dans le parc ?", "how many"),
        ("¿Cuántas sillas hay en la sala?", "how many"),
        ("Quanti alunni sono iscritti al corso?", "how many"),
        ("Hoeveel fietsen staan er in de kelder?", "how many"),
        ("Quantos barcos estão no porto?", "how many"),
        ("Lösche bitte den zweiten Entwurf.", "delete please the"),
        ("Bonjour, which field holds the price?", "which field holds the price"),
        ("Qual è il prezzo?", "what is the price"),
    ],
)
def test_cues_of_other_languages_are_said_in_english(asked: str, cue: str):
    assert cue in in_english(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "I want all data on the last move of a car, please.",
        "We are in. Do come as you are!",
        "print date of lot 7",
        "no trend, no total: name the online service",
        "",
        "12 + 7",
        "鍵は何ですか",
    ],
)
def test_english_and_what_is_no_known_language_stay_as_they_are(asked: str):
    assert in_english(asked) == asked


def test_every_language_has_every_cue():
    rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()]
    assert {len(row) for row in rows} == {7}
    assert all(cue.strip() == cue != "" for row in rows for cell in row for cue in cell.split("|"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wich docter has acces", "which doctor has access"),
        ("averege wating time acording to the manuel", "average waiting time according to the manuel"),
        ("shedule the tabel for tomorow", "schedule the table for tomorrow"),
    ],
)  # fmt: skip
def test_slips_in_common_words_are_mended(pieces: Pieces, typed: str, meant: str):
    assert pieces.respelling.mended(typed) == meant


@pytest.mark.parametrize(
    "asked",
    [
        "Okafor, Birkenweg and Lindqvist",
        "restart web-01.example.org or mail jo@exmple.com",
        "lambs, blames, reindexed, searchable, metadata",
        "R7 u2 x",
        "überprüfen",
    ],
)
def test_names_addresses_and_inflections_are_left_alone(pieces: Pieces, asked: str):
    assert pieces.respelling.mended(asked) == asked


def test_a_question_is_cut_alike_whatever_its_capitals_and_never_too_long(pieces: Pieces):
    assert pieces.ids("Wie Hoch Ist Die Miete?") == pieces.ids("wie hoch ist die miete?")
    assert len(pieces.ids("what " * 3000)) == MOST_PIECES


def test_variations_are_the_same_for_the_same_seed_and_keep_most_words():
    asked = "Which of the four halls was booked most often last winter?"
    said = [varied(asked, random.Random(seed)) for seed in range(200)]
    assert said == [varied(asked, random.Random(seed)) for seed in range(200)]
    assert len(set(said)) > 60
    for one in said:
        kept = sum(word.strip("?") in one for word in asked.split())
        assert kept >= 5
