"""Two spellings of one address compare equal; what can be no address is missing."""

from __future__ import annotations

import polars as pl
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from targeting.customers.addresses import normalised_emails, normalised_phones


def email(text: str) -> str | None:
    found: str | None = normalised_emails(pl.Series([text], dtype=pl.String))[0]
    return found


def by_the_library(text: str) -> str | None:
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


def test_spaces_around_and_capitals_do_not_tell_addresses_apart() -> None:
    written = pl.Series("email", [" Ayesha@Example.com ", "ayesha@example.COM", None])
    found = normalised_emails(written)
    assert found.to_list() == ["ayesha@example.com", "ayesha@example.com", None]
    assert found.name == "email"


@pytest.mark.parametrize(
    "text",
    ["", " ", "ayesha", "@example.com", "a@b@c.com", "a@example", "a..b@example.com", "a@-x.com",
     "a@example.test", "a@localhost", "a b@example.com", "a@1.2.3.4", "<a@example.com>",
     "x" * 250 + "@example.com"],
)  # fmt: skip
def test_what_can_be_no_address_is_missing(text: str) -> None:
    assert email(text) is None


def test_addresses_beyond_ascii_are_compared_in_one_form() -> None:
    assert email("GRÜSSE@Bücher.example") == email("grüsse@xn--bcher-kva.example")


# Pieces near the edge between the fast path and the library.
_PIECES = st.sampled_from(
    ["a", "B", "7", ".", "-", "--", "_", "+", "@", "com", "test", "local", "xn--", "é", "ı", " "]
)
_LOOKALIKES = st.lists(_PIECES, min_size=1, max_size=9).map("".join)
_TWO_SIDES = st.tuples(_LOOKALIKES, _LOOKALIKES).map("@".join)


@given(st.one_of(_TWO_SIDES, st.emails(), st.text(max_size=20)))
@example("a@b.c")
@example("a@" + "b" * 63 + ".com")
@example("a@" + "b" * 64 + ".com")
@example("a" * 243 + "@example.com")
@example("a@a-.com")
@example("a@ab--c.com")
@example("a@b.-c")
@example("a@b.com.")
@example("a@b.com\n.")
def test_the_fast_verdict_is_the_librarys(text: str) -> None:
    assert email(text) == by_the_library(text)


def test_one_number_in_many_spellings_is_one_number() -> None:
    written = pl.Series(
        "phone",
        ["0300 1234567", "+92-300-1234567", "0092 300 1234567", "(0300) 123 4567", "923001234567"],
    )
    assert set(normalised_phones(written, "PK")) == {"+923001234567"}


@pytest.mark.parametrize("text", ["", "12", "hello", "0300 12", "+999123456789", "9" * 500])
def test_what_can_be_no_number_is_missing(text: str) -> None:
    assert normalised_phones(pl.Series([text]), "PK").to_list() == [None]


def test_the_region_says_what_a_number_without_country_means() -> None:
    written = pl.Series(["020 7946 0958", None])
    assert normalised_phones(written, "GB").to_list() == ["+442079460958", None]


def test_a_column_of_nothing_stays_empty() -> None:
    nothing = pl.Series("email", [None, None], dtype=pl.String)
    assert normalised_emails(nothing).to_list() == [None, None]
    assert normalised_phones(nothing, "PK").to_list() == [None, None]
    assert normalised_emails(pl.Series("email", [], dtype=pl.String)).len() == 0
