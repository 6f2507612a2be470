"""The words of the rule language: the one table that checker and compiler share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from targeting.workspace.columns import FieldType

Operand = Literal["value", "values", "two values", "period", "yes"]


@dataclass(frozen=True)
class Operator:
    """One operator: what it takes, whether it is the negation of another, how it reads aloud."""

    takes: Operand
    says: str
    negates: str | None = None


OPERATORS: dict[str, Operator] = {
    "is": Operator("value", "is"),
    "is_not": Operator("value", "is not", negates="is"),
    "at_least": Operator("value", "is at least"),
    "more_than": Operator("value", "is more than"),
    "at_most": Operator("value", "is at most"),
    "less_than": Operator("value", "is less than"),
    "between": Operator("two values", "is between"),
    "one_of": Operator("values", "is one of"),
    "not_one_of": Operator("values", "is not one of", negates="one_of"),
    "starts_with": Operator("value", "starts with"),
    "has": Operator("value", "has"),
    "has_any": Operator("values", "has any of"),
    "has_all": Operator("values", "has all of"),
    "has_none": Operator("values", "has none of", negates="has_any"),
    "within_last": Operator("period", "is within the last"),
    "older_than": Operator("period", "is at least"),
    "within_next": Operator("period", "is within the next"),
    "before": Operator("value", "is before"),
    "after": Operator("value", "is after"),
    "missing": Operator("yes", "is missing"),
}

_COMPARE = ("is", "is_not", "at_least", "more_than", "at_most", "less_than", "between")
_WORDS = ("is", "is_not", "one_of", "not_one_of")

# What may be written after a field's name. A bare value (is) or list (one_of) may stand for every
# type but list.
OPERATORS_BY_TYPE: dict[FieldType, tuple[str, ...]] = {
    "number": (*_COMPARE, "missing"),
    "money": (*_COMPARE, "missing"),
    "category": (*_WORDS, "missing"),
    "text": (*_WORDS, "starts_with", "missing"),
    "list": ("has", "has_any", "has_all", "has_none", "missing"),
    "date": ("within_last", "older_than", "within_next", "before", "after", "between", "missing"),
    "yes/no": ("is", "is_not", "missing"),
}

# How the keys that hold more than one value are typed, for messages.
FORMS = {
    "title": "title: Early access for high spenders",
    "priority": "priority: 10, a number that no other rule of its kind has",
    "when": "when: and conditions below it",
    "examples": "examples: and below it  - {case: just old enough, given: {age: 18}, expect: in}",
    "offer": "offer: early_access",
    "message": "message: early_access.j2",
    "reason": "reason: agreed with parents",
    "active": "active: {from: 2026-11-01, until: 2026-12-31}",
    "settings": "settings: {min_affinity: 7}",
    "then": "say what follows on lines below, such as  offer: early_access",
    "pick": "pick: {at_most: 5000, highest: likelihood}",
    "holdout": "holdout: 10%, or holdout: {share: 10%, name: spring}",
    "without": "without: [{guardrail: minors, reason: agreed with parents}]",
    "accept": "accept: [{check: S003, with: other_rule, reason: …, until: 2026-12-31}]",
    "channel": "channel: email, or channel: [email, sms]",
    "order_at_most": "order_at_most: {weeks: 8}",
}

RuleKind = Literal["marketing", "retention", "inventory"]
RULE_KINDS: tuple[RuleKind, ...] = ("marketing", "retention", "inventory")
CONTACT_KINDS = ("marketing", "retention")
