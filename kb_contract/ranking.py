"""One order out of two lists of scores: how readers rank, and so how the writer's gates ask."""

from collections.abc import Mapping

# Half meaning, half words: better than rank fusion on most collections that were measured.
DENSE_WEIGHT = 0.5


def ranked(
    cosine: Mapping[str, float], bm25: Mapping[str, float], *, threshold: float
) -> list[str]:
    """Order ids best first; what is further from the question than `threshold` is not found."""
    return [one for one in fused(cosine, bm25) if cosine.get(one, -1.0) >= threshold]


def fused(
    cosine: Mapping[str, float],
    bm25: Mapping[str, float],
    *,
    dense_weight: float = DENSE_WEIGHT,
) -> list[str]:
    """Order ids by a convex combination of both scores, each brought to 0..1, best first."""
    dense, sparse = _scaled(cosine), _scaled(bm25, lowest=0.0)
    score = {
        one: dense_weight * dense.get(one, 0.0) + (1 - dense_weight) * sparse.get(one, 0.0)
        for one in {**cosine, **bm25}
    }
    return sorted(score, key=lambda one: (-score[one], one))


def _scaled(scores: Mapping[str, float], *, lowest: float | None = None) -> dict[str, float]:
    if not scores:
        return {}
    top = max(scores.values())
    bottom = min(scores.values()) if lowest is None else min(lowest, *scores.values())
    width = top - bottom
    return {one: (score - bottom) / width if width > 0 else 1.0 for one, score in scores.items()}
