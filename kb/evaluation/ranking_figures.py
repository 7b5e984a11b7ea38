"""Pure: what an order of documents is worth to a question, as TREC counts it."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

DEPTH: Final = 10
# Few passages can be read at once, so that a question over several documents wants all of them here.
FIRST: Final = 4
FEW: Final = 5

Figures = dict[str, float]


def figures_of(
    ranked: Sequence[str], wanted: Mapping[str, float], *, refused: bool = False
) -> Figures:
    """Figures of one question; `ranked` names each document once, the best first."""
    top = ranked[:DEPTH]
    places = [place for place, one in enumerate(top, 1) if one in wanted]
    ndcg = _ndcg(top, wanted)
    return {
        "ndcg@10": ndcg,
        "ndcg@10_answered": 0.0 if refused else ndcg,
        "recall@10": len(places) / len(wanted),
        "precision@5": sum(place <= FEW for place in places) / FEW,
        "mrr@10": 1 / places[0] if places else 0.0,
        "all@4": float(sum(place <= FIRST for place in places) == len(wanted)),
        "all@10": float(len(places) == len(wanted)),
    }


def means(each: Sequence[Figures]) -> Figures:
    """Average over questions; 0 where there is none."""
    names = figures_of([], {"": 1.0})
    many = len(each) or 1
    return {name: sum(one[name] for one in each) / many for name in names}


def each_once(names: Sequence[str]) -> list[str]:
    """Keep the first place of every name: the best passage speaks for its document."""
    return list(dict.fromkeys(names))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all do not exceed (nearest rank); 0 where there is none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _ndcg(top: Sequence[str], wanted: Mapping[str, float]) -> float:
    gained = sum(wanted.get(one, 0.0) * _worth(place) for place, one in enumerate(top, 1))
    ideal = sorted(wanted.values(), reverse=True)[:DEPTH]
    return gained / sum(gain * _worth(place) for place, gain in enumerate(ideal, 1))


def _worth(place: int) -> float:
    return 1 / math.log2(place + 1)
