"""Addresses and households in the form in which equal ones are equal, each field once a night."""

from __future__ import annotations

from typing import Literal

import polars as pl

from targeting.customers.addresses import normalised_emails, normalised_phones
from targeting.customers.held import Rows, Shelf
from targeting.frames import ADDRESS
from targeting.workspace.policy import Policy

PHONE_CHANNELS = ("sms", "call", "whatsapp", "phone")

AddressKind = Literal["email", "phone", "text"]


class Identifiers:
    """The customers' addresses, in the order of the customers; null: missing or unusable."""

    def __init__(
        self, customers: Rows, policy: Policy, region: str, shelf: Shelf | None = None
    ) -> None:
        self.customers = customers
        self.policy = policy
        self.region = region
        self.shelf = shelf or Shelf()  # where tables of customers are held
        self._known: dict[str, pl.LazyFrame] = {}

    def normal(self, field: str) -> pl.Series:
        """Give a field's normal forms; nothing where the customers have no such field."""
        if field not in self._known:
            normal = self._normal(field).to_frame(ADDRESS)
            self._known[field] = self.shelf.keep(f"address {field}", 0, normal)
        return self._known[field].collect()[ADDRESS]

    def comparable(self, field: str) -> pl.Series:
        """Give normal forms; what has none as typed, without case and outer blanks."""
        return _or_typed(self.normal(field), self.customers[field])

    def listed(self, values: pl.Series, kind: AddressKind) -> pl.Series:
        """Bring what a list names to the form of `comparable`: its distinct values."""
        return _or_typed(self._form(values, kind), values).drop_nulls().unique()

    def listed_domains(self, values: pl.Series) -> pl.Series:
        """Give domains as they stand in `comparable` e-mails: a leading @ off, IDNA decoded."""
        typed = values.cast(pl.String).str.strip_chars().str.to_lowercase().str.strip_prefix("@")
        proper = normalised_emails(pl.select(pl.lit("x@") + typed).to_series())
        return _or_typed(domains_of(proper), typed).drop_nulls().unique()

    def kind(self, field: str) -> AddressKind:
        """Say how a field's addresses are normalised.

        By the channel that uses it (`email` is e-mail; sms, call, whatsapp are phones), else its
        name.
        """
        channels = [n for n, channel in self.policy.channels.items() if channel.address == field]
        if "email" in channels or "mail" in field:
            return "email"
        by_phone = any(name in PHONE_CHANNELS for name in channels)
        return "phone" if by_phone or "phone" in field or "mobile" in field else "text"

    def address_fields(self) -> list[str]:
        """Name the customers' e-mails and phones: the policy's, and any that its name says."""
        used = [c.address for c in self.policy.channels.values() if c.address is not None]
        named = dict.fromkeys([*used, *self.policy.same_person, "email", "phone"])
        schema = self.customers.schema
        known = [n for n in named if n in schema and _can_be_text(schema[n])]
        return [name for name in known if self.kind(name) != "text"]

    def of_kind(self, kind: AddressKind) -> list[str]:
        """Name the fields whose addresses are of a kind."""
        return [name for name in self.address_fields() if self.kind(name) == kind]

    def _normal(self, field: str) -> pl.Series:
        if field not in self.customers.columns:
            return pl.Series(field, [None], dtype=pl.String).new_from_index(
                0, self.customers.height
            )
        return self._form(self.customers[field], self.kind(field))

    def _form(self, values: pl.Series, kind: AddressKind) -> pl.Series:
        match kind:
            case "email":
                return normalised_emails(values)
            case "phone":
                return normalised_phones(values, self.region)
            case "text":
                return values.cast(pl.String).str.strip_chars()


def _can_be_text(kind: pl.DataType) -> bool:
    return kind == pl.String or kind.is_numeric()


def domains_of(emails: pl.Series) -> pl.Series:
    """Give what stands behind the last @."""
    return emails.str.split("@").list.last()


def _or_typed(normal: pl.Series, typed: pl.Series) -> pl.Series:
    as_typed = typed.cast(pl.String).str.strip_chars().str.to_lowercase()
    return normal.zip_with(normal.is_not_null(), as_typed)
