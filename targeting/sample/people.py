"""Who the customers are, as the shop's customer system would export them: all invented.

Names are common first names; every e-mail address is at example.com, .org or .net; mobile numbers
have the Pakistani form with a subscriber part of 000xxxx, so that they are unlikely to be anyone's.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from targeting.sample.days import LAST_DAY, Ints, to_dates

TRUTH = "Planted_Truth_Not_For_Rules"  # no targeting.yaml may map this column
MARKERS = ("", "Hidden", "N/A")
STAFF_DOMAIN = "staff.example.org"

_FEMALE = (
    ("Ayesha", "ayesha"), ("Fatima", "fatima"), ("Sana", "sana"), ("Hina", "hina"),
    ("Maryam", "maryam"), ("Zainab", "zainab"), ("Khadija", "khadija"), ("Rabia", "rabia"),
    ("Nadia", "nadia"), ("Sadia", "sadia"), ("Amna", "amna"), ("Iqra", "iqra"),
    ("Mahnoor", "mahnoor"), ("Areeba", "areeba"), ("Bushra", "bushra"), ("Noor", "noor"),
    ("Laiba", "laiba"), ("Mehwish", "mehwish"), ("Uzma", "uzma"), ("Sidra", "sidra"),
    ("عائشہ", "aisha"), ("فاطمہ", "fatimah"), ("Zoë", "zoe"), ("Qurat-ul-Ain", "quratulain"),
)  # fmt: skip
_MALE = (
    ("Ahmed", "ahmed"), ("Ali", "ali"), ("Bilal", "bilal"), ("Hassan", "hassan"),
    ("Usman", "usman"), ("Hamza", "hamza"), ("Imran", "imran"), ("Kamran", "kamran"),
    ("Faisal", "faisal"), ("Zubair", "zubair"), ("Omar", "omar"), ("Tariq", "tariq"),
    ("Saad", "saad"), ("Shahid", "shahid"), ("Waqas", "waqas"), ("Asad", "asad"),
    ("Junaid", "junaid"), ("Adnan", "adnan"), ("Danish", "danish"), ("Rehan", "rehan"),
    ("Yasir", "yasir"), ("علی", "aly"), ("محمد", "muhammad"), ("André", "andre"),
)  # fmt: skip
_ODD_NAMES = ("Sana 🌸", "Mu'azzam", "Noor-ul-'Ain", "@rimsha", "  Bilal ", "D\u2019Souza")
_NAMES = _FEMALE + _MALE
_DOMAINS = ("example.com", "example.org", "example.net")
_PREFIXES = ("300", "301", "302", "303", "311", "312", "313", "321", "322", "331", "333", "345")
_AREAS = ("Clifton", "Gulshan-e-Iqbal", "Saddar", "Defence", "Nazimabad", "PECHS", "Malir")
_MOBILE_SPELLINGS = (
    "0{}-{}", "+92 {} {}", "0092{}{}", "92{}{}", "0{} {}", "(0{}) {}", "+92-{}-{}",
)  # fmt: skip
_DEAR_PRODUCT = 30000  # rupees; from here on a product has a year's warranty worth recording
_WARRANTY_DAYS = 365


def enrol(
    planted: pl.DataFrame, sold: pl.DataFrame, products: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Write the customer system's export, still clean: one row a customer, every column text."""
    count = planted.height
    name = rng.integers(0, len(_NAMES), count)
    other = rng.random(count) < 0.02
    female = name < len(_FEMALE)
    people = pl.DataFrame(
        {
            "Customer_ID": planted["customer_id"],
            "First Name": _first_names(name, rng),
            "E-mail": _emails(name, rng),
            "Mobile": _mobiles(np.arange(1, count + 1), rng),
            "Email_OK": _answers(0.74, count, rng),
            "SMS_OK": _answers(0.64, count, rng),
            "Call_OK": _answers(0.48, count, rng),
            "Warranty": _warranties(planted["customer_id"], sold, products),
            "Age": pl.Series(rng.normal(37, 11, count).clip(16, 84).astype(np.int64)),
            "Gender": _pick(["Male", "Female", "Other"], np.where(other, 2, female)),
            "Changed": _changed(count, rng),
            "Address": _addresses(count, rng),
            "Income_Level": _pick(["Low", "Medium", "High"], rng.integers(0, 3, count)),
            "Loyalty_Card": _pick(["none", "blue", "gold"], rng.integers(0, 3, count)),
            TRUTH: planted["group"],
        }
    )
    return _withheld(_shared_numbers(people.cast(pl.String), rng), rng)


def replace(frame: pl.DataFrame, column: str, rows: Ints, values: Sequence[str]) -> pl.DataFrame:
    """Put values (repeated in turn) into the given rows of a text column."""
    cells = frame[column].to_numpy().copy()
    cells[rows] = np.resize(np.array(values, dtype=object), len(rows))
    return frame.with_columns(pl.Series(column, cells.tolist(), dtype=pl.String))


def spell_mobiles(prefix: pl.Series, subscriber: pl.Series, spelling: Ints) -> pl.Series:
    """Write each mobile number in one of the spellings that people use."""
    chosen = pl.Series(_MOBILE_SPELLINGS).gather(pl.Series(spelling))
    frame = pl.DataFrame({"spelling": chosen, "prefix": prefix, "subscriber": subscriber})
    return frame.select(
        pl.col("spelling")
        .str.replace("{}", pl.col("prefix"), literal=True)
        .str.replace("{}", pl.col("subscriber"), literal=True)
    ).to_series()


def _pick(words: Sequence[str], number: Ints) -> pl.Series:
    return pl.Series(words).gather(pl.Series(number))


def _first_names(name: Ints, rng: np.random.Generator) -> pl.Series:
    names = np.array([shown for shown, _ in _NAMES], dtype=object)[name]
    odd = rng.choice(len(name), len(_ODD_NAMES), replace=False)
    names[odd] = _ODD_NAMES
    return pl.Series(names.tolist())


def _emails(name: Ints, rng: np.random.Generator) -> pl.Series:
    frame = pl.DataFrame(
        {
            "local": _pick([plain for _, plain in _NAMES], name),
            "number": np.arange(101, 101 + len(name)),
            "domain": _pick(_DOMAINS, rng.integers(0, len(_DOMAINS), len(name))),
        }
    )
    staff = pl.Series(np.isin(np.arange(len(name)), rng.choice(len(name), 9, replace=False)))
    domain = pl.when(staff).then(pl.lit(STAFF_DOMAIN)).otherwise("domain")
    return frame.select(pl.format("{}.{}@{}", "local", "number", domain)).to_series()


def _mobiles(number: Ints, rng: np.random.Generator) -> pl.Series:
    prefix = _pick(_PREFIXES, rng.integers(0, len(_PREFIXES), len(number)))
    subscriber = pl.Series(number).cast(pl.String).str.zfill(7)
    return spell_mobiles(prefix, subscriber, rng.integers(0, len(_MOBILE_SPELLINGS), len(number)))


def _answers(yes_share: float, count: int, rng: np.random.Generator) -> pl.Series:
    spelled = np.array([["N", "0", "FALSE"], ["Y", "1", "TRUE"]])
    yes = (rng.random(count) < yes_share).astype(np.int64)
    return pl.Series(spelled[yes, rng.choice(3, count, p=[0.8, 0.15, 0.05])])


def _warranties(ids: pl.Series, sold: pl.DataFrame, products: pl.DataFrame) -> pl.Series:
    """Give the day on which the first of a customer's recent warranties ends, as text."""
    dear = products.filter(pl.col("price") >= _DEAR_PRODUCT).select("product_id")
    ends = (
        sold.filter((pl.col("amount") > 0) & (pl.col("day") > LAST_DAY - _WARRANTY_DAYS - 90))
        .join(dear, on="product_id", how="semi")
        .group_by("customer_id")
        .agg(pl.col("day").min() + _WARRANTY_DAYS)
    )
    day = ids.to_frame().join(ends, on="customer_id", how="left", maintain_order="left")["day"]
    written = to_dates(day.fill_null(0).to_numpy()).cast(pl.String)
    return written.to_frame().select(pl.when(day.is_not_null()).then(written)).to_series()


def _changed(count: int, rng: np.random.Generator) -> pl.Series:
    return to_dates(rng.integers(0, LAST_DAY + 1, count)).dt.to_string("%d/%m/%Y")


def _addresses(count: int, rng: np.random.Generator) -> pl.Series:
    frame = pl.DataFrame(
        {
            "house": rng.integers(1, 260, count),
            "street": rng.integers(1, 31, count),
            "area": _pick(_AREAS, rng.integers(0, len(_AREAS), count)),
        }
    )
    address = pl.format("House {}, Street {}\n{}, Karachi", "house", "street", "area")
    return frame.select(address).to_series()


def _shared_numbers(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Households share a number (spelled differently) or a mailbox; the shop's own is on eight."""
    rows = rng.choice(people.height, 40 * 2 + 6 * 3 + 8 * 2 + 8, replace=False)
    pairs, triples, mailboxes, shop = np.split(rows, [80, 98, 114])
    household = np.concatenate([np.repeat(np.arange(40), 2), 40 + np.repeat(np.arange(6), 3)])
    prefix = _pick(_PREFIXES, household % len(_PREFIXES))
    subscriber = pl.Series(9000 + household).cast(pl.String).str.zfill(7)
    spelling = np.arange(len(household)) % len(_MOBILE_SPELLINGS)
    shared = spell_mobiles(prefix, subscriber, spelling).to_list()
    people = replace(people, "Mobile", np.concatenate([pairs, triples]), shared)
    people = replace(people, "Mobile", shop, ["0348-0000100", "+92 348 0000100"])
    families = [f"family.{number // 2}@example.com" for number in range(len(mailboxes))]
    return replace(people, "E-mail", mailboxes, families)


def _withheld(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Leave out some answers: "" most of the time, Hidden or N/A otherwise."""
    shares = {
        "First Name": 0.02, "E-mail": 0.05, "Mobile": 0.06, "Email_OK": 0.04, "SMS_OK": 0.05,
        "Call_OK": 0.06, "Age": 0.04, "Gender": 0.04, "Changed": 0.02, "Address": 0.04,
        "Income_Level": 0.04,
    }  # fmt: skip
    marker = {
        name: _pick(MARKERS, rng.choice(3, people.height, p=[0.6, 0.3, 0.1])) for name in shares
    }
    return people.with_columns(
        pl.when(pl.Series(rng.random(people.height) < share))
        .then(marker[name])
        .otherwise(name)
        .alias(name)
        for name, share in shares.items()
    )
