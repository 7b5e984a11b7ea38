"""Which tool servers there are: the setting MCP_SERVERS, as JSON or as the path of a YAML file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from kb_contract.errors import BadSetting

MOST_SERVERS: Final = 50
ServerName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
# Other programs write their list of servers under this key.
_WRAPPER: Final = "mcpServers"
_CURE: Final = (
    'MCP_SERVERS={"weather": {"url": "http://127.0.0.1:9000/mcp"}, '
    '"files": {"command": "python", "args": ["-m", "my_server"]}}, or the path of such a YAML file'
)


class ServerSpec(BaseModel):
    """One server: a command that we start, or an address that we call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ServerName
    title: str = ""
    purpose: str = ""
    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, SecretStr] = Field(default_factory=dict)
    cwd: Path | None = None
    url: str = Field(default="", pattern=r"^(?:https?://\S+)?$")
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds for one call."""
    offer: tuple[str, ...] = ("*",)
    """Tools that the server's own agent may call, as globs; agents in folders have their own list."""
    read_only: tuple[str, ...] = ()
    """Tools that change nothing, though the server does not say so."""
    changing: tuple[str, ...] = ()
    """Tools that change something, whatever the server says."""

    @model_validator(mode="after")
    def _is_reached_in_one_way(self) -> "ServerSpec":
        if bool(self.command) == bool(self.url):
            raise ValueError("give either a command or a url")
        return self

    @property
    def place(self) -> str:
        """Where it is, without anything secret."""
        return self.url.split("?")[0] if self.url else " ".join((self.command, *self.args))[:200]


def read_servers(setting: str) -> tuple[ServerSpec, ...]:
    """Read the setting; what is wrong with it is said by server and field."""
    told = setting.strip()
    if not told:
        return ()
    data = _parsed(told)
    servers: Any = data.get(_WRAPPER, data)
    if not isinstance(servers, Mapping) or len(cast("Mapping[Any, Any]", servers)) > MOST_SERVERS:
        raise _wrong(f"it must name servers, at most {MOST_SERVERS}")
    named = cast("Mapping[Any, Any]", servers)
    return tuple(_spec(str(name), one) for name, one in named.items())


def _parsed(told: str) -> Mapping[str, Any]:
    try:
        inline = told.startswith("{")
        found = json.loads(told) if inline else yaml.safe_load(_file(told))
    except (ValueError, yaml.YAMLError) as error:
        raise _wrong(f"it cannot be read: {str(error).splitlines()[0][:200]}") from error
    if not isinstance(found, Mapping):
        raise _wrong("it must be an object of servers by name")
    return cast("Mapping[str, Any]", found)


def _file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise _wrong(f"{path!r} cannot be read: {error.strerror}") from error


def _spec(name: str, said: Any) -> ServerSpec:
    given: dict[str, Any] = (
        dict(cast("Mapping[str, Any]", said)) if isinstance(said, Mapping) else {}
    )
    given.pop("type", None)  # other programs say the transport, which follows from the rest
    try:
        return ServerSpec.model_validate({**given, "name": name})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        place = ".".join((name, *map(str, found["loc"])))
        raise _wrong(f"{place}: {found['msg']}") from error


def _wrong(what: str) -> BadSetting:
    return BadSetting(what, where="MCP_SERVERS", cure=_CURE)
