"""The machine: Python, folders, disk, ports."""

import shutil
import sys
import tempfile
from pathlib import Path

from kb.doctor.findings import Finding, ok, warning, wrong
from kb.embedded import ports
from kb.settings import StackSettings
from kb.state_file import read_state
from kb_contract.errors import ScriptoriumError

GIGABYTE = 1024**3
LEAST_FREE = 2 * GIGABYTE
PYTHONS = ((3, 11), (3, 12))


def machine_findings(settings: StackSettings) -> list[Finding]:
    """Look at all of it."""
    return [
        _python(),
        _home(settings.home),
        _disk(settings.home),
        *_knowledge(settings),
        *_ports(settings),
        _dagster_home(settings.home / "dagster" / "dagster.yaml"),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in PYTHONS:
        return ok("Python", version)
    return wrong("Python", f"{version} is not supported", "use Python 3.11 or 3.12")


def _home(home: Path) -> Finding:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home):
            return ok("KB_HOME", f"{home} can be written")
    except OSError as error:
        return wrong("KB_HOME", f"{home}: {error}", "set KB_HOME to a folder of yours")


def _disk(home: Path) -> Finding:
    place = next(one for one in (home, *home.parents) if one.exists())
    free = shutil.disk_usage(place).free
    says = f"{free / GIGABYTE:.1f} GB free at {place}"
    if free < LEAST_FREE:
        return wrong("disk", says, f"free {LEAST_FREE // GIGABYTE} GB, or move KB_HOME")
    return ok("disk", says)


def _knowledge(settings: StackSettings) -> list[Finding]:
    if settings.knowledge_repository:
        return [_elsewhere(settings)]
    from dagster_kb.resources.knowledge_folder import KnowledgeFolder

    about, place = "KNOWLEDGE_DIR", settings.knowledge_dir.expanduser().resolve()
    folder = KnowledgeFolder(place)
    try:
        head = folder.head()
        agents, refused = folder.agents(head), folder.refused(head)
    except ScriptoriumError as error:
        return [wrong(about, f"{error.where}: {error.what}", error.cure)]
    return [
        ok(about, f"{place}, {len(agents)} agents, commit {head.sha[:12]}"),
        *(warning(about, f"{one} is no agent: {why}", "rename or replace the folder, and commit")
          for one, why in sorted(refused.items())),
    ]  # fmt: skip


def _elsewhere(settings: StackSettings) -> Finding:
    from dagster_kb.resources.remote_repository import RemoteRepository, mirrors_in

    about, mirrors = "KNOWLEDGE_REPOSITORY", mirrors_in(settings.home)
    remote = RemoteRepository(settings.knowledge_repository, settings.knowledge_branch, mirrors)
    try:
        return ok(about, f"{remote}, commit {remote.tip(10)[:12]}")
    except ScriptoriumError as error:
        return wrong(about, f"{error.where}: {error.what}", error.cure)


def _ports(settings: StackSettings) -> list[Finding]:
    """A port is well when it is free, or one of our own parts has it."""
    wanted = {
        "api": ("API_PORT", settings.api_host, settings.api_port),
        "dagster-webserver": ("DAGSTER_PORT", settings.dagster_host, settings.dagster_port),
    }
    try:
        parts = read_state(settings.home).parts
    except ScriptoriumError as error:
        return [wrong("stack.json", str(error), error.cure)]
    found: list[Finding] = []
    for part, (setting, host, port) in wanted.items():
        record = parts.get(part)
        identity = record.identity if record else None
        if record and identity and identity.alive():
            found.append(ok(f"port {record.port}", f"used by our {part}"))
        elif ports.is_free(host, port):
            found.append(ok(f"port {port}", f"free for {part}"))
        else:
            cure = f"`kb up` will take the next free one; or set {setting}"
            found.append(warning(f"port {port}", f"used by {ports.user_of(port)}", cure))
    return found


def _dagster_home(file: Path) -> Finding:
    if file.exists():
        return ok("DAGSTER_HOME", str(file.parent))
    return warning("DAGSTER_HOME", f"{file} is not there yet", "`kb up` writes it")
