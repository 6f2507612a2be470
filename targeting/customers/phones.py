"""Telephone numbers in the few forms that nearly all have, all at once: the rest is for a library.

phonenumbers takes 40 millionths of a second for each: of a million customers that is a minute a
night. What it knows of a region is a handful of regular expressions, and here Polars applies them.
What is accepted here has the same form there (a test holds that, region by region).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata, PhoneNumberDesc

_PLAIN: Final = r"^[+(]?[0-9]+(?:[ .()-]{1,2}[0-9]+)*$"
_LONGEST: Final = 40  # characters
_DIGITS: Final = pl.col("digits")


def plain_phones(given: pl.Series, region: str) -> pl.Series:
    """Give the E.164 form of numbers of the region's country; null where it needs a look."""
    plan = _plan(region)
    if plan is None:
        return pl.Series(given.name, [None], dtype=pl.String).new_from_index(0, given.len())
    text = pl.col("given")
    is_plain = text.str.contains(_PLAIN) & (text.str.len_bytes() <= _LONGEST)
    read = given.rename("given").to_frame().lazy().select(
        text.str.starts_with("+").alias("from abroad"),
        pl.when(is_plain).then(text.str.replace_all(r"[^0-9]", "")).alias("digits"),
    )  # fmt: skip
    number = pl.coalesce(pl.when(form.applies).then(form.number) for form in plan.forms)
    normal = pl.concat_str(pl.lit("+" + plan.country_code), "number")
    found = read.select(number.alias("number")).select(normal.alias(given.name))
    return found.collect()[given.name]


@dataclass(frozen=True)
class _Form:
    """A way to write a number: when it is written so, and the national number in it."""

    applies: pl.Expr
    number: pl.Expr


@dataclass(frozen=True)
class _Plan:
    """How the numbers of a region are written."""

    country_code: str
    forms: tuple[_Form, ...]


@functools.cache
def _plan(region: str) -> _Plan | None:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    own = _metadata(region)
    if own is None:
        return None
    code = str(own.country_code)
    sharing = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    main = _metadata(sharing[0])
    assert main is not None
    valid = functools.partial(_valid, sharing=sharing, regions=(sharing[0], own.id))
    abroad, with_code = pl.col("from abroad"), _DIGITS.str.starts_with(code)
    here = ~abroad
    if own.international_prefix:
        here &= ~_begins(_DIGITS, own.international_prefix)
    after_code = _DIGITS.str.slice(len(code))
    is_after_code = with_code & _whole(after_code, main) & valid(after_code)
    # Written here, a country code is one only where the whole could not be a number without it.
    plus_forgotten = is_after_code & _whole(after_code, own) & ~_is_like(_DIGITS, own)
    forms = [
        _Form(abroad & is_after_code, after_code),
        _Form(here & plus_forgotten, after_code),
        _Form(here & ~with_code & _whole(_DIGITS, own) & valid(_DIGITS), _DIGITS),
    ]
    prefix = _plain_prefix(own)
    if prefix:
        after = _DIGITS.str.slice(len(prefix))
        shorter = _DIGITS.str.starts_with(prefix) & _possible(after, own) & valid(after)
        forms.append(_Form(here & ~with_code & shorter, after))
    return _Plan(code, tuple(forms))


def _plain_prefix(of: PhoneMetadata) -> str:
    """Give the digits before a number inside the country, where nothing else begins like them."""
    ways = (of.national_prefix_for_parsing or "").split("|")
    prefix = str(of.national_prefix or "")
    others = [way.removeprefix("(") for way in ways if way != prefix]
    apart = all(way[:1].isdecimal() and way[0] != prefix[:1] for way in others)
    return prefix if prefix.isdecimal() and prefix in ways and apart else ""


def _metadata(region: str) -> PhoneMetadata | None:
    from phonenumbers import PhoneMetadata

    found: PhoneMetadata | None = PhoneMetadata.metadata_for_region(region.upper(), None)
    return found


def _whole(number: pl.Expr, of: PhoneMetadata) -> pl.Expr:
    """Say whether it is possible and begins with nothing that a reader takes away."""
    prefix = of.national_prefix_for_parsing
    possible = _possible(number, of)
    return possible & ~_begins(number, prefix) if prefix else possible


def _possible(number: pl.Expr, of: PhoneMetadata) -> pl.Expr:
    return number.str.len_bytes().is_in(_lengths(of.general_desc)) & _is_like(number, of)


def _is_like(number: pl.Expr, of: PhoneMetadata) -> pl.Expr:
    return _is(number, _pattern(of.general_desc))


def _valid(number: pl.Expr, sharing: Sequence[str], regions: Sequence[str]) -> pl.Expr:
    """Say whether it is a fixed line or a mobile of one of the regions.

    Of regions that share a country code the first one that claims the number judges it.
    """
    return pl.any_horizontal(
        _valid_in(number, region, sharing) for region in dict.fromkeys(regions)
    )


def _valid_in(number: pl.Expr, region: str, sharing: Sequence[str]) -> pl.Expr:
    metadata = _metadata(region)
    assert metadata is not None
    kinds = [kind for kind in (metadata.mobile, metadata.fixed_line) if _pattern(kind)]
    lines = [
        number.str.len_bytes().is_in(_lengths(kind) or _lengths(metadata.general_desc))
        & _is(number, _pattern(kind))
        for kind in kinds
    ]
    valid = _possible(number, metadata) & pl.any_horizontal(lines or [pl.lit(value=False)])
    if metadata.leading_digits is not None:
        valid &= _begins(number, metadata.leading_digits)
    for before in sharing[: sharing.index(metadata.id)]:
        other = _metadata(before)
        if other is not None and other.leading_digits is not None:
            valid &= ~_begins(number, other.leading_digits)
    return valid


def _lengths(kind: PhoneNumberDesc | None) -> list[int]:
    return [] if kind is None else list(kind.possible_length)


def _pattern(kind: PhoneNumberDesc | None) -> str:
    return "" if kind is None else str(kind.national_number_pattern or "")


def _is(number: pl.Expr, pattern: str) -> pl.Expr:
    return number.str.contains(f"^(?:{pattern})$")


def _begins(number: pl.Expr, pattern: str) -> pl.Expr:
    return number.str.contains(f"^(?:{pattern})")
