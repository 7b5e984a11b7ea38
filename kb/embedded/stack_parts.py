"""Which parts this machine runs, with which commands: the table that the supervisor works from."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import kb
from kb.addresses import Addresses
from kb.dagster_code import code_arguments, code_socket, write_workspace
from kb.dagster_home import write_dagster_home
from kb.embedded import ports
from kb.embedded.health import HttpProbe, SocketProbe, SqlProbe
from kb.embedded.part import Part
from kb.embedded.ports import PortWish
from kb.embedded.postgres import new_password
from kb.embedded.postgres_part import external_postgres, own_cluster, postgres_part
from kb.embedded.qdrant_choice import OwnerQdrant, choose_qdrant
from kb.embedded.qdrant_part import qdrant_part
from kb.settings import StackSettings, child_environment, own_environment, web_url
from kb.state_file import StackState
from kb_contract.errors import BadSetting

LOOPBACK = "127.0.0.1"
PYTHON = (sys.executable, "-m")
WORKER_BEATS = """
select count(*) > 0 from procrastinate.procrastinate_workers
where last_heartbeat > now() - make_interval(secs => least(%(uptime)s + 1, 60))"""
DAEMON_BEATS = """
select count(*) > 0 from dagster.daemon_heartbeats
where timestamp > (now() at time zone 'utc') - make_interval(secs => least(%(uptime)s + 1, 120))"""


@dataclass(frozen=True)
class StackPlan:
    """The parts by name, in no particular order, and where they answer."""

    parts: dict[str, Part]
    addresses: Addresses


def plan_stack(
    settings: StackSettings, state: StackState, only: Iterable[str], say: Callable[[str], None]
) -> StackPlan:
    """Choose ports and passwords (kept in `state`), and say what is to run."""
    new = state.postgres_password is None
    state.postgres_password = state.postgres_password or new_password()
    state.qdrant_key = state.qdrant_key or new_password()
    _choose_ports(settings, state, set(only), say)
    cluster = None if settings.database_url else own_cluster(settings.home, state)
    addresses = _addresses(settings, state, cluster.url() if cluster else None)
    postgres = (
        postgres_part(cluster, password_is_new=new)
        if cluster
        else external_postgres(addresses.database_url)
    )
    qdrant = qdrant_part(settings, state.ports["qdrant"], addresses, project_root())
    made = [postgres, qdrant, *_programs(settings, state, addresses)]
    return StackPlan(_selected({part.name: part for part in made}, only), addresses)


def _choose_ports(
    settings: StackSettings, state: StackState, only: set[str], say: Callable[[str], None]
) -> None:
    fixed = settings.is_fixed
    wishes = {
        "api": PortWish("api", "API_PORT", settings.api_host, settings.api_port, fixed("api_port")),
        "dagster-webserver": PortWish(
            "dagster-webserver",
            "DAGSTER_PORT",
            settings.dagster_host,
            settings.dagster_port,
            fixed("dagster_port"),
        ),
    }
    for name, port in (("postgres", settings.postgres_port), ("qdrant", settings.qdrant_port)):
        wishes[name] = PortWish(name, f"{name.upper()}_PORT", LOOPBACK, port, port is not None)
    for name, wish in wishes.items():
        record = state.parts.get(name)
        identity = record.identity if record else None
        if only and name not in {*only, "postgres", "qdrant"}:
            state.ports.setdefault(name, wish.preferred or 0)
            continue
        ours = identity is not None and identity.alive() and record and record.port
        if ours and (not wish.fixed or wish.preferred == ours):
            state.ports[name] = ours
        else:
            state.ports[name] = ports.choose(wish, state.ports.get(name), say)


def _addresses(settings: StackSettings, state: StackState, own_url: str | None) -> Addresses:
    external = settings.database_url.get_secret_value() if settings.database_url else ""
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    return Addresses(
        database_url=own_url or external,
        qdrant_url=settings.qdrant_url or f"http://{LOOPBACK}:{state.ports['qdrant']}",
        qdrant_api_key=key or (None if settings.qdrant_url else state.qdrant_key),
        api_url=web_url(settings.api_host, state.ports["api"]),
        dagster_url=web_url(settings.dagster_host, state.ports["dagster-webserver"]),
    )


def _programs(settings: StackSettings, state: StackState, addresses: Addresses) -> list[Part]:
    """Return what runs from our own source, each with all addresses in its environment."""
    env = {
        **child_environment(settings, addresses),
        "API_HOST": settings.api_host,
        "API_PORT": str(state.ports["api"]),
        **_collection_pages(settings),
    }
    program = Part("", env=env, cwd=project_root(), depends_on=("migrations",))
    return [
        replace(
            program,
            name="migrations",
            argv=(*PYTHON, "kb", "migrate"),
            depends_on=("postgres",),
            is_task=True,
        ),
        *_reader(program, state.ports["api"], addresses),
        *_writer(program, settings, state.ports["dagster-webserver"], addresses),
    ]


def _collection_pages(settings: StackSettings) -> dict[str, str]:
    """Our own owner process has no dashboard, so nothing leads there."""
    is_owner = isinstance(choose_qdrant(settings), OwnerQdrant)
    return {"COLLECTION_URL": ""} if is_owner and "COLLECTION_URL" not in own_environment() else {}


def _reader(program: Part, port: int, addresses: Addresses) -> list[Part]:
    beats = SqlProbe(addresses.database_url, WORKER_BEATS, "no heartbeat in the database")
    program = replace(program, depends_on=("migrations", "qdrant"))
    return [
        replace(
            program,
            name="api",
            argv=(*PYTHON, "kb", "serve"),
            port=port,
            url=addresses.api_url,
            probe=HttpProbe(f"{addresses.api_url}/ok"),
        ),
        replace(program, name="worker", argv=(*PYTHON, "kb", "worker"), probe=beats),
    ]


def _writer(program: Part, settings: StackSettings, port: int, addresses: Addresses) -> list[Part]:
    url = addresses.dagster_url
    workspace = ("-w", str(settings.home / "dagster" / "workspace.yaml"))
    socket = code_socket(settings.home)
    server = replace(program, depends_on=("dagster-code",), children_may_outlive=True)
    return [
        *_writer_tasks(program, settings, addresses),
        replace(
            server,
            name="dagster-code",
            argv=(*PYTHON, *code_arguments(socket)),
            depends_on=("dagster-storage", "aliases"),
            probe=SocketProbe(socket),
        ),
        replace(
            server,
            name="dagster-webserver",
            argv=(
                *(*PYTHON, "dagster_webserver", *workspace),
                *("-h", settings.dagster_host, "-p", str(port)),
            ),
            port=port,
            url=url,
            probe=HttpProbe(
                f"{url}/server_info",
                version_url=f"{url}/server_info",
                version_key="dagster_webserver_version",
            ),
        ),
        replace(
            server,
            name="dagster-daemon",
            argv=(*PYTHON, "dagster._daemon", "run", *workspace),
            probe=SqlProbe(addresses.database_url, DAEMON_BEATS, "no heartbeat in the database"),
        ),
    ]


def _writer_tasks(program: Part, settings: StackSettings, addresses: Addresses) -> list[Part]:
    """What is put right before the writer's servers start."""
    # with somebody else's database, other machines' runs are in it too
    orphans = () if settings.database_url else ("--fail-orphans",)
    task = replace(program, is_task=True, not_if_adopted="dagster-daemon")
    return [
        replace(
            task,
            name="aliases",
            argv=(*PYTHON, "dagster_kb.recovery"),
            depends_on=("migrations", "qdrant"),
        ),
        replace(
            task,
            name="dagster-storage",
            argv=(*PYTHON, "kb.dagster_recovery", *orphans),
            prepare=lambda: _write_dagster_home(settings, addresses.database_url),
        ),
    ]


def _write_dagster_home(settings: StackSettings, database_url: str) -> None:
    folder = settings.home / "dagster"
    write_dagster_home(folder, database_url, settings.dagster_yaml)
    write_workspace(folder, code_socket(settings.home))


def _selected(parts: dict[str, Part], only: Iterable[str]) -> dict[str, Part]:
    """Return the parts asked for with all that they need; all when none is named."""
    wanted = list(only)
    if not wanted:
        return parts
    chosen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in parts:
            raise BadSetting(
                f"there is no part {name!r}", where="--only", cure=f"choose from {', '.join(parts)}"
            )
        if name not in chosen:
            chosen.add(name)
            wanted += parts[name].depends_on
    return {name: part for name, part in parts.items() if name in chosen}


def project_root() -> Path:
    """Return the folder with workspace.yaml: here, else where the package was installed from."""
    here = Path.cwd()
    return here if (here / "workspace.yaml").exists() else Path(kb.__file__).parents[1]
