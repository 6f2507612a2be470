from __future__ import annotations

import polars as pl

from targeting.stock.alike import as_number, once_for_all_alike


def test_lines_that_are_alike_share_what_was_made_of_the_first() -> None:
    lines = pl.DataFrame({"pack": [6, 1, None, 6, None], "name": list("abcde")})
    made = once_for_all_alike(lines, pl.col("name").alias("made"), ["pack"])
    assert made.name == "made"
    assert made.to_list() == ["a", "b", "c", "a", "c"]


def test_conditions_are_told_apart_and_missing_is_not_met() -> None:
    lines = pl.DataFrame({"low": [True, False, True, None], "dead": [False, True, True, None]})
    numbers = lines.select(as_number([pl.col("low"), pl.col("dead")])).to_series()
    assert numbers.to_list() == [1, 2, 3, 0]
