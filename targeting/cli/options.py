"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting.problems import did_you_mean
from targeting.workspace.columns import SOURCE_COLUMNS

if TYPE_CHECKING:
    from targeting.spark.engine import Engine

STOPS = ("rejected_over", "newest_purchase_older_than", "list_changed_over")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_FOLDER = click.Path(file_okay=False, path_type=Path)

workspace_option = click.option(
    "-w", "--workspace", "option_folder", type=_FOLDER, metavar="DIR",
    help="The workspace; the current folder by default.",
)  # fmt: skip
workspace_argument = click.argument("folder", required=False, type=_FOLDER, metavar="[WORKSPACE]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")
out_option = click.option(
    "--out", type=_FOLDER, metavar="DIR",
    help="Where everything that is written goes; out/ in the workspace by default.",
)  # fmt: skip


def workspace_of(folder: Path | None, option_folder: Path | None) -> Path:
    """Choose between the argument, -w and the current folder."""
    if folder is not None and option_folder is not None and folder != option_folder:
        raise click.UsageError("the workspace is named twice: as an argument and with -w")
    return folder or option_folder or Path()


def _read_date(_: click.Context, __: click.Parameter, value: str | None) -> dt.date | None:
    from targeting.workspace.literals import Misread, read_date

    if value is None:
        return None
    try:
        day = read_date(value)
    except Misread as error:
        raise click.BadParameter(f"{error.message}; {error.instead}") from None
    from targeting.intake.as_of import why_no_day

    if why := why_no_day(day):
        raise click.BadParameter(why)
    return day


def _read_sources(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not equals or not path:
            raise click.BadParameter(f"'{value}' is not NAME=PATH, like purchases=today.csv")
        if name not in SOURCE_COLUMNS:
            raise click.BadParameter(f"'{name}' is no source; {did_you_mean(name, SOURCE_COLUMNS)}")
        files[name] = Path(path)
    return files


as_of_option = click.option(
    "--as-of", metavar="DATE", callback=_read_date, help="The run's date, like 2026-11-24."
)
source_option = click.option(
    "--source", "files", multiple=True, metavar="NAME=PATH", callback=_read_sources,
    help="Read a source from another file, this time.",
)  # fmt: skip

accept_option = click.option(
    "--accept", "accepted", multiple=True, type=click.Choice(STOPS), help="Go on past a stop_if.",
)  # fmt: skip


def _read_memory(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", (value or "").strip(), re.IGNORECASE)
    if value is None:
        return None
    if found is None:
        raise click.BadParameter(f"'{value}' is no size, like 4GB or 800MB")
    size = int(float(found[1]) * 1000 ** " KMGT".index(found[2].upper() or " "))
    if size < LEAST_MEMORY:
        raise click.BadParameter(f"{value} is too little: the libraries alone take 200MB")
    return size


LEAST_MEMORY = 200_000_000

memory_option = click.option(
    "--memory", metavar="SIZE", callback=_read_memory,
    help="Work purchases that need more through in parts, like 4GB.",
)  # fmt: skip


engine_option = click.option(
    "--engine", type=click.Choice(("local", "spark")), default="local", show_default=True,
    help="Where purchases are worked on: here, or on Apache Spark.",
)  # fmt: skip
master_option = click.option(
    "--master", metavar="URL",
    help="Where Spark is: spark://HOST:PORT, sc://HOST (Connect), or local[2].",
)  # fmt: skip


def engine_of(engine: str, master: str | None, memory: int | None) -> Engine | None:
    """Read --engine and --master; None is this process."""
    if engine == "local":
        if master is not None:
            raise click.UsageError("--master is for --engine spark")
        return None
    if memory is not None:
        raise click.UsageError("--memory is for --engine local; Spark has settings of its own")
    if master is None:
        raise click.UsageError("--engine spark needs --master URL, like spark://HOST:7077")
    if not _MASTER.fullmatch(master):
        message = f"--master '{master}' is none of spark://HOST:PORT, sc://HOST, local[2]"
        raise click.UsageError(message)
    from targeting.spark.engine import Engine

    return Engine(master)


_MASTER = re.compile(r"(spark|sc|k8s)://\S+|yarn|local(\[(\d+|\*)(,\d+)?\])?")


def today() -> dt.date:
    """Read the clock: the one place where the program does."""
    return dt.datetime.now().astimezone().date()
