"""What the project relies on in Qdrant's aliases: the same of our owner process, `:memory:` and the real server."""

from collections.abc import Callable

import pytest
from qdrant_client import models

from tests.doubles.known_points import IS_REFUSED, POINTS, Backend, dense_of, numbers


def create_alias(collection: str, alias: str) -> models.CreateAliasOperation:
    return models.CreateAliasOperation(
        create_alias=models.CreateAlias(collection_name=collection, alias_name=alias)
    )


def delete_alias(alias: str) -> models.DeleteAliasOperation:
    return models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))


def aliases_of(backend: Backend, *collections: str) -> dict[str, str]:
    listed = backend.client.get_aliases().aliases
    return {
        one.alias_name: one.collection_name for one in listed if one.collection_name in collections
    }


def test_aliases_move(backend: Backend, filled: str, new_collection: Callable[[], str]):
    client, empty = backend.client, new_collection()
    short, long = f"{filled}_alias", f"{filled}_production"
    client.update_collection_aliases([create_alias(filled, long), create_alias(filled, short)])
    assert aliases_of(backend, filled, empty) == {short: filled, long: filled}
    listed = client.get_collection_aliases(filled).aliases
    assert {one.alias_name for one in listed} == {short, long}
    assert client.collection_exists(short)
    assert client.count(long).count == POINTS
    found = client.query_points(long, dense_of(9), using="dense", limit=1, with_payload=True).points
    assert numbers(found) == [9]
    client.update_collection_aliases([create_alias(empty, long)])
    assert aliases_of(backend, filled, empty) == {short: filled, long: empty}
    assert (client.count(long).count, client.count(short).count) == (0, POINTS)
    client.update_collection_aliases([delete_alias(long), create_alias(empty, short)])
    assert aliases_of(backend, filled, empty) == {short: empty}


def test_an_alias_to_nothing_is_refused(backend: Backend):
    with pytest.raises(IS_REFUSED):
        backend.client.update_collection_aliases([create_alias("nothing_here", "some_alias")])
    assert aliases_of(backend, "nothing_here") == {}


def test_an_alias_cannot_be_named_like_a_collection(
    backend: Backend, filled: str, new_collection: Callable[[], str]
):
    other = new_collection()
    with pytest.raises(IS_REFUSED):
        backend.client.update_collection_aliases([create_alias(filled, other)])
    assert aliases_of(backend, filled) == {}


def test_aliases_go_with_their_collection(backend: Backend, new_collection: Callable[[], str]):
    name = new_collection()
    backend.client.update_collection_aliases([create_alias(name, f"{name}_alias")])
    backend.client.delete_collection(name)
    assert aliases_of(backend, name) == {}
    with pytest.raises(IS_REFUSED):
        backend.client.count(f"{name}_alias")


def test_what_is_left_when_the_second_action_fails(backend: Backend, filled: str):
    """Why a swap is one CreateAlias: the real server has already forgotten the old alias."""
    alias = f"{filled}_alias"
    backend.client.update_collection_aliases([create_alias(filled, alias)])
    with pytest.raises(IS_REFUSED):
        backend.client.update_collection_aliases(
            [delete_alias(alias), create_alias("nothing_here", alias)]
        )
    kept = {} if backend.kind == "server" else {alias: filled}
    assert aliases_of(backend, filled) == kept
