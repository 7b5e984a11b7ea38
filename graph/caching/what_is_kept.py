"""Which finished answers may be given again: whole ones that rest on documents, and on nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from graph.caching.kept_answer import CitedSpan, Costs, KeptAnswer
from graph.classification.live_state import asks_live_state
from graph.state import State
from kb_contract.citation import Citation

LONGEST_QUESTION: Final = 2_000
KEPT_CAPABILITIES: Final = frozenset(
    {"knowledge", "reasoning", "comparison", "calculation", "synthesis"}
)
# What is true of such a question today may not be tomorrow, though no document changes.
_MOVES_WITH_TIME: Final = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|now|nowadays|currently|current|at the moment|at present|so far"
    r"|(?:this|next|last|past|coming|previous)\s+(?:\w+\s+)?(?:second|minute|hour|day|night|morning|week|weekend"
    r"|month|quarter|year|season)s?|recent(?:ly)?|latest|newest|up to date|\w+\s+ago|as of now|still|yet|soon"
    r"|presently|upcoming|ongoing|these days|to date|at this time"
    # As they are said in German, French, Spanish, Italian, Portuguese and Dutch.
    r"|heute|heutig\w*|morgen|gestern|jetzt|jetzig\w*|aktuell\w*|derzeit\w*|momentan\w*|gerade|zurzeit|bisher|neueste\w*"
    r"|(?:diese|nächste|letzte|vorige|kommende)[mnrs]?\s+(?:tage?n?|woche|monats?|quartals?|jahre?s?)|kürzlich|demnächst"
    r"|aujourd'hui|demain|hier|maintenant|actuel\w*|récent\w*|en ce moment|en cours|bientôt|ces jours-ci"
    r"|(?:cette|ce|cet)\s+(?:semaine|mois|trimestre|année)|(?:semaine|mois|trimestre|année|an)\s+(?:dernier|dernière|prochain|prochaine|passée?)"
    r"|hoy|mañana|ayer|ahora|actuales|actualmente|\w*(?:[oa]|ón)\s+actual|recient\w*|últim[oa]s?|próxim[oa]s?|est[ea]\s+(?:semana|mes|trimestre|año)"
    r"|oggi|domani|ieri|adesso|attual\w*|recent\w*|prossim\w|ultim[oaie]|quest[oa'][\s']*(?:settimana|mese|trimestre|anno)|in corso"
    r"|hoje|amanhã|ontem|agora|atual\w*|atuais|recentemente|próxim[oa]s?|últim[oa]s?|est[ea]\s+(?:semana|mês|trimestre|ano)"
    r"|vandaag|gisteren|nu|nou|momenteel|huidige?|onlangs|recente|deze\s+(?:week|maand)|dit\s+(?:kwartaal|jaar)"
    r"|(?:vorige|volgende|komende|afgelopen)\s+(?:week|maand|kwartaal|jaar))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Lifetimes:
    """How long answers are kept at most, by the type of their question; 0: not at all."""

    results: float = 3_600
    schemas: float = 86_400

    def of(self, query_type: str) -> float:
        """Shorter for what several sources are weighed for, longer for what data there is."""
        match query_type:
            case "simple_lookup" | "rag_document":
                return self.results
            case "complex_analysis":
                return self.results / 2
            case "schema_discovery":
                return self.schemas if self.results else 0.0
            case _:
                return 0.0


def may_be_looked_up(question: str) -> bool:
    """Whether a question means the same whenever it is asked."""
    return (
        0 < len(question) <= LONGEST_QUESTION
        and not _MOVES_WITH_TIME.search(question)
        and not asks_live_state(question.lower())
    )


def why_not_kept(state: State, *, as_of: str | None) -> str:
    """Say what keeps an answer from being given again; nothing where it may be."""
    steps: list[dict[str, Any]] = list(state.plan.get("steps", ()))
    reasons = (
        (state.status != "completed", f"it is {state.status or 'not finished'}"),
        (as_of is not None, "the past was asked"),
        (state.own_plan is not None, "the caller brought a plan"),
        (not may_be_looked_up(state.asks), "what it asks moves with time"),
        (not steps or any(not _is_kept(one) for one in steps), "a step does more than read"),
        (any(one["status"] != "done" for one in state.results.values() if _needed(one, steps)),
         "a step is missing"),
        (not state.citations, "nothing is cited"),
        (not _all_supported(state), "not every sentence is supported"),
        (bool(state.draft.get("notes")), "it comes with a caveat"),
    )  # fmt: skip
    return next((why for true, why in reasons if true), "")


def _is_kept(step: Mapping[str, Any]) -> bool:
    plain = step.get("capability") in KEPT_CAPABILITIES and not step.get("tools")
    return plain and not step.get("requires_approval")


def _needed(result: Mapping[str, Any], steps: list[dict[str, Any]]) -> bool:
    """Who was asked just in case and knew nothing is missed by nobody."""
    policies = {one["step_id"]: one.get("policy", "required") for one in steps}
    required = policies.get(result["step_id"], "required") == "required"
    return required or result["status"] != "nothing_found"


def _all_supported(state: State) -> bool:
    said = state.coverage
    sentences = said.get("sentences", ())
    whole = said.get("total", 0) == said.get("supported") and not said.get("left_out")
    return bool(sentences) and whole and all(one["supported"] for one in sentences)


@dataclass(frozen=True)
class Moment:
    """When something is kept, and until when."""

    now: datetime
    seconds: float

    @property
    def ends(self) -> datetime:
        return self.now + timedelta(seconds=self.seconds)


def kept_of(
    state: State, served: Mapping[str, int], groups: tuple[str, ...], costs: Costs, at: Moment
) -> KeptAnswer | None:
    """Make what is kept of a finished answer; None where it rests on something that is served no longer."""
    spans = [_span(one, state) for one in state.citations]
    steps = state.plan.get("steps", ())
    asked = [(str(one["agent"]), str(one["question"])) for one in steps]
    if any(one is None or one["agent_id"] not in served for one in spans):
        return None
    return KeptAnswer(
        entry_id=state.answer_id,
        question=state.asks,
        groups=groups,
        agent=state.agent,
        query_type=state.query_type,
        agents=served,
        asked=[one for one in asked if one[0] in served],
        body={
            name: getattr(state, name)
            for name in ("answer", "coverage", "conflicts", "plan", "classification")
        },
        citations=[one for one in spans if one is not None],
        costs=costs,
        created_at=at.now,
        expires_at=at.ends,
    )


def _span(citation: Citation, state: State) -> CitedSpan | None:
    for result in state.results.values():
        for passage in result["passages"]:
            if passage["chunk_id"] == citation["chunk_id"]:
                return {**citation, "place": citation["start"] - passage["start"]}
    return None
