"""Pure: options of charts, in colours that can be told apart on paper and in the dark."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
INKS: Final = ("#4a7ab5", "#3f8a62", "#b8862b", "#b5543f", "#8a6bb0", "#4d9aa5")
_SOFT: Final = "#8c8272"
_FAINT: Final = "rgba(140,130,114,.25)"
_WORDS: Final = {"color": _SOFT, "fontFamily": "system-ui, sans-serif", "fontSize": 12}
_AXIS: Final[dict[str, Any]] = {
    "axisLabel": _WORDS,
    "axisLine": {"lineStyle": {"color": _FAINT}},
    "axisTick": {"show": False},
    "splitLine": {"lineStyle": {"color": _FAINT}},
}


def _frame(**more: Any) -> dict[str, Any]:
    return {
        "color": list(INKS),
        "animation": False,
        "textStyle": _WORDS,
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True},
        **more,
    }


def bars_by_day(rows: Sequence[Row]) -> dict[str, Any]:
    """Dollars of each day."""
    days = [str(one["name"]) for one in rows]
    spent = [round(one["cost"], 6) for one in rows]
    return _frame(
        xAxis={"type": "category", "data": days, **_AXIS, "splitLine": {"show": False}},
        yAxis={"type": "value", **_AXIS},
        series=[{"type": "bar", "data": spent, "name": "$", "barMaxWidth": 34}],
    )


def bars_by_name(rows: Sequence[Row]) -> dict[str, Any]:
    """Dollars by name, the dearest on top."""
    names = [str(one["name"]) for one in reversed(rows)]
    spent = [round(one["cost"], 6) for one in reversed(rows)]
    return _frame(
        xAxis={"type": "value", **_AXIS},
        yAxis={"type": "category", "data": names, **_AXIS, "splitLine": {"show": False}},
        series=[{"type": "bar", "data": spent, "name": "$", "barMaxWidth": 22}],
    )


def lines_of_figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Each figure between nought and one over time, oldest first."""
    ordered = sorted(rows, key=lambda one: one["at"])
    moments = [str(one["at"])[:16].replace("T", " ") for one in ordered]
    names = list(dict.fromkeys(name for one in ordered for name in shares_of(one["figures"])))
    series = [
        {
            "type": "line",
            "name": name,
            "connectNulls": True,
            "data": [shares_of(one["figures"]).get(name) for one in ordered],
        }
        for name in names
    ]
    return _frame(
        legend={"textStyle": _WORDS, "type": "scroll", "bottom": 0},
        grid={"left": 8, "right": 16, "top": 16, "bottom": 36, "containLabel": True},
        xAxis={"type": "category", "data": moments, **_AXIS},
        yAxis={"type": "value", "min": 0, "max": 1, **_AXIS},
        series=series,
    )


def shares_of(figures: Mapping[str, Any]) -> dict[str, float]:
    """Those figures of a measurement that are shares."""
    return {
        name: float(one)
        for name, one in figures.items()
        if isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 1
    }
