"""Yes/no and numbers as files spell them."""

from __future__ import annotations

import polars as pl
import pytest

from targeting.measure.outcomes import read_outcome
from targeting.problems import Refused


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["1", "0", ""], [True, False, None]),
        (["Yes", "no", " TRUE", "f", "NA", "1"], [True, False, True, False, None, True]),
        (["1.0", "0.0", None], [True, False, None]),
        ([True, False, None], [True, False, None]),
        ([1, 0, None], [True, False, None]),
        ([1.0, 0.0, float("nan")], [True, False, None]),
        (["0", "29.99", "-5", "1e3", "nan"], [0.0, 29.99, -5.0, 1000.0, None]),
        ([3, 1, None], [3.0, 1.0, None]),
        ([2.5, float("nan"), None], [2.5, None, None]),
        (["", ""], [None, None]),
    ],
)
def test_what_a_column_says(cells: list[object], read: list[object]) -> None:
    found = read_outcome(pl.Series("spend", cells, strict=False), "x.csv")
    assert found.to_list() == read
    kind = bool if any(isinstance(value, bool) for value in read) else float
    assert all(isinstance(value, kind) for value in read if value is not None)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "maybe", "no"], "neither yes/no nor a number: row 2"),
        (["1", "1,50", "2 PKR"], "neither yes/no nor a number: row 2, and 1 more"),
        (["yes", "3", "no"], "yes/no and other numbers are mixed: row 2"),
        (["inf", "1"], "neither yes/no nor a number: row 1"),
        (["1", "1e999"], "neither yes/no nor a number: row 2"),
        ([1.0, float("-inf")], "neither yes/no nor a number: row 2"),
    ],
)
def test_what_is_no_outcome_is_refused_with_its_row(cells: list[object], message: str) -> None:
    with pytest.raises(Refused) as refused:
        read_outcome(pl.Series("spend", cells), "x.csv")
    (problem,) = refused.value.problems
    assert (problem.code, problem.place.file) == ("I041", "x.csv")
    assert problem.message == f"'spend': {message}"
