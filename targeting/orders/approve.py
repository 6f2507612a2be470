"""The planner's order beside the suggestions: approved, deleted, and needed with new inputs."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.orders.cells import INPUTS
from targeting.orders.edited import Edited
from targeting.orders.strange_rows import shown, strangers
from targeting.problems import Refused
from targeting.stock.packs import asked, available, limited, short
from targeting.stock.protection import with_levels
from targeting.stock.shelf_life import sells_in_time

DELETED: Final = "line deleted"
_SAME: Final = 1e-9  # programs save 15 digits
_MANY_TIMES: Final = 10
_NAMES: Final = {
    "on_hand": "on hand",
    "on_order": "on order",
    "reserved": "reserved",
    "service_level": "service level",
    "lead_time_days": "lead time days",
    "lead_time_sd_days": "lead time spread days",
    "review_days": "review days",
}


def approve(lines: pl.DataFrame, edited: Edited) -> pl.DataFrame:
    """Settle what is ordered of each line of a run: its rows, in their order, and more columns.

    `lines` as `orders.lines.read_lines` gives them. Added are `approved` (units), `reason` (the
    planner's; missing without), `deleted`, `inputs` (which the planner changed, in words; missing
    without), `needed_now` (units, by the changed inputs) and `warnings`; then, as the planner has
    corrected them, `available_now`, `service_level_now`, `lead_time_days_now`, `review_days_now`. A
    line that was in the workbook and is not there now is 0; one that never was is approved as
    suggested.

    Raises:
        Refused: O005 for every line of the workbook that the run does not have.
    """
    _refuse_strangers(lines, edited)
    planned = edited.lines.select(
        "id", "order", "reason", pl.col(_INPUTS).name.prefix("new_"), pl.lit(value=True).alias("in")
    )
    joined = lines.join(planned, on="id", how="left", maintain_order="left").with_columns(
        (pl.col("in").is_null() & pl.col("in_workbook")).alias("deleted"),
        *(pl.col(f"new_{name}").fill_null(pl.col(name)) for name in _INPUTS),
    )
    stay = pl.when("deleted").then(0).otherwise("quantity")
    gone = pl.when(pl.col("deleted") & (pl.col("quantity") > 0)).then(pl.lit(DELETED))
    settled = joined.with_columns(
        pl.coalesce("order", stay).alias("approved"),
        pl.coalesce("reason", gone).alias("reason"),
        _changed_inputs(),
    )
    needed = pl.when(pl.col("inputs").is_not_null()).then(needed_again(settled))
    return (
        settled.with_columns(pl.coalesce(needed, "needed").alias("needed_now"))
        .with_columns(_warnings(), *_as_corrected())
        .drop("in", "order", *(f"new_{name}" for name in _INPUTS))
    )


def needed_again(lines: pl.DataFrame) -> pl.Series:
    """Work out `needed` (units) from the columns `new_` of each input, as the suggestions did.

    What a line is short of its level, in whole packs and within the rule's limit
    (`targeting.stock.protection` and `packs`, and their sources). Units that tonight's campaigns
    add stay as they were, as in the workbook.
    """
    inputs = (pl.col(f"new_{name}").alias(name) for name in _INPUTS)
    new = lines.with_columns(*inputs, available("new_").alias("available"))
    levelled = with_levels(new).with_columns(asked(short()).alias("wanted"))
    most = sells_in_time(pl.col("available"))
    return levelled.select(limited(pl.col("wanted"), most).alias("needed_now"))["needed_now"]


_INPUTS: Final = tuple(of.source for of in INPUTS)


def _refuse_strangers(lines: pl.DataFrame, edited: Edited) -> None:
    strange = edited.lines.join(lines.select("id"), on="id", how="anti")
    if strange.height:
        raise Refused(shown(strangers(edited.cells, strange, edited.run_id)))


def _changed_inputs() -> pl.Expr:
    texts = [_change(name) for name in _INPUTS]
    return pl.concat_list(texts).list.drop_nulls().list.join(", ").replace("", None).alias("inputs")


def _as_corrected() -> list[pl.Expr]:
    kept = ("service_level", "lead_time_days", "review_days")
    now = (pl.col(f"new_{name}").alias(f"{name}_now") for name in kept)
    return [available("new_").alias("available_now"), *now]


def _change(name: str) -> pl.Expr:
    old, new = pl.col(name), pl.col(f"new_{name}")
    same = (new - old).abs() <= _SAME * pl.max_horizontal(old.abs(), 1.0)
    text = pl.format(f"{_NAMES[name]} {{}} -> {{}}", *(_plain(each, name) for each in (old, new)))
    return pl.when(~same).then(text)


def _plain(number: pl.Expr, name: str) -> pl.Expr:
    percent = name == "service_level"
    decimals = 1 if name == "order_up_to" else 6
    text = (
        (number * 100 if percent else number).round(decimals).cast(pl.String).str.strip_suffix(".0")
    )
    return text + "%" if percent else text


def _warnings() -> pl.Expr:
    """Say of each line what a planner may do and should know: List(String), empty where nothing."""
    order, pack, least = pl.col("approved"), pl.col("pack_size"), pl.col("minimum_order")
    far = _MANY_TIMES * pl.max_horizontal("order_up_to", pl.col("smallest_order").cast(pl.Float64))
    some = order > 0
    said = {
        "not in whole packs of {}": (order % pack != 0, "pack_size"),
        "under the minimum order of {}": (some & (order < least), "minimum_order"),
        "over the limit of {} that a rule sets": (order > pl.col("limit"), "limit"),
        f"over {_MANY_TIMES} times its level of {{}}": (order > far, "order_up_to"),
    }
    texts = [
        pl.when(some & when).then(pl.format(text, _plain(pl.col(what), what)))
        for text, (when, what) in said.items()
    ]
    gone = pl.lit("discontinued, or not sold for 26 weeks: nothing was to be ordered")
    texts.append(pl.when(some & ~pl.col("orderable")).then(gone))
    return pl.concat_list(texts).list.drop_nulls().alias("warnings")
