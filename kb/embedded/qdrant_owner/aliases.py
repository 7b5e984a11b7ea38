"""Changes of aliases: all of a request, or none of it."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

from pydantic import Field, model_validator

from kb.embedded.qdrant_owner.forms import Form
from kb.embedded.qdrant_owner.refusals import Refused, name_taken, no_collection


class CreateAlias(Form):
    """Point an alias at a collection, wherever it pointed before."""

    collection_name: str
    alias_name: str = Field(min_length=1, max_length=255)


class DeleteAlias(Form):
    """Forget an alias."""

    alias_name: str


class RenameAlias(Form):
    """Call an alias otherwise."""

    old_alias_name: str
    new_alias_name: str = Field(min_length=1, max_length=255)


class AliasAction(Form):
    """One step of a change of aliases."""

    create_alias: CreateAlias | None = None
    delete_alias: DeleteAlias | None = None
    rename_alias: RenameAlias | None = None

    @model_validator(mode="after")
    def _one_step(self) -> "AliasAction":
        if len(self.given()) != 1:
            raise ValueError("an action has exactly one key")
        return self


class ChangeAliases(Form):
    """Body of `POST collections/aliases`."""

    actions: list[AliasAction]

    def applied_to(
        self, aliases: Mapping[str, str], collections: Collection[str]
    ) -> dict[str, str]:
        """Return what the aliases are after every action, or refuse them all."""
        changed = dict(aliases)
        for action in self.actions:
            if action.create_alias:
                _create(changed, collections, action.create_alias)
            elif action.delete_alias:
                changed.pop(action.delete_alias.alias_name, None)
            elif action.rename_alias:
                _rename(changed, collections, action.rename_alias)
        return changed


def _create(aliases: dict[str, str], collections: Collection[str], wanted: CreateAlias) -> None:
    if wanted.collection_name not in collections:
        raise no_collection(wanted.collection_name)
    if wanted.alias_name in collections:
        raise name_taken(wanted.alias_name)
    aliases[wanted.alias_name] = wanted.collection_name


def _rename(aliases: dict[str, str], collections: Collection[str], wanted: RenameAlias) -> None:
    if wanted.old_alias_name not in aliases:
        reason = f"Not found: Alias {wanted.old_alias_name} does not exist!"
        raise Refused(HTTPStatus.NOT_FOUND, reason)
    if wanted.new_alias_name in collections:
        raise name_taken(wanted.new_alias_name)
    aliases[wanted.new_alias_name] = aliases.pop(wanted.old_alias_name)
