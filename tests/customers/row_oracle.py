"""A customer row by the formulas of design.md 3, read line by line in plain Python.

Slow, obvious, and none of the program's code. A line is a dict; money is whole minor units and
ratios are fractions, so that nothing is rounded before the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

Line = Mapping[str, Any]


def is_return(line: Line) -> bool:
    return bool(line["amount"] < 0 or line["quantity"] < 0)


def is_purchase(line: Line) -> bool:
    return bool(line["amount"] > 0 and not is_return(line))


def receipt_of(line: Line) -> Any:
    """Without a transaction, the day is the receipt."""
    own = line.get("transaction_id")
    return ("day", line["purchased_on"]) if own is None else ("receipt", own)


def days_ago(as_of: dt.date, line: Line) -> int:
    return int((as_of - line["purchased_on"]).days)


def ratio(over: Any, under: Any) -> Fraction | None:
    """Divide exactly; what has nothing to be measured against is missing."""
    return Fraction(over) / Fraction(under) if under > 0 else None


def share(over: Any, under: Any) -> Fraction | None:
    """A share that returns of earlier purchases would push past 0 or 1 stops there."""
    found = ratio(over, under)
    return None if found is None else min(Fraction(1), max(Fraction(0), found))


def money(lines: Iterable[Line]) -> int:
    return sum(line["amount"] for line in lines)


def customer_row(
    lines: Sequence[Line], as_of: dt.date, categories: Sequence[str]
) -> dict[str, Any]:
    """Give the spending fields of one customer from all of the customer's lines."""
    past = [line for line in lines if line["purchased_on"] <= as_of]
    bought = [line for line in past if is_purchase(line)]
    returned = [line for line in past if is_return(line)]
    row: dict[str, Any] = {"monetary": money(past)}
    row |= _rhythm(bought, as_of)
    row["average_order_value"] = ratio(row["monetary"], row["frequency"])
    units = [sum(abs(Fraction(line["quantity"])) for line in part) for part in (returned, bought)]
    row["return_rate"] = ratio(*units)
    recent = money(line for line in past if days_ago(as_of, line) < 90)
    before = money(line for line in past if 90 <= days_ago(as_of, line) < 180)
    row["spend_90_days"] = recent
    change = ratio(recent, before)
    row["spend_trend"] = None if change is None else change - 1
    row |= _tastes(past, row["monetary"], categories)
    return row


def _rhythm(bought: Sequence[Line], as_of: dt.date) -> dict[str, Any]:
    receipts = {receipt_of(line) for line in bought}
    days = [line["purchased_on"] for line in bought]
    n = len(receipts)
    return {
        "frequency": n,
        "recency_days": (as_of - max(days)).days if days else None,
        "tenure_days": (as_of - min(days)).days if days else None,
        "days_between_purchases": Fraction((max(days) - min(days)).days, n - 1) if n > 1 else None,
    }


def _tastes(past: Sequence[Line], monetary: int, categories: Sequence[str]) -> dict[str, Any]:
    brand, on_brand = favourite(past, "brand")
    affinity = share(on_brand, monetary) if brand is not None else None
    row: dict[str, Any] = {
        "favourite_category": favourite(past, "category")[0],
        "favourite_brand": brand,
        "brand_affinity": None if affinity is None else 10 * affinity,
        "categories_bought": sorted(
            {line["category"] for line in past if is_purchase(line)} - {None}
        ),
    }
    for category in categories:
        spent = money(line for line in past if line["category"] == category)
        row[f"share_{category.lower()}"] = share(spent, monetary)
    return row


def favourite(past: Sequence[Line], column: str) -> tuple[str | None, int]:
    """Find the name with most money spent on it, returns taken off; the first name wins a tie."""
    spent: dict[str, int] = {}
    for line in past:
        if line[column] is not None:
            spent[line[column]] = spent.get(line[column], 0) + line["amount"]
    best = sorted((-amount, name) for name, amount in spent.items() if amount > 0)
    return (best[0][1], -best[0][0]) if best else (None, 0)


def windowed_row(
    lines: Sequence[Line], as_of: dt.date, since: dt.date, categories: Sequence[str]
) -> dict[str, Any]:
    """Sum up the lines after `since`; recency and tenure stay those of the whole history."""
    whole = customer_row(lines, as_of, categories)
    recent = customer_row(
        [line for line in lines if line["purchased_on"] > since], as_of, categories
    )
    return recent | {name: whole[name] for name in ("recency_days", "tenure_days")}


def measured(
    lines: Sequence[Line],
    way: str,
    of: str,
    *,
    taken: Callable[[Any], bool] = lambda line: True,
) -> Any:
    """Count one measure over the lines that `taken` accepts."""
    rows = [line for line in lines if taken(line)]
    if (way, of) == ("count", "lines"):
        return len(rows)
    if (way, of) == ("count", "transactions"):
        return len({receipt_of(line) for line in rows if is_purchase(line)})
    return _of_values([line[of] for line in rows if line[of] is not None], way)


def _of_values(values: Sequence[Any], way: str) -> Any:
    match way:
        case "count":
            return len(values)
        case "distinct":
            return len(set(values))
        case "sum":
            return sum(Fraction(value) for value in values)
        case "mean":
            return ratio(sum(Fraction(value) for value in values), len(values))
        case "newest":
            return max(values, default=None)
        case _:
            return min(values, default=None)
