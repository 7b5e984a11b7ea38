"""One order out of what is known of passages: how readers rank, and so how the writer's gates ask.

A passage's relevance adds up three likenesses that mean the same in every collection, so that one
threshold says of any question whether there is an answer at all: the cosine of both texts; BM25 as
a share of what a good passage reaches; and how near each word of the question is to some word of
the passage, in context (late interaction).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from kb_contract.agent_manifest import Blend
from kb_contract.asked_question import WORDS_OF_A_PASSAGE, Numbers, Question
from kb_contract.codes import codes_in, share_named
from kb_contract.embedding_space import searched_text
from kb_contract.passages_apart import Gain, Loss, repeats_last, resemblance, spread
from kb_contract.sentence_models.word_vectors import unpacked
from kb_contract.sparse_words import Weights, document_weights

# An answer is made of about so many passages, and so much of being sure is what they say together.
TOGETHER: Final = 5
OF_TOGETHER: Final = 0.25
# Below this a word's nearest one means something else; vectors are kept as signs, so all are farther apart.
NEAR: Final = 0.3
# So much more a passage counts that names all that the question calls by its code: things of one kind
# are described alike, so that meaning and the other words tell them hardly apart.
NAMED: Final = 0.25


@dataclass(frozen=True)
class Candidate:
    """A passage that may be found, and both scores of the collection."""

    chunk_id: str
    cosine: float
    bm25: float
    words: bytes = b""
    """The packed vectors of its words; none where they were never made."""
    text: Callable[[], str] = field(default=str, repr=False)
    """All that is searched of it."""
    for_a_part: bool = False
    """It is among the best for a part of the question, whatever it is for the whole."""
    wordings: tuple[tuple[float, float], ...] = ()
    """Both scores for each other wording of the question."""


@dataclass(frozen=True)
class Ranked:
    """A passage in its place."""

    chunk_id: str
    cosine: float
    relevance: float
    """0 to 1, the same in every collection."""
    unmet: float = 0.0
    """Share of what is asked about that none of the best passages speaks of; the same for all of them."""
    sure: float = 1.0
    """How sure it is that the best passages hold an answer; the same for all of them."""


def relevance(question: Question, found: Sequence[Candidate], blend: Blend) -> Numbers:
    """Say of each passage how well it fits the question, in whichever words."""
    return _in_all_words(question, found, blend).fit


@dataclass(frozen=True)
class _Weighed:
    fit: Numbers
    sure: float
    unmet: float


def _in_all_words(question: Question, found: Sequence[Candidate], blend: Blend) -> _Weighed:
    """Take the best that any wording gives; a wording that does not decide lifts half of the way."""
    fits, sure, unmet = list[Numbers](), list[float](), list[float]()
    for asked, as_worded in _wordings(question, found):
        near = _nearness(asked, as_worded)
        fit = _fit(asked, as_worded, blend, near)
        fits.append(fit if asked.decides else (fits[0] + fit) / 2)
        if asked.decides:
            sure.append(_sureness(asked, fit, near))
            unmet.append(_unmet(asked, fit, near))
    return _Weighed(np.max(fits, axis=0), max(sure), min(unmet))


def _wordings(
    question: Question, found: Sequence[Candidate]
) -> Iterator[tuple[Question, Sequence[Candidate]]]:
    """Give the question and its other wordings, each with the scores for it."""
    yield question, found
    known = min((len(one.wordings) for one in found), default=0)
    for number, other in enumerate(question.wordings[:known]):
        scores = [one.wordings[number] for one in found]
        yield other, [replace(one, cosine=cosine, bm25=bm25)
                      for one, (cosine, bm25) in zip(found, scores, strict=True)]  # fmt: skip


def _fit(question: Question, found: Sequence[Candidate], blend: Blend, near: Numbers) -> Numbers:
    much = question.much_of_bm25()
    cosine = np.array([one.cosine for one in found])
    held = np.array([one.bm25 / much if much else 0.0 for one in found])
    alike = _likeness(question.weights, near)
    known = ~np.isnan(alike)
    both = blend.meaning * cosine + blend.words * held
    parts = blend.meaning + blend.words + np.where(known, blend.likeness, 0.0)
    return (both + np.where(known, blend.likeness * np.nan_to_num(alike), 0.0)) / parts


def sureness(question: Question, found: Sequence[Candidate], blend: Blend) -> float:
    """Say how sure it is that the question has an answer among these; it is what the threshold asks for."""
    if not found:
        return 0.0
    return _in_all_words(question, found, blend).sure


def _sureness(question: Question, fit: Numbers, near: Numbers) -> float:
    """Take the best passage for most of it, and what the best say together: several may be needed."""
    best = np.argsort(-fit, kind="stable")[:TOGETHER]
    together = _likeness(question.weights, np.nan_to_num(near[:, best]).max(axis=1, keepdims=True))
    if np.isnan(together[0]) or np.isnan(near[:, best]).all():
        return float(fit.max())
    return float((1 - OF_TOGETHER) * fit.max() + OF_TOGETHER * together[0])


def _unmet(question: Question, fit: Numbers, near: Numbers) -> float:
    """Sum up the telling words that are near no word of the best passages, where their words are known."""
    best = near[:, np.argsort(-fit, kind="stable")[:TOGETHER]]
    nearest = np.where(np.isnan(best), 1.0, best).max(axis=1)
    return float(question.telling[nearest < NEAR].sum()) if len(nearest) else 0.0


def shortlist(
    question: Question, found: Sequence[Candidate], blend: Blend, size: int
) -> list[Candidate]:
    """Take the best by both scores of the collection: only of these is more read."""
    fit = relevance(question, found, blend) if found else np.empty(0)
    order = [found[one] for one in _best_first(found, fit)]
    return [*order[:size], *(one for one in order[size:] if one.for_a_part)]


def candidates_of(scores: Sequence[Mapping[str, float]], wordings: int = 0) -> list[Candidate]:
    """Make candidates of lists of scores: by meaning and by words, for each wording, and the best for parts."""
    cosine, bm25, *more = scores
    others, for_parts = more[: 2 * wordings], set[str]().union(*more[2 * wordings :])
    pairs = list(zip(others[::2], others[1::2], strict=True))
    return [
        Candidate(
            one, cosine.get(one, 0.0), bm25.get(one, 0.0), for_a_part=one in for_parts,
            wordings=tuple((mean.get(one, 0.0), word.get(one, 0.0)) for mean, word in pairs),
        )
        for one in {**cosine, **bm25}
    ]  # fmt: skip


def with_row(found: Candidate, row: Mapping[str, Any]) -> Candidate:
    """Add to a candidate what the ledger knows of it."""
    return replace(found, words=bytes(row["words"]), text=lambda: searched_text(row))


def ranked(
    question: Question, found: Sequence[Candidate], blend: Blend, *, threshold: float
) -> list[Ranked]:
    """Order passages best first; nothing is found when not even the best fits well enough."""
    if not found:
        return []
    weighed = _in_all_words(question, found, blend)
    if weighed.sure < threshold:
        return []
    fit = np.minimum(1.0, weighed.fit + NAMED * _named(question, found))
    return [
        Ranked(
            found[one].chunk_id,
            found[one].cosine,
            float(fit[one]),
            weighed.unmet,
            weighed.sure,
        )
        for one in _order(question, found, fit, blend)
    ]


def _named(question: Question, found: Sequence[Candidate]) -> Numbers:
    """Say how much of what the question calls by its code each passage names."""
    if not question.codes:
        return np.zeros(len(found))
    return np.array([share_named(question.codes, codes_in(one.text())) for one in found])


def _order(question: Question, found: Sequence[Candidate], fit: Numbers, blend: Blend) -> list[int]:
    """Put the most relevant first; of a question of several parts, what answers one of them well."""
    strength = blend.spread * max(0.0, 1 - WORDS_OF_A_PASSAGE / max(1, len(question.rarity)))
    several = bool(question.parts) and blend.parts > 0
    apart = blend.diversity > 0 or blend.repeats == "last"
    if len(found) < 2 or not (strength or several or apart):
        return _best_first(found, fit)
    weights = [document_weights(one.text()) for one in found]
    held = _held(question, weights)
    if several:
        fit = (1 - blend.parts) * fit + blend.parts * _of_best_part(question, found, held)
    best = _best_first(found, fit)
    alike = resemblance([weights[one] for one in best]) if apart else None
    order = spread(
        fit[best],
        Gain(held[best], strength),
        Loss(alike, blend.diversity) if alike is not None else None,
    )
    if alike is not None and blend.repeats == "last":
        order = repeats_last(order, alike)
    return [best[one] for one in order]


def _best_first(found: Sequence[Candidate], fit: Numbers) -> list[int]:
    return sorted(range(len(found)), key=lambda one: (-fit[one], found[one].chunk_id))


def _nearness(question: Question, found: Sequence[Candidate]) -> Numbers:
    """Say how near each word of the question is to the nearest word of each passage."""
    near = np.full((len(question.rows), len(found)), np.nan)
    there = [place for place, one in enumerate(found) if one.words]
    if not there or not len(question.rows):
        return near
    rows, begin = unpacked([found[one].words for one in there], question.rows.shape[1])
    near[:, there] = np.maximum.reduceat(question.rows @ rows.T, begin, axis=1)
    return near


def _likeness(weights: Numbers, near: Numbers) -> Numbers:
    """Sum up nearness by how much each word counts; not a number where no words are known."""
    alike = np.full(near.shape[1], np.nan)
    if len(weights):
        alike[:] = weights @ near
    return alike


def _of_best_part(question: Question, found: Sequence[Candidate], held: Numbers) -> Numbers:
    """Say how well each passage fits that part of the question which it fits best.

    By words and late interaction alone: the model read the parts in their question, so no part
    is embedded, and none costs another search.
    """
    near = _nearness(question, found)
    terms = list(question.rarity)
    fits: list[Numbers] = []
    for part in question.parts:
        own = np.array([term in part.terms for term in terms])
        words = held[:, own].sum(axis=1) / (question.much_of_bm25(part.terms) or 1.0)
        alike = _likeness(part.weights, near)
        parts = 1 + 2 * ~np.isnan(alike)
        fits.append((words + 2 * np.nan_to_num(alike)) / parts)
    return np.max(fits, axis=0)


def _held(question: Question, weights: Sequence[Weights]) -> Numbers:
    """Say what each passage holds of each word of the question, in units of BM25."""
    return np.array([
        [one.get(term, 0.0) * much for term, much in question.rarity.items()] for one in weights
    ])  # fmt: skip
