"""The first screen: what happens, to how many, at what cost, and why not to the others."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from targeting.frames import CHANNEL, CUSTOMER, HELD_OUT, OUTCOME, REASON, REFUSED, RULE, SELECTED
from targeting.problems import in_order
from targeting.report.about_data import data_table, rows_read
from targeting.report.about_likelihood import said_plainly, warnings_of
from targeting.report.about_stock import ordered, suggested
from targeting.report.leakage import leaks
from targeting.report.numbers import Night
from targeting.report.parts import (
    Finding,
    Table,
    Tile,
    contact_cost,
    has,
    mapping,
    title_of,
    total,
)
from targeting.report.speech import Speech

REASON_WORDS = {
    "suppressed": "On a do-not-contact list",
    "no_consent": "Has not agreed to be contacted this way",
    "no_address": "No usable address or number",
    "quiet_date": "Nobody is contacted on this date",
    "cooldown": "Contacted too recently",
    "contact_limit": "Has had as many contacts as allowed",
    "same_person": "Another record of the same person is contacted",
    "universal_holdout": "In the group that no rule contacts",
    "outranked": "Another rule contacts them tonight",
    "over_limit": "The rule’s own limit was reached",
    "over_capacity": "The channel’s limit for a night was reached",
    "over_budget": "The budget was used up",
    "not_worth_it": "Would cost more than it is expected to bring",
}


@dataclass(frozen=True)
class Tonight:
    """The first screen, ready to be shown."""

    headline: tuple[str, ...]
    people: tuple[Tile, ...]
    tiles: tuple[Tile, ...]
    rules: Table
    reasons: Table
    data: Table
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class People:
    """Customers by the best that happens to them tonight; the four add up to all."""

    contacted: int
    held_out: int
    refused: int
    met_by_no_rule: int

    @property
    def all(self) -> int:
        """Every customer."""
        return self.contacted + self.held_out + self.refused + self.met_by_no_rule


def first_screen(night: Night, speech: Speech) -> Tonight:
    """Say what the night comes to."""
    people = people_of(night)
    return Tonight(
        headline=_headline(night, people, speech),
        people=_people(people, speech),
        tiles=_tiles(night, speech),
        rules=_rules(night, speech),
        reasons=_reasons(night, speech),
        data=data_table(night, speech),
        findings=findings(night),
    )


def people_of(night: Night) -> People:
    """Count customers, each once: contacted by any rule, else held out by one, else refused."""
    if not has(night.decisions, CUSTOMER, OUTCOME):
        return People(0, 0, 0, night.customers.height)
    best = (
        pl.when(pl.col(OUTCOME) == SELECTED)
        .then(2)
        .when(pl.col(OUTCOME) == HELD_OUT)
        .then(1)
        .otherwise(0)
    )
    outcomes = night.decisions.group_by(CUSTOMER).agg(best.max().alias("best"))["best"]
    contacted, held, refused = (int((outcomes == k).sum()) for k in (2, 1, 0))
    rest = max(0, night.customers.height - outcomes.len())
    return People(contacted, held, refused, rest)


def findings(night: Night) -> tuple[Finding, ...]:
    """List what to know before acting, leakage first: warnings of models, data and rules."""
    models = sorted(mapping(night.manifest.get("scores")).items())
    warned = [
        (leaks(warning), Finding(_sentence(said_plainly(warning)), f"{_LIKELIHOODS}, {name}"))
        for name, model in models
        for warning in warnings_of(mapping(model))
    ]
    found = [finding for leak, finding in warned if leak]
    found += [
        Finding(_sentence(p.message), f"{p.place.file}, line {p.place.line}", p.help or "")
        for p in in_order(night.problems)
    ]
    found += [finding for leak, finding in warned if not leak]
    accepted = night.manifest.get("accepted")
    for key in accepted if isinstance(accepted, (list, tuple)) else ():
        text = f"The run was told to go on although this asked it to stop: {key}."
        found.append(Finding(text, "targeting.yaml, stop_if"))
    return tuple(dict.fromkeys(found))


_LIKELIHOODS = "segments/likelihood.yaml"


def _sentence(text: str) -> str:
    """Begin large, but for names of fields and keys, and end with a full stop."""
    text = text.strip()
    first = text.split(" ", maxsplit=1)[0]
    whole = text[:1].upper() + text[1:] if first.isalpha() else text
    return whole if whole.endswith((".", "!", "?")) else whole + "."


def _headline(night: Night, people: People, speech: Speech) -> tuple[str, ...]:
    sentences = [_who(night, people, speech)]
    if people.held_out:
        sentences.append(
            f"{speech.count(people.held_out, 'more is', 'more are')} held out and get nothing, so"
            " that what the contacts bring can be measured."
        )
    reason = _main_reason(night)
    if reason is not None:
        word, n = reason
        sentences.append(
            f"Most often in the way of a rule: {_lower(word)} ({speech.count(n, 'time')})."
        )
    sentences.append(ordered(night, speech))
    return tuple(sentences)


def _who(night: Night, people: People, speech: Speech) -> str:
    if not people.contacted:
        return "Nobody is contacted."
    chosen = night.decisions.filter(pl.col(OUTCOME) == SELECTED)
    rules = chosen[RULE].n_unique() if RULE in chosen.columns else 0
    by = f" by {speech.count(rules, 'rule')}" if rules else ""
    ways = _ways(chosen, speech)
    return f"{speech.count(people.contacted, 'customer is', 'customers are')} contacted{by}{ways}."


def _ways(chosen: pl.DataFrame, speech: Speech) -> str:
    channels = _by(chosen, CHANNEL)
    told = [f"{speech.number(n)} by {_channel(name)}" for name, n in channels]
    return f": {', '.join(told)}" if told else ""


def _channel(name: str) -> str:
    return {"sms": "SMS"}.get(name, title_of(name).lower())


def _by(frame: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    """Count rows by a column, the most first, without the missing."""
    if not has(frame, column):
        return []
    counted = frame.group_by(column).len().drop_nulls().cast({column: pl.String})
    return list(counted.sort("len", column, descending=[True, False]).iter_rows())


def _main_reason(night: Night) -> tuple[str, int] | None:
    counted = _refusals(night)
    return (REASON_WORDS.get(counted[0][0], counted[0][0]), counted[0][1]) if counted else None


def _refusals(night: Night) -> list[tuple[str, int]]:
    if not has(night.decisions, OUTCOME, REASON):
        return []
    return _by(night.decisions.filter(pl.col(OUTCOME) == REFUSED), REASON)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


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
    read, refused = rows_read(night)
    share = speech.percent(refused / read if read else 0.0)
    return (
        Tile(
            "Cost of contacts",
            speech.short_money(real),
            f"planned {speech.short_money(planned)}, with those held out",
        ),
        Tile(
            "Suggested orders",
            speech.short_money(total(lines, "line_cost")),
            f"{speech.count(lines.height, 'line')}, {units}",
        ),
        Tile("Rows refused", speech.number(refused), f"{share} of {speech.number(read)} read"),
    )


def _rules(night: Night, speech: Speech) -> Table:
    counts = outcomes_by_rule(night)
    titles = {str(rule.get("name")): str(rule.get("title") or "") for rule in night.rules}
    most = max((row[3] for row in counts.values()), default=0) or 1
    in_order = sorted(counts, key=lambda name: (-counts[name][0], name))
    sums = tuple(speech.number(sum(row[k] for row in counts.values())) for k in range(4))
    return Table(
        "What each rule does",
        ("Rule", "Contacted", "Held out", "Not con\u00adtacted", "Fit"),
        tuple(
            (titles.get(name) or title_of(name), *map(speech.number, counts[name]))
            for name in in_order
        ),
        bars=tuple(tuple(n / most for n in counts[name][:3]) for name in in_order),
        foot=("All rules", *sums),
        note="A customer whom two rules fit counts in both lines.",
    )


def outcomes_by_rule(night: Night) -> dict[str, tuple[int, int, int, int]]:
    """Count decisions by rule: selected, held out, refused, all."""
    if not has(night.decisions, RULE, OUTCOME):
        return {}
    kinds = [(pl.col(OUTCOME) == kind).sum().alias(kind) for kind in (SELECTED, HELD_OUT, REFUSED)]
    counted = night.decisions.group_by(RULE).agg(*kinds, pl.len()).sort(RULE)
    return {str(row[0]): (row[1], row[2], row[3], row[4]) for row in counted.iter_rows()}


def _reasons(night: Night, speech: Speech) -> Table:
    counted = _refusals(night)
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
