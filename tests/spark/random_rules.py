"""Random rules about what the sample shop's customers bought, each with an example that is in and one out."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st

from tests.kit.conditions import flow
from tests.kit.oracle import Oracle, read_plain

AS_OF = dt.date(2026, 11, 24)
NUMBERS: dict[str, Sequence[float]] = {
    "recency_days": (14, 60, 200),
    "tenure_days": (100, 700),
    "frequency": (1, 3, 8),
    "monetary": (20_000, 150_000),
    "average_order_value": (5_000, 20_000),
    "days_between_purchases": (30, 90),
    "spend_90_days": (0, 15_000),
    "brand_affinity": (4, 8),
    "return_rate": (0, 0.1),
    "laptops_last_year": (0, 1),
    "spend_in_town_store": (0, 10_000),
    "loyalty": (10, 40),
    "age": (25, 60),
}
KINDS = ("Phones", "Laptops", "Audio")
SOLD = [*KINDS, "Accessories"]
TYPES = {
    **dict.fromkeys(NUMBERS, "number"),
    "favourite_category": "category",
    "categories_bought": "list",
    "last_accessory_on": "date",
}
PERIODS = {"30 days": 30, "90 days": 90, "365 days": 365}
_COMPARE = ("at_least", "more_than", "at_most", "less_than")
_TRIED = 5_000  # customers, at most, before a rule is taken for one that nobody can show


@st.composite
def comparisons(draw: st.DrawFn, names: Sequence[str]) -> dict[str, Any]:
    """Draw one test of one of the fields."""
    name = draw(st.sampled_from(names))
    if name in NUMBERS:
        test: Any = {draw(st.sampled_from(_COMPARE)): draw(st.sampled_from(NUMBERS[name]))}
    elif name == "favourite_category":
        kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True)
        test = {draw(st.sampled_from(["one_of", "not_one_of"])): draw(kinds)}
    elif name == "categories_bought":
        kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True)
        test = {draw(st.sampled_from(["has_any", "has_all", "has_none"])): draw(kinds)}
    else:
        operator = draw(st.sampled_from(["within_last", "older_than"]))
        test = {operator: draw(st.sampled_from(sorted(PERIODS)))}
    if draw(st.integers(0, 3)) == 0:
        test = {**test, "or_missing": draw(st.sampled_from(["yes", "no"]))}
    return {name: test}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw `when` and `exclude` of a rule about two or three fields."""
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=2, max_size=3, unique=True))
    groups = draw(st.lists(st.sampled_from(["all", "any", "none"]), min_size=1, max_size=2))
    when = {key: draw(st.lists(comparisons(names), min_size=1, max_size=2)) for key in groups}
    return {"when": when, "exclude": draw(st.lists(comparisons(names), max_size=1))}


def written(body: dict[str, Any], priority: int) -> str | None:
    """Write a rule with its two examples; None where no customer is in, or none out."""
    cases = _cases(body)
    if cases is None:
        return None
    exclude = f"exclude: {flow(body['exclude'])}\n" if body["exclude"] else ""
    examples = "".join(
        f"  - {{case: {name}, given: {flow(given)}, expect: {name}}}\n"
        for name, given in cases.items()
    )
    return (
        f"title: Drawn as number {priority}\npriority: {priority}\n"
        f"when: {flow(body['when'])}\n{exclude}"
        "then: {offer: hello, channel: sms, message: value_picks.j2}\n"
        f"pick: {{at_most: 60, highest: monetary}}\nholdout: 20%\nexamples:\n{examples}"
    )


def _cases(body: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    """Try customers around the rule's own constants until one is in and one is out."""
    names = sorted(name for name in TYPES if f"{name}:" in flow([body["when"], body["exclude"]]))
    oracle = Oracle(TYPES, {}, AS_OF)
    rule, found = read_plain(flow(body)), dict[str, dict[str, Any]]()
    everybody = itertools.product(*(_values(name) for name in names))
    for values in itertools.islice(everybody, _TRIED):
        row = dict(zip(names, values, strict=True))
        is_in = oracle.matches(rule, "marketing", row)
        shown = {name: _shown(value) for name, value in row.items()}
        found.setdefault("in" if is_in else "out", shown)
        if len(found) == 2:
            return found
    return None


def _shown(value: Any) -> Any:
    if isinstance(value, dt.date):
        return f"{(AS_OF - value).days} days ago"
    return "missing" if value is None else value


def _values(name: str) -> Sequence[Any]:
    if name in NUMBERS:
        return [None, *(n + step for n in NUMBERS[name] for step in (-1, 0, 1) if n + step >= 0)]
    if name == "favourite_category":
        return [None, *SOLD]
    if name == "categories_bought":
        return [
            list(each) for size in range(len(SOLD)) for each in itertools.combinations(SOLD, size)
        ]
    return [
        None,
        *(AS_OF - dt.timedelta(days=n + step) for n in PERIODS.values() for step in (-1, 0)),
    ]
