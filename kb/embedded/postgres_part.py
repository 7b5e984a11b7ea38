"""Postgres as a part of the stack: ours, or somebody else's."""

from pathlib import Path
from urllib.parse import urlsplit

from kb.embedded.health import SqlProbe
from kb.embedded.part import Part
from kb.embedded.postgres import STOP_SIGNAL, PostgresCluster
from kb.embedded.postgres_place import choose_place
from kb.state_file import StackState

# Runs, workers, Dagster and its code servers each hold a few.
OPTIONS = {"max_connections": "200"}


def own_cluster(home: Path, state: StackState) -> PostgresCluster:
    """Return the cluster of this KB_HOME."""
    return PostgresCluster(
        choose_place(home), state.ports["postgres"], state.postgres_password or "", OPTIONS
    )


def postgres_part(cluster: PostgresCluster, *, password_is_new: bool) -> Part:
    """Say how the cluster is run."""

    def prepare() -> None:
        existed = cluster.exists()
        cluster.prepare()
        if existed and password_is_new:
            cluster.set_password()

    return Part(
        name="postgres",
        argv=tuple(cluster.command()),
        env=cluster.environment(),
        inherits_environment=False,
        cwd=cluster.place.folder,
        account=cluster.place.account,
        port=cluster.port,
        url=f"postgresql://127.0.0.1:{cluster.port}",
        probe=SqlProbe(cluster.url("postgres")),
        prepare=prepare,
        stop_signal=STOP_SIGNAL,
        stop_within=6.0,
        starts_within=60.0,
    )


def external_postgres(database_url: str) -> Part:
    """Say how to look at a server that we do not run."""
    parts = urlsplit(database_url)
    return Part(
        name="postgres",
        port=parts.port or 5432,
        url=f"postgresql://{parts.hostname}:{parts.port or 5432}",
        probe=SqlProbe(database_url),
    )
