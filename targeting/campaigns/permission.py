"""Who may be contacted through which channel, before any rule has its turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from targeting.customers.addresses import normalised_emails, normalised_phones
from targeting.frames import CUSTOMER
from targeting.workspace.policy import Policy

PHONE_CHANNELS = ("sms", "call", "whatsapp", "phone")


@dataclass(frozen=True)
class Permission:
    """By channel, in the order of the customers: the address, and why not (null: permitted)."""

    addresses: Mapping[str, pl.Series]
    reasons: Mapping[str, pl.Series]


def address_kind(field: str, policy: Policy) -> str:
    """Say how a field's addresses are normalised: `email`, `phone` or `text`.

    By the channel that uses it (`email` is e-mail; sms, call, whatsapp are phones), else its name.
    """
    channels = [name for name, channel in policy.channels.items() if channel.address == field]
    if "email" in channels or "mail" in field:
        return "email"
    if any(name in PHONE_CHANNELS for name in channels) or "phone" in field or "mobile" in field:
        return "phone"
    return "text"


def normalised(customers: pl.DataFrame, field: str, policy: Policy, region: str) -> pl.Series:
    """Bring a field's addresses to the form in which equal ones are equal; null: unusable."""
    column = customers[field] if field in customers.columns else _nothing(customers, field)
    match address_kind(field, policy):
        case "email":
            return normalised_emails(column)
        case "phone":
            return normalised_phones(column, region)
        case _:
            return column.cast(pl.String).str.strip_chars()


def permissions(
    customers: pl.DataFrame,
    policy: Policy,
    suppressed: pl.Series,
    as_of: dt.date,
    region: str,
) -> Permission:
    """Decide by channel: suppressed, no_consent, no_address, quiet_date; the first counts."""
    addresses = {}
    reasons = {}
    quiet = as_of in policy.quiet_dates
    for name, channel in policy.channels.items():
        address = _nothing(customers, "address")
        reachable = pl.lit(True)
        if channel.address is not None:
            address = normalised(customers, channel.address, policy, region)
            reachable = pl.col("_address").is_not_null()
        consent = pl.lit(True)
        if channel.consent is not None:
            known = channel.consent in customers.columns
            consent = pl.col(channel.consent).fill_null(False) if known else pl.lit(False)
        reason = (
            pl.when(pl.col("_suppressed"))
            .then(pl.lit("suppressed"))
            .when(~consent)
            .then(pl.lit("no_consent"))
            .when(~reachable)
            .then(pl.lit("no_address"))
            .when(pl.lit(quiet))
            .then(pl.lit("quiet_date"))
        )
        frame = customers.with_columns(address.alias("_address"), suppressed.alias("_suppressed"))
        addresses[name] = address.fill_null("")
        reasons[name] = frame.select(reason.alias(name))[name]
    return Permission(addresses, reasons)


def suppressed_customers(
    customers: pl.DataFrame,
    suppressions: pl.DataFrame | None,
    persons: pl.Series,
    policy: Policy,
    region: str,
) -> pl.Series:
    """Find whom the suppression list names by id, e-mail, phone or domain; one member names all.

    Addresses are normalised before comparing; one that cannot be an address is compared as typed,
    without case and outer blanks.
    """
    if suppressions is None:
        return pl.Series("suppressed", [False] * customers.height, dtype=pl.Boolean)
    hits = [_among(customers[CUSTOMER], suppressions, "customer_id")]
    for field in _address_fields(policy):
        if field not in customers.columns:
            continue
        kind = address_kind(field, policy)
        if kind == "text":
            continue
        ours = _comparable(customers[field], kind, region)
        if kind in suppressions.columns:
            listed = _comparable(suppressions[kind], kind, region)
            hits.append(ours.is_in(listed.drop_nulls().unique().implode()).fill_null(False))
        if kind == "email" and "domain" in suppressions.columns:
            domains = suppressions["domain"].str.strip_chars().str.to_lowercase()
            domains = domains.str.strip_prefix("@").drop_nulls().unique()
            own = ours.str.split("@").list.last()
            hits.append(own.is_in(domains.implode()).fill_null(False))
    frame = pl.DataFrame([hit.alias(str(number)) for number, hit in enumerate(hits)])
    direct = frame.select(pl.any_horizontal(pl.all()).alias("hit"))["hit"]
    return pl.DataFrame({"hit": direct, "person": persons}).select(
        pl.col("hit").any().over("person").alias("suppressed")
    )["suppressed"]


def _address_fields(policy: Policy) -> list[str]:
    named = [channel.address for channel in policy.channels.values() if channel.address is not None]
    return list(dict.fromkeys([*named, *policy.same_person]))


def _among(values: pl.Series, suppressions: pl.DataFrame, column: str) -> pl.Series:
    if column not in suppressions.columns:
        return pl.Series("hit", [False] * values.len(), dtype=pl.Boolean)
    return values.is_in(suppressions[column].drop_nulls().unique().implode()).fill_null(False)


def _comparable(values: pl.Series, kind: str, region: str) -> pl.Series:
    proper = normalised_emails(values) if kind == "email" else normalised_phones(values, region)
    as_typed = values.cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.DataFrame({"proper": proper, "typed": as_typed}).select(
        pl.coalesce("proper", "typed").alias("value")
    )["value"]


def _nothing(customers: pl.DataFrame, name: str) -> pl.Series:
    return pl.Series(name, [None] * customers.height, dtype=pl.String)
