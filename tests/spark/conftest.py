"""One cluster for all tests of Spark, and one Java for those that run in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.spark.cluster import QUIET, Cluster, needed, started


@pytest.fixture(scope="session", autouse=True)
def _spark() -> Iterator[None]:
    needed()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give a cluster with two workers, which a test leaves so."""
    with started(tmp_path_factory.mktemp("cluster")) as cluster:
        for _ in range(2):
            cluster.worker()
        yield cluster
