"""A real PostgreSQL of our own: made in a temporary folder, killed and started again by tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

USER = "shop"
_RULES = "local all locked scram-sha-256\nlocal all all trust\n"


class Server:
    """One cluster below a folder, reached by a socket in it."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self.binaries = folder, binaries
        self.account: dict[str, Any] = {}
        if os.getuid() == 0:  # PostgreSQL refuses to be root's
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._run("initdb", "-D", str(self.data), "-U", USER, "-A", "trust", "-N", "-E", "UTF8",
                  "--locale=C")  # fmt: skip
        (self.data / "pg_hba.conf").write_text(_RULES)
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, user: str = USER, database: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder))}"

    def start(self) -> None:
        settings = f"-c listen_addresses= -k {self.folder} -c fsync=on"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.data), "-o", settings, "-l", log, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would."""
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(_alive, (str(main), *children))):
            time.sleep(0.01)
        # Where nobody reaps the dead (a container without init) their locks look held for ever.
        for lock in (self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute(query.encode(), values or None)
            return found.fetchall() if found.description else []

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.binaries / program, *arguments], check=True, cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            **self.account,
        )  # fmt: skip


def _alive(process: str) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Give a server for some tests; skip them where PostgreSQL or its driver is not installed."""
    binaries = _binaries()
    try:
        import psycopg  # noqa: F401
    except ImportError:
        binaries = None
    if binaries is None:
        reason = "PostgreSQL (initdb) or psycopg is not installed"
        if os.environ.get("TARGETING_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="targeting-pg-"))
    try:
        server = Server(folder, binaries)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None
