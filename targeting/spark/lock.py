"""Workers must compute with the same packages as the driver: equal versions, equal decisions."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import socket
from collections.abc import Mapping
from types import MappingProxyType

MARK = "targeting-lock:"
PACKAGES = (
    "targeting",
    "polars",
    "polars-hash",
    "pyarrow",
    "pandas",
    "numpy",
    "pandera",
    "sqlglot",
)


class OtherVersions(RuntimeError):
    """A worker has other versions than the driver; Spark carries the text to the driver."""


@functools.cache
def versions() -> Mapping[str, str]:
    """Give the versions of Python and of every package that a decision depends on."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    return MappingProxyType(found)


def refuse_others(expected: Mapping[str, str]) -> None:
    """Stop a task whose process has other versions.

    Raises:
        OtherVersions: with the host, and each package with the two versions.
    """
    _refuse_others(tuple(sorted(expected.items())))


@functools.cache
def _refuse_others(expected: tuple[tuple[str, str], ...]) -> None:
    if others := differing(dict(expected)):
        raise OtherVersions(f"{MARK} {others}{MARK}")


def differing(expected: Mapping[str, str]) -> str:
    """Name this host and each package of another version, with the two; empty: all are the same."""
    here = versions()
    others = [
        f"{name} {here.get(name, 'none')} instead of {version}"
        for name, version in expected.items()
        if here.get(name, "none") != version
    ]
    return f"{socket.gethostname()} has {', '.join(others)}" if others else ""
