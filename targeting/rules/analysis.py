"""What can be proved of rules without any data: the findings S001 to S005.

Every rule becomes "or of ands" (`boxes`). A finding is reported only where it is proved, S003 by an
example that meets both rules; where comparisons of two fields leave it open, or there are too many
alternatives, the message begins with "cannot decide". Dates are judged on as_of, and a message says
so where another day could give another answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from targeting.problems import Place, Problem
from targeting.rules.accepted import without_accepted
from targeting.rules.boxes import Boxes, Space, TooMany
from targeting.rules.conflicts import both_match, never_reached
from targeting.rules.findings import Finding, compared, finding, on_the_day, undecided, where
from targeting.rules.implied import implied_lines
from targeting.rules.model import Condition, Line, Rule
from targeting.rules.reach import Reach, reach, somebody
from targeting.rules.say import says
from targeting.workspace.load import Workspace
from targeting.workspace.policy import Policy
from targeting.workspace.words import CONTACT_KINDS
from targeting.workspace.yaml import Mapping

CODES = ("S001", "S002", "S003", "S004", "S005")
_SEGMENTS = "segments/customers.yaml"


def analyse(rules: Sequence[Rule], workspace: Workspace, as_of: dt.date) -> list[Problem]:
    """Report what is wrong with rules whatever the data, but for what they accept."""
    return without_accepted(findings(rules, workspace, as_of), rules, as_of, CODES)


def findings(rules: Sequence[Rule], workspace: Workspace, as_of: dt.date) -> list[Finding]:
    """Find all of S001 to S005, accepted or not."""
    stock = sorted(
        (rule for rule in rules if rule.kind == "inventory"),
        key=lambda rule: (rule.priority, rule.name),
    )
    contact = _in_turn((rule for rule in rules if rule.kind in CONTACT_KINDS), workspace.policy)
    digits = workspace.settings.shop.minor_digits
    return [
        *_of_contacts(contact, Space(_conditions(contact), as_of, digits), workspace),
        *_of_any(stock, Space(_conditions(stock), as_of, digits))[1],
    ]


def _of_contacts(rules: Sequence[Rule], space: Space, workspace: Workspace) -> list[Finding]:
    reaches, found = _of_any(rules, space)
    found += both_match(reaches, space)  # that rules of the stock overlap is meant
    for number, lower in enumerate(reaches):
        search = partial(never_reached, lower, reaches[:number], space, workspace.policy)
        found += _unless_too_many("S002", lower.rule, search)
    if reaches and len(reaches) == len(rules):
        found += _unreached_segments(reaches, space, workspace)
    return found


def _of_any(rules: Sequence[Rule], space: Space) -> tuple[list[Reach], list[Finding]]:
    reaches: list[Reach] = []
    found: list[Finding] = []
    for rule in rules:
        try:
            reaches.append(reach(space, rule))
        except TooMany:
            found.append(_too_many("S001", rule))
    for one in reaches:
        found += _unless_too_many("S001", one.rule, partial(_nobody, one, space))
    for one in reaches:
        found += _unless_too_many("S005", one.rule, partial(implied_lines, one, space))
    return reaches, found


def _unless_too_many(
    code: str, rule: Rule, search: Callable[[], Iterable[Finding]]
) -> list[Finding]:
    try:
        return list(search())
    except TooMany:
        return [_too_many(code, rule)]


def _too_many(code: str, rule: Rule) -> Finding:
    help_ = "make two rules of it, or shorten its any: blocks"
    message = "cannot decide: too many alternatives"
    return finding(code, message, rule.place, [rule], instead=help_)


def _nobody(reach: Reach, space: Space) -> Iterator[Finding]:
    """S001: report the lines of a rule that cannot all be met."""
    if reach.boxes:
        if somebody(space, reach.boxes).open:
            why = f"whether it matches anybody: {compared(_conditions([reach.rule]))}"
            yield undecided("S001", why, reach.rule)
        return
    clash = _clash(reach, space)
    own = [line.condition.place for line in clash if line.step != "guardrail"]
    message = f"nobody can match: {_says_clash(clash)}"
    yield finding(
        "S001",
        on_the_day(message, [line.condition for line in clash], space.reading.as_of),
        own[-1] if own else reach.rule.place,
        [reach.rule],
        instead="change or delete one of these lines" if len(clash) > 1 else "change the line",
        severity="error",
    )


def _clash(reach: Reach, space: Space) -> list[Line]:
    """Find lines that cannot all be met, none of which can be spared; the first there are.

    The line at which nobody is left belongs to them; with it ahead, nobody is left earlier.
    """
    core: list[int] = []
    boxes: Boxes = [{}]
    while boxes:
        left, number = boxes, -1
        while left:
            number += 1
            left = space.every([left, reach.claims[number].met])
        core.append(number)
        boxes = space.every([boxes, reach.claims[number].met])
    return [reach.lines[number] for number in sorted(core)]


def _says_clash(lines: Sequence[Line]) -> str:
    *said, last = (f"{where(line)} ({_says(line)})" for line in lines)
    return f"{', '.join(said)} and {last} leave nobody" if said else f"{last} leaves nobody"


def _says(line: Line) -> str:
    if line.wanted:
        return says(line.condition)
    return f"{'none' if line.step == 'when' else 'exclude'}: {says(line.condition)}"


def _unreached_segments(
    reaches: Sequence[Reach], space: Space, workspace: Workspace
) -> Iterator[Finding]:
    """S004: report the segments that no contact rule can match from as_of on."""
    field = workspace.customer_fields.get("segment")
    if workspace.segments is None or field is None:
        return
    number = space.axis(field)
    reached = 0
    for one in reaches:
        if (one.rule.active_until or space.reading.as_of) >= space.reading.as_of:
            for box in one.boxes:
                reached |= box.get(number, space.axes[number].full)
    for name in workspace.segments.names:
        cells = space.axes[number].where(name.__eq__, missing=False)
        if not reached & cells:
            message = f"no rule can reach the segment '{name}'"
            help_ = "write a rule for it: targeting new marketing NAME"
            problem = Problem("S004", message, _place_of(name, workspace), help_, "warning")
            yield Finding(problem, (name,))


def _place_of(segment: str, workspace: Workspace) -> Place:
    file = workspace.files.get(_SEGMENTS)
    names = file.root.get("names") if file and isinstance(file.root, Mapping) else None
    key = names.key(segment) if isinstance(names, Mapping) else None
    return key.place if key is not None else Place(_SEGMENTS)


def _in_turn(rules: Iterable[Rule], policy: Policy) -> list[Rule]:
    """Order contact rules as they get their turn: kinds as the policy lists them, then priority."""
    kinds = [*policy.kinds, *(kind for kind in CONTACT_KINDS if kind not in policy.kinds)]
    return sorted(rules, key=lambda rule: (kinds.index(rule.kind), rule.priority, rule.name))


def _conditions(rules: Iterable[Rule]) -> list[Condition]:
    return [line.condition for rule in rules for line in rule.lines()]
