"""What only the data or the last run can tell of a rule: whom it takes, and what was changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import polars as pl

from targeting.exports.messages import Messages
from targeting.exports.recipients import recipients
from targeting.frames import CUSTOMER, OUTCOME, RULE, SEGMENT, SELECTED
from targeting.plan import Plan, examine
from targeting.preview import Scored, known_rules, last_scored, rows_for
from targeting.problems import Place, Problem, Refused, in_order
from targeting.rules.accepted import without_accepted
from targeting.rules.analysis import CODES as ANALYSIS_CODES
from targeting.rules.analysis import findings
from targeting.rules.findings import Finding
from targeting.rules.match import funnel, match
from targeting.rules.model import Constant, Rule, tests_in
from targeting.rules.say import title_of
from targeting.run_folder.write import latest

NEARLY_ALL = 0.9
CODES = ("D001", "D002", "D003", "D004", "N001")
FEW = 3  # how many other rules a finding names
TRIED = 200  # customers a rule whose messages are written


@dataclass(frozen=True)
class _Matched:
    """The customers of the last run, and who of them meets each rule."""

    scored: Scored
    rules: Sequence[Rule]
    customers: pl.DataFrame
    met: pl.DataFrame  # one yes/no column a rule
    funnel: pl.DataFrame


def everything(folder: Path, out: Path, today: dt.date) -> tuple[Problem, ...]:
    """Check a workspace by all that is at hand: its files, its rules together, the last run.

    The rules are analysed as of the day that targeting.yaml names, else `today`.
    """
    plan, problems = examine(folder)
    if plan is None:
        return problems
    written = plan.workspace.settings.as_of
    as_of = written if isinstance(written, dt.date) else today
    analysed = findings(plan.rules, plan.workspace, as_of)
    found = list(problems)
    last = last_run(out)
    if last is not None:
        try:
            seen = _matched(plan, last_scored(out, plan.workspace))
            analysed = [_with_count(one, seen) for one in analysed]
            found += [*_data_findings(seen, last, plan), *changes(plan, last)]
            found += _rehearsed(seen, plan)
        except Refused as error:  # a damaged run says nothing against the rules
            found += [replace(problem, severity="warning") for problem in error.problems]
    found += without_accepted(analysed, plan.rules, as_of, ANALYSIS_CODES)
    return in_order(found)


def last_run(out: Path) -> Path | None:
    """Find the last published run to compare with; a damaged one is none."""
    try:
        return latest(out)
    except Refused:
        return None


def _matched(plan: Plan, scored: Scored) -> _Matched:
    minor = 10**plan.workspace.settings.shop.minor_digits
    rules = known_rules(plan.contact_rules, scored)
    customers = rows_for(rules, scored)
    met = match(customers.lazy(), rules, scored.as_of, minor).collect()
    steps = funnel([customers.lazy()], rules, scored.as_of, minor)
    return _Matched(scored, rules, customers, met, steps)


def _with_count(found: Finding, seen: _Matched) -> Finding:
    """Say of two rules that can both match how many customers they do share."""
    if found.problem.code != "S003" or not set(found.about) <= set(seen.met.columns):
        return found
    both = int(seen.met.select(pl.all_horizontal(found.about).sum()).item())
    message = f"{found.problem.message}; {both:,} customers of {seen.scored.run}"
    return replace(found, problem=replace(found.problem, message=message))


def _data_findings(seen: _Matched, last: Path, plan: Plan) -> list[Problem]:
    """Warn of rules that take nobody, nearly all, one another's customers, or hang on the missing.

    D001 nobody; D002 a threshold outside all that is seen; D003 nearly everybody, or changed by
    more than half since the last run; D004 people in several campaigns; N001 customers whom only a
    missing value keeps out.
    """
    minor = 10**plan.workspace.settings.shop.minor_digits
    then = _eligible(last)
    found = [
        Finding(problem, (rule.name,))
        for rule in seen.rules
        for problem in (*_of_rule(rule, seen, minor), *_grown(rule, seen, then))
    ]
    return without_accepted(found, seen.rules, seen.scored.as_of, CODES)


def _rehearsed(seen: _Matched, plan: Plan) -> list[Problem]:
    """Warn of what is wrong with the messages of a sample of those whom each rule could reach."""
    workspace = plan.workspace
    messages = Messages(
        workspace.folder,
        workspace.settings.shop,
        seen.scored.as_of,
        fields=workspace.customer_fields,
        policy=workspace.policy,
    )
    who = [name for name in (CUSTOMER, SEGMENT) if name in seen.customers.columns]
    people = seen.customers.select(who)
    met = [(rule, people.filter(seen.met[rule.name])) for rule in seen.rules]
    samples = recipients(
        seen.scored.folder, met, workspace.policy, lambda reached: reached.head(TRIED)
    )
    found = [problem for sample in samples for problem in messages.rehearse(sample)]
    return [replace(problem, severity="warning") for problem in found]


def _eligible(last: Path) -> dict[str, int]:
    """Read how many customers each rule matched in the last run."""
    try:
        summary = pl.read_csv(last / "contacts" / "summary.csv", columns=["rule", "eligible"])
    except (OSError, pl.exceptions.PolarsError):
        return {}
    return dict(summary.group_by("rule").agg(pl.col("eligible").sum()).iter_rows())


def _grown(rule: Rule, seen: _Matched, then: Mapping[str, int]) -> Iterator[Problem]:
    was, now = then.get(rule.name, 0), int(seen.met[rule.name].sum())
    if was and abs(now - was) > was / 2 and rule.is_active(seen.scored.as_of):
        message = f"matches {now:,} of the customers of {seen.scored.run}, and matched {was:,} then"
        yield _warning("D003", message, rule.place, "look at what was changed: targeting preview")


def changes(plan: Plan, last: Path, now: Path | None = None) -> tuple[Problem, ...]:
    """Tell what no example can see: what was changed in a rule since the last run (C001).

    With the folder of a new run it says, too, how many customers came to the list and left it.
    """
    before, _ = examine(last / "inputs")
    if before is None:
        return ()
    old = {rule.name: rule for rule in before.rules}
    found = [
        _warning("C001", f"{what} since {last.name}: {was} before, {is_}", rule.place)
        for rule in plan.rules
        if rule.name in old
        for what, was, written in _changed(old[rule.name], rule)
        for is_ in [f"{written} now{_moved(rule, last, now)}"]
    ]
    return in_order(found)


def _of_rule(rule: Rule, seen: _Matched, minor: int) -> Iterator[Problem]:
    yield from _nobody_or_all(rule, seen)
    yield from _outside(rule, seen, minor)
    yield from _several(rule, seen)
    yield from _missing(rule, seen)


def _nobody_or_all(rule: Rule, seen: _Matched) -> Iterator[Problem]:
    everybody = seen.customers.height
    taken = int(seen.met[rule.name].sum())
    if not everybody or not rule.is_active(seen.scored.as_of):
        return
    if taken == 0:
        steps = seen.funnel.filter(pl.col("rule") == rule.name)
        number = steps["left"].to_list().index(0)
        before, line = steps["left"][number - 1], steps["line"][number]
        place = _place(rule, number - 1)
        yield _warning("D001", f"matches nobody: of {before:,} left, none passes '{line}'", place)
    elif taken > NEARLY_ALL * everybody:
        message = f"matches {taken:,} of {everybody:,} customers"
        yield _warning("D003", message, rule.place, "is a line missing?")


def _outside(rule: Rule, seen: _Matched, minor: int) -> Iterator[Problem]:
    for test in (t for line in rule.lines() for t in tests_in(line.condition)):
        column = seen.customers.get_column(test.field.name)
        numbers = [
            value.value
            for value in test.values
            if isinstance(value, Constant) and isinstance(value.value, Decimal)
        ]
        if not numbers or test.field.type not in ("number", "money") or not column.count():
            continue
        unit = minor if test.field.type == "money" else 1
        low, high = float(column.min()) / unit, float(column.max()) / unit  # type: ignore[arg-type]
        outside = [number for number in numbers if not low <= float(number) <= high]
        if outside:
            message = f"{outside[0]:f} lies outside all that is seen of {title_of(test.field)}"
            yield _warning("D002", message, test.place, f"seen: {low:,.6g} to {high:,.6g}")


def _several(rule: Rule, seen: _Matched) -> Iterator[Problem]:
    mine = seen.met[rule.name]
    both = {
        other.name: int((seen.met[other.name] & mine).sum())
        for other in seen.rules
        if other.name > rule.name
    }
    shared = sorted(((n, name) for name, n in both.items() if n), key=lambda p: (-p[0], p[1]))
    if shared:
        names = ", ".join(f"{name} ({count:,})" for count, name in shared[:FEW])
        more = f" and {len(shared) - FEW} more rules" if len(shared) > FEW else ""
        message = f"some of its {int(mine.sum()):,} customers match {names}{more} too"
        yield _warning("D004", message, rule.place, "priority and each_customer_gets settle it")


def _missing(rule: Rule, seen: _Matched) -> Iterator[Problem]:
    steps = seen.funnel.filter(pl.col("rule") == rule.name)
    for number, (line, lost) in enumerate(steps.select("line", "lost_missing").iter_rows()):
        if lost:
            message = f"only a missing value keeps {lost:,} customers out: {line}"
            help_ = "say or_missing: no where that is meant, or_missing: yes where it is not"
            yield _warning("N001", message, _place(rule, number - 1), help_)


def _moved(rule: Rule, last: Path, now: Path | None) -> str:
    if now is None or rule.kind == "inventory":
        return ""
    try:
        before, after = _selected(last, rule), _selected(now, rule)
    except (OSError, pl.exceptions.PolarsError):
        return ""
    return f"; {len(after - before):,} customers are new on the list, {len(before - after):,} gone"


def _selected(folder: Path, rule: Rule) -> set[str]:
    decisions = pl.scan_parquet(folder / "decisions.parquet", glob=False)
    mine = (pl.col(RULE) == rule.name) & (pl.col(OUTCOME) == SELECTED)
    return set(decisions.filter(mine).select(CUSTOMER).collect()[CUSTOMER])


def _changed(old: Rule, new: Rule) -> Iterator[tuple[str, object, object]]:
    pairs = {
        "priority changed": (old.priority, new.priority),
        "active changed": (_days(old), _days(new)),
        "pick changed": (old.pick, new.pick),
        "holdout changed": (old.holdout, new.holdout),
        "then changed": (old.then, new.then),
        "cooldown changed": (old.cooldown, new.cooldown),
        "budget changed": (old.budget, new.budget),
    }
    for what, (was, now) in pairs.items():
        if was != now:
            yield what, _shown(was), _shown(now)


def _days(rule: Rule) -> str:
    start: dt.date | str = rule.active_from or "always"
    return f"{start} to {rule.active_until or 'ever'}"


def _shown(value: object) -> str:
    """Show a part of a rule in one line: only what is set."""
    if value is None:
        return "none"
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is None or isinstance(value, (str, int, Decimal)):
        return str(value)
    parts = [
        f"{name} {getattr(value, name)}" for name in fields if getattr(value, name) is not None
    ]
    return ", ".join(parts)


def _place(rule: Rule, line: int) -> Place:
    lines = rule.lines()
    return lines[line].condition.place if 0 <= line < len(lines) else rule.place


def _warning(code: str, message: str, place: Place, instead: str | None = None) -> Problem:
    return Problem(code, message, place, instead, "warning")
