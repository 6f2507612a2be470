"""Why a customer is on a rule's list or not: exactly what a run decided, read from what it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from targeting.evidence.asked import Asked
from targeting.evidence.explained import NOT_ELIGIBLE, Explained, LineFound, RuleFound
from targeting.evidence.lines import active_text, lets_through
from targeting.evidence.permitted import ChannelFound, Row, channels_of
from targeting.evidence.read_run import RunFolder
from targeting.evidence.settled import fact_of, refused_before
from targeting.evidence.words import plain, shown_fields
from targeting.frames import CHANNEL, CUSTOMER, OUTCOME, PERSON, REASON, RULE, SEGMENT
from targeting.rules.model import Line, Rule, fields_read
from targeting.rules.say import says_line
from targeting.workspace.catalogue import because_field


def explain(run: RunFolder, ids: Sequence[str], rules: Sequence[Rule]) -> list[Explained]:
    """Explain what a run decided about customers and rules, in the order of the ids.

    Every id is one of the run's (`unknown`).
    """
    read = Asked(run, ids)
    lines = {rule.name: _lines_by_customer(rule, read) for rule in rules}
    return [_explained(name, rules, lines, read) for name in ids]


def _lines_by_customer(rule: Rule, read: Asked) -> dict[str, tuple[LineFound, ...]]:
    """Try a rule's lines on the saved rows."""
    run, lines = read.run, rule.lines()
    rows = run.in_minor_units(read.saved.lazy())
    met = lets_through(rows, rule, run.as_of, run.minor).rows() or [()] * read.saved.height
    shown = [shown_fields(line, run.minor).alias(str(n)) for n, line in enumerate(lines)]
    told = rows.with_columns(shown).select(map(str, range(len(lines)))).collect().rows()
    told = told or [()] * read.saved.height
    saved = read.saved.iter_rows(named=True)
    return {
        str(row[CUSTOMER]): _lines(rule, row, one_met, one_told, run)
        for row, one_met, one_told in zip(saved, met, told, strict=True)
    }


def _lines(
    rule: Rule, row: Row, met: Sequence[bool], told: Sequence[str], run: RunFolder
) -> tuple[LineFound, ...]:
    found = [
        LineFound(line.step, says_line(line), _value(line, row), words, passed)
        for line, passed, words in zip(rule.lines(), met, told, strict=True)
    ]
    days = active_text(rule)
    if days:
        day = run.as_of.isoformat()
        found.insert(0, LineFound("active", days, day, days, rule.is_active(run.as_of)))
    return tuple(found)


def _value(line: Line, row: Row) -> Any:
    values = {name: plain(row[name]) for name in fields_read((line.condition,))}
    return next(iter(values.values())) if len(values) == 1 else values


def _explained(
    name: str,
    rules: Sequence[Rule],
    lines: Mapping[str, Mapping[str, tuple[LineFound, ...]]],
    read: Asked,
) -> Explained:
    run, saved, state = read.run, read.rows[name], read.state[name]
    decided = {row[RULE]: row for row in read.decisions.get(name, ())}
    return Explained(
        customer_id=name,
        run_id=run.run_id,
        as_of=run.as_of,
        dry_run=bool(run.manifest.get("dry_run")),
        person=str(state[PERSON]),
        also=tuple(other for other in read.members[str(state[PERSON])] if other != name),
        segment=saved.get(SEGMENT),
        likelihoods={
            each: (plain(saved.get(each)), saved.get(because_field(each)))
            for each in run.likelihoods
        },
        rules=tuple(
            _reached(rule, lines[rule.name][name], decided[rule.name], read)
            if rule.name in decided
            else _not_reached(rule, lines[rule.name][name], run)
            for rule in rules
        ),
    )


def _not_reached(rule: Rule, lines: tuple[LineFound, ...], run: RunFolder) -> RuleFound:
    wrong = "every line is met, and the run has no decision" if all(x.met for x in lines) else ""
    return RuleFound(
        rule=rule,
        active=rule.is_active(run.as_of),
        lines=lines,
        channels=(),
        channel="",
        outcome=NOT_ELIGIBLE,
        reason="",
        disagrees=(wrong,) if wrong else (),
    )


def _reached(rule: Rule, lines: tuple[LineFound, ...], decision: Row, read: Asked) -> RuleFound:
    name = str(decision[CUSTOMER])
    channels = channels_of(rule, read.state[name], read.rows[name], read.run)
    place = _place(rule, decision, read)
    return RuleFound(
        rule=rule,
        active=rule.is_active(read.run.as_of),
        lines=lines,
        channels=channels,
        channel=str(decision[CHANNEL]),
        outcome=str(decision[OUTCOME]),
        reason=str(decision[REASON]),
        fact=_fact(rule, decision, channels, place, read),
        place=place,
        disagrees=tuple(_disagreements(lines, decision, channels)),
    )


def _place(rule: Rule, decision: Row, read: Asked) -> tuple[int, int] | None:
    """Say where somebody stood, of rules whose queue can end."""
    ends = rule.pick is not None and rule.pick.at_most is not None
    if not ends and not str(decision[REASON]).startswith("over_"):
        return None
    queue = read.queue(rule)
    if queue is None or decision[CUSTOMER] not in queue.places:
        return None
    return queue.places[decision[CUSTOMER]], queue.length


def _fact(
    rule: Rule,
    decision: Row,
    channels: Sequence[ChannelFound],
    place: tuple[int, int] | None,
    read: Asked,
) -> str:
    state = read.state[decision[CUSTOMER]]
    if refused_before(decision, state, read.run):
        facts = [one.fact for one in channels if one.channel == decision[CHANNEL]]
        return facts[0] if facts else ""
    members = read.members[str(state[PERSON])]
    of_person = [
        {**row, "other_id": member != decision[CUSTOMER]}
        for member in members
        for row in read.decisions.get(member, ())
    ]
    return fact_of(decision, rule, of_person, read.state, place, read.run)


def _disagreements(
    lines: Sequence[LineFound], decision: Row, channels: Sequence[ChannelFound]
) -> list[str]:
    """Say where the saved decision is not what the saved customer and state give."""
    found = []
    failed = next((line for line in lines if not line.met), None)
    if failed is not None:
        found.append(f"the run decided, though a line is not met: {failed.line}")
    first = next((one for one in channels if not one.reason), channels[0])
    if first.channel != decision[CHANNEL]:
        found.append(f"the run chose {decision[CHANNEL]}, and its policy gives {first.channel}")
    elif first.reason and first.reason != decision[REASON]:
        found.append(f"the run decided, though {first.channel} was refused: {first.reason}")
    elif not first.reason and decision[REASON] in _OF_PERMISSION:
        found.append(f"the run says {decision[REASON]}, though {first.channel} was permitted")
    return found


# Without contact_limit, which an earlier rule of the same night may bring about.
_OF_PERMISSION = ("suppressed", "no_consent", "no_address", "quiet_date", "cooldown")
