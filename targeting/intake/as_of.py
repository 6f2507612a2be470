"""The day that a run stands on, and what lies after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from targeting.intake.rejects import Parted, nothing_refused, refuse_rows
from targeting.intake.wanted import Wanted
from targeting.problems import Problem, refuse
from targeting.workspace.load import Workspace

BOUGHT = "purchased_on"
LONELY_DAYS = 60
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


def why_no_day(day: dt.date) -> str | None:
    """Say why a run cannot stand on a day: so far off that it can only be mistyped."""
    if EARLIEST <= day <= LATEST:
        return None
    return f"{day} is not between {EARLIEST} and {LATEST}"


def decide_as_of(
    workspace: Workspace,
    purchases: pl.DataFrame | None,
    *,
    given: dt.date | None,
    today: dt.date,
    refused: Mapping[str, int] = {},  # never changed
) -> tuple[dt.date, list[Problem]]:
    """Take the day that was given, else that of targeting.yaml; warn of a newest day far off.

    `refused` purchases by reason say why there may be none.

    Raises:
        Refused: for `newest_purchase` where there is no purchase, and for a day out of all reason.
    """
    day, problems = _day(workspace, purchases, given=given, today=today, refused=refused)
    if why := why_no_day(day):
        place = workspace.place("targeting.yaml", "as_of")
        raise refuse("I031", f"as_of {why}", place, "mend the date, or give --as-of DATE")
    return day, problems


def _day(
    workspace: Workspace,
    purchases: pl.DataFrame | None,
    *,
    given: dt.date | None,
    today: dt.date,
    refused: Mapping[str, int],
) -> tuple[dt.date, list[Problem]]:
    if given is not None:
        return given, []
    written = workspace.settings.as_of
    if written == "today":
        return today, []
    if isinstance(written, dt.date):
        return written, []
    place = workspace.place("targeting.yaml", "as_of")
    days = purchases[BOUGHT].unique().top_k(2).to_list() if purchases is not None else []
    if not days:
        message = "as_of is newest_purchase, but there is no purchase"
        if refused:
            most = max(refused, key=lambda reason: refused[reason])
            message += f": {sum(refused.values())} were rejected, most often as {most}"
        raise refuse("I030", message, place, "give a date here, or --as-of DATE")
    newest = max(days)
    if len(days) == 2 and (newest - min(days)).days > LONELY_DAYS:
        message = f"the newest purchase ({newest}) is {(newest - min(days)).days} days after the "
        message += "one before it, and as_of stands on it"
        help_ = "a date typed wrong makes everybody lapsed: mend it, or give --as-of DATE"
        return newest, [Problem("I104", message, place, help_, "warning")]
    return newest, []


def reject_after(purchases: pl.DataFrame, as_of: dt.date) -> Parted:
    """Part purchases at the end of the day of the run."""
    later = pl.col(BOUGHT) > as_of
    wrong = purchases.filter(later)
    if wrong.is_empty():
        return Parted(purchases, nothing_refused())
    return Parted(purchases.filter(~later), refuse_rows(wrong, BOUGHT, pl.lit("after_as_of")))


def count_future(kept: pl.DataFrame, columns: Sequence[Wanted], as_of: dt.date) -> dict[str, int]:
    """Count dates after the day of the run in fields that do not say `may_be_future`."""
    dates = [w.name for w in columns if w.type == "date" and not w.may_be_future]
    if not dates:
        return {}
    counts = kept.select((pl.col(dates) > as_of).sum()).row(0, named=True)
    return {name: int(count) for name, count in counts.items() if count}
