"""Which lines the planner's workbook holds, and what each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from targeting.stock.columns import MONEY
from targeting.stock.packs import lot, short
from targeting.stock.suggest import Suggestions

# People decide line by line: nobody reads more in a morning. It opens in seconds, and the formulas
# of Summary and By category recalculate at once; suggestions.csv has every line.
MOST_LINES: Final = 20_000
NO_CATEGORY: Final = "(no category)"
ID_SEPARATOR: Final = "␟"


@dataclass(frozen=True)
class SheetLines:
    """The lines in the workbook, and what they were taken from.

    `every`: all suggestions with their workings, money in minor units. `shown`: the lines of the
    sheet Suggestions, as it shows them, with the number of their category. `numbers`: category,
    number (from 1), as the sheet By category has them. `unsaid`: how many lines are left out
    because they mean nothing (never sold, not counted, nothing to do). `limited`: whether others
    had to be left out.
    """

    every: pl.DataFrame
    shown: pl.DataFrame
    numbers: pl.DataFrame
    unsaid: int
    limited: bool

    @classmethod
    def of(cls, suggestions: Suggestions, digits: int, most_lines: int) -> SheetLines:
        """Leave out what means nothing, then what wants no decision, then the least margin."""
        workings = suggestions.workings.drop("product_id", "location")
        every = suggestions.lines.hstack(workings)
        known = every.filter(_wants_a_decision() | _is_known())
        chosen = _first(known, most_lines) if known.height > most_lines else known
        unsaid = every.height - known.height
        numbers = _numbers(every)
        shown = as_shown(chosen, digits).join(
            numbers.rename({"number": "category_number"}),
            on="category", how="left", maintain_order="left",
        )  # fmt: skip
        return cls(every, shown, numbers, unsaid, chosen.height < known.height)

    @property
    def is_whole(self) -> bool:
        """Whether every line is in the workbook."""
        return self.shown.height == self.every.height

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which lines are not here, and where they are; nothing where all are."""
        if self.is_whole:
            return ()
        here, all_lines = f"{self.shown.height:,}", f"{self.every.height:,}"
        told = [f"This workbook holds {here} of {all_lines} lines; stock/suggestions.csv has all."]
        if self.limited:
            told.append(
                "Here are the lines that want a decision first (to order, or flagged), ranked by "
                "the margin lost if they are left out; where that is unknown, by what they sell a "
                "week. Lines that are not here are ordered as suggested in the file."
            )
        if self.unsaid:
            left_out = "Lines of products never sold and never counted, which are not here"
            told.append(f"{left_out}: {self.unsaid:,}.")
        told.append(
            "Totals headed All lines are as suggested and stay so. What is headed In this workbook "
            "follows your orders and covers only the sheet Suggestions."
        )
        return tuple(told)


def _numbers(every: pl.DataFrame) -> pl.DataFrame:
    named = every.select(pl.col("category").fill_null(NO_CATEGORY)).unique().sort("category")
    return named.with_columns(pl.int_range(1, pl.len() + 1).alias("number"))


def _wants_a_decision() -> pl.Expr:
    return (pl.col("quantity") > 0) | (pl.col("needed") > 0) | (pl.col("flags").list.len() > 0)


def _is_known() -> pl.Expr:
    return pl.col("last_sold_on").is_not_null() | pl.col("counted").fill_null(value=False)


def _first(lines: pl.DataFrame, most_lines: int) -> pl.DataFrame:
    """Take as many lines as the workbook holds; ties go by product and location."""
    ranks = (
        _wants_a_decision(),
        pl.col("expected_lost_margin"),
        pl.col("weekly_demand") * pl.col("price"),
    )
    ranked = pl.arg_sort_by(*ranks, descending=True, nulls_last=True, maintain_order=True)
    return lines[lines.select(ranked.head(most_lines)).to_series()]


def line_id() -> pl.Expr:
    """Spell the hidden `id` of a line: its product, and its location where it has one.

    A separator inside of a name is escaped, and so is the sign that escapes it: no two lines share
    an id.
    """
    names = [_escaped(pl.col(name).fill_null("")) for name in ("product_id", "location")]
    return pl.concat_str(names[0], pl.lit(ID_SEPARATOR), names[1]).alias("id")


def _escaped(name: pl.Expr) -> pl.Expr:
    marked = name.str.replace_all("%", "%25", literal=True)
    return marked.str.replace_all(ID_SEPARATOR, "%1F", literal=True)


def in_major_units(money: pl.Expr, digits: int) -> pl.Expr:
    """Turn whole minor units into decimal numbers that keep all of them."""
    exact = pl.Decimal(38, digits)
    major: pl.Expr = (money.cast(exact) / 10**digits).cast(exact)
    return major


def as_shown(lines: pl.DataFrame, digits: int) -> pl.DataFrame:
    """Give lines as a sheet shows them: what is ordered first, by category.

    Money in major units; cells whose formula gives an empty text are missing.
    """
    scale = 10**digits
    sells = pl.col("weekly_demand") > 0
    cover = pl.col("available").clip(lower_bound=0) / pl.col("weekly_demand") * 7
    return lines.with_columns(
        line_id(),
        pl.coalesce("product", "product_id").alias("product"),
        pl.col("category").fill_null(NO_CATEGORY),
        pl.col("quantity").alias("order"),
        pl.when(sells).then(cover).alias("cover_days"),
        pl.lit(None, dtype=pl.String).alias("reason"),
        lot(short()).alias("in_packs"),
        pl.when("orderable").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("orderable"),
        pl.col("flags", "defaults", "wanted_by").list.join("; "),
        *((pl.col(name) / scale).alias(name) for name in sorted(MONEY) if name in lines.columns),
    ).with_columns(
        (pl.col("order") * pl.col("unit_cost")).alias("line_cost"),
        (pl.col("needed") * pl.col("unit_cost")).alias("needed_cost"),
    ).sort(
        pl.col("quantity") == 0, pl.col("needed") == 0,
        "category", "product", "product_id", "location", nulls_last=True,
    )  # fmt: skip
