"""The mistakes that real exports hold, planted in known numbers."""

import numpy as np
import polars as pl

from targeting.sample.people import replace

MISSING_IDS = 12
IMPOSSIBLE_AGES = 1
IMPOSSIBLE_DATES = 2
MISSPELLED_GENDERS = 2
UNREADABLE_CONSENTS = 1
INVALID_EMAILS = 14
EQUAL_ROWS = 6  # second copies of a row
OLDER_ROWS = 5  # an id's earlier row: `Changed` says which is newer
UNDECIDED_PAIRS = 1  # two different rows of one id, changed on one day
SHORT_LINES = LONG_LINES = 1

INVALID_EMAIL_FORMS = (
    "ayesha@@example.com",
    "bilal.example.org",
    "no e-mail",
    "hina@",
    "@example.com",
)
_SHORT_LINE = "C90001,Bilal,bilal.90001@example.com"
_LONG_LINE = "C90002,Hina,hina.90002@example.com,0300-0090002,Y,Y,N,,31,Female,02/03/2026,,,,,x,y,z"

# Rows of the product list: two brands' slowest small products, and some others.
_SLOW, _UNTIMED, _LISTED_TWICE = np.array([4, 19]), np.array([33, 64, 95]), np.array([50])


def spoil_customers(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Spoil a few customer rows, each in one way only, and add second rows of some ids."""
    sizes = [
        MISSING_IDS, IMPOSSIBLE_AGES, IMPOSSIBLE_DATES, MISSPELLED_GENDERS, UNREADABLE_CONSENTS,
        INVALID_EMAILS, EQUAL_ROWS, OLDER_ROWS, UNDECIDED_PAIRS,
    ]  # fmt: skip
    rows = np.split(rng.choice(people.height, sum(sizes), replace=False), np.cumsum(sizes)[:-1])
    no_id, age, date, gender, consent, email, equal, older, undecided = rows
    people = replace(people, "Customer_ID", no_id, ["", "", "Hidden"])
    people = replace(people, "Age", age, ["430"])
    people = replace(people, "Changed", date, ["31/02/2025"])
    people = replace(people, "Gender", gender, ["Femlae", "Mael"])
    people = replace(people, "SMS_OK", consent, ["yes please"])
    people = replace(people, "E-mail", email, INVALID_EMAIL_FORMS)
    people = replace(people, "Changed", older, ["14/06/2026"])
    people = replace(people, "Changed", undecided, ["05/10/2026"])
    earlier = replace(people[older], "Changed", np.arange(OLDER_ROWS), ["02/01/2024"])
    earlier = replace(earlier, "Email_OK", np.arange(OLDER_ROWS), ["Y"])
    rival = replace(people[undecided], "First Name", np.arange(UNDECIDED_PAIRS), ["Somebody Else"])
    everyone = pl.concat([people, people[equal], earlier, rival])
    return everyone[rng.permutation(everyone.height)]


def customers_text(people: pl.DataFrame) -> str:
    """Write the rows as the export's text: CRLF, and a line too short and one too long inside."""
    third = people.height // 3
    first, second, last = people[:third], people[third : 2 * third], people[2 * third :]
    return (
        first.write_csv(line_terminator="\r\n")
        + f"{_SHORT_LINE}\r\n"
        + second.write_csv(line_terminator="\r\n", include_header=False)
        + f"{_LONG_LINE}\r\n"
        + last.write_csv(line_terminator="\r\n", include_header=False)
    )


def spoil_products(listed: pl.DataFrame) -> pl.DataFrame:
    """Misspell one category, make one price unreadable, list one product twice, leave out times.

    Only slow sellers lose their row by it.
    """
    listed = replace(listed, "category", _SLOW[:1], ["Acessories"])
    listed = replace(listed, "price", _SLOW[1:], ["on request"])
    listed = replace(listed, "lead_time_days", _UNTIMED, [""])
    listed = replace(listed, "lead_time_sd_days", _UNTIMED, [""])
    return pl.concat([listed, listed[_LISTED_TWICE]])
