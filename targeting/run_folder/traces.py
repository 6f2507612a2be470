"""What a forgotten customer is recognised by, in whatever spelling a file has."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

from targeting.customers.addresses import normalised_emails, normalised_phones
from targeting.frames import CUSTOMER

_VALUE = "value"
_PHONE = r"^[+(]?[0-9][0-9 ()./-]{5,}$"
_BETWEEN_CELLS = r'[;\t|"]'


@dataclass(frozen=True)
class Traces:
    """One customer's id and own addresses; those that another customer shares are none of them.

    Parameters:
        emails, phones: in their normal form.
        typed: the same addresses as the customers' table spelled them.
    """

    customer: str
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """The id as a cell may have it: as it is, and made harmless for spreadsheets."""
        return frozenset({self.customer, f"'{self.customer}"})

    @property
    def cells(self) -> frozenset[str]:
        """Every other cell that names the customer, trimmed and in small letters.

        Addresses as typed, normalised, and hashed by SHA-256 as `exports` hashes them; the hashed
        id.
        """
        plain = {*self.emails, *self.phones, *(phone.removeprefix("+") for phone in self.phones)}
        plain |= {each for text in self.typed for each in (text, text.strip(), _small(text))}
        hashed = {_sha256(text) for text in (*plain, self.customer)}
        shown = {_small(text) for text in plain}
        return frozenset({*shown, *(f"'{text}" for text in shown), *hashed})


def names_in(rejects: pl.DataFrame, region: str) -> pl.DataFrame:
    """Find whom refused rows may name: at (the row), customer_id, and normalised email and phone.

    The row's customer, and the refused value: as the id where the id was refused, as an address
    wherever it looks like one. A line that is no record is looked at cell by cell, as any of them.
    """
    lines = rejects.with_row_index("at").select("at", CUSTOMER, "field", _VALUE)
    broken = pl.col("field").is_null()
    one = pl.concat_list(pl.col(_VALUE))
    cells = pl.col(_VALUE).str.replace_all(_BETWEEN_CELLS, ",").str.split(",")
    pieces = lines.with_columns(pl.when(broken).then(cells).otherwise(one)).explode(_VALUE)
    pieces = pieces.with_columns(pl.col(_VALUE).str.strip_chars()).unique()
    text, is_id = pl.col(_VALUE), broken | (pl.col("field") == CUSTOMER)
    found = pieces.select(
        "at",
        pl.when(is_id).then(text).otherwise(CUSTOMER).alias(CUSTOMER),
        pl.when(text.str.contains("@", literal=True)).then(text).alias("email"),
        pl.when(text.str.contains(_PHONE)).then(text).alias("phone"),
    )
    owners = lines.select("at", CUSTOMER, email=pl.lit(None, pl.String), phone=pl.lit(None))
    return pl.concat(
        [
            owners.cast({"phone": pl.String}),
            found.with_columns(
                normalised_emails(found["email"]), normalised_phones(found["phone"], region)
            ),
        ]
    )


def _small(text: str) -> str:
    return text.strip().lower()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
