"""Charts as inline SVG; colours are the page's, every mark says its value when pointed at."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from kb.evaluation.comparison import Difference

_WIDTH: Final = 560
_LEFT: Final = 44
_RIGHT: Final = 16
_TOP: Final = 14
_BOTTOM: Final = 34
_ROW: Final = 34
_BINS: Final = 24

Text = Markup | str


@dataclass(frozen=True)
class Bar:
    """A bar with its name below."""

    name: str
    value: float
    told: str
    odd: bool = False
    """Drawn in the colour of what went wrong."""


def bars(found: Sequence[Bar], height: int = 220) -> Markup:
    """Draw bars that stand side by side."""
    top = _quartered(max((one.value for one in found), default=0))
    inner = _WIDTH - _LEFT - _RIGHT
    step = inner / max(1, len(found))
    floor = height - _BOTTOM
    marks: list[Text] = [_grid(top, height, "d")]
    for number, one in enumerate(found):
        tall = (floor - _TOP) * one.value / top
        x, y = _LEFT + number * step + step * 0.14, floor - tall
        marks.append(Markup(
            '<g><title>{}</title><rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>'
            '<text class="tick" text-anchor="middle" x="{:.1f}" y="{}">{}</text></g>'
        ).format(one.told, "odd" if one.odd else "bar", x, y, step * 0.72, max(tall, 0.5),
                 x + step * 0.36, floor + 16, one.name))  # fmt: skip
    return _svg(marks, height)


def histogram(values: Sequence[float], marks: Sequence[tuple[str, float]], unit: str) -> Markup:
    """Draw how often values occur, with lines at those that have a name."""
    if not values:
        return Markup("")
    height = 220
    # A few outliers would squeeze the rest into one bar; they are counted in the last one.
    end = 4 * _round(max([*(mark for _, mark in marks), 1e-9]) * 0.4)
    counts = [0] * _BINS
    for value in values:
        counts[min(_BINS - 1, int(value / end * _BINS))] += 1
    top, floor = _quartered(max(counts)), height - _BOTTOM
    x = _along(0, end)
    width = x(end / _BINS) - x(0)
    drawn: list[Text] = [_grid(top, height, "d"), _ticks(0, end, height, unit)]
    for number, count in enumerate(counts):
        low = end * number / _BINS
        told = f"{count} at {low:.3g}{unit}" + (" or more" if number == _BINS - 1 else "")
        tall = (floor - _TOP) * count / top
        drawn.append(_rect("bar", x(low) + 0.5, floor - tall, width - 1, tall, told))
    for name, value in marks:
        drawn.append(Markup(
            '<line class="mark" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
            '<text class="named" x="{3:.1f}" y="{4}">{5} {6:.3g}{7}</text>'
        ).format(x(value), _TOP, floor, x(value) + 4, _TOP + 9, name, value, unit))  # fmt: skip
    return _svg(drawn, height)


def profile(now: Sequence[float], before: Sequence[float]) -> Markup:
    """Draw each measurement's questions from best to worst: the area below is its mean."""
    height = 240
    drawn: list[Text] = [_grid(1, height, ".2g")]
    for name, values, css in (("baseline", before, "then"), ("now", now, "now")):
        if not values:
            continue
        x = _along(0, max(1, len(values) - 1))
        ordered = sorted(values, reverse=True) if len(values) > 1 else [*values, *values]
        points = " ".join(f"{x(place):.1f},{_up(value, height):.1f}"
                          for place, value in enumerate(ordered))  # fmt: skip
        mean = sum(values) / len(values)
        drawn.append(Markup(
            '<polyline class="{}" points="{}"><title>{}: mean {:.3f} of {} questions</title></polyline>'
        ).format(css, points, name, mean, len(values)))  # fmt: skip
    floor = height - _BOTTOM
    for anchor, place, said in (
        ("start", _LEFT, "best question"),
        ("end", _WIDTH - _RIGHT, "worst"),
    ):
        drawn.append(Markup('<text class="tick" text-anchor="{}" x="{}" y="{}">{}</text>').format(
            anchor, place, floor + 18, said))  # fmt: skip
    return _svg(drawn, height)


def forest(differences: Sequence[Difference]) -> Markup:
    """Draw every change from the baseline with the range that chance leaves open."""
    left, right = 150, 130
    reach = max(
        [0.01, *(abs(end) for one in differences for end in (one.change.low, one.change.high))]
    )
    height = _TOP + _ROW * len(differences) + _BOTTOM

    def x(value: float) -> float:
        return left + (_WIDTH - left - right) * (value + reach) / (2 * reach)

    drawn: list[Text] = [Markup('<line class="zero" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
        x(0), _TOP - 6, height - _BOTTOM)]  # fmt: skip
    for number, one in enumerate(differences):
        y = _TOP + _ROW * number + _ROW / 2
        told = f"{one.before:.3f} → {one.now:.3f}, {one.n} questions, p {one.p:.3f}"
        drawn.append(Markup(
            '<g class="{0}"><title>{1}</title><text class="label" x="0" y="{2:.1f}">{3}</text>'
            '<line class="range" x1="{4:.1f}" x2="{5:.1f}" y1="{6:.1f}" y2="{6:.1f}"/>'
            '<circle cx="{7:.1f}" cy="{6:.1f}" r="5"/>'
            '<text class="label" text-anchor="end" x="{8}" y="{2:.1f}">{9:+.3f} {0}</text></g>'
        ).format(one.verdict, told, y + 4, one.figure, x(one.change.low), x(one.change.high), y,
                 x(one.change.mean), _WIDTH, one.change.mean))  # fmt: skip
    for value in (-reach, 0.0, reach):
        drawn.append(Markup('<text class="tick" text-anchor="middle" x="{:.1f}" y="{}">{:+.3f}</text>')
                     .format(x(value), height - 12, value))  # fmt: skip
    return _svg(drawn, height)


def _quartered(most: float) -> float:
    """Give the next number whose quarters are whole, so that every line across has a whole name."""
    return 4 * max(1, math.ceil(most / 4))


def _round(value: float) -> float:
    """Give the next number that people count in: 1, 2, 2.5 or 5 of some power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def _svg(drawn: Sequence[Text], height: int) -> Markup:
    inner = Markup("").join(escape(one) for one in drawn)
    return Markup('<svg viewBox="0 0 {} {}" role="img">{}</svg>').format(_WIDTH, height, inner)


def _along(low: float, high: float) -> Callable[[float], float]:
    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)

    return x


def _up(share: float, height: int) -> float:
    floor = height - _BOTTOM
    return floor - (floor - _TOP) * share


def _rect(css: str, x: float, y: float, width: float, height: float, told: str) -> Markup:
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    ).format(css, x, y, max(width, 0.5), height, told)


def _grid(top: float, height: int, form: str) -> Markup:
    """Draw four lines across, with what they stand for."""
    lines: list[Markup] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = top * share
        if form == "d" and value != int(value):
            continue
        said = format(int(value) if form == "d" else value, form)
        y = _up(share, height)
        lines.append(Markup(
            '<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>'
            '<text class="tick" text-anchor="end" x="{3}" y="{4:.1f}">{5}</text>'
        ).format(_LEFT, _WIDTH - _RIGHT, y, _LEFT - 6, y + 4, said))  # fmt: skip
    return Markup("").join(lines)


def _ticks(low: float, high: float, height: int, unit: str) -> Markup:
    x = _along(low, high)
    places = [low + (high - low) * part / 4 for part in range(5)]
    return Markup("").join(
        Markup('<text class="tick" text-anchor="middle" x="{:.1f}" y="{}">{:.3g}{}</text>').format(
            x(one), height - 14, one, unit)
        for one in places
    )  # fmt: skip
