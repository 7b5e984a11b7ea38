"""Personal data that a pattern and a checksum can tell: no model, so no names and no addresses."""

import re
from collections.abc import Iterator
from typing import Final

from dagster_kb.gates.evidence import Evidence
from dagster_kb.gates.scanning import Findings, Hit, allow_list, scan
from dagster_kb.gates.verdicts import Verdict, switched_off

_TELLING: Final = Findings(
    setting="personal_data",
    what="personal data",
    cure="take it out of the document, or limit who may read it (`audience:`)",
)
_EMAIL: Final = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})@((?:[a-zA-Z0-9-]{1,63}\.)+[a-zA-Z]{2,24})(?!\w|-\w|\.\w|:\w)"
)
# Mailboxes of an office, not of a person; and domains that exist for examples only.
_OFFICE: Final = re.compile(
    r"(?i:abuse|accounts?|admin|billing|bugs?|careers|compliance|contact|conduct|dev|docs|enquiries"
    r"|feedback|finance|git|hello|help|helpdesk|hostmaster|hr|info|it|jobs|legal|mail|marketing|news"
    r"|newsletter|no-?reply|noc|office|oncall|on-call|ops|postmaster|press|privacy|root|sales"
    r"|security|service|support|team|user|username|webmaster|you|your[._-]?name|name|me)"
)
_EXAMPLE: Final = re.compile(
    r"(?i:(?:.*\.)?example(?:\.\w+)?|.*\.(?:example|invalid|test|local|localhost))"
)
_CARD: Final = re.compile(
    r"(?<![\w-])(?<!\d\.)(?:[2-6]\d{3}(?:[ \u00a0-]?\d{4}){3}|3[47]\d{2}[ \u00a0-]?\d{6}[ \u00a0-]?\d{5})(?!\w|-\w|\.\d)"
)
# Where it ends its country says: the next word may be capitals too.
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?=[ \u00a0-]?[A-Z0-9])")
_LENGTHS: Final = {
    length: countries.split()
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
}  # fmt: skip
_REST: Final = {
    country: re.compile(rf"(?:[ \u00a0-]?[A-Z0-9]){{{length - 4}}}(?!\w)")
    for length, countries in _LENGTHS.items()
    for country in countries
}
_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\w|-\w)")
# A card, a social security number and an IBAN have one of these in them.
_NUMBERED: Final = re.compile(
    r"[\dA-Z](?:(?<=\d)\d\d(?:\d[ \u00a0-]?\d{4}|-\d\d-)|(?<=[A-Z])[A-Z]\d\d)"
)
_BLANKS: Final = re.compile(r"[ \u00a0-]")
_LUHN: Final = 10
_IBAN_MODULUS: Final = 97


def no_personal_data(evidence: Evidence) -> Verdict:
    """No passage that is new holds an e-mail address, a card, an IBAN or a social security number."""
    gate = evidence.gate()
    if gate.personal_data == "off":
        return switched_off("personal_data")
    allowed = allow_list(evidence.agent(), gate.allow.personal_data)
    found = scan(personal_data_in, evidence.suspects("personal_data"), evidence.line, allowed)
    return _TELLING.verdict(gate.personal_data, found)


def personal_data_in(text: str) -> Iterator[Hit]:
    """Find personal data."""
    mails, numbers = "@" in text, bool(_NUMBERED.search(text))
    for kind, pattern, end_of in _KINDS:
        if not (mails if pattern is _EMAIL else numbers):
            continue
        for one in pattern.finditer(text):
            if end := end_of(one):
                yield Hit(kind, one.start(), end)


def _persons(mail: re.Match[str]) -> int:
    """Say where it ends; 0 where it is none."""
    return 0 if _OFFICE.fullmatch(mail[1]) or _EXAMPLE.fullmatch(mail[2]) else mail.end()


def _card(number: re.Match[str]) -> int:
    return number.end() if _keeps_luhn([int(one) for one in number[0] if one.isdigit()]) else 0


def _ssn(number: re.Match[str]) -> int:
    return number.end()


def _iban(head: re.Match[str]) -> int:
    rest = _REST.get(head[0][:2])
    found = rest.match(head.string, head.end()) if rest else None
    return found.end() if found and _keeps_iban(_BLANKS.sub("", head[0] + found[0])) else 0


def _keeps_luhn(digits: list[int]) -> bool:
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    varied = len(set(digits)) > 1
    return varied and (sum(digits[-1::-2]) + sum(doubled)) % _LUHN == 0


def _keeps_iban(text: str) -> bool:
    number = "".join(str(int(one, 36)) for one in text[4:] + text[:4])
    return int(number) % _IBAN_MODULUS == 1


_KINDS: Final = (
    ("e-mail address", _EMAIL, _persons),
    ("card number", _CARD, _card),
    ("IBAN", _IBAN, _iban),
    ("US social security number", _SSN, _ssn),
)
