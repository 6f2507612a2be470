"""What was measured, as tables to read: ratios first, then the steps."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from bench.standard.children import Taken

ENGINES = ("program", "polars", "duckdb")
SAID = {
    "program": "the program, one night",
    "program, fitting": "the program, fitting once a month",
    "polars": "hand-written Polars, fitting included",
    "notebook": "notebook: pandas, scikit-learn",
}
RULES_OF = {
    "program": "the program",
    "polars": "hand-written Polars",
    "duckdb": "DuckDB, CASE WHEN",
}
PACKAGES = ("polars", "scikit-learn", "numpy", "duckdb", "pandas", "pyarrow")
AIMS = """Aims: the night at most 1.5 times hand-written Polars, the notebook at least 20 times the
night, DuckDB's rules at least 3 times the program's."""


def print_all(found: Mapping[str, Taken], same: str, asked: argparse.Namespace) -> None:
    """Print every table."""
    lines = asked.customers * asked.purchases_each
    print(f"{asked.customers:,} customers, {lines:,} purchases, 30 rules; medians of {asked.times}")
    print(f"{versions()}\n")
    share = asked.notebook_share
    whole = {
        name: scaled(taken, 1 / share) if name == "notebook" else taken
        for name, taken in found.items()
    }
    print_ratios({name: taken for name, taken in whole.items() if name in SAID})
    if share < 1 and "notebook" in whole:
        print(f"The notebook did {share:.0%} of the customers; its seconds are scaled up to all.")
    print_rules({name: whole[f"rules_{name}"] for name in ENGINES if f"rules_{name}" in whole})
    for name in ("program", "polars", "notebook"):
        if name in whole:
            print_steps(SAID[name], whole[name])
    print(f"\n{AIMS}")
    print(f"\n{same}" if same else "")


def print_ratios(found: Mapping[str, Taken]) -> None:
    """Print each way beside hand-written Polars."""
    by = found.get("polars")
    print(f"{'':<40}{'seconds':>9}{'processor':>11}{'peak GB':>9}{'times Polars':>26}")
    print(f"{'':<69}{'seconds':>9}{'processor':>11}{'memory':>8}")
    for name, taken in found.items():
        line = f"{SAID[name]:<40}{taken.wall:>9.1f}{taken.busy:>11.1f}{taken.peak:>9.2f}"
        if by is not None:
            line += f"{taken.wall / by.wall:>9.2f}{taken.busy / by.busy:>11.2f}"
            line += f"{taken.peak / by.peak:>8.2f}"
        print(line)
    if "notebook" in found and "program" in found:
        slow, ours = found["notebook"], found["program"]
        wall, busy = slow.wall / ours.wall, slow.busy / ours.busy
        print(f"notebook / night: {wall:.1f} in seconds, {busy:.1f} in processor time")


def print_rules(found: Mapping[str, Taken]) -> None:
    """Print the rules pass alone, beside the program's."""
    if not found:
        return
    ours = found["program"].steps["rules"]
    print("\nThe rules pass alone, over the finished customers in memory")
    for name, taken in found.items():
        seconds = taken.steps["rules"]
        print(f"  {RULES_OF[name]:<38}{seconds:>9.3f} s{seconds / ours:>9.1f} times the program")


def print_steps(title: str, taken: Taken) -> None:
    """Print where the time went, the slowest step marked."""
    print(f"\nSteps of: {title}")
    slowest = max(taken.steps.values())
    for step, seconds in taken.steps.items():
        mark = "  slowest" if seconds == slowest else ""
        print(f"  {step:<38}{seconds:>9.2f} s{seconds / taken.wall:>8.0%}{mark}")


def scaled(taken: Taken, times: float) -> Taken:
    """Scale the seconds of a share up to the whole; memory stays as it was seen."""
    steps = {step: seconds * times for step, seconds in taken.steps.items()}
    return Taken(taken.wall * times, taken.busy * times, taken.peak, steps)


def versions() -> str:
    """Name what was measured."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)
