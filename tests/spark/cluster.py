"""A real standalone cluster of Spark on loopback: a master, and workers of one core each."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.shop import ROOT

QUIET = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}


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
        _wait_for(self.port)

    @property
    def url(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def worker(self, *, path: Path | None = None) -> subprocess.Popen[bytes]:
        """Add a worker, whose Python looks at `path` first."""
        paths = [str(each) for each in (path, ROOT) if each is not None]
        return self._start(
            "worker.Worker", self.url, "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
            "--webui-port", "0", "--work-dir", str(self.folder / "work"),
            PYTHONPATH=os.pathsep.join(paths),
        )  # fmt: skip

    def stop(self) -> None:
        for process in reversed(self.processes):
            kill(process)

    def _start(self, name: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = Path(pyspark.__file__).parent
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                ["java", "-Xmx256m", "-cp", f"{home}/jars/*", f"org.apache.spark.deploy.{name}",
                 *arguments],
                env={**os.environ, **QUIET, **env, "SPARK_HOME": str(home),
                     "SPARK_SCALA_VERSION": "2.13"},
                cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children at once, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Cluster]:
    """Give a cluster without workers."""
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("Spark's master did not start")
