"""One piece of advice, and what the pieces are weighed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.numbers import Night
from targeting.report.parts import title_of

RESTS = "last contacted on"  # a line that leaves people alone for a while is no fault of a rule


@dataclass(frozen=True)
class Advice:
    """What to do, because of which figures, and in which file.

    touches: the share of all customers, or of the sales of the last 90 days, that it is about.
    """

    do: str
    because: str
    where: str
    touches: float


def active_rules(night: Night) -> list[Mapping[str, object]]:
    """List the rules that contact people and run tonight."""
    contact = [rule for rule in night.rules if rule.get("kind") != "inventory"]
    return [rule for rule in contact if rule.get("active", True)]


def title(rule: Mapping[str, object]) -> str:
    """Quote a rule's title; its name where it has none."""
    return f"“{rule.get('title') or title_of(str(rule.get('name')))}”"


def file_of(rule: Mapping[str, object]) -> str:
    """Name the file to change."""
    return str(rule.get("file") or f"rules, {rule.get('name')}")


def named(night: Night, name: str) -> Mapping[str, object]:
    """Find a rule's facts; nothing but its name where they are not known."""
    return next((rule for rule in night.rules if rule.get("name") == name), {"name": name})


def share_of_customers(n: float, night: Night) -> float:
    """Give the part of all customers."""
    return n / night.customers.height if night.customers.height else 0.0


def share_of_sales(minor: float, night: Night) -> float:
    """Give the part of the last 90 days' sales, at most all of them; 0 where nothing was sold."""
    sold = night.trade.sales(night.as_of)
    return min(1.0, minor / sold) if sold > 0 else 0.0
