"""Tonight's lists against those of the last published run; what cannot be compared stops too."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl

from targeting.frames import RULE
from targeting.problems import Place, Problem, Refused
from targeting.run_folder.write import latest
from targeting.workspace.load import Workspace

KEY = "list_changed_over"


def check_lists(
    out: Path, summary: pl.DataFrame, workspace: Workspace, accepted: Collection[str]
) -> list[Problem]:
    """Stop where a rule's list grew or shrank by more than `stop_if: list_changed_over`.

    Compared is the number of the selected; a rule that selected nobody last time is new.
    """
    most = workspace.settings.stop_if.list_changed_over
    if most is None or KEY in accepted:
        return []
    try:
        last = latest(out)
    except Refused as error:
        return list(error.problems)
    if last is None:
        return []
    path = last / "contacts" / "summary.csv"
    try:
        before = pl.read_csv(path, columns=[RULE, "selected"], glob=False)
        then = _sizes(before)
    except (OSError, pl.exceptions.PolarsError):
        message = "the lists of the last run cannot be read, so tonight's are compared with nothing"
        return [Problem("D105", message, Place(str(path)), f"go on with --accept {KEY}")]
    sizes = then.join(_sizes(summary), on=RULE, suffix="_now").filter(
        (pl.col("selected_now") - pl.col("selected")).abs() > pl.col("selected") * float(most),
        pl.col("selected") > 0,
    )
    place = workspace.place("targeting.yaml", "stop_if", KEY)
    return [
        Problem(
            "D104",
            f"the list of '{rule}' changed from {was} to {now} customers since {last.name}",
            place,
            f"look at the rule and the data; if it is meant: --accept {KEY}",
        )
        for rule, was, now in sizes.sort(RULE).iter_rows()
    ]


def _sizes(summary: pl.DataFrame) -> pl.DataFrame:
    return summary.group_by(RULE).agg(pl.col("selected").cast(pl.Int64).sum())
