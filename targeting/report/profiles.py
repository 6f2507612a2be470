"""What each segment is like: size, who is contacted, and where it stands among all customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from targeting.behind import abreast
from targeting.customers.held import Rows, pages_of
from targeting.frames import OUTCOME, PLACE, SEGMENT, SELECTED
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
    rows = _medians(customers, fields).sort(SEGMENT, nulls_last=True).to_dicts()
    told = [{name: row[name] if row["len"] >= FEWEST else None for name in fields} for row in rows]
    contacted = _contacted(customers, decisions)
    return [
        {
            "name": row[SEGMENT],
            "size": row["len"],
            "share": row["len"] / customers.height,
            "contacted": contacted.get(row[SEGMENT], 0),
            "medians": dict(_major(medians, catalogue, digits)),
            "ranks": ranks,
        }
        for row, medians, ranks in zip(rows, told, _ranks(customers, told), strict=True)
    ]


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
    if not {PLACE, OUTCOME} <= set(decisions.columns):
        return {}
    chosen = decisions.filter(pl.col(OUTCOME) == SELECTED)[PLACE].unique()
    return dict(customers[SEGMENT].gather(chosen).value_counts().iter_rows())


def _major(
    medians: Mapping[str, float | None], catalogue: Catalogue, digits: int
) -> Iterator[tuple[str, float | None]]:
    for name, value in medians.items():
        money = catalogue[name].type == "money" and value is not None
        yield name, value / 10**digits if money and value is not None else value


def _ranks(
    customers: Rows, medians: Sequence[Mapping[str, float | None]]
) -> list[dict[str, float | None]]:
    """Say of each segment's medians which share of all customers lies below, a page at a time."""
    counts: dict[str, pl.Expr] = {}
    for at, told in enumerate(medians):
        for name, value in told.items():
            if value is not None:
                counts[f"known:{name}"] = _number(name).count()
                counts[f"below:{at}:{name}"] = (_number(name) < value).sum()
                counts[f"up_to:{at}:{name}"] = (_number(name) <= value).sum()
    asked = [expr.cast(pl.Int64).alias(name) for name, expr in counts.items()]
    pages = [*abreast(lambda page: page.select(asked).collect(), pages_of(customers))]
    found = pl.concat(pages).sum().to_dicts()[0] if asked else {}

    def rank(at: int, name: str) -> float | None:
        if f"below:{at}:{name}" not in found:
            return None
        sides = found[f"below:{at}:{name}"] + found[f"up_to:{at}:{name}"]
        return float(sides / (2 * found[f"known:{name}"]))

    return [{name: rank(at, name) for name in told} for at, told in enumerate(medians)]
