"""A number of a claim is that of its quote: its scale, its sign and its currency too."""

from itertools import permutations

import pytest

from graph.citations.faithfulness import Fault, Grounds, fault_of

FORMS = {
    "users": {
        10**4: ("10,000 users", "10k users", "10 thousand users", "ten thousand users"),
        10**7: ("10 million users", "10,000,000 users", "10mn users", "ten million users"),
        10**10: ("10 billion users", "10bn users", "ten billion users"),
        10: ("10 users", "ten users"),
        13: ("13 users", "thirteen users"),
    },
    "money": {
        5 * 10**6: ("$5 million", "5 million dollars", "$5m", "USD 5 million", "5,000,000 USD", "US$5mn"),
        5 * 10**9: ("$5 billion", "$5bn", "5 billion dollars", "USD 5bn", "$5b"),
        5 * 10**3: ("$5,000", "5k USD", "5 thousand dollars", "$5k"),
        5: ("$5", "5 USD", "five dollars", "5 dollars"),
    },
    "currency": dict(enumerate((
        ("250 CHF", "CHF 250", "250 francs"), ("250 EUR", "€250", "250 euros", "250 €"),
        ("250 JPY", "¥250", "250 yen"), ("250 SEK", "SEK 250"), ("250 INR", "₹250", "250 rupees"),
        ("250 AUD", "A$250"), ("250 CAD", "C$250"), ("250 GBP", "£250"), ("250 PLN", "PLN 250"),
        ("250 USD", "$250", "US$250"), ("250 BRL", "R$250"), ("250 ZAR", "ZAR 250"),
    ))),
    "sign": {
        1: ("-12 points", "minus 12 points", "negative 12 points", "\u221212 points"),
        2: ("12 points",),
    },
}  # fmt: skip
SAME = [
    (one, other) for group in FORMS.values() for forms in group.values() for one, other in permutations(forms, 2)
]  # fmt: skip
OTHER = [
    (one, other) for group in FORMS.values() for first, second in permutations(group.values(), 2)
    for one in first for other in second
]  # fmt: skip
FRAMES = ("The plan of the office is {}.", "Revenue of the north was {} last year.")


def fault(said: str, quote: str, frame: str = FRAMES[0], **more: str) -> Fault | None:
    return fault_of(frame.format(said), Grounds([frame.format(quote)], **more))


@pytest.mark.parametrize("frame", FRAMES)
def test_the_same_amount_in_another_form_stands(frame: str) -> None:
    assert len(SAME) > 80
    assert [one for one in SAME if fault(*one, frame)] == []


@pytest.mark.parametrize("frame", FRAMES)
def test_another_scale_sign_or_currency_is_another_number(frame: str) -> None:
    assert len(OTHER) > 700
    assert [one for one in OTHER if fault(*one, frame) != "number"] == []


@pytest.mark.parametrize(
    ("said", "quote"),
    [("$500", "500 per seat"), ("500 CHF", "500"), ("€500", "500 a month"), ("5 GB", "5"), ("30 hours", "30"),
     ("5 %", "5"), ("5 million", "5"), ("5k", "5")],
)  # fmt: skip
def test_nobody_adds_a_unit_or_a_scale_that_nothing_gives(said: str, quote: str) -> None:
    assert fault(said, quote) == "number"
    assert fault(quote.split()[0], said.replace("5k", "5").replace(" million", "")) is None


@pytest.mark.parametrize(
    ("said", "quote", "about"),
    [("$500", "500", "Price per seat (USD)"), ("500 EUR", "500", "Preis in €"), ("5 GB", "5", "Storage (GB)"),
     ("12 %", "12", "Growth in %"), ("$1,577 million", "1,577", "In millions of dollars"),
     ("1.577 billion", "1,577", "All figures in millions"), ("30 days", "30", "Term in days")],
)  # fmt: skip
def test_headings_and_questions_lend_the_unit_of_a_column(
    said: str, quote: str, about: str
) -> None:
    assert fault(said, quote, about=about) is None
    assert fault(said, quote, question=f"{about}?") is None
    assert fault(said.replace("5", "6").replace("12", "13").replace("30", "40"), quote, about=about)


@pytest.mark.parametrize(
    ("said", "quote", "stands"),
    [("The score fell by 12 points.", "The score changed by -12 points.", True),
     ("The score is down 12 points.", "The score changed by -12 points.", True),
     ("The score changed by -12 points.", "The score dropped by 12 points.", True),
     ("The score rose by 12 points.", "The score changed by -12 points.", False),
     ("The score changed by 12 points.", "The score changed by -12 points.", False),
     ("The score changed by -12 points.", "The score changed by 12 points.", False)],
)  # fmt: skip
def test_a_fall_is_a_change_below_zero(said: str, quote: str, stands: bool) -> None:
    assert (fault_of(said, Grounds([quote])) is None) == stands


def test_words_that_look_like_a_currency_or_a_scale_are_none() -> None:
    for text in ("All 5 users try 3 times.", "The 10-K lists 4 offices.", "A rope of 5 m holds 2 people."):  # fmt: skip
        assert fault_of(text, Grounds([text])) is None
    assert fault_of("The rope is 5 million long.", Grounds(["The rope is 5 m long."])) == "number"


PACES = ("an hour", "a day", "a week", "a month", "a year")


@pytest.mark.parametrize(("one", "other"), list(permutations(PACES, 2)))
def test_how_often_is_part_of_how_much(one: str, other: str) -> None:
    per = f"per {other.split()[1]}"
    for quoted in (other, per, f"every {other.split()[1]}"):
        assert fault(f"25 litres {one}", f"25 litres {quoted}") == "number"
        assert fault(f"25 litres {other}", f"25 litres {quoted}") is None
    assert fault(f"25 litres per {one.split()[1]}", f"25 litres {other}") == "number"


@pytest.mark.parametrize(
    "part", ["half", "a third", "two thirds", "three quarters of", "double", "a tenth"]
)
def test_a_part_is_a_number(part: str) -> None:
    for other in ("all", "a quarter of", "triple", "one hundredth"):
        assert fault(f"{part} the rent", f"{other} the rent") == "number"
    assert fault(f"{part} the rent", f"{part} the rent") is None


@pytest.mark.parametrize(
    ("said", "quote"),
    [("It costs 5 EUR or more.", "It costs 5 EUR."), ("Use version 7 and later.", "Use version 7."),
     ("Use version 7 or later.", "Use at most version 7."), ("It takes 5 days or less.", "It takes 5 days.")],
)  # fmt: skip
def test_nobody_goes_on_from_where_the_quote_stops(said: str, quote: str) -> None:
    assert fault_of(said, Grounds([quote])) == "number"


def test_at_least_and_or_more_are_one() -> None:
    for said, quote in (("12 characters or more", "at least 12 characters"), ("5 GB or less", "up to 5 GB"),
                        ("version 7 or newer", "version 7 or later"), ("version 7 or later", "any from version 7")):  # fmt: skip
        assert fault(said, quote) is None
