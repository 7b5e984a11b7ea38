"""Arithmetic on text that nobody trusts: parsed, never evaluated by Python."""

import ast
import math
import re
import statistics
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from kb_contract.errors import BadInput

# Operators as they are printed: times, dot, division, and two kinds of minus.
PRINTED: Final = str.maketrans(
    {"\u00d7": "*", "\u00b7": "*", "\u00f7": "/", "\u2212": "-", "\u2013": "-", "^": "**"}
)
LONGEST: Final = 400
LARGEST_EXPONENT: Final = 256
MOST_DIGITS: Final = 400
Number = Fraction

_BINARY: Final[dict[type[ast.operator], Callable[[Number, Number], Number]]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.FloorDiv: lambda one, other: Fraction(one // other),
    ast.Mod: lambda one, other: one % other,
}
_FUNCTIONS: Final[Mapping[str, Callable[[list[Number]], Number]]] = {
    "mean": lambda values: sum(values, Fraction(0)) / len(values),
    "average": lambda values: sum(values, Fraction(0)) / len(values),
    "median": lambda values: Fraction(statistics.median(values)),
    "sum": lambda values: sum(values, Fraction(0)),
    "min": min,
    "max": max,
    "abs": lambda values: abs(values[0]),
    "round": lambda values: Fraction(round(values[0])),
    "sqrt": lambda values: Fraction(math.sqrt(values[0])),
}
_GROUPED: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_PERCENT_MORE: Final = re.compile(r"^(.+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*%\s*$")


def evaluate(expression: str, names: Mapping[str, Number] | None = None) -> Number:
    """Return the value of an expression of numbers, + - * / // % **, brackets and functions."""
    if len(expression) > LONGEST:
        raise _refused(expression, f"longer than {LONGEST} characters")
    try:
        tree = ast.parse(normalised(expression), mode="eval")
        return _value(tree.body, names or {})
    except (SyntaxError, RecursionError, ValueError, IndexError, MemoryError) as error:
        raise _refused(expression, f"not arithmetic ({type(error).__name__})") from error
    except ZeroDivisionError as error:
        raise _refused(expression, "it divides by zero") from error
    except (OverflowError, TypeError) as error:
        raise _refused(expression, "the numbers are too large or of the wrong kind") from error


def normalised(expression: str) -> str:
    """Write percent signs, thousands and printed operators as Python's grammar has them."""
    text = expression.strip().rstrip("=?. ")
    text = text.translate(PRINTED)
    text = text.replace("****", "**")
    text = _GROUPED.sub(lambda grouped: grouped[0].replace(",", ""), text)
    more = _PERCENT_MORE.match(text)
    if more:
        # "80 + 15 %" means 15 % of 80, as every pocket calculator has it.
        text = f"({more[1]}) * (1 {more[2]} {more[3]}/100)"
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%\s*of\b", r"(\1/100) *", text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%(?=\s*(?:$|[)+*/,-]))", r"(\1/100)", text)
    return re.sub(r"(?<=\d)\s*[xX]\s*(?=\d)", " * ", text)


def shown(value: Number) -> str:
    """Return a number as people write it: exact when it is short, else six digits."""
    if value.denominator == 1:
        return str(value.numerator)
    as_float = float(value)
    short = f"{as_float:.10g}"
    return short if Fraction(short) == value else f"{as_float:.6g}"


def _value(node: ast.expr, names: Mapping[str, Number]) -> Number:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(Fraction(str(number)))
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _bounded(_combined(op, _value(left, names), _value(right, names)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if (
            name in _FUNCTIONS and args
        ):
            return _bounded(_FUNCTIONS[name]([_value(one, names) for one in args]))
        case _:
            raise _refused(ast.unparse(node)[:80], "not something that can be computed")


def _combined(op: ast.operator, left: Number, right: Number) -> Number:
    if isinstance(op, ast.Pow):
        if abs(right) > LARGEST_EXPONENT:
            raise _refused(f"** {right}", f"exponents go up to {LARGEST_EXPONENT}")
        if right.denominator != 1:
            return Fraction(float(left) ** float(right))
        return left ** int(right)
    if type(op) not in _BINARY:
        raise _refused(type(op).__name__, "not an operation that is known")
    return _BINARY[type(op)](left, right)


def _bounded(value: Number) -> Number:
    # Bits, not digits: turning a huge number into digits is what must not happen.
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_DIGITS * 4:
        raise OverflowError
    return value


def _refused(what: str, why: str) -> BadInput:
    return BadInput(
        f"{what[:80]!r}: {why}",
        where="calculation",
        cure="use numbers, + - * / % **, brackets, mean, median, sum, min, max, round, sqrt",
    )
