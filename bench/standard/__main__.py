"""The standard work done by the program and by its peers, in turn; a table of ratios at the end.

    .venv/bin/pip install -r bench/standard/requirements.txt
    .venv/bin/python -m bench.standard --folder /tmp/standard [--customers 1000000]

Each way runs in a process of its own on two cores, `--times` over, one after the other, so that a
busy machine is shared fairly; medians count. What the program fits once a month (`targeting fit`,
teachers and their judging included) stands apart; hand-written Polars and the notebook fit their
K-means and tree in the work itself. The folder keeps work, lists and logs; made work is used again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.standard.children import Taken, middle, run
from bench.standard.tables import ENGINES, print_all

WAYS = ("program", "polars", "duckdb", "notebook")
MADE = "work.txt"  # says how large the work is that lies beside it
RESULTS = (
    "fitted",
    "program",
    "polars",
    "polars_check",
    "notebook",
    *map("rules_{}".format, ENGINES),
)


def make_work(folder: Path, customers: int, purchases_each: int) -> Path:
    """Make the work in a process of its own, unless it is there."""
    work, size = folder / "work", f"{customers} customers, {purchases_each} purchases each\n"
    made = folder / MADE
    if not made.exists() or made.read_text() != size:
        for name in ("work", *RESULTS):
            shutil.rmtree(folder / name, ignore_errors=True)
        made.write_text("unfinished\n")
        words = ("--customers", str(customers), "--purchases-each", str(purchases_each))
        run("bench.standard.work", work, *words, log=folder / "log.txt")
        made.write_text(size)
    return work


def fit(folder: Path, work: Path) -> Taken:
    """Fit the program's models from nothing."""
    shutil.rmtree(folder / "fitted", ignore_errors=True)
    words = ("fit", str(work), "--out", str(folder / "fitted"))
    return run("targeting", *words, log=folder / "log.txt")


def program(folder: Path, work: Path) -> Taken:
    """Make one night with the fitted models, and no night before it."""
    runs = folder / "program"
    shutil.rmtree(runs, ignore_errors=True)
    shutil.copytree(folder / "fitted" / "models", runs / "models")
    taken = run("targeting", "run", work, "--out", runs, log=folder / "log.txt")
    last = runs / (runs / "latest").read_text().strip()
    return with_steps(taken, last)


def by_hand(way: str, folder: Path, work: Path, *more: str) -> Taken:
    """Do the work by the module of that way."""
    out = folder / way
    shutil.rmtree(out, ignore_errors=True)
    return with_steps(
        run(f"bench.standard.{way}_way", work, out, *more, log=folder / "log.txt"), out
    )


def rules(engine: str, folder: Path, work: Path) -> Taken:
    """Let one engine do the rules pass over the customers of the program's last run."""
    out = folder / f"rules_{engine}"
    words = (engine, work, folder / "program", out)
    return with_steps(run("bench.standard.duckdb_way", *words, log=folder / "log.txt"), out)


def with_steps(taken: Taken, out: Path) -> Taken:
    """Add the steps that the way tells, and what it spent on starting and ending."""
    told = json.loads((out / "timings.json").read_text())["steps"]
    steps = {each["step"]: float(each["seconds"]) for each in told}
    steps["start and end"] = max(0.0, taken.wall - sum(steps.values()))
    return replace(taken, steps=steps)


def check(folder: Path, work: Path) -> str:
    """Hand the program's scores to the hand-written way, and compare people by name."""
    last = folder / "program" / (folder / "program" / "latest").read_text().strip()
    out = folder / "polars_check"
    shutil.rmtree(out, ignore_errors=True)
    log = folder / "log.txt"
    scores = ("--scores", last / "customers.parquet")
    run("bench.standard.polars_way", work, out, *scores, log=log)
    run("bench.standard.same_people", folder, log=log)
    return (folder / "same_people.txt").read_text()


def measure(folder: Path, asked: argparse.Namespace) -> None:
    """Do everything that is asked for, and print it."""
    work = make_work(folder, asked.customers, asked.purchases_each)
    taken: dict[str, list[Taken]] = {}
    if "program" in asked.only:
        taken["program, fitting"] = [fit(folder, work)]
    for number in range(asked.times):
        if "program" in asked.only:
            taken.setdefault("program", []).append(program(folder, work))
        if "polars" in asked.only:
            taken.setdefault("polars", []).append(by_hand("polars", folder, work))
        for engine in ENGINES if "duckdb" in asked.only else ():
            taken.setdefault(f"rules_{engine}", []).append(rules(engine, folder, work))
        if "notebook" in asked.only and number == 0:
            more = ["--share", str(asked.notebook_share)]
            more += ["--recipe"] if asked.notebook_recipe else []
            taken["notebook"] = [by_hand("notebook", folder, work, *more)]
    found = {name: middle(all_of_it) for name, all_of_it in taken.items()}
    same = check(folder, work) if "program" in asked.only else ""
    print_all(found, same, asked)


def main() -> None:
    """Read what is wanted, and do it."""
    parser = argparse.ArgumentParser(prog="python -m bench.standard", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--purchases-each", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="kept afterwards; without it nothing is")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=WAYS,
        help="some of program,polars,duckdb,notebook; duckdb needs a program's run",
    )
    parser.add_argument("--times", type=int, default=3, help="repetitions; the notebook has one")
    parser.add_argument("--notebook-share", type=float, default=1.0, help="of the customers")
    parser.add_argument("--notebook-recipe", action="store_true", help="see notebook_way.py")
    asked = parser.parse_args()
    if strange := set(asked.only) - set(WAYS):
        parser.error(f"no way is called {', '.join(sorted(strange))}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    if asked.folder is not None:
        asked.folder.mkdir(parents=True, exist_ok=True)
        if any(asked.folder.iterdir()) and not (asked.folder / MADE).exists():
            parser.error(f"{asked.folder} is not empty, and not of an earlier measurement")
        measure(asked.folder.resolve(), asked)
        return
    with TemporaryDirectory() as folder:
        measure(Path(folder), asked)


if __name__ == "__main__":
    main()
