"""JSON Web Tokens of a company's own identity provider: signed, for this server, and of now."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import httpx
import jwt

from graph.caller import Caller
from graph.server.door.roles import all_of
from graph.server.errors import ApiError
from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting, Unavailable
from kb_contract.loopback import is_loopback

# Only keys of two halves: whoever can check a token here cannot make one.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
KEPT_SECONDS: Final = 300.0
# A token may name any key; how often that makes us look is not for its sender to say.
BETWEEN_LOOKS: Final = 30.0
LEEWAY_SECONDS: Final = 30
MOST_BYTES: Final = 1_000_000
LONGEST_NAME: Final = 255
"""OpenID Connect allows as much."""


@dataclass
class KeySet:
    """The provider's public keys, from a file or an address; looked for again when one is unknown."""

    place: str
    _keys: dict[str | None, jwt.PyJWK] = field(default_factory=dict[str | None, jwt.PyJWK])
    _looked: float | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        if self._is_due(key_id):
            async with self._looking:
                if self._is_due(key_id):
                    self._keys, self._looked = await self._read(), time.monotonic()
        return self._keys.get(key_id)

    def _is_due(self, key_id: str | None) -> bool:
        if self._looked is None:
            return True
        age = time.monotonic() - self._looked
        return age > KEPT_SECONDS or (key_id not in self._keys and age > BETWEEN_LOOKS)

    async def _read(self) -> dict[str | None, jwt.PyJWK]:
        try:
            text = await self._text()
            found = jwt.PyJWKSet.from_dict(json.loads(text)).keys
        except (OSError, httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            raise Unavailable(
                f"the keys of KB_JWT_JWKS cannot be read: {type(error).__name__}",
                where=self.place,
                cure="open it from this machine; it is a JSON Web Key Set",
            ) from error
        return {one.key_id: one for one in found}

    async def _text(self) -> bytes:
        if "://" not in self.place:
            return await asyncio.to_thread(Path(self.place).read_bytes)
        async with httpx.AsyncClient(timeout=5, follow_redirects=False) as http:
            reply = await http.get(self.place)
            reply.raise_for_status()
            if len(reply.content) > MOST_BYTES:
                raise ValueError("too long")
            return reply.content


@dataclass(frozen=True)
class TokenCheck:
    """Turns a token into a caller, or refuses it."""

    issuer: str
    audience: str
    keys: KeySet
    roles_claim: str
    workspace: str

    async def caller(self, said: str) -> tuple[Caller, float]:
        """Whom a token speaks of, and the moment (of the clock) at which it ends."""
        try:
            key = await self.keys.find(jwt.get_unverified_header(said).get("kid"))
            if key is None:
                raise jwt.InvalidKeyError("it is signed with a key that the provider does not name")
            claims = jwt.decode(
                said,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise ApiError(
                401, f"the token is refused: {error}"[:300], hint="get a new one"
            ) from error
        return self._caller(claims), float(claims["exp"])

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        name = str(claims["sub"])
        # Cut short, or blank, two people would be one.
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise ApiError(401, "the token names nobody", hint=f"sub: 1 to {LONGEST_NAME} letters")
        if claims.get("kb_workspace", self.workspace) != self.workspace:
            raise ApiError(401, "the token is for another workspace", hint="its kb_workspace")
        agents = claims.get("kb_agents")
        limited = None if agents is None else frozenset(_texts(agents))
        return Caller(name, all_of(_texts(claims.get(self.roles_claim))), limited)


def token_check(settings: ReaderSettings) -> TokenCheck | None:
    """The check that the settings ask for; None where no tokens are taken."""
    said = (settings.kb_jwt_issuer, settings.kb_jwt_audience, settings.kb_jwt_jwks)
    if not any(said):
        return None
    if not all(said):
        raise BadSetting(
            "tokens need KB_JWT_ISSUER, KB_JWT_AUDIENCE and KB_JWT_JWKS, all three",
            where="settings",
            cure="set what is missing, or none of them",
        )
    place = settings.kb_jwt_jwks
    if "://" in place and not (place.startswith("https://") or is_loopback(place)):
        raise BadSetting(
            f"KB_JWT_JWKS={place!r} could be changed on its way here",
            where="settings",
            cure="use https, or a file",
        )
    issuer, audience, _ = said
    return TokenCheck(
        issuer, audience, KeySet(place), settings.kb_jwt_roles_claim, settings.workspace_id
    )


def _texts(value: Any) -> list[str]:
    """A claim as providers write it: a list, or words between spaces."""
    if isinstance(value, str):
        return value.split()
    several = cast("list[Any]", value) if isinstance(value, list) else []
    return [one for one in several if isinstance(one, str)]
