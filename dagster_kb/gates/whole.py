"""Whether the collection is what the manifest says: form, count, ids, payloads, vectors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from dagster_kb.gates.verdicts import Json, Payload, Verdict
from kb_contract.identifiers import sha256_json
from kb_contract.payload import CONTRACT_VERSION, ChunkPayload

_NAMED: Final = 10
_AGAIN: Final = "ingest again: a colour that is doubted is built anew"


def keeps_contract(sample: Sequence[Payload]) -> Verdict:
    """Every payload of the sample has the version and the fields that readers expect."""
    for payload in sample:
        said = payload.get("contract_version")
        if said != CONTRACT_VERSION:
            wrong = f"contract version {said!r}, wanted {CONTRACT_VERSION} → {_AGAIN}"
            return Verdict(passed=False, description=wrong)
        try:
            ChunkPayload.model_validate(dict(payload))
        except ValidationError as error:
            return Verdict(passed=False, description=_unreadable(error))
    return Verdict(
        passed=True,
        description=f"{len(sample)} payloads keep contract version {CONTRACT_VERSION}",
        facts={"sample": len(sample)},
    )


def _unreadable(error: ValidationError) -> str:
    """Name fields only: what is in them may be secret."""
    wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return f"a payload is not readable: {'; '.join(wrong)[:400]} → {_AGAIN}"


def has_points(count: int, documents: int = 0, served: int | None = None) -> Verdict:
    """An empty collection answers nothing, so it never replaces one that does.

    Documents without any chunk are those of which all was deleted by hand; where that is so of what
    is `served` already, nothing is lost.
    """
    said = f"{count} points" if count else "no points: publish at least one document"
    if documents and not count:
        said = (
            "no points: all that the documents say was deleted by hand → publish something else, or "
            "see `kb incidents` for what may be served again"
        )
    passed = count > 0 or (documents > 0 and served == 0)
    return Verdict(passed=passed, description=said, facts={"points": count})


def holds_exactly(wanted: Mapping[str, str], held: Iterable[tuple[str, Payload]]) -> Verdict:
    """The collection holds every chunk of the manifest as it should be, and no other."""
    missing = dict(wanted)
    strange: list[str] = []
    changed: list[str] = []
    for chunk_id, payload in held:
        digest = missing.pop(chunk_id, None)
        if digest is None:
            strange.append(chunk_id)
        elif sha256_json(payload) != digest:
            changed.append(chunk_id)
    facts: Json = {"wanted": len(wanted), "missing": len(missing), "strange": len(strange),
                   "changed": len(changed)}  # fmt: skip
    if not (missing or strange or changed):
        return Verdict(passed=True, description=f"exactly the {len(wanted)} chunks", facts=facts)
    for_example = [*list(missing)[:_NAMED], *strange[:_NAMED], *changed[:_NAMED]]
    return Verdict(
        passed=False,
        description=f"{len(missing)} missing, {len(strange)} strange and {len(changed)} changed "
        f"points of {len(wanted)} → {_AGAIN}",
        facts={**facts, "for_example": for_example},
    )


def same_space(wanted: Json, held: Json | None, dimension: int | None) -> Verdict:
    """The vectors are of the generation's space: same model, same weights, same dimension."""
    facts: Json = {"dimension": dimension, "model": wanted["model"]}
    if dimension != wanted["dimension"]:
        said = f"dimension {dimension}, wanted {wanted['dimension']} → {_AGAIN}"
        return Verdict(passed=False, description=said, facts=facts)
    if held != wanted:
        said = f"vectors of another space: {held}, wanted {wanted} → {_AGAIN}"
        return Verdict(passed=False, description=said, facts=facts)
    return Verdict(
        passed=True, description=f"{dimension} dimensions of {wanted['model']}", facts=facts
    )
