"""Units that texts measure in, and what they are of their base."""

from fractions import Fraction
from typing import Final

_SCALES: Final = {
    "second": {
        "microsecond": "0.000001", "nanosecond": "0.000000001", "fortnight": "1209600",
        "ms": "0.001", "millisecond": "0.001", "s": "1", "sec": "1", "second": "1", "min": "60",
        "minute": "60", "h": "3600", "hr": "3600", "hour": "3600", "d": "86400", "day": "86400",
        "week": "604800",
    },
    # Not a number of days: a month has 28 to 31.
    "month": {"month": "1", "quarter": "3", "year": "12", "yr": "12"},
    "workday": {"workday": "1"},
    "byte": {
        "byte": "1", "b": "1", "kb": "1000", "mb": "1000000", "gb": "1000000000",
        "tb": "1000000000000", "kib": "1024", "mib": "1048576", "gib": "1073741824",
        "tib": "1099511627776", "kilobyte": "1000", "megabyte": "1000000",
        "gigabyte": "1000000000", "terabyte": "1000000000000",
    },
    "metre": {
        "mm": "0.001", "millimetre": "0.001", "millimeter": "0.001", "centimetre": "0.01",
        "centimeter": "0.01", "cm": "0.01", "m": "1", "metre": "1", "meter": "1", "km": "1000",
        "kilometre": "1000", "kilometer": "1000", "mile": "1609.344", "inch": "0.0254",
        "feet": "0.3048", "foot": "0.3048",
    },
    "litre": {"ml": "0.001", "millilitre": "0.001", "milliliter": "0.001", "cl": "0.01", "l": "1",
              "litre": "1", "liter": "1", "gallon": "3.785411784"},
    "watt": {"watt": "1", "kw": "1000", "kilowatt": "1000", "megawatt": "1000000",
             "gigawatt": "1000000000"},
    "hertz": {"hz": "1", "khz": "1000", "mhz": "1000000", "ghz": "1000000000"},
    "gram": {"mcg": "0.000001", "µg": "0.000001", "microgram": "0.000001", "milligram": "0.001",
             "mg": "0.001", "g": "1", "gram": "1", "kg": "1000", "kilogram": "1000",
             "tonne": "1000000", "t": "1000000", "lb": "453.59237", "pound": "453.59237"},
    "fahrenheit": {"°f": "1", "fahrenheit": "1"},
    "degree": {"°c": "1", "celsius": "1", "degree": "1"},
    "%": {"%": "1", "percent": "1", "pct": "1"},
    "time": {"time": "1"},
}  # fmt: skip
_BY_NAME: Final = {
    name: (base, Fraction(factor))
    for base, names in _SCALES.items()
    for name, factor in names.items()
}

# ISO 4217, as they are written: `all 5` are no Albanian leks.
CODES: Final = (
    "AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD"
    "|CDF|CHF|CLP|CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ"
    "|GYD|HKD|HNL|HTG|HUF|IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR"
    "|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN"
    "|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB"
    "|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU|UZS|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG"
)
_OF_SIGN: Final = {
    "$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr", "₩": "krw", "₽": "rub", "₺": "try", "₪": "ils",
    "₫": "vnd", "฿": "thb", "₴": "uah", "₦": "ngn", "A$": "aud", "AU$": "aud", "C$": "cad", "CA$": "cad",
    "HK$": "hkd", "NZ$": "nzd", "S$": "sgd", "R$": "brl", "NT$": "twd", "CN¥": "cny",
}  # fmt: skip
SIGNS: Final = "[$€£¥₹₩₽₺₪₫฿₴₦]"
_OF_NAME: Final = {
    "dollar": "usd", "euro": "eur", "sterling": "gbp", "franc": "chf", "yen": "jpy", "yuan": "cny",
    "renminbi": "cny", "rupee": "inr", "ruble": "rub", "rouble": "rub", "zloty": "pln",
}  # fmt: skip
_CODES: Final = frozenset(CODES.split("|"))


def currency_of(word: str) -> str | None:
    """Return the currency that a sign, a code or a name stands for."""
    if word in _CODES or word.upper() in {"EUR", "USD", "GBP", "CHF"}:
        return word.lower()
    if word and word[-1] in _OF_SIGN:
        return _OF_SIGN.get(word.upper()) or _OF_SIGN[word[-1]]
    low = word.lower()
    return _OF_NAME.get(low) or _OF_NAME.get(low.removesuffix("s"))


def unit_of(word: str) -> tuple[str, Fraction] | None:
    """Return base and factor of a unit, in the singular or the plural; None for any other word."""
    low = word.lower()
    return _BY_NAME.get(low) or (_BY_NAME.get(low[:-1]) if low.endswith("s") else None)
