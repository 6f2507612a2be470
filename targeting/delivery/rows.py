"""What a night delivers: the rows of each destination with a table, kept in the run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.columns import as_text, columns_of, decimals_of
from targeting.exports.contacts import CONTACT_COLUMNS
from targeting.exports.files import Written
from targeting.exports.fit import KEPT, UNWRITABLE, fitted, no_refusals
from targeting.exports.only import chosen
from targeting.exports.seeds import DESTINATION
from targeting.frames import CUSTOMER, REASON, RULE, SEGMENT
from targeting.intake.row_digest import digest, row_sums
from targeting.ledger.records import RUN_ID
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop

FOLDER: Final = "deliveries"
_COLUMN: Final = "column:"  # before a header: beside them stand customer_id, rule and segment
_WIDEST: Final = 38  # digits of a Decimal


@dataclass(frozen=True)
class Shipment:
    """What one run delivers to one destination.

    `rows` has one row a contact: customer_id (by which `forget` finds it), rule, segment (missing
    where there is none), and `column:HEADER` for each column of the destination.
    """

    run_id: str
    destination: str
    table: str
    rows: pl.DataFrame

    @cached_property
    def lists(self) -> pl.DataFrame:
        """Give one row a list: rule, segment ('' where there is none), rows, sha256."""
        parts = self.rows.partition_by(RULE, SEGMENT, maintain_order=True)
        found = [
            (part[RULE][0], part[SEGMENT][0] or "", part.height, digest([row_sums(_headed(part))]))
            for part in parts
        ]
        names = {RULE: pl.String, SEGMENT: pl.String, "rows": pl.Int64, "sha256": pl.String}
        return pl.DataFrame(found, schema=names, orient="row")

    @property
    def names(self) -> list[str]:
        """Name the columns that the table gets: run_id, rule, segment, then the destination's.

        A column of the destination that is called rule or segment stands for ours.
        """
        headers = _headed(self.rows).columns
        return [RUN_ID, *(name for name in (RULE, SEGMENT) if name not in headers), *headers]

    @cached_property
    def lines(self) -> pl.DataFrame:
        """Give the rows as the table gets them, with the columns of `names`."""
        own = self.rows.select(pl.lit(self.run_id).alias(RUN_ID), RULE, SEGMENT)
        return own.with_columns(_headed(self.rows)).select(self.names)

    def lines_of(self, lists: pl.DataFrame) -> pl.DataFrame:
        """Keep the rows of some lists (rule, segment)."""
        keys = self.rows.select(RULE, pl.col(SEGMENT).fill_null("")).with_row_index("at")
        wanted = keys.join(lists, on=[RULE, SEGMENT], how="semi", maintain_order="left")
        return self.lines[wanted["at"]]


def write_deliveries(
    folder: Path,
    contacts: pl.DataFrame,
    destinations: Mapping[str, Destination],
    *,
    shop: Shop,
    texts: Mapping[str, Field],
    seeds: pl.DataFrame | None = None,
) -> tuple[list[Written], pl.DataFrame]:
    """Write deliveries/NAME.parquet for each of these destinations; give the files and refusals.

    The rows are those of the destination's lists, as they are: no cell is made harmless for a
    spreadsheet. A text with a NUL, which no database keeps, is refused as `encoding`. Contacts,
    `texts`, `seeds` and the refusals are those of `write_contacts`; a refusal that its lists have
    too is not repeated.
    """
    files: list[Written] = []
    refused = [no_refusals(contacts)]
    for name, destination in sorted(destinations.items()):
        mine = chosen(contacts, destination.only)
        if seeds is not None:
            own = seeds.filter(pl.col(DESTINATION) == name).select(mine.columns)
            # A list of seeds alone is none.
            mine = pl.concat(
                [mine, own.join(mine, on=[RULE, SEGMENT], how="semi", nulls_equal=True)]
            )
        rows, refusals = _rows_of(name, mine, destination, texts, shop)
        refused.append(refusals)
        if rows.height:
            path = Path(FOLDER, f"{name}.parquet")
            (folder / FOLDER).mkdir(exist_ok=True)
            rows.write_parquet(folder / path, compression="zstd", statistics=False)
            files.append(Written(path.as_posix(), rows.height))
    return files, pl.concat(refused)


def shipments(folder: Path, run_id: str, tables: Mapping[str, str]) -> list[Shipment]:
    """Read what a run's folder has for these tables (by destination), sorted by destination."""
    return [
        Shipment(run_id, name, tables[name], pl.read_parquet(path, glob=False))
        for path in sorted((folder / FOLDER).glob("*.parquet"))
        if (name := path.stem) in tables
    ]


def _rows_of(
    name: str,
    contacts: pl.DataFrame,
    destination: Destination,
    texts: Mapping[str, Field],
    shop: Shop,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the rows of a shipment and those refused besides the ones that the lists refuse."""
    absent = [name for name in CONTACT_COLUMNS if name not in contacts.columns]  # no scores: empty
    contacts = contacts.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    kept = fitted(name, contacts, destination, texts, shop)[0][KEPT]
    columns = columns_of(contacts, destination, texts, shop)
    columns = columns.with_columns(
        _exact(columns[header], decimals)
        for header, form in destination.headers.items()
        if (decimals := decimals_of(form, texts, shop)) is not None
    )
    columns, contacts = columns.filter(kept), contacts.filter(kept)
    nul = _with_nul(columns)
    refused = contacts.select(
        pl.lit(name).alias("destination"),
        pl.col(RULE).cast(pl.String),
        CUSTOMER,
        nul,
        pl.lit(UNWRITABLE).alias(REASON),
    )
    own = contacts.select(CUSTOMER, pl.col(RULE, SEGMENT).cast(pl.String))
    rows = pl.concat([own, columns.rename(_COLUMN.__add__)], how="horizontal")
    return rows.filter(nul.is_null()), refused.filter(nul.is_not_null())


def _exact(column: pl.Series, decimals: int) -> pl.Series:
    """Make a number with declared decimals exact; one too large for that stays as it is."""
    if not column.dtype.is_numeric():
        return column
    exact = as_text(column, decimals).cast(pl.Decimal(_WIDEST, min(decimals, 12)), strict=False)
    return exact if exact.null_count() == column.null_count() else column + 0


def _with_nul(columns: pl.DataFrame) -> pl.Series:
    """Name the first column of each row that holds a NUL."""
    texts = [header for header, kind in columns.schema.items() if kind == pl.String]
    nul = [pl.when(pl.col(t).str.contains("\0", literal=True)).then(pl.lit(t)) for t in texts]
    nothing = pl.repeat(None, pl.len(), dtype=pl.String)
    return columns.select(pl.coalesce(*nul, nothing).alias("column")).to_series()


def _headed(rows: pl.DataFrame) -> pl.DataFrame:
    columns = rows.select(pl.col(f"^{_COLUMN}.*$"))
    return columns.rename(lambda name: name.removeprefix(_COLUMN))
