"""The fast form of a telephone number is the library's, in every region; and most numbers have one."""

from __future__ import annotations

from random import Random

import phonenumbers
import polars as pl
import pytest
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from targeting.customers.addresses import normalised_phones
from targeting.customers.phones import plain_phones

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = ("mobile", "fixed_line", "toll_free", "premium_rate", "pager", "uan", "voip")
BETWEEN = (" ", "-", ".", ") ", " (", "  ", "/", " x", "#")


def by_the_library(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def metadata_of(region: str) -> PhoneMetadata:
    found: PhoneMetadata | None = PhoneMetadata.metadata_for_region(region)
    assert found is not None
    return found


def written(region: str, random: Random) -> str:
    """Write a number of a region: a real one or one near it, as people write them."""
    region_is = metadata_of(region)
    code, prefix = str(region_is.country_code), region_is.national_prefix or ""
    kinds = [getattr(region_is, kind) for kind in KINDS]
    examples = [kind.example_number for kind in kinds if kind and kind.example_number]
    digits = list(random.choice(examples))
    for _ in range(random.choice((0, 0, 1, 3))):
        digits[random.randrange(len(digits))] = str(random.randrange(10))
    own = "".join(digits)[: random.choice((None, None, None, -1))]
    own += random.choice(("", "", "", "7"))
    text = random.choice(
        (f"+{code}{own}", f"+{code}{prefix}{own}", prefix + own, own, code + own,
         f"00{code}{own}", f"0{own}", f"1{own}", f"+1{own}", f"+{own}", f"({own}")
    )  # fmt: skip
    if random.random() < 0.4 and len(text) > 2:
        at = random.randrange(1, len(text))
        text = text[:at] + random.choice(BETWEEN) + text[at:]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_accepted_has_the_form_that_the_library_gives(seed: int) -> None:
    random = Random(seed)  # noqa: S311  a test is no secret
    accepted = 0
    for region in REGIONS:
        texts = [written(region, random) for _ in range(40)]
        for text, found in zip(texts, plain_phones(pl.Series(texts), region), strict=True):
            assert found is None or found == by_the_library(text, region), (region, text)
            accepted += found is not None
    assert accepted > 1_000


@pytest.mark.parametrize(
    "region", ["PK", "US", "CA", "GB", "DE", "FR", "IT", "ES", "IN", "AU", "RU"]
)
def test_mobiles_as_most_people_write_them_need_no_second_look(region: str) -> None:
    region_is = metadata_of(region)
    assert region_is.mobile is not None
    own = str(region_is.mobile.example_number)
    code, prefix = region_is.country_code, region_is.national_prefix or ""
    ways = [
        f"+{code}{own}",
        f"+{code} {own[:3]}-{own[3:]}",
        f"{prefix}{own}",
        f"({prefix}{own[:3]}) {own[3:]}",
    ]
    assert set(plain_phones(pl.Series(ways), region)) == {f"+{code}{own}"}


def test_a_column_holds_the_forms_of_both_ways_row_for_row() -> None:
    texts = [
        "0300 1234567",
        "0300-1234567 ext. 4",
        None,
        "",
        "+1 201 555 0123",
        "12",
        "٠٣٠٠١٢٣٤٥٦٧",
    ]
    found = normalised_phones(pl.Series("phone", texts), "PK")
    assert found.name == "phone"
    assert found.to_list() == [by_the_library(text or "", "PK") for text in texts]


def test_an_unknown_region_leaves_numbers_to_the_library() -> None:
    assert plain_phones(pl.Series(["+923001234567"]), "XX").to_list() == [None]
    assert normalised_phones(pl.Series(["+923001234567"]), "XX").to_list() == ["+923001234567"]
