"""The rule language read row by row in plain Python: slow, obvious, and none of the program's code.

A row is a dict of field name to value; None is missing. Money is in major units.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import yaml

Row = Mapping[str, Any]


def read_plain(text: str) -> Any:
    """Read YAML with every scalar as its text."""
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # texts only


class Oracle:
    """Answers for one workspace: types of fields, shared definitions, the date."""

    def __init__(self, types: Mapping[str, str], shared: Any, as_of: dt.date) -> None:
        self.types = types
        self.shared = shared or {}
        self.as_of = as_of

    def matches(self, rule: Any, kind: str, row: Row) -> bool:
        """Say whether a row is eligible for a rule (a dict as read by `read_plain`)."""
        settings = rule.get("settings") or {}
        if not self.when(rule["when"], row, settings):
            return False
        if any(self.condition(c, row, settings) for c in rule.get("exclude") or []):
            return False
        opted_out = {opted["guardrail"] for opted in rule.get("without") or []}
        guardrails = (self.shared.get("guardrails") or {}).get(kind) or {}
        return not any(
            self.condition(c, row, {})
            for name, guardrail in guardrails.items()
            if name not in opted_out
            for c in guardrail["exclude"]
        )

    def when(self, when: Any, row: Row, settings: Any) -> bool:
        for key, conditions in when.items():
            answers = [self.condition(c, row, settings) for c in conditions]
            met = {"all": all(answers), "any": any(answers), "none": not any(answers)}[key]
            if not met:
                return False
        return True

    def condition(self, condition: Any, row: Row, settings: Any) -> bool:
        ((key, test),) = condition.items()
        if key in ("all", "any", "none"):
            return self.when({key: test}, row, settings)
        if key == "audience":
            return self.when(self.shared["audiences"][test], row, {})
        return self.test(key, test, row, settings)

    def test(self, field: str, test: Any, row: Row, settings: Any) -> bool:
        if isinstance(test, str):
            words = self.listed(test, settings)
            test = {"one_of": words} if words is not None else {"is": test}
        elif isinstance(test, list):
            test = {"one_of": test}
        elif list(test) == ["field"]:
            test = {"is": test}
        test = dict(test)
        or_missing = test.pop("or_missing", None)
        ((operator, operand),) = test.items()
        value = self.value_of(field, row)
        if operator == "missing":
            return bool((value is None) == (operand == "yes"))
        operands = operand if isinstance(operand, list) else [operand]
        if isinstance(operand, str) and (words := self.listed(operand, settings)) is not None:
            operands = words
        if operator in ("within_last", "older_than", "within_next"):
            known: list[Any] = [self.setting(operand, settings)]
        else:
            known = [self.operand(field, o, row, settings) for o in operands]
        if value is None or any(k is None for k in known):
            negative = operator in ("is_not", "not_one_of", "has_none")
            return negative if or_missing is None else or_missing == "yes"
        return self.compare(operator, value, known)

    def compare(self, operator: str, value: Any, known: list[Any]) -> bool:  # noqa: PLR0911, PLR0912
        first = known[0]
        match operator:
            case "is":
                return bool(value == first)
            case "is_not":
                return bool(value != first)
            case "at_least":
                return bool(value >= first)
            case "more_than" | "after":
                return bool(value > first)
            case "at_most":
                return bool(value <= first)
            case "less_than" | "before":
                return bool(value < first)
            case "between":
                return bool(known[0] <= value <= known[1])
            case "one_of":
                return value in known
            case "not_one_of":
                return value not in known
            case "starts_with":
                return str(value).startswith(first)
            case "has" | "has_any":
                return any(k in value for k in known)
            case "has_all":
                return all(k in value for k in known)
            case "has_none":
                return not any(k in value for k in known)
            case "within_last":
                return bool(shift(self.as_of, first, -1) < value <= self.as_of)
            case "older_than":
                return bool(value <= shift(self.as_of, first, -1))
            case "within_next":
                return bool(self.as_of < value <= shift(self.as_of, first, 1))
        raise AssertionError(operator)

    def value_of(self, field: str, row: Row) -> Any:
        value = row.get(field)
        return None if isinstance(value, float) and math.isnan(value) else value

    def operand(self, field: str, operand: Any, row: Row, settings: Any) -> Any:
        if isinstance(operand, Mapping):
            return self.value_of(operand["field"], row)
        return self.read(field, self.setting(operand, settings))

    def setting(self, text: str, settings: Any) -> str:
        return str(settings[text[1:]]) if text.startswith("$") and text[1:] in settings else text

    def listed(self, text: str, settings: Any) -> list[str] | None:
        lists = self.shared.get("lists") or {}
        name = text[1:]
        in_lists = text.startswith("$") and name not in settings and name in lists
        return list(lists[name]) if in_lists else None

    def read(self, field: str, text: str) -> Any:
        match self.types[field]:
            case "number" | "money":
                return float(text[:-1]) / 100 if text.endswith("%") else float(text)
            case "date":
                return dt.date.fromisoformat(text)
            case "yes/no":
                return bool(text == "yes")
        return text


def shift(day: dt.date, period: str, sign: int) -> dt.date:
    """Move a day by a period such as `3 months`; the end of a month clamps."""
    count, unit = period.split()
    number = sign * int(count)
    if unit.startswith("day"):
        return day + dt.timedelta(days=number)
    if unit.startswith("week"):
        return day + dt.timedelta(weeks=number)
    months = day.year * 12 + day.month - 1 + number * (12 if unit.startswith("year") else 1)
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
