"""What callers keep beside their threads. `/store/…`, on LangGraph's own store in Postgres.

Every namespace lies below two names of our own, workspace and rights, that no caller can say: so there is
no way to name what is another's.
"""

from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query, Response
from langgraph.store.base import SearchItem
from pydantic import BaseModel, ConfigDict, Field, field_validator

from graph.caller import current_caller
from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.assistants import Items, KeptItem, Namespaces
from graph.server.server_parts import Parts, ServerParts
from kb_contract.identifiers import sha256_json

router = APIRouter(prefix="/store", tags=["store"], route_class=BorderRoute)
OWN: Final = 2
_LABEL: Final = r"^[^.\x00-\x1f]{1,100}$"
Label = Annotated[str, Field(pattern=_LABEL)]
Namespace = Annotated[list[Label], Field(min_length=1, max_length=10)]
Prefix = Annotated[list[Label], Field(max_length=10)]
Key = Annotated[str, Field(min_length=1, max_length=500)]
# LangGraph gives meaning to this name.
RESERVED: Final = "langgraph"
COMPARISONS: Final = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"})


class Item(BaseModel):
    """What to keep, and where."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"namespace": ["notes", "ann"], "key": "k", "value": {"text": "call back"}}
        }
    )

    namespace: Namespace
    key: Key
    value: dict[str, Any]
    index: Any = None
    ttl: float | None = Field(default=None, gt=0, description="not kept here: items stay")


class Place(BaseModel):
    """Where an item lies."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"namespace": ["notes", "ann"], "key": "k"}}
    )

    namespace: Namespace
    key: Key


class ItemSearch(BaseModel):
    """What to look for; meaning is not searched by here."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"namespace_prefix": ["notes"], "filter": {"text": "call back"}}
        }
    )

    namespace_prefix: Prefix = Field(default_factory=list)
    filter: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,60}$")], Any] | None = None
    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    query: str | None = Field(default=None, max_length=20_000)

    @field_validator("filter")
    @classmethod
    def _is_known(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if value is None else {one: _condition(said) for one, said in value.items()}


def _condition(wanted: Any) -> Any:
    """A comparison as the store knows it; every other object is one to be equal to."""
    said: set[str] = set(cast("dict[str, Any]", wanted)) if isinstance(wanted, dict) else set()
    unknown = {one for one in said if one.startswith("$")} - COMPARISONS
    if unknown:
        known = ", ".join(sorted(COMPARISONS))
        raise ValueError(f"{', '.join(sorted(unknown))[:200]} compares nothing: use {known}")
    return {"$eq": cast("Any", wanted)} if said - COMPARISONS else cast("Any", wanted)


class NamespaceSearch(BaseModel):
    """Which namespaces to list."""

    model_config = ConfigDict(json_schema_extra={"example": {"prefix": ["notes"], "max_depth": 2}})

    prefix: Prefix | None = None
    suffix: Prefix | None = None
    max_depth: int | None = Field(default=None, ge=1, le=10)
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)


@router.put("/items", status_code=204)
async def put_item(parts: Parts, item: Item) -> Response:
    """Keep an item; what lay there before is replaced."""
    if item.namespace[0] == RESERVED:
        raise ApiError(422, f"{RESERVED!r} cannot begin a namespace", hint="choose another name")
    if item.index or item.ttl is not None:
        raise ApiError(
            422, "items are neither embedded nor forgotten here", hint="leave index and ttl out"
        )
    item = _nameable(parts, item)
    await parts.store.aput((*_own(parts), *item.namespace), item.key, item.value, index=False)
    return Response(status_code=204)


@router.get("/items", response_model=KeptItem)
async def get_item(
    parts: Parts,
    key: Annotated[str, Query(min_length=1, max_length=500)],
    namespace: Annotated[
        str,
        Query(
            max_length=1100,
            pattern=r"^[^\x00-\x1f]*$",
            description="its names, with dots between",
        ),
    ] = "",
) -> JsonResponse:
    """One item."""
    names = tuple(one for one in namespace.split(".") if one)
    found = await parts.store.aget((*_own(parts), *names), _clean(key))
    if found is None:
        raise ApiError(404, "there is no such item", hint="POST /store/items/search")
    return JsonResponse(_item(cast("dict[str, Any]", found.dict())))


@router.delete("/items", status_code=204)
async def delete_item(parts: Parts, place: Place) -> Response:
    """Forget an item; one that is not there is forgotten already."""
    await parts.store.adelete((*_own(parts), *place.namespace), place.key)
    return Response(status_code=204)


@router.post("/items/search", response_model=Items)
async def search_items(parts: Parts, search: ItemSearch | None = None) -> JsonResponse:
    """Items below a namespace whose values are as the filter says."""
    search = search or ItemSearch()
    if search.query:
        raise ApiError(422, "items are not embedded here", hint="use filter")
    found = await parts.store.asearch(
        (*_own(parts), *search.namespace_prefix),
        filter=search.filter,
        limit=search.limit,
        offset=search.offset,
    )
    return JsonResponse({"items": [_found(one) for one in found]})


@router.post("/namespaces", response_model=Namespaces)
async def list_namespaces(parts: Parts, search: NamespaceSearch | None = None) -> JsonResponse:
    """Namespaces that hold something."""
    search = search or NamespaceSearch()
    found = await parts.store.alist_namespaces(
        prefix=(*_own(parts), *(search.prefix or ())),
        suffix=tuple(search.suffix) if search.suffix else None,
        max_depth=search.max_depth + OWN if search.max_depth else None,
        limit=search.limit,
        offset=search.offset,
    )
    shown = [list(one[OWN:]) for one in found if len(one) > OWN]
    return JsonResponse({"namespaces": shown})


def _nameable(parts: ServerParts, item: Item) -> Item:
    """The item as it may be kept; a name with a key in it would be found by nobody."""
    kept = parts.kept(item)
    if (kept.namespace, kept.key) != (item.namespace, item.key):
        raise ApiError(422, "a secret stands in the name", hint="no key in namespace or key")
    return kept


def _own(parts: ServerParts) -> tuple[str, str]:
    """Names of one length for each workspace and for what a key may see in it: none begins another."""
    scope = current_caller().scope
    return sha256_json(parts.settings.workspace_id)[:32], sha256_json(scope)[:32]


def _item(said: dict[str, Any]) -> dict[str, Any]:
    return {**said, "namespace": list(said["namespace"])[OWN:]}


def _found(one: SearchItem) -> dict[str, Any]:
    return _item({**one.dict(), "score": one.score})


def _clean(key: str) -> str:
    if "\x00" in key:
        raise ApiError(422, "a key has no NUL")
    return key
