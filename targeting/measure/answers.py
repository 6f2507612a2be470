"""What the contacted answered, as mail services report it: described, never compared."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.customers.addresses import normalised_emails
from targeting.frames import CUSTOMER, RULE, SELECTED
from targeting.measure.exposures import EXPOSED_ON, with_windows
from targeting.measure.tally import ARM, ENDS_ON, SEEN
from targeting.workspace.literals import Period

_AT: Final = "exposure"
# The program's name for what a service reports as bought: the held out have no such report.
_REPORTED: Final = {"bought": "bought_as_reported"}


def what_they_answered(
    exposures: pl.DataFrame, responses: pl.DataFrame, within: Period
) -> pl.DataFrame:
    """Add a yes/no column for each event seen, of the selected of a rule; null for all others.

    A message is opened on the day it is sent, so exposed_on itself counts. `responses` has
    customer_id, event, happened_on, and rule, where null answers any rule.
    """
    numbered = with_windows(exposures, within).with_row_index(_AT)
    day, selected = pl.col("happened_on"), (pl.col(ARM) == SELECTED) & pl.col(RULE).is_not_null()
    meant = pl.col("answered").is_null() | (pl.col("answered") == pl.col(RULE))
    answers = (
        numbered.lazy()
        .filter(selected)
        .join(responses.lazy().rename({RULE: "answered"}), on=CUSTOMER)
        .filter(day.is_between(EXPOSED_ON, ENDS_ON) & meant)
        .select(_AT, "event")
        .unique()
        .collect()
    )
    for event in answers["event"].unique().sort():
        who = answers.filter(event=event)[_AT]
        did = pl.when(selected).then(pl.col(_AT).is_in(who.implode()))
        numbered = numbered.with_columns(did.alias(SEEN + reported(event)))
    return numbered.drop(_AT)


def reported(event: str) -> str:
    """Name the outcome of a response's event."""
    return _REPORTED.get(event, event)


def who_answered(responses: pl.DataFrame, customers: pl.DataFrame | None) -> pl.DataFrame:
    """Give customer_id, event, happened_on, rule; an e-mail is the customer's who alone has it."""
    lacking = [
        pl.lit(None, pl.String).alias(name)
        for name in (CUSTOMER, RULE)
        if name not in responses.columns
    ]
    full = responses.with_columns(lacking)
    if customers is not None and {"email"} <= {*customers.columns} & {*responses.columns}:
        owners = customers.select(
            pl.col(CUSTOMER).alias("owner"), normalised_emails(customers["email"]).alias("address")
        )
        owners = owners.drop_nulls().unique("address", keep="none")
        full = full.with_columns(normalised_emails(full["email"]).alias("address"))
        full = full.join(owners, on="address", how="left", maintain_order="left").with_columns(
            pl.coalesce(CUSTOMER, "owner").alias(CUSTOMER)
        )
    return full.select(CUSTOMER, "event", "happened_on", RULE).drop_nulls(CUSTOMER)
