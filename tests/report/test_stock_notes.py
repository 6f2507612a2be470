from __future__ import annotations

from collections.abc import Callable

import polars as pl

from targeting.report.numbers import Night
from targeting.report.speech import Speech
from targeting.report.stock_notes import stock_notes

LINES = pl.DataFrame(
    {
        "product_id": ["P1", "P2", "P3"],
        "product": ["Nova phone", None, "Aster radio"],
        "on_hand": [100.0, 9.5, 40.0],
        "weekly_demand": [1.0, 0.0, 5.0],
        "unit_cost": [10_00, 3_00, 7_00],
        "flags": [["overstock"], ["dead", "clearance"], ["expiring_soon"]],
    }
)


def told(night_of: Callable[..., Night], **frames: pl.DataFrame) -> tuple[str, ...]:
    night = night_of(suggestions=frames)
    return stock_notes(night, Speech(night.shop))


def test_a_night_of_nothing_says_nothing(night_of: Callable[..., Night]) -> None:
    assert told(night_of) == ()
    assert told(night_of, lines=LINES.clear(), transfers=pl.DataFrame()) == ()


def test_transfers_are_counted_and_the_largest_is_named(night_of: Callable[..., Night]) -> None:
    moves = pl.DataFrame(
        {
            "product_id": ["P2", "P1"],
            "from_location": ["Saddar", "Clifton"],
            "to_location": ["Clifton", "Saddar"],
            "quantity": [3, 12],
        }
    )
    assert told(night_of, transfers=moves, lines=LINES.drop("flags")) == (
        "15 units move between locations first, in 2 transfers; the largest: 12 of Nova phone from "
        "Clifton to Saddar (stock/transfers.csv).",
    )


def test_campaigns_that_add_demand_are_named_with_their_uplift(
    night_of: Callable[..., Night],
) -> None:
    campaigns = pl.DataFrame(
        {
            "rule": ["quiet", "win_back", "news"],
            "people": [5, 120, 900],
            "uplift": [None, 0.04, 0.01],
            "source": [None, "measured", "rule"],
            "units": [0.0, 20.5, 7.0],
        }
    )
    assert told(night_of, campaigns=campaigns) == (
        "Tonight's campaigns are expected to sell 27.5 units more in 30 days: win_back 20.5 "
        "(uplift 4%, measured), news 7 (uplift 1%, stated by the rule).",
    )


def test_the_money_that_lies_too_long_counts_what_is_beyond_26_weeks(
    night_of: Callable[..., Night],
) -> None:
    (sentence,) = told(night_of, lines=LINES)
    assert sentence.endswith("lies in stock beyond 26 weeks of demand, on 2 lines.")
    assert "767" in sentence  # (100 - 26) x 10 and 9 whole units of 3; no flag of a rule's own


def test_days_out_of_stock_are_told(night_of: Callable[..., Night]) -> None:
    workings = pl.DataFrame({"days_out_of_stock": [9, 0, None, 3]})
    (sentence,) = told(night_of, workings=workings)
    assert sentence.startswith("2 lines were out of stock for a part of the last 26 weeks, 12 days")


def test_the_forecast_s_check_is_one_sentence_of_the_classes_judged(
    night_of: Callable[..., Night],
) -> None:
    check = pl.DataFrame(
        {
            "demand_class": ["smooth", "lumpy", "new"],
            "wape": [0.21, 0.44, None],
            "best_other": ["SES", "TSB", None],
            "best_other_wape": [0.22, 0.41, None],
        }
    )
    (sentence,) = told(night_of, forecast_check=check)
    assert "lumpy 44% (best of the five: TSB 41%) and smooth 21% (best of" in sentence
    assert "new" not in sentence
