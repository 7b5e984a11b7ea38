"""Where a knowledge repository is: which addresses are taken, and what they are called."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

from kb_contract.loopback import is_loopback

PROTOCOLS: Final = ("https", "ssh", "file")
_BRANCH: Final = re.compile(r"[\w][\w./+@#=-]{0,199}")


def checked_repository(url: str) -> str:
    """Return the address, or say why git is not asked for it."""
    if not url:
        return url
    parts = urlsplit(url)
    if parts.scheme not in PROTOCOLS and not (parts.scheme == "http" and is_loopback(url)):
        raise ValueError("write https://…, ssh://git@host/path or file:///path")
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise ValueError(
            "no names or passwords in the address; give them by git's credential helper"
        )
    if any(ord(one) <= 32 or ord(one) == 127 for one in url) or (parts.hostname or "").startswith(
        "-"
    ):
        raise ValueError("this is no address")
    if not parts.path.strip("/"):
        raise ValueError("the repository's path is missing")
    return url


def checked_branch(name: str) -> str:
    """Return a branch's name, or say that git could not have it."""
    wrong = ".." in name or "//" in name or "@{" in name or name.endswith((".", "/", ".lock"))
    if name and (wrong or not _BRANCH.fullmatch(name)):
        raise ValueError("this is no name of a branch")
    return name


def checked_place(path: str) -> str:
    """Return a folder inside of a repository; nothing for its root."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise ValueError("this is no folder inside of the repository")
    return "/".join(parts)


def repository_name(url: str) -> str:
    """Return what hosts call it: `owner/name`, whatever the host and the protocol."""
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    return path.strip("/").removesuffix(".git").lower()


RepositoryUrl = Annotated[str, AfterValidator(checked_repository)]
BranchName = Annotated[str, AfterValidator(checked_branch)]
PlaceInside = Annotated[str, AfterValidator(checked_place)]
