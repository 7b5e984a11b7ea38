"""Where plans are drawn alike, whatever a model thinks likelier of a question."""

from dataclasses import replace

from graph.planning.evidence import Evidence
from graph.planning.needs_labels import Outline


def by_convention(best: Outline, rules: Outline, evidence: Evidence) -> Outline:
    """Return the outline without a judgement or a sum for which there is nothing to go by."""
    looked, read, reckoned, compared, judged, acts = best.counts
    only_state = read and not looked + reckoned + compared
    if only_state and judged and acts and not evidence.measured:
        # "Restart it if it is down": the reading itself decides.
        return replace(best, counts=(looked, read, reckoned, compared, 0, acts))
    one_text = evidence.in_short and evidence.counted < 2
    if one_text and rules.counts == (1, 0, 0, 0, 0, 0) and not acts:
        return Outline((1, 0, 0, 0, 0, 0), "single")
    one_fact = best.counts == (1, 0, 1, 0, 0, 0) and not rules.count("calculation")
    if one_fact and not evidence.reckons:
        return Outline((1, 0, 0, 0, 0, 0), "single")
    if reckoned + compared and 1 <= looked < evidence.counted:
        # "The mean of the four quotes": each of what is counted is looked up by itself.
        shape = best.shape if best.shape == "mixed" else "parallel_then_join"
        return Outline((evidence.counted, *best.counts[1:]), shape)
    return best
