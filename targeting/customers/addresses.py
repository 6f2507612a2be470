"""E-mail addresses and telephone numbers in one form, so that two spellings compare equal."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import polars as pl

from targeting.customers.phones import plain_phones
from targeting.frames import ADDRESS

_GIVEN: Final = "given"

# The plain ASCII form that nearly every address has. It accepts less than email-validator does, and
# nothing that email-validator refuses (a property test holds that); the rest goes to the library.
_ATOM: Final = r"[a-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LAST_LABEL: Final = r"(?:[a-z0-9][a-z0-9-]{0,61})?[a-z]"
_PLAIN_EMAIL: Final = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LAST_LABEL}$"
_NEEDS_A_LOOK: Final = r"@.*--|\.(?:arpa|invalid|local|localhost|onion|test)$"
_LONGEST_EMAIL: Final = 254
_AT_ONCE: Final = 2**20  # values: the regular expressions take some memory beside each
_LONGEST_PHONE: Final = 100  # phonenumbers gives up at 250; no country comes near


def normalised_emails(column: pl.Series) -> pl.Series:
    """Give each address trimmed and in small letters, for comparing; null where it can be none.

    The verdict is email-validator's, without a network. Works on distinct values.
    """
    return _in_slices(column, _normalised_emails)


def _normalised_emails(given: pl.Series) -> pl.Series:
    small = given.str.to_lowercase()
    plain = (
        (given.str.len_bytes() == given.str.len_chars())
        & (small.str.len_bytes() <= _LONGEST_EMAIL)
        & small.str.contains(_PLAIN_EMAIL)
        & ~small.str.contains(_NEEDS_A_LOOK)
    ).fill_null(value=False)
    looked_at = given.filter(~plain).drop_nulls().unique()
    rest = given.rename(_GIVEN).set(plain, None)
    return small.zip_with(plain, _looked_up(rest, looked_at, _email))


def normalised_phones(column: pl.Series, region: str) -> pl.Series:
    """Give each number as E.164 (`+923001234567`); null where it is no valid number.

    A number without a country code is one of the region's (`PK`). Works on distinct values.
    """
    return _in_slices(column, functools.partial(_normalised_phones, region=region))


def _normalised_phones(given: pl.Series, region: str) -> pl.Series:
    if given.null_count() == given.len():
        return given
    plain = plain_phones(given, region)
    rest = given.rename(_GIVEN).set(plain.is_not_null(), None)
    looked_at = rest.drop_nulls().unique()
    found = _looked_up(rest, looked_at, functools.partial(_phone, region=region))
    return plain.zip_with(plain.is_not_null(), found)


def _in_slices(column: pl.Series, normalised: Callable[[pl.Series], pl.Series]) -> pl.Series:
    given = column.cast(pl.String).str.strip_chars()
    if given.len() > _AT_ONCE:
        slices = [given.slice(at, _AT_ONCE) for at in range(0, given.len(), _AT_ONCE)]
        return pl.concat(map(normalised, slices), rechunk=True).rename(column.name)
    return normalised(given).rename(column.name)


def _looked_up(
    given: pl.Series, distinct: pl.Series, normal_form: Callable[[str], str | None]
) -> pl.Series:
    """Put the normal form of each distinct value on its rows, in their order."""
    normal = pl.Series(ADDRESS, [normal_form(text) for text in distinct], dtype=pl.String)
    known = pl.DataFrame({_GIVEN: distinct, ADDRESS: normal})
    joined = given.to_frame().join(known, on=_GIVEN, how="left", maintain_order="left")
    return joined[ADDRESS]


def _email(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


def _phone(text: str, region: str) -> str | None:
    import phonenumbers

    if len(text) > _LONGEST_PHONE:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
