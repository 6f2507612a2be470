"""What is odd in the data, and what was assumed: the planner's list to mend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from targeting.stock.because import plain
from targeting.stock.columns import DATA_PROBLEMS, empty
from targeting.stock.flags import burst
from targeting.stock.formulas.levels import HIGHEST_SERVICE, LOWEST_SERVICE
from targeting.stock.inputs import HIGHEST_COST, WEEKS
from targeting.stock.terms import LONGEST_DAYS, Gap

OLD_COUNT_DAYS: Final = 30
COMMON_LINES: Final = 1000  # nobody mends more one by one: on most lines it is the shop's nature


@dataclass(frozen=True)
class _Oddity:
    source: str
    where: pl.Expr
    problem: pl.Expr
    assumed: str
    of_location: bool = True


def data_problems(lines: pl.DataFrame, gaps: list[Gap], as_of: dt.date) -> pl.DataFrame:
    """Give one row a problem: source, product_id, location, problem, and what was `assumed`.

    What every line lacks, and what is odd on most lines and on more than 1,000, is one row without
    a product; what a product lacks in all its locations is one row without a location.
    """
    found = [_rows(lines, oddity) for oddity in _oddities(as_of)]
    has_stock, has_list = bool(lines["counted"].count()), bool(lines["listed"].count())
    found += [_gap(lines, gap) for gap in gaps if has_stock or gap.source != "stock"]
    if not has_stock:
        assumed = _of_all("0 on hand", lines.height)
        found.append(whole("stock", "no column on_hand: there is no source stock", assumed))
    if not has_list:
        found.append(whole("products", "there is no list of products", "every default"))
    found += _alike_places(lines)
    if lines["merged"].any():
        text = "locations are not in both purchases and stock"
        found.append(whole("stock", text, "stock and sales of all locations together"))
    return pl.concat(found).unique(maintain_order=True).sort(list(DATA_PROBLEMS), nulls_last=False)


def _alike_places(lines: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """Name locations that differ only by capitals or blanks: they are told apart all the same."""
    places = lines.select(pl.col("location").drop_nulls().unique().sort())
    spelled = pl.col("location").str.to_lowercase().str.replace_all(r"\s+", "")
    alike = places.group_by(spelled.alias("spelled"), maintain_order=True).agg("location")
    for names in alike.filter(pl.col("location").list.len() > 1)["location"]:
        quoted = ", ".join(f"'{name}'" for name in names)
        text = f"locations that differ only by capitals or blanks: {quoted}"
        yield whole("stock", text, "different places")


def whole(source: str, problem: str, assumed: str) -> pl.DataFrame:
    """Give one row for a problem that is not a product's."""
    row = {
        "source": source,
        "product_id": None,
        "location": None,
        "problem": problem,
        "assumed": assumed,
    }
    return pl.DataFrame([row], schema=DATA_PROBLEMS)


def _gap(lines: pl.DataFrame, gap: Gap) -> pl.DataFrame:
    """Name a gap product by product, or once where every product that it concerns has it."""
    without = f"no {gap.what}"
    concerned = lines.filter(gap.applies)
    missing = concerned.filter(gap.missing)
    if missing.is_empty():
        return empty(DATA_PROBLEMS)
    if missing.height < concerned.height and gap.source != "targeting.yaml":
        oddity = _Oddity(gap.source, pl.lit(value=True), pl.lit(without), "", gap.of_location)
        return _rows(missing, oddity, gap.assumed)
    assumed = missing.select(gap.assumed.alias("assumed")).unique()["assumed"]
    what = assumed[0] if len(assumed) == 1 else "line by line, under defaults"
    everywhere = ", of any product" if concerned.height == lines.height else ", where it matters"
    everywhere = "" if gap.source == "targeting.yaml" else everywhere
    return whole(gap.source, without + everywhere, _of_all(what, missing.height))


def _of_all(assumed: str, lines: int) -> str:
    return assumed if lines == 1 else f"{assumed}, for all {lines:,} lines"


def _rows(lines: pl.DataFrame, oddity: _Oddity, assumed: pl.Expr | None = None) -> pl.DataFrame:
    """Name an oddity line by line, or once with a count where most lines have it."""
    place = pl.col("location") if oddity.of_location else pl.lit(None, dtype=pl.String)
    rows = lines.filter(oddity.where.fill_null(value=False)).select(
        pl.lit(oddity.source).alias("source"),
        "product_id",
        place.alias("location"),
        oddity.problem.alias("problem"),
        (pl.lit(oddity.assumed) if assumed is None else assumed).alias("assumed"),
    )
    if rows.height <= max(COMMON_LINES, lines.height / 2):
        return rows
    kinds = rows.group_by("source", "problem", "assumed").len().rows()
    counted = f"of {lines.height:,} lines"
    return pl.concat(
        whole(source, f"{problem}: {count:,} {counted}", so) for source, problem, so, count in kinds
    )


def _oddities(as_of: dt.date) -> Iterable[_Oddity]:
    sold = pl.col("last_sold_on").is_not_null()
    unlisted = ~pl.col("listed")
    text = pl.lit("its row was rejected: rejects.csv says why")
    unread = pl.col("listed_refused")
    yield _Oddity("products", unread, text, "nothing is ordered until it is mended", False)
    yield _Oddity("stock", pl.col("counted_refused"), text, "0 on hand", False)
    text = pl.lit("sold, but not in the list of products")
    unknown = unlisted & sold & ~unread
    yield _Oddity("purchases", unknown, text, "no cost, packs or lead time", False)
    counted = pl.col("counted").fill_null(value=False)
    text = pl.lit("counted, but neither sold nor in the list of products")
    yield _Oddity("stock", unlisted & ~sold & counted, text, "no demand")
    text = pl.lit("only returns or lines of 0 units, and not in the list of products")
    yield _Oddity("purchases", unlisted & ~sold & ~counted, text, "no demand")
    for name in ("on_hand", "on_order", "reserved"):
        count = pl.col(f"was_{name}")
        said = name.replace("_", " ")
        yield _Oddity("stock", count < 0, pl.format(f"{{}} {said}", plain(count, 3)), "0")
    kept = pl.col("was_reserved") - pl.col("was_on_hand") - pl.col("on_order")
    over = pl.format("{} more reserved than there are and than come", plain(kept, 3))
    yield _Oddity("stock", (kept > 0) & (pl.col("was_on_hand") >= 0), over, "true: ordered, too")
    days = (pl.lit(as_of) - pl.col("counted_on")).dt.total_days()
    old = pl.format("counted {} days ago", days)
    yield _Oddity("stock", days > OLD_COUNT_DAYS, old, "as if counted today")
    yield from _odd_sales(as_of)
    yield from _odd_terms()


def _odd_sales(as_of: dt.date) -> Iterable[_Oddity]:
    weeks = (pl.lit(as_of) - pl.col("last_sold_on")).dt.total_days() // 7
    silent = pl.format("not sold for {} weeks", weeks)
    yield _Oddity("purchases", weeks >= WEEKS, silent, "no demand")
    once = pl.lit("sold in a single week ever")
    yield _Oddity("purchases", pl.col("sales_weeks") == 1, once, "it may sell so again")
    largest, usual = pl.col("largest_week"), pl.col("usual_week")
    several = usual.is_not_null()
    text = pl.format(
        "one week of {} against a usual {} in weeks with a sale", plain(largest), plain(usual, 1)
    )
    wide = "true, so the spread is wide: check the line"
    yield _Oddity("purchases", burst() & several, text, wide)
    alone = pl.format("{} units in the only week with a sale", plain(largest))
    yield _Oddity("purchases", burst() & ~several, alone, "true: check the line")


def _odd_terms() -> Iterable[_Oddity]:
    lead, was_lead = pl.lit("lead time of 0 days"), pl.col("was_lead_time_days")
    yield _Oddity("products", was_lead == 0, lead, "delivered the same day", False)
    for name in ("lead_time_days", "lead_time_sd_days", "minimum_order", "unit_cost"):
        said, value = name.replace("_", " "), pl.col(f"was_{name}")
        text = pl.lit(f"{said} under 0")
        yield _Oddity("products", value < 0, text, "as if missing", False)
    for name in ("lead_time_days", "lead_time_sd_days"):
        long = pl.col(f"was_{name}") > LONGEST_DAYS
        text = pl.lit(f"{name.replace('_', ' ')} over ten years")
        yield _Oddity("products", long, text, "as if missing", False)
    dear = pl.col("was_unit_cost") > HIGHEST_COST
    text = pl.lit("unit cost too large to be one")
    yield _Oddity("products", dear, text, "as if missing", False)
    pack = pl.col("was_pack_size")
    broken = (pack != pack.round()) | (pack <= 0)
    text = pl.format("pack size of {}", plain(pack, 3))
    yield _Oddity("products", broken, text, "the next whole number", False)
    life = pl.lit("shelf life of 0 days or under")
    yield _Oddity("products", pl.col("was_shelf_life_days") <= 0, life, "as if missing", False)
    loss = pl.col("price") <= pl.col("unit_cost")
    yield _Oddity("products", loss, pl.lit("costs no less than its price"), "no margin", False)
    asked = pl.col("rule_service_level")
    text = pl.format("a service level of {}%", plain(asked * 100, 2))
    limits = f"between {LOWEST_SERVICE:.0%} and {HIGHEST_SERVICE:.2%}"
    outside = (asked < LOWEST_SERVICE) | (asked > HIGHEST_SERVICE)
    yield _Oddity("rules", outside, text, limits)
    unpriced = pl.col("rule_order_at_most_money").is_not_null() & pl.col("unit_cost").is_null()
    text = pl.lit("a limit in money, and no unit cost")
    yield _Oddity("rules", unpriced, text, "no limit in money")
