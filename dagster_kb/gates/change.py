"""What changed since what is live: size, twins, and whether quotes of it hold."""

from dagster_kb.gates.evidence import Evidence, Passage, Size
from dagster_kb.gates.showing import first_words
from dagster_kb.gates.verdicts import Json, Verdict, by_choice, named, switched_off, table


def keeps_size(evidence: Evidence) -> Verdict:
    """The agent does not suddenly know much less than what is live."""
    gate, now, live = evidence.gate(), evidence.size(), evidence.size_of_live()
    if live is None:
        said = f"{now.documents} documents, {now.chunks} chunks; nothing is live to compare with"
        return Verdict(passed=True, description=said, facts=_sizes(now, None))
    pairs = (("documents", live.documents, now.documents), ("chunks", live.chunks, now.chunks))
    said = ", ".join(f"{name} {before} → {after}" for name, before, after in pairs)
    facts = {**_sizes(now, live), "max_shrink": gate.max_shrink}
    whose = (
        "" if evidence.agent_of_live() == evidence.agent() else f" of {evidence.agent_of_live()}"
    )
    fell = [f"{name} fell from {before} to {after} ({1 - after / before:.0%})"
            for name, before, after in pairs
            if before >= gate.shrink_from and 1 - after / before > gate.max_shrink]  # fmt: skip
    if not fell:
        return Verdict(passed=True, description=said, facts=facts)
    return Verdict(
        passed=False,
        description=f"{' and '.join(fell)}, more than {gate.max_shrink:.0%} less than generation "
        f"{live.number}{whose}, which is live → if it is meant, set `gate: {{max_shrink: 1.0}}` in "
        "agent.yaml, and take it back afterwards",
        facts=facts,
    )


def _sizes(now: Size, live: Size | None) -> Json:
    facts: Json = {"documents": now.documents, "chunks": now.chunks}
    if live:
        facts |= {"documents_of_live": live.documents, "chunks_of_live": live.chunks}
    return facts


def no_duplicates(evidence: Evidence) -> Verdict:
    """Few passages stand in several documents word for word."""
    gate = evidence.gate()
    if gate.duplicates == "off":
        return switched_off("duplicates")
    twins, chunks = evidence.twins(), evidence.size().chunks
    copies = twins.copies
    share = copies / chunks if chunks else 0.0
    facts: Json = {"copies": copies, "share": share, "max_duplicates": gate.max_duplicates}
    rows = [[first_words(one.text), ", ".join(one.paths)] for one in twins.worst]
    shown = table(("text", "stands in"), rows)
    said = f"{copies} of {chunks} passages are copies of another document's ({share:.0%})"
    if share <= gate.max_duplicates:
        return Verdict(passed=True, description=said, facts=facts, table=shown)
    where = named([" and ".join(one.paths[:2]) for one in twins.worst])
    found = Verdict(
        passed=False,
        description=f"{said}, more than {gate.max_duplicates:.0%}: {where} → keep one and link to "
        "it, or allow more: `gate: {max_duplicates: …}`",
        facts=facts,
        table=shown,
    )
    return by_choice(gate.duplicates, found)


def quotes_hold(evidence: Evidence) -> Verdict:
    """What can be quoted of the changed documents stands in git at those very characters."""
    quoted = evidence.quoted()
    wrong: list[tuple[Passage, str]] = []
    passages = documents = 0
    for one in quoted.documents:
        documents += 1
        passages += len(one.passages)
        wrong += [(passage, why) for passage in one.passages if (why := _wrong(passage, one.text))]
    facts: Json = {
        "passages": passages, "read_again": documents, "changed_documents": quoted.changed,
        "wrong": len(wrong),
    }  # fmt: skip
    said = f"{passages} passages of {documents} documents"
    if not wrong:
        described = f"{said} stand in git at {quoted.git_sha[:12]} word for word"
        return Verdict(passed=True, description=described, facts=facts)
    rows = [[one.path, f"{one.start}:{one.end}", one.place, why] for one, why in wrong]
    first = [f"{one.path} {one.start}:{one.end} ({why})" for one, why in wrong]
    return Verdict(
        passed=False,
        description=f"{len(wrong)} of {said} cannot be cited: {named(first)} → ingest again with "
        "`--force`; if it stays so, the reader of that format is wrong: report it",
        facts=facts,
        table=table(("document", "characters", "heading", "why"), rows),
    )


def _wrong(passage: Passage, text: str | None) -> str:
    if text is None:
        return "git has no such file, or it cannot be read"
    if text[passage.start : passage.end] != passage.text:
        return "other words stand there"
    return ""
