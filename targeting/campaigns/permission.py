"""Who may be contacted through which channel, before any rule has its turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.campaigns.identifiers import Identifiers, domains_of
from targeting.campaigns.persons import Persons
from targeting.customers.held import Rows
from targeting.frames import CUSTOMER, REASONS
from targeting.workspace.policy import Channel

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

# A reason is kept as a small number while a night is decided; 0 is none.
REASON_OF_CODE = ("", *REASONS)
CODE = {reason: code for code, reason in enumerate(REASON_OF_CODE)}


@dataclass(frozen=True)
class Permission:
    """By channel, in the order of the customers: why not (0: permitted).

    `full` says by channel who has come to a contact limit before tonight, `barred_by` what has
    suppressed a customer: `list`, or the event that came back; empty: nothing.
    """

    reasons: Mapping[str, Codes]
    full: Mapping[str, Flags]
    barred_by: Mapping[str, pl.Series]

    def chosen(
        self, channels: Sequence[str], at: Integers, cooling: Flags | None = None
    ) -> tuple[Codes, Codes]:
        """Choose for customers `at` the first permitted channel; where none is, the first.

        `cooling`: whom the rule must leave alone, on every channel. Gives the channel's number
        among all channels, and the reason that stands against it.
        """
        numbers = list(self.reasons)
        channel = np.full(at.size, numbers.index(channels[0]), dtype=np.uint8)
        reason = self._reason(channels[0], at, cooling)
        for name in channels[1:]:
            opens = (reason != 0) & (self._reason(name, at, cooling) == 0)
            channel[opens] = numbers.index(name)
            reason[opens] = 0
        return channel, reason

    def _reason(self, channel: str, at: Integers, cooling: Flags | None) -> Codes:
        """Give the first reason against a channel, in the order of REASONS."""
        reason = self.reasons[channel][at]
        if cooling is not None:
            reason[(reason == 0) & cooling[at]] = CODE["cooldown"]
        reason[(reason == 0) & self.full[channel][at]] = CODE["contact_limit"]
        return reason


def permissions(
    identifiers: Identifiers,
    barred_by: Mapping[str, pl.Series],
    full: Mapping[str, Flags],
    as_of: dt.date,
) -> Permission:
    """Decide by channel: suppressed, no_consent, no_address, quiet_date; the first counts."""
    reasons = {}
    quiet = as_of in identifiers.policy.quiet_dates
    for name, channel in identifiers.policy.channels.items():
        reachable = None if channel.address is None else identifiers.usable(channel.address)
        reason = np.full(
            identifiers.customers.height, CODE["quiet_date"] if quiet else 0, dtype=np.uint8
        )
        if reachable is not None:
            reason[~reachable] = CODE["no_address"]
        reason[~_consents(identifiers.customers, channel)] = CODE["no_consent"]
        reason[(barred_by[name] != "").to_numpy()] = CODE["suppressed"]
        reasons[name] = reason
    return Permission(reasons, full, barred_by)


def _consents(customers: Rows, channel: Channel) -> Flags:
    """Say who consents; missing, or anything but yes, is no."""
    field = channel.consent
    if field is None:
        return np.ones(customers.height, dtype=np.bool_)
    if customers.schema.get(field) != pl.Boolean:
        return np.zeros(customers.height, dtype=np.bool_)
    return customers[field].fill_null(value=False).to_numpy()


def suppressed_customers(
    identifiers: Identifiers, suppressions: pl.DataFrame | None, persons: Persons
) -> Flags:
    """Find whom the suppression list names by id, e-mail, phone or domain; one member names all.

    Addresses are normalised before comparing; one that cannot be an address is compared as typed,
    without case and outer blanks.
    """
    named = np.zeros(identifiers.customers.height, dtype=np.bool_)
    if suppressions is None or suppressions.is_empty():
        return named
    if CUSTOMER in suppressions.columns:
        named |= _among(identifiers.customers[CUSTOMER], suppressions[CUSTOMER])
    for field in identifiers.address_fields():
        named |= _named_by(field, identifiers, suppressions)
    return persons.any_of(named)


def _named_by(field: str, identifiers: Identifiers, suppressions: pl.DataFrame) -> Flags:
    kind = identifiers.kind(field)
    own = identifiers.comparable(field)
    named = np.zeros(own.len(), dtype=np.bool_)
    if kind in suppressions.columns:
        named |= _among(own, identifiers.listed(suppressions[kind], kind))
    if kind == "email" and "domain" in suppressions.columns:
        domains = identifiers.listed_domains(suppressions["domain"])
        named |= _among(domains_of(own), domains)
    return named


def _among(values: pl.Series, listed: pl.Series) -> Flags:
    return values.is_in(listed.drop_nulls().implode()).fill_null(value=False).to_numpy()
