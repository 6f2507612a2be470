"""The one spelling that a machine compares, and its SHA-256: as the destinations document them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

import polars as pl

from targeting.customers.addresses import normalised_emails, normalised_phones
from targeting.workspace.destinations import Normal

# What a column looks like that was normalised or hashed; a missing value apart.
FORMS: Final[Mapping[Normal, str]] = {
    "email": r"^[^\s@A-Z]+@[^\s@A-Z]+$",
    "email_google": r"^[^\s@A-Z]+@[^\s@A-Z]+$",
    "e164": r"^\+[1-9][0-9]{4,14}$",
    "e164_digits": r"^[1-9][0-9]{4,14}$",
    "lower": r"^[^\sA-Z](?:[^A-Z]*[^\sA-Z])?$",
    "name": r"^[^\p{P}\p{S}\p{Lu}\s](?:[^\p{P}\p{S}\p{Lu}]*[^\p{P}\p{S}\p{Lu}\s])?$",
}
SHA256: Final = "^[0-9a-f]{64}$"

_GOOGLES: Final = r"@(?:gmail|googlemail)\.com$"


def normalised(text: pl.Series, how: Normal, region: str) -> pl.Series:
    """Give each text in the form that is asked for; missing where it cannot have it.

    `email`: trimmed and small, as Meta wants it. `email_google`: besides, at gmail.com and
    googlemail.com, without dots and without what follows a + (Google, Data Manager API, "Format
    user data"). `e164`: +923001234567, a number without a country code being one of the region's;
    `e164_digits`: without the +. `lower`: trimmed and small, as Google wants names. `name`: without
    punctuation too (Meta, "Customer information parameters").
    """
    match how:
        case "email":
            return _email(text)
        case "email_google":
            return _told(_email(text), _without_dots)
        case "e164":
            return normalised_phones(text, region)
        case "e164_digits":
            return normalised_phones(text, region).str.strip_prefix("+")
        case "lower":
            return filled(text.str.to_lowercase().str.strip_chars())
        case "name":
            letters = text.str.to_lowercase().str.replace_all(r"[\p{P}\p{S}\p{Lu}]+", "")
            return filled(letters.str.strip_chars())
        case other:
            assert_never(other)


def sha256(text: pl.Series) -> pl.Series:
    """Hash UTF-8 to small hex; a blank text is missing, for its hash would say nothing."""
    import polars_hash as plh

    frame = filled(text).to_frame("text")
    hashed: pl.Series = frame.select(plh.col("text").chash.sha2_256())["text"]
    return hashed


def filled(text: pl.Series) -> pl.Series:
    """Make blank texts missing."""
    return kept_where(text, text.str.strip_chars() != "")


def kept_where(values: pl.Series, kept: pl.Series) -> pl.Series:
    """Keep the values where that is so; the others are missing."""
    return values.to_frame().select(pl.when(kept).then(pl.first())).to_series()


def _email(text: pl.Series) -> pl.Series:
    # As written but trimmed and small: a destination hashes just that, no casefold, no NFC.
    small = text.str.strip_chars().str.to_lowercase()
    return kept_where(small, normalised_emails(text).is_not_null())


def _told(text: pl.Series, how: pl.Expr) -> pl.Series:
    return text.to_frame("text").select(how).to_series().rename(text.name)


_LOCAL: Final = pl.col("text").str.replace(r"@[^@]*$", "")
_BARE: Final = _LOCAL.str.replace(r"\+.*$", "").str.replace_all(".", "", literal=True)
_DOMAIN: Final = pl.col("text").str.extract(r"(@[^@]*)$")
_without_dots: Final = (
    pl.when(~pl.col("text").str.contains(_GOOGLES))
    .then("text")
    .when(_BARE != "")
    .then(_BARE + _DOMAIN)
)
