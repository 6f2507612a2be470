"""What the report knows of a rule besides its decisions, as plain values."""

from __future__ import annotations

import datetime as dt

from targeting.frames import SEGMENT
from targeting.rules.model import Constant, Contact, Rule, Test, Value


def rule_facts(rule: Rule, as_of: dt.date) -> dict[str, object]:
    """Describe a rule.

    name, kind, title, owner, priority, file; active (on the day); segments (those that it names,
    None: it is for any); holdout (share), uplift (share, as the rule says it), picks_by (the field
    that orders its list), at_most: None where the rule says nothing.
    """
    contact = rule.then if isinstance(rule.then, Contact) else None
    return {
        "name": rule.name,
        "kind": rule.kind,
        "title": rule.title,
        "owner": rule.owner,
        "priority": rule.priority,
        "file": rule.file,
        "active": rule.is_active(as_of),
        "segments": _segments(rule),
        "holdout": float(rule.holdout.share) if rule.holdout is not None else None,
        "uplift": float(contact.uplift) if contact is not None and contact.uplift else None,
        "picks_by": rule.pick.field if rule.pick is not None else None,
        "at_most": rule.pick.at_most if rule.pick is not None else None,
    }


def _segments(rule: Rule) -> list[str] | None:
    """List the segments that a line of `when` asks for; any other line leaves it open."""
    found: set[str] | None = None
    for group in rule.when:
        asked = [_named(c) for c in group.conditions if isinstance(c, Test)]
        if group.kind == "any" and len(asked) == len(group.conditions) and all(asked):
            named = {name for names in asked for name in names or ()}
            found = named if found is None else found & named
        elif group.kind == "all":
            for names in filter(None, asked):
                found = set(names) if found is None else found & set(names)
    return None if found is None else sorted(found)


def _named(test: Test) -> list[str] | None:
    if test.field.name != SEGMENT or test.operator not in ("is", "one_of"):
        return None
    return [name for value in test.values if (name := _word(value))]


def _word(value: Value) -> str:
    return str(value.value) if isinstance(value, Constant) else ""
