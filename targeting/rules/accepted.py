"""`accept:` of a rule: one finding silenced, with a reason, until a day."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace

from targeting.problems import Problem
from targeting.rules.findings import Finding
from targeting.rules.model import Accept, Rule

_OF_TWO = ("S003", "S004")  # these are accepted for one named other rule, or segment
_Key = tuple[str, str, str | None]  # the code, whose acceptance it would be, the other


def without_accepted(
    found: Sequence[Finding], rules: Sequence[Rule], as_of: dt.date, codes: Collection[str]
) -> list[Problem]:
    """Leave out what rules accept; say so where an acceptance has ended or silences nothing.

    `codes` are those that were looked for; an acceptance of another is not judged.
    """
    accepts: dict[_Key, list[Accept]] = {}
    for rule in rules:
        for one in rule.accept:
            whose = rule.name if one.check != "S004" else ""
            accepts.setdefault((one.check, whose, one.other), []).append(one)
    problems: list[Problem] = []
    used: set[_Key] = set()
    for finding in found:
        keys = accepts.keys() & _keys(finding)
        used |= keys
        problems += _unless(finding.problem, [one for key in keys for one in accepts[key]], as_of)
    idle = (one for key, several in accepts.items() if key not in used for one in several)
    return problems + [_silences_nothing(one) for one in idle if one.check in codes]


def _keys(finding: Finding) -> set[_Key]:
    """List the acceptances that would silence a finding."""
    code = finding.problem.code
    if code == "S004":
        return {(code, "", segment) for segment in finding.about}
    found: set[_Key] = {(code, *two) for two in itertools.permutations(finding.about, 2)}
    return found if code in _OF_TWO else found | {(code, name, None) for name in finding.about}


def _unless(problem: Problem, accepts: Sequence[Accept], as_of: dt.date) -> list[Problem]:
    if not accepts:
        return [problem]
    last = max(one.until for one in accepts)
    if as_of <= last:
        return []
    message = f"{problem.message} (accepted until {last}, which has passed)"
    return [replace(problem, message=message)]


def _silences_nothing(accept: Accept) -> Problem:
    message, instead = f"there is no {accept.check} here to accept", "delete it"
    if accept.other is not None:
        message = f"there is no {accept.check} with '{accept.other}' to accept"
    elif accept.check in _OF_TWO:
        message, instead = f"an accepted {accept.check} names the other", "add  with: NAME"
    return Problem("R005", message, accept.place, instead, "warning")
