"""Do all ways of the standard work want the same people? Stops where they do not.

    python -m bench.standard.same_people FOLDER

FOLDER is what `python -m bench.standard` leaves. Rules that read a segment or a likelihood are
compared where the program's own were handed over; the notebook, which has its own, is compared on
the others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from bench.standard.duckdb_way import finished
from bench.standard.polars_rules import RULES

NAMES = [rule.name for rule in RULES]
OF_MODELS = {"segment", "likelihood"}
WITHOUT_MODELS = [rule.name for rule in RULES if not OF_MODELS & set(rule.wanted.meta.root_names())]


def hits(folder: Path) -> pl.DataFrame:
    """Read who meets each rule: customer_id and a yes/no column a rule."""
    return pl.read_parquet(folder / "hits.parquet").select("customer_id", *NAMES)


def program_hits(runs: Path) -> pl.DataFrame:
    """Read the same of the program's last run: the eligible are those with a decision."""
    folder = finished(runs).parent
    people = pl.read_parquet(folder / "customers.parquet", columns=["customer_id"])
    decided = pl.read_parquet(folder / "decisions.parquet", columns=["customer_id", "rule"])
    met = decided.with_columns(met=True).pivot("rule", index="customer_id", values="met")
    absent = [pl.lit(False).alias(name) for name in NAMES if name not in met.columns]
    joined = people.join(met.with_columns(absent), on="customer_id", how="left")
    return joined.with_columns(pl.col(NAMES).fill_null(False)).select("customer_id", *NAMES)


def selected(runs: Path) -> pl.DataFrame:
    """Read whom the program's last run selected, by which channel."""
    decided = pl.scan_parquet(finished(runs).parent / "decisions.parquet")
    kept = decided.filter(pl.col("outcome") == "selected")
    return kept.select("rule", "customer_id", "channel").sort(pl.all()).collect()


def listed(contacts: Path) -> pl.DataFrame:
    """Read whom the hand-written lists name."""
    rows = pl.scan_csv(contacts / "*" / "*.csv", infer_schema=False)
    return rows.select("rule", "customer_id", "channel").sort(pl.all()).collect()


def notebook_agrees(folder: Path, ours: pl.DataFrame) -> None:
    """Compare the rules without models, for the customers that the notebook looked at."""
    met = pl.read_parquet(folder / "met.parquet")
    theirs = met.select(
        "customer_id", *(pl.col("rules").list.contains(name).alias(name) for name in WITHOUT_MODELS)
    )
    some = ours.join(met, on="customer_id", how="semi").select(theirs.columns)
    assert_frame_equal(some, theirs, check_row_order=False)


def main() -> None:
    """Compare whatever is there."""
    folder = Path(sys.argv[1])
    runs = folder / "program"
    ours = program_hits(runs)
    people, met = (
        f"{ours.height:,} customers",
        int(ours.select(pl.col(NAMES).sum()).sum_horizontal()[0]),
    )
    found = [f"the program: {met:,} eligible for {len(NAMES)} rules, of {people}"]
    for engine in ("program", "polars", "duckdb"):
        if (folder / f"rules_{engine}").exists():
            assert_frame_equal(ours, hits(folder / f"rules_{engine}"), check_row_order=False)
            found.append(f"the rules pass of {engine}: the same people for each rule")
    if (folder / "polars_check").exists():
        assert_frame_equal(ours, hits(folder / "polars_check"), check_row_order=False)
        lists = listed(folder / "polars_check" / "contacts")
        assert_frame_equal(selected(runs), lists)
        found.append(
            "hand-written Polars from the purchases on, with the program's scores: the same "
            f"people for each rule, and the same {lists.height:,} contacts on the lists"
        )
    if (folder / "notebook").exists():
        notebook_agrees(folder / "notebook", ours)
        found.append(f"the notebook: the same people for the {len(WITHOUT_MODELS)} without scores")
    (folder / "same_people.txt").write_text("\n".join(found) + "\n")


if __name__ == "__main__":
    main()
