"""Common units, and how to turn one into another."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_TABLE: Final = {
    "length": {
        "mm": "0.001", "cm": "0.01", "m": "1", "km": "1000", "in": "0.0254", "ft": "0.3048",
        "yd": "0.9144", "mi": "1609.344",
    },
    "mass": {"mg": "0.000001", "g": "0.001", "kg": "1", "t": "1000", "oz": "0.028349523125",
             "lb": "0.45359237"},
    "time": {"ms": "0.001", "s": "1", "min": "60", "h": "3600", "d": "86400", "week": "604800"},
    "volume": {"ml": "0.001", "l": "1", "gal": "3.785411784"},
    "data": {"bit": "0.125", "B": "1", "kB": "1000", "MB": "1000000", "GB": "1000000000",
             "TB": "1000000000000", "KiB": "1024", "MiB": "1048576", "GiB": "1073741824",
             "TiB": "1099511627776"},
}  # fmt: skip
_NAMES: Final = {
    "millimetre": "mm", "millimeter": "mm", "centimetre": "cm", "centimeter": "cm", "metre": "m",
    "meter": "m", "kilometre": "km", "kilometer": "km", "inch": "in", "inche": "in", "foot": "ft",
    "feet": "ft", "yard": "yd", "mile": "mi", "milligram": "mg", "gram": "g", "kilogram": "kg",
    "kilo": "kg", "tonne": "t", "ounce": "oz", "pound": "lb", "millisecond": "ms", "second": "s",
    "sec": "s", "minute": "min", "mins": "min", "hour": "h", "hr": "h", "day": "d", "week": "week",
    "litre": "l", "liter": "l", "millilitre": "ml", "milliliter": "ml", "gallon": "gal",
    "bit": "bit", "byte": "B", "kilobyte": "kB", "megabyte": "MB", "gigabyte": "GB",
    "terabyte": "TB", "kb": "kB", "mb": "MB", "gb": "GB", "tb": "TB", "kib": "KiB", "mib": "MiB",
    "gib": "GiB", "tib": "TiB",
    "celsius": "°C", "fahrenheit": "°F", "kelvin": "K", "°c": "°C", "°f": "°F",
}  # fmt: skip
_UNIT: Final = r"°?[A-Za-z]+"
_AMOUNT: Final = r"(-?\d[\d,]*(?:\.\d+)?)"
_ASKS: Final = (
    re.compile(rf"{_AMOUNT}\s*({_UNIT})\s+(?:in|to|into|as)\s+({_UNIT})\b"),
    re.compile(rf"how many\s+({_UNIT})\s+(?:are|is|make|fit)?\s*(?:there\s+)?(?:in|up)?\s*{_AMOUNT}\s*({_UNIT})\b",
               re.IGNORECASE),
)  # fmt: skip


@dataclass(frozen=True)
class Conversion:
    """An amount in two units."""

    amount: Fraction
    unit: str
    value: Fraction
    target: str


def conversion_in(text: str) -> Conversion | None:
    """Return the conversion that a text asks for, if it asks for one."""
    for number, pattern in enumerate(_ASKS):
        for asked in pattern.finditer(text):
            amount, unit, target = asked.groups() if number == 0 else (asked[2], asked[3], asked[1])
            found = convert(Fraction(amount.replace(",", "")), unit, target)
            if found:
                return found
    return None


def convert(amount: Fraction, unit: str, target: str) -> Conversion | None:
    """Turn an amount of one unit into another; None when they do not measure the same."""
    one, other = _symbol(unit), _symbol(target)
    if one in _TO_KELVIN and other in _TO_KELVIN:
        return Conversion(amount, one, _from_kelvin(other, _to_kelvin(one, amount)), other)
    for units in _TABLE.values():
        if one in units and other in units:
            value = amount * Fraction(units[one]) / Fraction(units[other])
            return Conversion(amount, one, value, other)
    return None


def _symbol(unit: str) -> str:
    known = {symbol for units in _TABLE.values() for symbol in units}
    low = unit.lower()
    if unit in known:
        return unit
    plain = _NAMES.get(low) or _NAMES.get(low.removesuffix("s"))
    return plain or (low if low in known else unit)


_TO_KELVIN: Final = {
    "K": (Fraction(1), Fraction(0)),
    "°C": (Fraction(1), Fraction("273.15")),
    "°F": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}


def _to_kelvin(unit: str, amount: Fraction) -> Fraction:
    factor, zero = _TO_KELVIN[unit]
    return amount * factor + zero


def _from_kelvin(unit: str, amount: Fraction) -> Fraction:
    factor, zero = _TO_KELVIN[unit]
    return (amount - zero) / factor
