"""What a push says, whichever git server tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

from pydantic import BaseModel, Field, ValidationError

from graph.server.errors import ApiError
from graph.server.hook_signatures import Provider
from kb_contract.repository_address import repository_name

_BRANCHES: Final = "refs/heads/"
Name = Annotated[str, Field(max_length=500)]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class Repository(BaseModel):
    """GitHub's and Gitea's."""

    full_name: Name
    default_branch: Name = ""


class Project(BaseModel):
    """GitLab's."""

    path_with_namespace: Name
    default_branch: Name = ""


class Person(BaseModel):
    """Each has some of these."""

    name: Name = ""
    login: Name = ""
    username: Name = ""


class HubPush(BaseModel):
    """GitHub, Gitea and Forgejo."""

    ref: Name
    after: Sha
    repository: Repository
    pusher: Person = Person()


class LabPush(BaseModel):
    """GitLab."""

    ref: Name
    after: Sha
    project: Project
    user_username: Name = ""
    user_name: Name = ""


@dataclass(frozen=True)
class ToldPush:
    """A push in one form."""

    repository: str
    default_branch: str
    ref: str
    after: str
    pusher: str

    @property
    def branch(self) -> str:
        return self.ref.removeprefix(_BRANCHES) if self.ref.startswith(_BRANCHES) else ""

    def why_not(self, repository_url: str, branch: str) -> str:
        """Say why it is no news for the writer; nothing when it is."""
        ours = repository_name(repository_url) if repository_url else ""
        told = self.repository.lower()
        if ours and ours != told and not ours.endswith(f"/{told}"):
            return f"knowledge comes from {ours}, not from {told}"
        # Of a repository on this machine any branch may be checked out, and the writer looks itself.
        followed = branch or (self.default_branch if ours else "")
        if not self.branch:
            return f"{self.ref} is no branch"
        if followed and self.branch != followed:
            return f"{self.ref} is not the branch {followed}"
        if not self.after.strip("0"):
            return f"{self.branch} was deleted; what is served stays"
        return ""


def read_push(provider: Provider, payload: Any) -> ToldPush:
    """Read a push, or say what is wrong with it."""
    try:
        return _of_lab(payload) if provider == "gitlab" else _of_hub(payload)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ApiError(
            422, f"this is no push as {provider} tells it: {'; '.join(found)}"[:500],
            hint="send pushes as application/json",
        ) from error  # fmt: skip


def is_push(provider: Provider, event: str, payload: Any) -> bool:
    """GitLab's system hooks name the event in the body."""
    if provider != "gitlab":
        return event == "push"
    if event == "Push Hook" or not isinstance(payload, Mapping):
        return event == "Push Hook"
    said = cast("Mapping[str, Any]", payload)
    return said.get("object_kind", said.get("event_name")) == "push"


def _of_hub(payload: Any) -> ToldPush:
    push = HubPush.model_validate(payload)
    by = push.pusher.login or push.pusher.username or push.pusher.name
    return ToldPush(
        push.repository.full_name, push.repository.default_branch, push.ref, push.after, by
    )


def _of_lab(payload: Any) -> ToldPush:
    push = LabPush.model_validate(payload)
    by = push.user_username or push.user_name
    project = push.project
    return ToldPush(project.path_with_namespace, project.default_branch, push.ref, push.after, by)
