"""The tests' own servers: started again they are empty, and none outlives the run that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests.servers import Child, PostgresServer, RedisServer

ORPHAN = """
import sys, time
from pathlib import Path
from tests.servers import Child
child = Child(["sh", "-c", "echo up; exec sleep 60"], log=Path(sys.argv[1]))
while "up" not in child.output():
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_redis_starts_again_empty_on_its_port(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    with redis.Redis.from_url(server.url) as client:
        client.set("a", 1)
    server.stop()
    assert not server.answers()
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() == 0
    server.stop()


def test_databases_are_copies_of_their_own(postgres_server: PostgresServer, migrated_postgres: str) -> None:
    one, other = (postgres_server.create(template=migrated_postgres) for _ in range(2))
    with psycopg.connect(postgres_server.url(one).replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(postgres_server.url(other).replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    postgres_server.drop(one)
    postgres_server.drop(other)


def test_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], log=tmp_path / "log")
    while "up" not in child.output():
        time.sleep(0.01)
    assert child.stop(seconds=0.3) == -signal.SIGKILL
    assert not child.running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a process that was killed")
def test_children_of_a_killed_run_end(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN, tmp_path / "log"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Ended, but nobody has asked for its exit status yet: some containers have no init.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
