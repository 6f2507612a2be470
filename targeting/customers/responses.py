"""What came back, by customer: when an event last happened, and how often lately."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.customers.addresses import normalised_emails
from targeting.frames import CUSTOMER
from targeting.workspace.catalogue import RESPONSE_FIELDS

LATELY = dt.timedelta(days=90)
_EMAIL = "email"


def known_customers(
    responses: pl.DataFrame, attributes: pl.DataFrame | None, address: str | None
) -> pl.DataFrame:
    """Give each response a customer: by its id, else everybody who has its e-mail address.

    `address` names the attribute that holds e-mail addresses. Columns customer_id, event,
    happened_on and, where the source has them, channel and rule; who is not found is left out.
    """
    kept = [name for name in ("event", "happened_on", "channel", "rule") if name in responses]
    named = _with_id(responses)
    found = [named.drop_nulls(CUSTOMER).select(CUSTOMER, *kept)]
    if _EMAIL in responses.columns and attributes is not None and address in attributes.columns:
        people = attributes.select(CUSTOMER, normalised_emails(attributes[address]).alias(_EMAIL))
        nameless = named.filter(pl.col(CUSTOMER).is_null()).drop(CUSTOMER)
        nameless = nameless.with_columns(normalised_emails(nameless[_EMAIL]).alias(_EMAIL))
        by_mail = nameless.drop_nulls(_EMAIL).join(people, on=_EMAIL, how="inner")
        found.append(by_mail.select(CUSTOMER, *kept))
    return pl.concat(found)


def response_fields(responses: pl.LazyFrame, as_of: dt.date) -> pl.LazyFrame:
    """Give `last_opened_on`, `opens_90_days`, …: one row a customer of whom something came back.

    `responses` are those of `known_customers`, up to as_of; of the last 90 days are those with
    as_of - 90 days < happened_on <= as_of.
    """
    day, event = pl.col("happened_on"), pl.col("event")
    known = responses.filter(day <= as_of)
    lately = day > as_of - LATELY
    figures = {
        name: (event == what).filter(lately).sum().cast(pl.Int64)
        if name.endswith("_90_days")
        else day.filter(event == what).max()
        for name, what in RESPONSE_FIELDS.items()
    }
    return known.group_by(CUSTOMER).agg(**figures)


def _with_id(responses: pl.DataFrame) -> pl.DataFrame:
    if CUSTOMER in responses.columns:
        return responses
    return responses.with_columns(pl.lit(None, dtype=pl.String).alias(CUSTOMER))
