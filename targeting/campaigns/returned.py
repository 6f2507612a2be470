"""What came back, and what follows from it: an unsubscribe, a complaint, a bounce (`after:`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from targeting.campaigns.identifiers import Identifiers
from targeting.campaigns.permission import Codes, Flags
from targeting.campaigns.persons import Persons
from targeting.frames import CHANNEL, CUSTOMER
from targeting.workspace.policy import After

EMAIL: Final = "email"


def shut_out(
    identifiers: Identifiers, responses: pl.DataFrame | None, persons: Persons, as_of: dt.date
) -> Mapping[str, Codes]:
    """Say by channel which event has shut a customer out, in the order of the customers.

    0: none; else 1 more than the event's place in the policy's `after`, the first of several.

    A response shuts out the person, all members; with `address: same` it is the address, whoever
    has it. A response without a channel is one of every channel. After as_of nothing has come back.
    """
    found = {
        name: np.zeros(identifiers.customers.height, dtype=np.uint8)
        for name in identifiers.policy.channels
    }
    if responses is None or responses.is_empty():
        return found
    for code, (event, after) in enumerate(identifiers.policy.after.items(), start=1):
        rows = _in_force(responses, event, after, as_of)
        for name, codes in found.items():
            here = _of_channel(rows, name, after)
            if after.address is None:
                barred = persons.any_of(_named(here, identifiers))
            else:
                barred = _at_the_same_address(here, identifiers, name)
            codes[barred & (codes == 0)] = code
    return found


def _in_force(responses: pl.DataFrame, event: str, after: After, as_of: dt.date) -> pl.DataFrame:
    day = pl.col("happened_on")
    rows = responses.filter(pl.col("event") == event, day <= as_of)
    if after.lasting == "ever":
        return rows
    return rows.filter(day > after.lasting.before(as_of))


def _of_channel(rows: pl.DataFrame, name: str, after: After) -> pl.DataFrame:
    """Keep the responses that shut a channel out."""
    if after.channel == "any":
        return rows
    if after.channel not in (None, "same"):
        return rows if after.channel == name else rows.clear()
    if CHANNEL not in rows.columns:
        return rows
    said = pl.col(CHANNEL)
    return rows.filter(said.is_null() | (said == name))


def _named(rows: pl.DataFrame, identifiers: Identifiers) -> Flags:
    """Find the customers whom responses name, by id or by e-mail."""
    named = np.zeros(identifiers.customers.height, dtype=np.bool_)
    if CUSTOMER in rows.columns:
        named |= _among(identifiers.customers[CUSTOMER], rows[CUSTOMER])
    if EMAIL in rows.columns:
        listed = identifiers.listed(rows[EMAIL], EMAIL)
        for field in identifiers.of_kind(EMAIL):
            named |= _among(identifiers.comparable(field), listed)
    return named


def _at_the_same_address(rows: pl.DataFrame, identifiers: Identifiers, channel: str) -> Flags:
    """Find everybody whose address on a channel is one that a response came from."""
    field = identifiers.policy.channels[channel].address
    if field is None or field not in identifiers.customers.columns:
        return np.zeros(identifiers.customers.height, dtype=np.bool_)
    own = identifiers.comparable(field)
    addresses = pl.Series(dtype=pl.String)
    if CUSTOMER in rows.columns:
        addresses = own.filter(pl.Series(_among(identifiers.customers[CUSTOMER], rows[CUSTOMER])))
    if EMAIL in rows.columns and identifiers.kind(field) == EMAIL:
        written = rows[EMAIL].is_not_null()
        if CUSTOMER in rows.columns:  # the address that bounced, not one he has now
            unwritten = rows.filter(~written)
            by_id = _among(identifiers.customers[CUSTOMER], unwritten[CUSTOMER])
            addresses = own.filter(pl.Series(by_id))
        addresses = pl.concat([addresses, identifiers.listed(rows[EMAIL], EMAIL)])
    return _among(own, addresses)


def _among(values: pl.Series, listed: pl.Series) -> Flags:
    found: Flags = values.is_in(listed.drop_nulls().implode()).fill_null(value=False).to_numpy()
    return found
