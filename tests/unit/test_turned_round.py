"""Who does what to whom, what is excepted, what is only expected: lies that keep every word, and honest rewordings."""

import pytest

from graph.citations.faithfulness import Grounds, fault_of

LIES = [
    ("The carrier notifies the sender of any delay.", "The sender notifies the carrier of any delay."),
    ("Interns are mentored by engineers.", "Engineers are mentored by interns."),
    ("The cache reads its entries from the disk.", "The disk reads its entries from the cache."),
    ("Diesel is cheaper than petrol.", "Petrol is cheaper than diesel."),
    ("Parcels move from the depot to the branch.", "Parcels move from the branch to the depot."),
    ("The bank charges the shop a fee.", "The shop charges the bank a fee."),
    ("All flats except the penthouse have a balcony.", "All flats have a balcony."),
    ("Repairs are covered, with the exception of glass.", "Repairs are covered."),
    ("The pool is open every day other than Mondays.", "The pool is open every day."),
    ("The rule binds every member save those on leave.", "The rule binds every member."),
    ("The lift will be replaced in May.", "The lift has been replaced."),
    ("The archive is being moved to the cellar.", "The archive has been moved to the cellar."),
    ("The broker expects prices to fall by winter.", "Prices will fall by winter."),
    ("Early data suggest that the vaccine prevents fever.", "The vaccine is proven to prevent fever."),
    ("The office opens at 9 a.m. on Fridays.", "The office opens at 9 p.m. on Fridays."),
    ("The dose is 20 micrograms a day.", "The dose is 20 milligrams a day."),
    ("In the north sales reached USD 3.5 million last year.", "In the north sales reached USD 3.5 billion last year."),
    ("The result was minus USD 3.5 million last year.", "The result last year was USD 3.5 million."),
    ("Guests stay no more than 5 nights.", "Guests stay at least 5 nights."),
    ("The load must not be heavier than 40 kg.", "The load must be at least 40 kg."),
    ("The lease ends on 31/12/2027.", "The lease ends on 30 December 2027."),
    ("The scanner feeds the printer for each page.", "For each page, the printer feeds the scanner."),
    ("The gate closes between 10 and 11 p.m.", "The gate closes at 10:30 p.m."),
    ("The auditor believes that suppliers should sign.", "The auditor believes that suppliers will have to sign."),
    ("The ring road reduces traffic in the centre.", "The ring road raises traffic in the centre."),
]  # fmt: skip
HONEST = [
    ("In March the Lisbon branch closed.", "The Lisbon branch closed in March."),
    ("If the pump fails, call the plumber.", "Call the plumber if the pump fails."),
    ("Engineers mentor the interns.", "The interns are mentored by engineers."),
    ("The fee is refunded within 30 days after cancellation.", "After cancellation the fee is refunded within 30 days."),
    ("Apples, pears and plums are washed.", "Plums, pears and apples are washed."),
    ("Before use the filter has to be rinsed with water.", "The filter has to be rinsed with water before use."),
    ("All flats except the penthouse have a balcony.", "Except for the penthouse, all flats have a balcony."),
    ("The lift will be replaced in May.", "In May the lift will be replaced."),
    ("The lift was replaced in May.", "The lift has been replaced in May."),
    ("The broker expects prices to fall by winter.", "The broker expects that prices will fall by winter."),
    ("The office opens at 9 p.m. on Fridays.", "On Fridays the office opens at 21:00."),
    ("The office is open from 9 to 11 a.m.", "The office is open from 9 a.m. to 11 a.m."),
    ("The dose is 20 micrograms a day.", "The dose is 20 mcg a day."),
    ("Sales reached USD 3.5 million.", "Sales reached 3.5 million USD."),
    ("The lease ends on 31/12/2027.", "The lease ends on 31 December 2027."),
    ("In 2024 sales grew by 5 percent in Europe.", "Sales in Europe grew by 5 percent in 2024."),
    ("Within 14 days customers receive a refund in Spain.", "Customers in Spain receive a refund within 14 days."),
    ("The visa is issued within 10 days; documents other than passports go by post.", "The visa is issued within 10 days."),
    ("Data is stored for 30 days, and nobody other than the owner can read it.", "Data is stored for 30 days."),
    ("Visitors need to be registered at the desk to get a badge.", "A visitor who has been registered at the desk gets a badge."),
    ("The museum is open Monday until Friday.", "The museum is open from Monday to Friday."),
    ("Applicants must be 18 or older.", "Applicants must be at least 18."),
    ("The crane lifts up to 12 t.", "The crane lifts up to 12 tonnes."),
    ("Half of the price is due on signing.", "50 percent of the price is due on signing."),
    ("The depot is in Graz.", "The depot is located in Graz."),
    ("Files are kept for 10 yrs. after departure.", "Files are kept for ten years after departure."),
]  # fmt: skip


@pytest.mark.parametrize(("quote", "claim"), LIES)
def test_what_keeps_the_words_and_turns_the_meaning_is_found(quote: str, claim: str):
    assert fault_of(claim, Grounds([quote])) is not None


@pytest.mark.parametrize(("quote", "claim"), HONEST)
def test_what_says_the_same_in_another_order_passes(quote: str, claim: str):
    assert fault_of(claim, Grounds([quote])) is None


@pytest.mark.parametrize("quote", sorted({quote for quote, _ in (*LIES, *HONEST)}))
def test_a_quote_holds_itself(quote: str):
    assert fault_of(quote, Grounds([quote])) is None


@pytest.mark.parametrize("name", ["9abc55aebd", "9d7f", "9days2", "9_lives", "9abcdef"])
def test_a_name_that_begins_with_a_digit_grounds_no_number(name: str):
    grounds = Grounds(["Keys rotate after 90 days."], about=f"Agent {name} > Keys")
    assert fault_of("Keys rotate after 9 days.", grounds) == "number"
