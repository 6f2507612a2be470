"""The first screen: what happens, to how many, at what cost, and why not to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from targeting.report.about_data import data_table, rows_read
from targeting.report.about_stock import suggested, why_ordered
from targeting.report.before_acting import few_of_each, warnings_of_night
from targeting.report.headline import headline
from targeting.report.numbers import Night
from targeting.report.outcomes import (
    REASON_WORDS,
    People,
    outcomes_by_rule,
    people_of,
    refusals,
)
from targeting.report.parts import (
    Finding,
    Table,
    Tile,
    contact_cost,
    title_of,
    total,
)
from targeting.report.speech import Speech


@dataclass(frozen=True)
class Tonight:
    """The first screen, ready to be shown."""

    headline: tuple[str, ...]
    people: tuple[Tile, ...]
    tiles: tuple[Tile, ...]
    rules: Table
    reasons: Table
    data: Table
    warnings: int
    findings: tuple[Finding, ...]  # few of each kind of warning


def first_screen(night: Night, speech: Speech) -> Tonight:
    """Say what the night comes to."""
    people, warned = people_of(night), warnings_of_night(night)
    return Tonight(
        headline=headline(night, people, speech),
        people=_people(people, speech),
        tiles=_tiles(night, speech),
        rules=_rules(night, speech),
        reasons=_reasons(night, speech),
        data=data_table(night, speech),
        warnings=len(warned),
        findings=few_of_each(warned, speech),
    )


_MOST_RULES = 7


def _people(people: People, speech: Speech) -> tuple[Tile, ...]:
    told = (
        ("Contacted", people.contacted, "selected"),
        ("Held out for comparison", people.held_out, "held_out"),
        ("Fit a rule, not contacted", people.refused, "refused"),
        ("Fit no rule", people.met_by_no_rule, "none"),
    )
    everyone = people.all or 1
    return tuple(
        Tile(label, speech.number(n), speech.percent(n / everyone), kind, n / everyone)
        for label, n, kind in told
    )


def _tiles(night: Night, speech: Speech) -> tuple[Tile, ...]:
    real = contact_cost(night.summary, "real_cost")
    planned = contact_cost(night.summary, "planned_cost")
    lines = suggested(night)
    units = speech.count(total(lines, "quantity"), "unit")
    why = why_ordered(night, speech)
    read, refused = rows_read(night)
    share = speech.percent(refused / read if read else 0.0)
    return (
        Tile(
            "Cost of contacts",
            speech.short_money(real),
            f"{speech.count(_contacts(night), 'contact')}; with those held out"
            f" {speech.short_money(planned)}",
        ),
        Tile(
            "Suggested orders",
            speech.short_money(total(lines, "line_cost")),
            f"{speech.count(lines.height, 'line')}, {units}" + (f"; {why}" if why else ""),
        ),
        Tile("Rows refused", speech.number(refused), f"{share} of {speech.number(read)} read"),
    )


def _contacts(night: Night) -> int:
    return sum(row[0] for row in outcomes_by_rule(night).values())


def _rules(night: Night, speech: Speech) -> Table:
    """Show the rules with most contacts; on one screen the others share a row."""
    counts = outcomes_by_rule(night)
    titles = {str(rule.get("name")): str(rule.get("title") or "") for rule in night.rules}
    in_order = sorted(counts, key=lambda name: (-counts[name][0], name))
    shown = in_order if len(in_order) <= _MOST_RULES + 1 else in_order[:_MOST_RULES]
    rest = in_order[len(shown) :]
    most = max((counts[name][3] for name in shown), default=0) or 1
    rows = [(titles.get(name) or title_of(name), *_written(counts[name], speech)) for name in shown]
    bars = [tuple(n / most for n in counts[name][:3]) for name in shown]
    if rest:
        others = f"{speech.number(len(rest))} others (see Rules)"
        rows.append((others, *_written(_added_up(counts, rest), speech)))
        bars.append((0.0,))
    return Table(
        "What each rule does",
        ("Rule", "Con\u00adtacts", "Held out", "Not con\u00adtacted", "Fit"),
        tuple(rows),
        bars=tuple(bars),
        foot=("All rules", *_written(_added_up(counts, in_order), speech)),
        note="A customer whom two rules fit counts in both lines.",
    )


_Counts = tuple[int, int, int, int]


def _written(counts: _Counts, speech: Speech) -> tuple[str, ...]:
    return tuple(speech.number(n) for n in counts)


def _added_up(counts: Mapping[str, _Counts], names: Sequence[str]) -> _Counts:
    selected, held, refused, every = (sum(counts[name][k] for name in names) for k in range(4))
    return selected, held, refused, every


def _reasons(night: Night, speech: Speech) -> Table:
    counted = refusals(night)
    everything = sum(n for _, n in counted)
    return Table(
        "Why the others are not contacted",
        ("Reason", "Times", "Share"),
        tuple(
            (
                REASON_WORDS.get(reason, title_of(reason)),
                speech.number(n),
                speech.percent(n / everything),
            )
            for reason, n in counted
        ),
        bars=tuple((n / counted[0][1],) for _, n in counted),
        foot=("All reasons", speech.number(everything), "") if counted else (),
        note="Counted for each customer and rule; each time only the first reason counts.",
    )
