"""Commands in processes of their own that may be killed; they begin warm, so that a kill hits work.

A server imports the program once and forks for each command, before Polars has made a thread.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

import polars as pl

import targeting.cli.forget
import targeting.cli.run
import targeting.cli.undo
import targeting.forgetting
import targeting.plan
import targeting.run  # noqa: F401  # what a command needs is imported before it is forked
from targeting.ledger.history import contacts_with
from targeting.ledger.runs import known_runs
from targeting.ledger.table import Ledger, find_ledger
from tests.kit.shop import SMALL, ShopFolder, run_here, shop

CUSTOMERS = tuple(f"cust-{number:03}-x" for number in range(80))
PERIOD = 7  # days in which nobody may be contacted twice, in all

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["tests.kit.killed"])


def busy_shop(folder: Path, rules: Mapping[str, str] | None = None) -> ShopFolder:
    """Make a shop of 80 customers and three rules; 40 contacts a night, one a week a customer."""
    header = SMALL["customers.csv"].splitlines()[0]
    rows = [f"{c},{18 + i % 60},Lahore,{c}@example.com,yes," for i, c in enumerate(CUSTOMERS)]
    base = SMALL["rules/marketing/hello.yaml"]
    many = {
        f"rules/marketing/r{n}.yaml": base.replace("priority: 1", f"priority: {n}").replace(
            "then:", "holdout: 20%\nthen:"
        )
        for n in (1, 2, 3)
    }
    limits = f"contact_limits: [{{channel: any, at_most: 1, within: {PERIOD} days}}]\n"
    policy = SMALL["rules/policy.yaml"].replace("cost: 0.01", "cost: 0.01, at_most: 40")
    files = {
        "customers.csv": "\n".join([header, *rows]) + "\n",
        "rules/marketing/hello.yaml": None,
        "rules/policy.yaml": policy + limits,
        **(many if rules is None else rules),
    }
    return shop(folder, files)


def start(folder: Path, *arguments: str) -> BaseProcess:
    """Start a command in a folder."""
    process = _WARM.Process(target=_run, args=(folder, arguments))
    process.start()
    return process


def kill_after(process: BaseProcess, seconds: float) -> bool:
    """Kill -9 after so long; say whether it was still at work."""
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode != 0


def seconds_of(folder: Path, *arguments: str) -> float:
    """Take the time of a command that nobody kills."""
    begun = time.perf_counter()
    process = start(folder, *arguments)
    process.join()
    assert process.exitcode == 0
    return time.perf_counter() - begun


def ledger_of(made: ShopFolder) -> Ledger:
    """Open the ledger, as the next command would."""
    out = made.folder / "out"
    ledger = find_ledger(str(out / "ledger"), out / "ledger.key")
    assert ledger is not None
    return ledger


def contacts(made: ShopFolder) -> pl.DataFrame:
    """Give all contacts that count, by name."""
    rows = contacts_with(ledger_of(made), pl.Series("customer_id", CUSTOMERS))
    return rows.filter(~pl.col("undone"))


def twice_in_a_period(rows: pl.DataFrame) -> int:
    """Count the customers who were contacted again before the limit allows it."""
    days = rows.sort("customer_id", "as_of").select(
        pl.col("as_of").diff().over("customer_id").dt.total_days().alias("gap")
    )
    return days.filter(pl.col("gap") < PERIOD).height


def files_of(made: ShopFolder) -> dict[str, bytes]:
    """Read everything that is the same in equal shops: all but timings, locks and the ledger."""
    out = made.folder / "out"
    return {
        name: path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and not (name := path.relative_to(out).as_posix()).startswith(("ledger", ".lock"))
        and path.name != "timings.json"
    }


def check_whole(made: ShopFolder) -> None:
    """See to it that what a killed command left can be read, and says no more than happened."""
    out = made.folder / "out"
    if not (out / "ledger" / "_delta_log").is_dir():
        assert not made.runs
        return
    runs = known_runs(ledger_of(made))
    contacts(made)
    folders = {path.name for path in made.runs}
    named = {name for name in folders if not name.endswith(("-undone", "-dry"))}
    assert named <= set(runs["run_id"])
    for folder in made.runs:
        assert (folder / "manifest.json").is_file()
    latest = out / "latest"
    assert not latest.exists() or latest.read_text().strip() in set(runs["run_id"])


def _run(folder: Path, arguments: tuple[str, ...]) -> None:
    ran = run_here(*arguments, cwd=folder)
    raise SystemExit(ran.code)
