"""S005: lines of a rule that another line makes idle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from targeting.rules.boxes import Space
from targeting.rules.findings import Finding, compared, finding, on_the_day, undecided
from targeting.rules.model import Audience, Condition, Group, Rule, Test
from targeting.rules.reach import Claim, Reach, Somebody, claim, in_both, somebody
from targeting.rules.say import says


def implied_lines(reach: Reach, space: Space) -> Iterator[Finding]:
    """Report what could be left out of a rule and would change nobody; guardrails aside.

    Raises:
        TooMany: when there are too many alternatives.
    """
    own = [
        one for one, line in zip(reach.claims, reach.lines, strict=True) if line.step != "guardrail"
    ]
    possible = [one for one in own if one.met]  # what nobody meets implies all: that is S001
    yield from _idle(own, possible, reach.rule, space)
    for one in own:
        yield from _inside(one.condition, reach.rule, space)


def _inside(condition: Condition, rule: Rule, space: Space) -> Iterator[Finding]:
    match condition:
        case Group(kind=kind, conditions=inner):
            # Of alternatives the narrower is idle: not A implies not B where B implies A.
            claims = [claim(space, one, wanted=kind == "all") for one in inner]
            reasons = [one for one in claims if one.met] if kind == "all" else claims
            yield from _idle(claims, reasons, rule, space)
            for one in inner:
                yield from _inside(one, rule, space)
        case Test() | Audience():  # what an audience says is shared, not a line of this rule
            pass


def _idle(
    claims: Sequence[Claim], reasons: Sequence[Claim], rule: Rule, space: Space
) -> Iterator[Finding]:
    space.spend(len(claims) * len(reasons))
    for number, idle in enumerate(claims):
        for reason in reasons:
            if reason is idle or not _near(reason, idle):
                continue
            against = _against(reason, idle, space)
            mutual = against.nobody and _against(idle, reason, space).nobody
            if against.nobody and (not mutual or any(reason is one for one in claims[:number])):
                yield _reported(idle, reason, rule, space)
                break
            if against.open:
                yield _open(idle, reason, rule)


def _near(reason: Claim, idle: Claim) -> bool:
    """Say whether one could imply the other: then the first boxes already exclude each other."""
    apart = reason.met and idle.unmet and reason.met[0].keys().isdisjoint(idle.unmet[0])
    return not apart


def _against(reason: Claim, idle: Claim, space: Space) -> Somebody:
    """Look for somebody who agrees with one claim and not with the other."""
    return somebody(space, in_both(space, reason.met, idle.unmet))


def _reported(idle: Claim, reason: Claim, rule: Rule, space: Space) -> Finding:
    here, there = idle.condition, reason.condition
    why = f"line {there.place.line} ({says(there)}) already implies it"
    if not idle.unmet:
        why = f"{'everybody' if idle.wanted else 'nobody'} meets it"
    message = f"'{says(here)}' changes nothing: {why}"
    message = on_the_day(message, (here, there), space.reading.as_of)
    return finding("S005", message, here.place, [rule], instead="delete the line, or mend it")


def _open(idle: Claim, reason: Claim, rule: Rule) -> Finding:
    here, there = idle.condition, reason.condition
    why = f"whether line {there.place.line} implies line {here.place.line}"
    return undecided("S005", f"{why}: {compared((here, there))}", rule)
