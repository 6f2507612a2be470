"""What each segment is like: size, who is contacted, and where it stands among all customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from targeting.customers.held import Rows
from targeting.frames import CUSTOMER, OUTCOME, SEGMENT, SELECTED
from targeting.report.parts import AT_ONCE, of_piece
from targeting.workspace.catalogue import Catalogue

# The median of a handful of customers says what one of them did.
FEWEST = 5


def profiles(
    customers: Rows, decisions: pl.DataFrame, catalogue: Catalogue, digits: int
) -> list[dict[str, object]]:
    """Describe the segments by name; customers without one come last, with the name None.

    medians: of each number and money field, over the segment's customers who have it.
    ranks: the share of all customers who lie below that median (half of those who equal it).
    Both are None for fewer than 5 customers. contacted: customers selected tonight.
    """
    if SEGMENT not in customers.columns or not customers.height:
        return []
    fields = profiled(customers, catalogue)
    medians = _medians(customers, fields)
    contacted = _contacted(customers, decisions)
    found = []
    for row in medians.sort(SEGMENT, nulls_last=True).iter_rows(named=True):
        name, size = row[SEGMENT], row["len"]
        told = {field: row[field] if size >= FEWEST else None for field in fields}
        found.append(
            {
                "name": name,
                "size": size,
                "share": size / customers.height,
                "contacted": contacted.get(name, 0),
                "medians": dict(_major(told, catalogue, digits)),
                "ranks": _ranks(customers, told),
            }
        )
    return found


def _medians(customers: Rows, fields: Sequence[str]) -> pl.DataFrame:
    """Give by segment its customers, `len`, and the median of each field; a field at a time."""
    segments = customers[SEGMENT]
    groups = segments.to_frame().group_by(SEGMENT, maintain_order=True).len()
    number = groups.select(SEGMENT).with_row_index("number")
    of = segments.to_frame().join(number, on=SEGMENT, how="left", nulls_equal=True,
                                  maintain_order="left")["number"]  # fmt: skip
    for name in fields:
        column = pl.DataFrame({"number": of, name: customers[name]})
        median = column.group_by("number").agg(_number(name).median().alias(name)).sort("number")
        groups = groups.with_columns(median[name])
    return groups


def profiled(customers: Rows, catalogue: Catalogue) -> list[str]:
    """Name the fields that a profile tells, in the catalogue's order; no personal ones."""
    return [
        name
        for name, field in catalogue.items()
        if field.type in ("number", "money")
        and not field.personal
        and name in customers.columns
        and customers.schema[name].is_numeric()
    ]


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64).fill_nan(None)


def _contacted(customers: Rows, decisions: pl.DataFrame) -> dict[str | None, int]:
    if not {CUSTOMER, OUTCOME} <= set(decisions.columns):
        return {}
    chosen = decisions.filter(pl.col(OUTCOME) == SELECTED).select(CUSTOMER)
    people = customers.lazy().select(CUSTOMER, SEGMENT)
    pieces = customers.height // AT_ONCE + 1
    counted = [
        of_piece(people, number, pieces)
        .join(of_piece(chosen, number, pieces).unique(), on=CUSTOMER, how="semi")
        .group_by(SEGMENT)
        .len()
        .collect(engine="streaming")
        for number in range(pieces)
    ]
    return dict(pl.concat(counted).group_by(SEGMENT).agg(pl.col("len").sum()).iter_rows())


def _major(
    medians: dict[str, float | None], catalogue: Catalogue, digits: int
) -> Iterator[tuple[str, float | None]]:
    for name, value in medians.items():
        money = catalogue[name].type == "money" and value is not None
        yield name, value / 10**digits if money and value is not None else value


def _ranks(customers: Rows, medians: dict[str, float | None]) -> dict[str, float | None]:
    told = {name: value for name, value in medians.items() if value is not None}
    counted = customers.lazy().select(
        pl.struct(
            below=(_number(name) < value).sum(),
            up_to=(_number(name) <= value).sum(),
            known=_number(name).count(),
        ).alias(name)
        for name, value in told.items()
    ).collect()  # fmt: skip
    shares = {
        name: (counts["below"] + counts["up_to"]) / (2 * counts["known"])
        for name, counts in (counted.row(0, named=True).items() if told else ())
    }
    return {name: shares.get(name) for name in medians}
