"""decisions.md 7 for one customer at a time in plain Python: which replacement changed the outcome.

Rules and policy are read from the runs' YAML, by the oracle of the language.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tests.kit.oracle import Oracle, read_plain

Row = Mapping[str, Any]
EARLY = ("suppressed", "no_consent", "no_address", "quiet_date", "cooldown")
SCORES = ("segment", "likelihood", "likelihood_because")


@dataclass(frozen=True)
class Night:
    """What a run left, as plain dicts by customer and rule."""

    as_of: dt.date
    customers: Mapping[str, Row]
    state: Mapping[str, Row]
    decisions: Mapping[tuple[str, str], Row]
    rules: Mapping[str, Mapping[str, Any]]
    policy: Mapping[str, Any]
    reader: Oracle

    @property
    def turn(self) -> list[str]:
        """Rules in the order of their turns."""
        kinds = self.policy["kinds"]
        return sorted(
            self.rules,
            key=lambda name: (
                kinds.index(self.rules[name]["kind"]),
                int(self.rules[name]["priority"]),
            ),
        )


def read_night(folder: Path) -> Night:
    """Read a run's folder."""
    inputs = folder / "inputs" / "rules"
    customers = pl.read_parquet(folder / "customers.parquet")
    as_of = dt.date.fromisoformat(json.loads((folder / "manifest.json").read_text())["as_of"])
    rules = {
        path.stem: {**read_plain(path.read_text(encoding="utf-8")), "kind": kind}
        for kind in ("marketing", "retention")
        for path in sorted((inputs / kind).glob("*.yaml"))
    }
    shared = read_plain((inputs / "shared.yaml").read_text(encoding="utf-8"))
    types = {name: plain_type(dtype) for name, dtype in customers.schema.items()}
    return Night(
        as_of,
        {row["customer_id"]: row for row in customers.to_dicts()},
        {r["customer_id"]: r for r in pl.read_parquet(folder / "policy_state.parquet").to_dicts()},
        {
            (row["customer_id"], row["rule"]): row
            for row in pl.read_parquet(folder / "decisions.parquet").to_dicts()
        },
        rules,
        read_plain((inputs / "policy.yaml").read_text(encoding="utf-8")),
        Oracle(types, shared, as_of),
    )


def plain_type(dtype: pl.DataType) -> str:
    """Say how a field's operands are typed in YAML."""
    if dtype.is_numeric():
        return "number"
    return {pl.Date: "date", pl.Boolean: "yes/no", pl.String: "text"}.get(type(dtype), "list")


def causes(before: Night, after: Night) -> dict[tuple[str, str], tuple[str, str]]:
    """Give customer and rule to change and cause, for who came to a list or left it."""
    found = {}
    for pair in sorted({*before.decisions, *after.decisions}):
        was, now = (_listed(night, pair) for night in (before, after))
        if was != now:
            found[pair] = ("entered" if now else "left", _cause(pair, before, after, now))
    return found


def _listed(night: Night, pair: tuple[str, str]) -> bool:
    return pair in night.decisions and night.decisions[pair]["outcome"] == "selected"


def _cause(pair: tuple[str, str], before: Night, after: Night, now: bool) -> str:
    customer, name = pair
    old, new = before.customers[customer], after.customers[customer]
    mixed = {**new, **{field: old[field] for field in SCORES}}
    rule = after.rules[name]
    steps = [
        ("rules", _meets(rule, old, after, before.as_of), before),
        ("data", _meets(rule, mixed, after, after.as_of), before),
        ("scores", _meets(rule, new, after, after.as_of), before),
        ("policy", _meets(rule, new, after, after.as_of), after),
    ]
    refuser, other = (before, after) if now else (after, before)
    refused = _refused_late(pair, refuser)
    by_setting = refused and _by_setting(pair, refuser, other)
    for step, eligible, night in steps:
        free = not (by_setting if not now else refused and not by_setting)
        if (eligible and _open(customer, name, rule, night) and free) == now:
            return step
    return "allocation"


def _meets(rule: Mapping[str, Any], row: Row, night: Night, day: dt.date) -> bool:
    active = rule.get("active") or {}
    if not active.get("from", day.isoformat()) <= day.isoformat() <= active.get("until", "9"):
        return False
    reader = Oracle(night.reader.types, night.reader.shared, day)
    return reader.matches(rule, rule["kind"], row)


def _open(customer: str, name: str, rule: Mapping[str, Any], night: Night) -> bool:
    state = night.state[customer]
    written = rule["then"]["channel"]
    channels = [written] if isinstance(written, str) else written
    if name in state["cooling"]:
        return False
    return any(not state[f"permission_{c}"] and not _full(c, state, night) for c in channels)


def _full(channel: str, state: Row, night: Night) -> bool:
    for limit in night.policy["contact_limits"]:
        column = f"{limit['channel']}_within_{limit['within'].replace(' ', '_')}"
        if limit["channel"] in ("any", channel) and state[column] >= int(limit["at_most"]):
            return True
    return False


def _refused_late(pair: tuple[str, str], night: Night) -> bool:
    row = night.decisions.get(pair)
    if row is None or row["outcome"] == "selected" or row["reason"] in EARLY:
        return False
    state = night.state[pair[0]]
    return not (row["reason"] == "contact_limit" and _full(row["channel"], state, night))


def _by_setting(pair: tuple[str, str], night: Night, other: Night) -> bool:
    """Say whether a setting of the rule refused, which the other run had otherwise."""
    row, one, two = night.decisions[pair], night.rules[pair[1]], other.rules[pair[1]]
    match row["reason"], row["outcome"]:
        case "over_limit", _:
            return bool(one.get("pick") != two.get("pick"))
        case "over_budget", _:
            return bool(one.get("budget") != two.get("budget"))
        case "outranked", _:
            return any(
                not (other.turn.index(taker) < other.turn.index(pair[1]))
                for taker in _takers(pair, night)
            )
        case "", "held_out":
            return bool(one.get("holdout") != two.get("holdout"))
    return False


def _takers(pair: tuple[str, str], night: Night) -> list[str]:
    person = night.state[pair[0]]["person"]
    channel = night.decisions[pair]["channel"]
    return [
        rule
        for (customer, rule), row in night.decisions.items()
        if night.state[customer]["person"] == person
        and row["reason"] == ""
        and row["channel"] == channel
        and night.turn.index(rule) < night.turn.index(pair[1])
    ]
