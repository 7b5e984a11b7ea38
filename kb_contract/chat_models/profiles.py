"""Which models are asked, in which order, for which tier: the settings LLM_PROFILE and LLM_PROFILES."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.errors import BadSetting

OFFLINE: Final = "offline"
Tier = Literal["cheap", "standard", "strong"]
Role = Literal["primary", "fallback", "emergency"]
TIERS: Final[tuple[Tier, ...]] = ("cheap", "standard", "strong")
ROLES: Final[tuple[Role, ...]] = ("primary", "fallback", "emergency")
# litellm makes up the end of their streams, also where the connection was cut.
_HIDE_THE_END: Final = ("gemini/", "vertex_ai/", "vertex_ai_beta/")
# They stop when their reader hangs up, as is known of their own addresses; others are taken to write on.
_STOP_UNREAD: Final = ("openai/", "anthropic/", "ollama/")
# A process dies in the middle of an answer, on average.
_HALF: Final = 0.5
# A role that has nothing for a tier stands in with the nearest that it has.
_STAND_INS: Final[Mapping[str, tuple[Tier, ...]]] = {
    "cheap": ("cheap", "standard", "strong"),
    "standard": ("standard", "strong", "cheap"),
    "strong": ("strong", "standard", "cheap"),
}


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Deployment(_Closed):
    """A model of a provider, with what is different about it here."""

    model: str = Field(min_length=1, max_length=200)
    """As litellm names it."""
    api_base: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    api_key: SecretStr | None = None
    """Unset: the environment, as litellm names it."""
    timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds for one request."""
    slow_seconds: float = Field(default=20.0, gt=0)
    """A request that takes longer counts as slow; too many of them and others are asked."""
    max_tokens: int = Field(default=2000, ge=1, le=64_000)
    input_price: float | None = Field(default=None, ge=0)
    output_price: float | None = Field(default=None, ge=0)
    """Dollars per million tokens; unset: litellm's own price list."""

    stops_unread: bool | None = None
    """Whether it writes, and bills, no more when its reader hangs up; unset: as is known of the provider."""

    @property
    def unread_share(self) -> float:
        """Of an answer that a dead process read, what is billed on average."""
        known = self.api_base is None and self.model.startswith(_STOP_UNREAD)
        stops = known if self.stops_unread is None else self.stops_unread
        return _HALF if stops and self.streams else 1.0

    @property
    def streams(self) -> bool:
        """Whether a stream of it says that it ended; of the others only a whole body can be trusted."""
        return not self.model.startswith(_HIDE_THE_END)

    @property
    def place(self) -> str:
        """Names the provider and the model, without anything secret."""
        return f"{self.model} at {self.api_base}" if self.api_base else self.model


def _deployment(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


def _by_tier(value: Any) -> Any:
    """A role may be one model for every tier."""
    if isinstance(value, str) or (isinstance(value, Mapping) and "model" in value):
        return {"standard": cast("Any", value)}
    return cast("Any", value)


OneModel = Annotated[Deployment, BeforeValidator(_deployment)]
ByTier = Annotated[dict[Tier, OneModel], BeforeValidator(_by_tier), Field(min_length=1)]


class Profile(_Closed):
    """Who is asked first, who when that fails, and who at last."""

    primary: ByTier
    fallback: ByTier | None = None
    emergency: ByTier | None = None
    tier: Tier | None = None
    """For every call, whatever the plan says."""
    agents: dict[str, Tier] = Field(default_factory=dict)
    """For these agents, whatever the plan says."""

    def tier_for(self, planned: str, agent: str | None) -> Tier:
        """Return the tier of a call: the profile's word, the agent's, the plan's."""
        known: Tier = planned if planned in TIERS else "standard"
        return self.tier or self.agents.get(agent or "") or known

    def in_order(self, tier: Tier) -> tuple[tuple[Role, Deployment], ...]:
        """Return whom to ask, one after the other."""
        found: list[tuple[Role, Deployment]] = []
        for role in ROLES:
            of_role: dict[Tier, Deployment] = getattr(self, role) or {}
            one = next((of_role[name] for name in _STAND_INS[tier] if name in of_role), None)
            if one is not None and all(one.place != other.place for _, other in found):
                found.append((role, one))
        return tuple(found)

    def deployments(self) -> tuple[Deployment, ...]:
        """Every model of the profile once."""
        every = {one.place: one for tier in TIERS for _, one in self.in_order(tier)}
        return tuple(every.values())


class ModelsFile(_Closed):
    """What a file of profiles may hold."""

    profiles: dict[str, Profile] = Field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    embeddings: tuple[Deployment, ...] = ()
    """Models that EMBEDDING_MODEL may name, with an address, a key or a price of their own."""

    @field_validator("budgets")
    @classmethod
    def _named_once(cls, budgets: tuple[Budget, ...]) -> tuple[Budget, ...]:
        """Two of one name would share a balance, and each would take from it what the other holds."""
        names = [one.name for one in budgets]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"more than one budget is called {', '.join(twice)}")
        return budgets


def chosen_profile(name: str, path: str) -> Profile | None:
    """Return the profile that is named, or one of the single model that is; None: offline."""
    wanted = name.strip()
    if wanted in {"", OFFLINE}:
        return None
    own = read_models_file(path).profiles
    known = {**built_in_profiles(), **own}
    if wanted in known:
        return known[wanted]
    if "/" in wanted or wanted in litellm().model_cost:
        return Profile.model_validate({"primary": wanted})
    raise BadSetting(
        f"there is no profile {wanted!r}",
        where="LLM_PROFILE",
        cure=f"name one of {OFFLINE}, {', '.join(known)}, or a model as litellm does: openai/gpt-4o-mini",
    )


def read_models_file(path: str) -> ModelsFile:
    """Read the file of LLM_PROFILES; what is wrong with it is said by its place in the file."""
    if not path.strip():
        return ModelsFile()
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise _wrong(f"{path} cannot be read ({error.strerror})") from error
    return _read(text)


@cache
def built_in_profiles() -> Mapping[str, Profile]:
    """Return the profiles that come with the program."""
    place = files("kb_contract") / "chat_models" / "profiles.yaml"
    return _read(place.read_text(encoding="utf-8")).profiles


def _read(text: str) -> ModelsFile:
    try:
        return ModelsFile.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        raise _wrong(f"it is no YAML ({str(error).splitlines()[0]})") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _wrong(f"{place}: {first['msg']}") from error


def _wrong(what: str) -> BadSetting:
    return BadSetting(what, where="LLM_PROFILES", cure="docs/models.md shows such a file")
