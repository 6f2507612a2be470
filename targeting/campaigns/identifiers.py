"""Addresses and households in the form in which equal ones are equal, each field once a night."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.addresses import normalised_emails, normalised_phones
from targeting.customers.held import Rows, Shelf, Table
from targeting.frames import CUSTOMER
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
        self._known: dict[str, tuple[pl.LazyFrame, ...]] = {}

    def normal(self, field: str) -> pl.Series:
        """Give a field's normal forms; nothing where the customers have no such field."""
        return pl.concat(self._pages(field)).collect()[field]

    def usable(self, field: str) -> npt.NDArray[np.bool_]:
        """Say who has a normal form of a field."""
        there = [page.select(pl.col(field).is_not_null()).collect() for page in self._pages(field)]
        return pl.concat(there)[field].to_numpy()

    def addresses(self) -> Table:
        """Give the normal forms of all fields that a channel sends to, a column each.

        Where no channel has one, the ids stand there alone.
        """
        used = {channel.address for channel in self.policy.channels.values()}
        fields = [self._pages(name) for name in sorted(filter(None, used))]
        if not fields:
            return Table.of(self.customers.select(CUSTOMER))
        pages = [pl.concat(page, how="horizontal") for page in zip(*fields, strict=True)]
        return Table(tuple(pages), pages[0].collect_schema(), self.customers.height)

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

    def _pages(self, field: str) -> tuple[pl.LazyFrame, ...]:
        if field not in self._known:
            given, kind = self._given(field), self.kind(field)
            self._known[field] = self.shelf.keep_all(
                f"address {field}", given, lambda page: self._form(page[field], kind).to_frame()
            )
        return self._known[field]

    def _given(self, field: str) -> pl.DataFrame:
        if field in self.customers.columns:
            return self.customers[field].to_frame()
        nothing = pl.Series(field, [None], dtype=pl.String)
        return nothing.new_from_index(0, self.customers.height).to_frame()

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
