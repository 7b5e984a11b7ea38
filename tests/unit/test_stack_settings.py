"""Where `kb` looks for the stack, what it hands to children, and which ports it takes."""

import os
import socket
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from kb.addresses import Addresses
from kb.dagster_home import dagster_environment, write_dagster_home
from kb.embedded import ports
from kb.embedded.part import Part, in_start_order
from kb.embedded.ports import PortWish
from kb.processes import ProcessIdentity
from kb.settings import StackSettings, child_environment, find_addresses, load_settings, web_url
from kb.state_file import StackState, read_state, write_state
from kb_contract.errors import BadSetting, NotServed, ScriptoriumError

EMBEDDED = Addresses(
    database_url="postgresql://me:secret@127.0.0.1:5/scriptorium",
    qdrant_url="http://127.0.0.1:6", qdrant_api_key="key",
    api_url="http://127.0.0.1:7", dagster_url="http://127.0.0.1:8",
)  # fmt: skip


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in StackSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def running_state() -> StackState:
    me = ProcessIdentity.of(os.getpid())
    assert me
    return StackState(supervisor_pid=me.pid, supervisor_started=me.started, addresses=EMBEDDED)


def test_without_settings_the_running_stack_says_where_it_is(tmp_path: Path):
    write_state(tmp_path, running_state())
    assert find_addresses(StackSettings(kb_home=tmp_path)) == EMBEDDED


def test_settings_win_over_the_running_stack(tmp_path: Path):
    write_state(tmp_path, running_state())
    settings = StackSettings(
        kb_home=tmp_path,
        database_url=SecretStr("postgresql://far/db"),
        qdrant_url="http://far:6333",
    )
    found = find_addresses(settings)
    assert (found.database_url, found.qdrant_url) == ("postgresql://far/db", "http://far:6333")
    assert found.qdrant_api_key is None, "the key of our own Qdrant is not sent to another"


def test_a_stack_that_ended_is_not_an_address(tmp_path: Path):
    state = running_state()
    state.supervisor_started = 1.0
    write_state(tmp_path, state)
    with pytest.raises(NotServed, match="run `kb up`"):
        find_addresses(StackSettings(kb_home=tmp_path))


def test_a_state_file_that_is_not_ours_is_named(tmp_path: Path):
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(ScriptoriumError, match=r"stack\.json"):
        read_state(tmp_path)


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("QDRANT_PORT", "")
    assert load_settings().database_url is None


def test_a_wrong_port_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DAGSTER_PORT", "99999")
    with pytest.raises(BadSetting, match=r"DAGSTER_PORT='99999'.*65535"):
        load_settings()


def test_a_child_gets_absolute_paths_and_dagsters_secrets(tmp_path: Path):
    given = child_environment(StackSettings(kb_home=Path("home")), EMBEDDED)
    assert given["KB_HOME"] == str(tmp_path / "home")
    assert given["DAGSTER_HOME"] == str(tmp_path / "home" / "dagster")
    assert (given["DAGSTER_PG_PASSWORD"], given["DAGSTER_PG_PORT"]) == ("secret", "5")
    assert given["QDRANT_API_KEY"] == "key"


def test_dagsters_configuration_holds_no_secret_and_keeps_the_urls_parameters(tmp_path: Path):
    url = "postgresql://me:p%40ss@far:6000/db?sslmode=require"
    text = write_dagster_home(tmp_path, url).read_text()
    database = yaml.safe_load(text)["storage"]["custom"]["config"]["postgres_db"]
    assert database["params"] == {"sslmode": "require", "options": "-c search_path=dagster"}
    assert database["scheme"] == "postgresql+psycopg2"
    assert "p@ss" not in text
    assert "p%40ss" not in text
    assert dagster_environment(tmp_path, url)["DAGSTER_PG_PASSWORD"] == "p@ss"


def wish(preferred: int | None, *, fixed: bool = False) -> PortWish:
    return PortWish("api", "API_PORT", "127.0.0.1", preferred, fixed)


def test_a_port_in_use_moves_on_and_says_who_has_it():
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = ports.choose(wish(port), None, said.append)
        assert chosen > port
        assert f"port {port} is used by" in said[0]
        assert f"pid {os.getpid()}" in said[0]
        with pytest.raises(BadSetting, match=f"API_PORT={port}"):
            ports.choose(wish(port, fixed=True), None, said.append)


def test_a_port_is_remembered():
    free = ports.any_free("127.0.0.1")
    assert ports.choose(wish(8000), free, lambda _: None) == free


def test_parts_start_after_what_they_need_and_never_wait_for_each_other():
    parts = {"b": Part("b", depends_on=("a",)), "a": Part("a"), "c": Part("c", depends_on=("a",))}
    levels = [[one.name for one in level] for level in in_start_order(parts)]
    assert levels == [["a"], ["b", "c"]]
    with pytest.raises(ScriptoriumError, match="wait for each other"):
        in_start_order({"a": Part("a", depends_on=("b",)), "b": Part("b", depends_on=("a",))})


def test_a_url_for_a_browser_is_one_that_it_can_open():
    assert web_url("::", 8000) == "http://[::1]:8000"
