"""How long contact lists take to be written and looked at again, and how much memory that needs.

python -m bench.lists [CONTACTS] [WORKBOOK_ROWS]

That many contacts, their messages rendered, through the shipped contact_list (CSV alone) and
audience_upload (each phone parsed, each address hashed); `verify`: the same files read again.
`workbook`: one list as XLSX, in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from targeting.exports.contacts import write_contacts
from targeting.exports.verify import verify
from targeting.workspace.destinations import Destination
from targeting.workspace.forms import read_form
from targeting.workspace.settings import Shop
from targeting.workspace.starter import starter_folder
from targeting.workspace.yaml import read_yaml

SHOP = Shop(currency="PKR", region="PK", locale="en_PK")
SEGMENTS = ("Premium loyalists", "Lapsing loyalists", "Steady middle", None)
MESSAGE = "Subject: A gift\n\nDear Ayesha,\n\nyour points are worth a gift until Friday. " * 3


def contacts(count: int) -> pl.DataFrame:
    """Make contacts as the results hand them over, their messages rendered."""
    number = pl.int_range(count)
    segment = (number % len(SEGMENTS)).replace_strict(dict(enumerate(SEGMENTS)))
    email = pl.format("person{}@example.com", number)
    frame = pl.select(
        customer_id=pl.format("C{}", number.cast(pl.String).str.zfill(8)),
        first_name=pl.lit("Ayesha"),
        email=email,
        phone=pl.format("0300{}", number.cast(pl.String).str.zfill(7)),
        rule=pl.format("rule_{}", number % 3),
        kind=pl.lit("retention"),
        segment=segment,
        likelihood=(number % 1000) / 1000,
        channel=pl.lit("email"),
        address=email,
        offer=pl.lit("10% off"),
        message=pl.format("{}{}", pl.lit(MESSAGE), number),
        because=pl.format("recency_days is {}; monetary is {}", number % 365, number),
    )
    return frame.sort("rule", "segment", "customer_id", nulls_last=True)


def shipped(name: str, *formats: str) -> Destination:
    """Read a destination of the starter, for these formats."""
    file, _ = read_yaml(starter_folder() / "exports" / f"{name}.yaml", name)
    form, _ = read_form(file, Destination)
    assert form is not None
    return form.model_copy(update={"formats": formats})


def lists(count: int, folder: Path) -> None:
    """Write to each destination, then verify."""
    people = contacts(count)
    idle = shipped("contact_list", "csv").model_copy(update={"active": False})
    for name in ("contact_list", "audience_upload"):
        destinations = {"contact_list": idle, name: shipped(name, "csv")}
        _timed(name, people, destinations, folder)


def workbook(count: int, folder: Path) -> None:
    """Write one list as XLSX, then verify."""
    people = contacts(count).with_columns(rule=pl.lit("rule"), segment=pl.lit("Everybody"))
    destinations = {"contact_list": shipped("contact_list", "xlsx")}
    _timed("workbook", people, destinations, folder)


def _timed(
    what: str, people: pl.DataFrame, destinations: dict[str, Destination], folder: Path
) -> None:
    began = time.perf_counter()
    files, _ = write_contacts(folder, people, destinations, shop=SHOP, texts={}, draft=False)
    _say(what, began, sum(file.rows for file in files))
    began = time.perf_counter()
    verify(folder, files, destinations)
    _say("verify", began, sum(file.rows for file in files))


def _say(what: str, began: float, rows: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    seconds = time.perf_counter() - began
    print(f"{what}: {rows:,} rows, {seconds:.1f} s, peak {peak:.2f} GB")


def main() -> None:
    """Run each part in a process of its own."""
    counts = [int(text) for text in sys.argv[1:] if text.isdigit()] or [1_000_000, 100_000]
    parts = {"lists": lists, "workbook": workbook}
    if sys.argv[-1] in parts:
        with TemporaryDirectory() as folder:
            parts[sys.argv[-1]](counts[0], Path(folder))
        return
    for part, count in zip(parts, counts, strict=False):
        command = [sys.executable, "-m", "bench.lists", str(count), part]
        subprocess.run(command, check=True)  # noqa: S603  # this file itself


if __name__ == "__main__":
    main()
