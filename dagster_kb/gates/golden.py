"""golden.yaml: whether its questions find their passages, and as near to the top as before."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from dagster_kb.gates.evidence import Asked, Evidence, Found, Questions
from dagster_kb.gates.golden_causes import cause, plain
from dagster_kb.gates.ranking import ENOUGH, Rank, drops, figures
from dagster_kb.gates.showing import first_words
from dagster_kb.gates.verdicts import Json, Payload, Table, Verdict, named, table
from kb_contract.agent_manifest import GoldenQuestion

_INSTEAD: Final = 3


def finds_golden(evidence: Questions) -> Verdict:
    """Enough of the golden questions find what they must, near enough to the top."""
    agent, gate, asked = evidence.agent(), evidence.gate(), evidence.golden()
    if not asked:
        return Verdict(passed=True, description="no golden questions", facts={"questions": 0})
    ranks = [rank_of(agent, one) for one in asked]
    now = figures(ranks, gate.golden_at)
    failed = [one for one, rank in zip(asked, ranks, strict=True)
              if rank is None or rank > gate.golden_at]  # fmt: skip
    facts: Json = {
        **asdict(now), "recall_at": gate.golden_at, "recall_wanted": gate.golden_recall,
        "not_found": [one.question.question for one in failed],
    }  # fmt: skip
    causes = [cause(evidence, one.question) or one.unsure for one in failed]
    shown = _table(agent, failed, causes)
    figures_said = f"MRR {now.mrr:.2f}, nDCG@10 {now.ndcg:.2f}"
    if now.recall >= gate.golden_recall:
        said = f"{len(asked) - len(failed)} of {len(asked)} golden questions found, {figures_said}"
        return Verdict(passed=True, description=said, facts=facts, table=shown)
    missed = [_missed(one, why) for one, why in zip(failed, causes, strict=True)]
    return Verdict(
        passed=False,
        description=f"recall@{gate.golden_at} is {now.recall:.2f}, wanted "
        f"{gate.golden_recall:.2f} ({figures_said}): {named(missed, 10)} → mend the document, or "
        "the question in golden.yaml; `gate: {golden_recall: …}` says how many must be found",
        facts=facts,
        table=shown,
    )


def as_good_as_live(evidence: Evidence) -> Verdict:
    """What is live does not find the golden questions much better, beyond chance."""
    agent, gate, now = evidence.agent(), evidence.gate(), evidence.golden()
    if not now:
        return _none_any_more(evidence.golden_before())
    live = evidence.golden_of_live()
    if live is None:
        said = "nothing live in the same embedding space to compare with"
        return Verdict(passed=True, description=said, facts={"questions": len(now)})
    before = [rank_of(evidence.agent_of_live(), one) for one in live]
    after = [rank_of(agent, one) for one in now]
    found = drops(before, after, gate.golden_at)
    facts: Json = {"questions": len(now), "max_drop": gate.max_drop}
    for one in found:
        facts |= {one.metric: one.now, f"{one.metric}_of_live": one.before}
    said = ", ".join(f"{one.metric} {one.before:.2f} → {one.now:.2f}" for one in found)
    fell = _fallen(now, live, before, after)
    if len(now) < ENOUGH:
        said += f"; {len(now)} questions cannot tell a drop from chance ({ENOUGH} can)"
        return Verdict(passed=True, description=said, facts=facts, table=fell)
    bad = [one for one in found if one.significant and one.size > gate.max_drop]
    if not bad:
        return Verdict(passed=True, description=said, facts=facts, table=fell)
    worse = " and ".join(f"{one.metric} fell by {one.size:.2f}" for one in bad)
    return Verdict(
        passed=False,
        description=f"{worse}, more than {gate.max_drop:.2f} and more than chance ({said}) → see "
        "which questions fell; if it is meant, `gate: {max_drop: …}` in agent.yaml",
        facts=facts,
        table=fell,
    )


def _none_any_more(before: int) -> Verdict:
    """Without questions nothing is held back, so that they went is told."""
    if not before:
        return Verdict(passed=True, description="no golden questions", facts={"questions": 0})
    return Verdict(
        passed=False,
        warns=True,
        description=f"golden.yaml asks nothing any more, and of what is live it asked {before} "
        "questions: no bad search is held back → bring them back (`git log -- golden.yaml`) unless "
        "it is meant",
        facts={"questions": 0, "questions_of_live": before},
    )


def rank_of(agent: str, asked: Asked) -> Rank:
    """At which place the first passage stands that answers; None when none does."""
    ranks = (place for place, one in enumerate(asked.found, 1)
             if answers(agent, asked.question, one.payload))  # fmt: skip
    return next(ranks, None)


def answers(agent: str, question: GoldenQuestion, payload: Payload) -> bool:
    """Whether a found chunk is of the document, and has the words, that the question wants."""
    path = f"/{payload['metadata']['path']}"
    if not path.endswith(f"/{agent}/{question.path.lstrip('/')}"):
        return False
    return question.quote is None or plain(question.quote) in plain(payload["text_chunk"])


def _missed(asked: Asked, why: str) -> str:
    wanted = f"{asked.question.question!r} should find {asked.question.path}"
    if asked.question.quote:
        wanted += f" with {asked.question.quote!r}"
    instead = f"; instead came {_one(asked.found[0])}" if asked.found else "; nothing came"
    return f"{wanted}{f' ({why})' if why else ''}{instead}"


def _table(agent: str, failed: Sequence[Asked], causes: Sequence[str]) -> Table | None:
    rows = [
        [
            one.question.question,
            _wanted(one.question),
            rank_of(agent, one) or "not found",
            "; ".join(f"{place}. {_one(found)}"
                      for place, found in enumerate(one.found[:_INSTEAD], 1)) or "nothing",
            why,
        ]
        for one, why in zip(failed, causes, strict=True)
    ]  # fmt: skip
    return table(("question", "should find", "rank", "what came instead", "why"), rows)


def _wanted(question: GoldenQuestion) -> str:
    return f"{question.path}: {question.quote!r}" if question.quote else question.path


def _one(found: Found) -> str:
    metadata = found.payload["metadata"]
    place = " > ".join([metadata["path"], *metadata["heading_path"]])
    return f"{place} ({found.score:.2f}): “{first_words(found.payload['text_chunk'])}”"


def _fallen(
    now: Sequence[Asked], live: Sequence[Asked], before: Sequence[Rank],
    after: Sequence[Rank],
) -> Table | None:  # fmt: skip
    """List the questions whose passage is further down than it was, with what stands above it."""
    rows = [
        [one.question.question, _wanted(one.question), old, rank or "not found",
         _one(one.found[0]) if one.found else "nothing", _one(other.found[0])]
        for one, other, old, rank in zip(now, live, before, after, strict=True)
        if old is not None and (rank is None or rank > old)
    ]  # fmt: skip
    heads = ("question", "should find", "rank of live", "rank now", "first now", "first of live")
    return table(heads, rows)
