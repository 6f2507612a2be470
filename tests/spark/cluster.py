"""Real servers of Spark on loopback: a master with workers of one core each, and Spark Connect."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.shop import ROOT

QUIET = {
    "SPARK_LOCAL_IP": "127.0.0.1",
    "PYSPARK_PYTHON": sys.executable,
    "PYTHONPATH": str(ROOT),
    # Each Java lives a minute: what it compiles thoroughly is hardly used.
    "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
_SECONDS = 60


def needed() -> None:
    """Skip where Java or pyspark is not installed; fail where `make test-spark` runs the tests."""
    try:
        import pyspark  # noqa: F401

        there = shutil.which("java") is not None
    except ImportError:
        there = False
    if not there:
        reason = "Java or pyspark is not installed: make test-spark"
        if Path(sys.prefix).name == ".venv-spark":
            pytest.fail(reason)
        pytest.skip(reason)


class Cluster:
    """A master and its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("master.Master", "--host", "127.0.0.1", "--port", str(self.port),
                    "--webui-port", "0")  # fmt: skip
        wait_for(self.port)

    @property
    def url(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def worker(self, *, path: Path | None = None) -> subprocess.Popen[bytes]:
        """Add a worker, whose Python looks at `path` first."""
        paths = [str(each) for each in (path, ROOT) if each is not None]
        worker = self._start(
            "worker.Worker", self.url, "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
            "--webui-port", "0", "--work-dir", str(self.folder / "work"),
            PYTHONPATH=os.pathsep.join(paths),
        )  # fmt: skip
        _wait_until(lambda: b"Successfully registered" in self._log(worker).read_bytes())
        return worker

    def stop(self) -> None:
        for process in reversed(self.processes):
            kill(process)

    def _start(self, name: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{len(self.processes)}.log"
        process = java(log, "-Xmx256m", "-cp", f"{_home()}/jars/*",
                       f"org.apache.spark.deploy.{name}", *arguments, **env)  # fmt: skip
        self.processes.append(process)
        return process

    def _log(self, process: subprocess.Popen[bytes]) -> Path:
        return self.folder / f"{self.processes.index(process)}.log"


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Cluster]:
    """Give a cluster without workers."""
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop()


@contextlib.contextmanager
def connect(folder: Path) -> Iterator[str]:
    """Give the address of a server of Spark Connect, which works on two cores."""
    port = _free_port()
    server = java(
        folder / "connect.log", "-Xmx1g", "--add-opens=java.base/java.nio=ALL-UNNAMED",
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "-cp", f"{_home()}/jars/*",
        "org.apache.spark.deploy.SparkSubmit", "--master", "local[2]",
        "--conf", "spark.connect.grpc.binding.address=127.0.0.1",
        "--conf", f"spark.connect.grpc.binding.port={port}",
        "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=4",
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
    )  # fmt: skip
    try:
        wait_for(port)
        yield f"sc://127.0.0.1:{port}"
    finally:
        kill(server)


def java(log: Path, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
    """Start Java in a group of processes of its own."""
    its = {**os.environ, **QUIET, **env, "SPARK_HOME": str(_home()), "SPARK_SCALA_VERSION": "2.13"}
    with log.open("wb") as said:
        return subprocess.Popen(["java", *arguments], env=its, cwd=log.parent, stdout=said,
                                stderr=said, start_new_session=True)  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children at once, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(port: int) -> None:
    """Wait until somebody listens."""

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    _wait_until(listens)


def _wait_until(there: Callable[[], bool]) -> None:
    ends = time.monotonic() + _SECONDS
    while not there():
        if time.monotonic() > ends:
            pytest.fail(f"Spark did not start within {_SECONDS} seconds")
        time.sleep(0.1)


def _home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
