"""What the policy saw of each customer, kept as the evidence that `explain` and `diff` read."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from targeting.campaigns.past import History
from targeting.campaigns.permission import REASON_OF_CODE, Permission
from targeting.campaigns.persons import Persons
from targeting.customers.held import Rows
from targeting.frames import CUSTOMER, PERSON
from targeting.ledger.read import LAST_CONTACTED
from targeting.workspace.policy import ContactLimit, Policy

COOLING = "cooling"
COOLING_SINCE = "cooling_since"


def policy_state(
    customers: Rows,
    persons: Persons,
    permission: Permission,
    history: History,
    policy: Policy,
) -> pl.DataFrame:
    """Give one row a customer, by customer_id.

    Columns person; last_contacted_on; by channel `permission_CHANNEL`, the first reason that stands
    against it whatever the rule (empty: none), and `suppressed_by_CHANNEL`, `list` or the event
    that came back; by contact limit, as `email_within_7_days`, the person's contacts before
    tonight; `cooling`, the rules that must leave the customer alone, and `cooling_since`, the day
    on which each of them took him last; both are not there where no rule must leave anybody alone
    (`whole_state`).
    """
    columns: dict[str, pl.Series] = {CUSTOMER: customers[CUSTOMER], PERSON: persons.of}
    if LAST_CONTACTED in customers.columns:
        columns[LAST_CONTACTED] = customers[LAST_CONTACTED]
    words = pl.Enum(REASON_OF_CODE)
    for channel, codes in permission.reasons.items():
        columns[f"permission_{channel}"] = pl.Series(codes).cat.to(words)
        columns[f"suppressed_by_{channel}"] = permission.barred_by[channel]
    for limit, counts in zip(policy.contact_limits, history.windows, strict=True):
        columns[limit_name(limit)] = pl.Series(counts[persons.number])
    columns |= _cooling(history.cooling)
    state = pl.DataFrame(columns)
    return state if state[CUSTOMER].is_sorted() else state.sort(CUSTOMER)


def whole_state(state: pl.LazyFrame) -> pl.LazyFrame:
    """Give the columns that are the same for all too: nobody need be left alone."""
    nothing = {COOLING: pl.List(pl.String), COOLING_SINCE: pl.List(pl.Date)}
    there = state.collect_schema()
    return state.with_columns(
        pl.lit([], dtype=kind).alias(name) for name, kind in nothing.items() if name not in there
    )


def limit_name(limit: ContactLimit) -> str:
    """Name the column that counts towards a contact limit."""
    return f"{limit.channel}_within_{limit.within}".replace(" ", "_")


def _cooling(cooling: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    names = sorted(rule for rule, days in cooling.items() if days.null_count() < len(days))
    if not names:
        return {}
    days = pl.DataFrame({name: cooling[name] for name in names})
    told = [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in names]
    listed = days.select(
        pl.concat_list(told).list.drop_nulls().alias(COOLING),
        pl.concat_list(names).list.drop_nulls().alias(COOLING_SINCE),
    )
    return dict(zip(listed.columns, listed, strict=True))
