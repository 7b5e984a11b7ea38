"""Whether a git server really said it: signatures of GitHub, GitLab, Gitea and Forgejo."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import SecretStr

from graph.server.errors import ApiError

Provider = Literal["github", "gitlab", "gitea"]
# How far a signed moment may be from now; what is older was heard by somebody and said again.
SKEW_SECONDS: Final = 300
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")
# Gitea and Forgejo also send GitHub's headers, so theirs are looked for first.
_EVENTS: Final[tuple[tuple[str, Provider], ...]] = (
    ("x-forgejo-event", "gitea"),
    ("x-gitea-event", "gitea"),
    ("x-gitlab-event", "gitlab"),
    ("x-github-event", "github"),
)
_DELIVERIES: Final[Mapping[Provider, Sequence[str]]] = {
    "gitea": ("x-forgejo-delivery", "x-gitea-delivery"),
    "gitlab": ("webhook-id", "idempotency-key", "x-gitlab-event-uuid"),
    "github": ("x-github-delivery",),
}
_SIGNATURES: Final[Mapping[Provider, Sequence[str]]] = {
    "gitea": ("x-forgejo-signature", "x-gitea-signature", "x-hub-signature-256"),
    "github": ("x-hub-signature-256",),
}
_HINT: Final = "the hook's secret there and GIT_WEBHOOK_SECRET here must be the same"


@dataclass(frozen=True)
class Delivery:
    """What a git server's headers say, believed because of the signature."""

    provider: Provider
    delivery_id: str
    event: str
    signed_digest: str | None
    """Of what was signed, where that says no moment: the same again is a repeat, under any id."""


def keys_of(setting: SecretStr) -> tuple[bytes, ...]:
    """Return the keys that are valid now: one, or two while one replaces the other."""
    said = setting.get_secret_value().split(",")
    return tuple(one.strip().encode() for one in said if one.strip())


def checked_delivery(
    headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float
) -> Delivery:
    """Return the delivery, or refuse it; every comparison takes the same time for every text."""
    name, provider = _sender(headers)
    if provider == "gitlab":
        genuine = _gitlab(headers, body, keys, now)
    else:
        said = _first(headers, _SIGNATURES[provider]).removeprefix("sha256=")
        genuine = _is_one_of(said, [_hmac(key, body).hex().encode() for key in keys])
    if not genuine:
        raise ApiError(401, "the signature is missing or wrong", hint=_HINT)
    delivery_id = _first(headers, _DELIVERIES[provider])
    if not _ID.fullmatch(delivery_id):
        wanted = " or ".join(_DELIVERIES[provider])
        raise ApiError(400, f"the delivery has no id: {wanted}", hint="see docs/triggers.md")
    digest = None if provider == "gitlab" else hashlib.sha256(body).hexdigest()
    return Delivery(provider, f"{provider}:{delivery_id}", headers[name], digest)


def _sender(headers: Mapping[str, str]) -> tuple[str, Provider]:
    for name, provider in _EVENTS:
        if name in headers:
            return name, provider
    raise ApiError(
        400, "no git server that is known here sent this",
        hint="send X-GitHub-Event, X-Gitlab-Event, X-Gitea-Event or X-Forgejo-Event",
    )  # fmt: skip


def _gitlab(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> bool:
    """GitLab sends its token as it is; newer ones can sign, as Standard Webhooks has it."""
    if "webhook-signature" not in headers:
        return _is_one_of(headers.get("x-gitlab-token", ""), keys)
    moment = headers.get("webhook-timestamp", "")
    if not moment.isascii() or not moment.isdecimal() or len(moment) > 15:
        return False
    if abs(now - int(moment)) > SKEW_SECONDS:
        raise ApiError(401, "the signature is too old, or of the future", hint="set the clocks")
    place = f"{headers.get('webhook-id', '')}.{moment}.".encode("latin-1")
    right = [base64.b64encode(_hmac(_raw(key), place + body)) for key in keys]
    said = headers["webhook-signature"].split()[:10]
    return sum(_is_one_of(one.removeprefix("v1,"), right) for one in said) > 0


def _raw(key: bytes) -> bytes:
    """A signing key is base64 after its prefix."""
    if not key.startswith(b"whsec_"):
        return key
    try:
        return base64.b64decode(key.removeprefix(b"whsec_"), validate=True)
    except binascii.Error:
        return key


def _hmac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()


def _is_one_of(said: str, right: Sequence[bytes]) -> bool:
    """Compare with all of them; headers come as latin-1, whatever was meant."""
    given = said.encode("latin-1", "replace")
    return sum(hmac.compare_digest(given, one) for one in right) > 0


def _first(headers: Mapping[str, str], names: Sequence[str]) -> str:
    return next((headers[name] for name in names if name in headers), "")
