"""The story of a run: sources in, one folder out; each step a function of those above it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from targeting import __version__
from targeting.campaigns.decide import Known, decide
from targeting.campaigns.past import history_of, holdout_names, last_contacts, question
from targeting.campaigns.people import People, people_of
from targeting.campaigns.summary import reached, summarise
from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER
from targeting.intake.accounts import Read
from targeting.intake.read import read_sources, stops
from targeting.ledger.commit import commit_run, contacts_of, three_times
from targeting.ledger.read import Past, read_past
from targeting.ledger.runs import next_run_id, refuse_an_earlier_day
from targeting.ledger.table import Ledger
from targeting.ledger.upkeep import tidy
from targeting.plan import Plan
from targeting.problems import Problem, Refused, errors
from targeting.proof import prove
from targeting.results.write import Results, write_results
from targeting.rules.analysis import analyse
from targeting.rules.match import funnel, match
from targeting.run_folder.compare import check_lists
from targeting.run_folder.identity import run_identity
from targeting.run_folder.ledger import new_ledger, shop_ledger
from targeting.run_folder.write import committed, only_one, read_manifest, whole_or_nothing
from targeting.scoring.saved import Fitted, load_fitted, previous_fit, save_fitted
from targeting.scoring.score import fit, score
from targeting.stock.night import order_suggestions


@dataclass(frozen=True)
class Options:
    """What the caller of a run may choose; `tell` hears each step's name as it begins,
    `timings` gives what timings.json will hold."""

    out: Path
    today: dt.date
    as_of: dt.date | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    accepted: Collection[str] = ()
    dry_run: bool = False
    tell: Callable[[str], None] = lambda step: None
    timings: Callable[[], Any] = dict


@dataclass(frozen=True)
class Finished:
    """A run's folder, its manifest, and what to be warned of."""

    folder: Path
    manifest: Mapping[str, Any]
    warnings: tuple[Problem, ...]
    again: bool = False  # the same run had been made before; nothing was done twice


def run(plan: Plan, options: Options) -> Finished:
    """Decide who is contacted and what is ordered, and write it all down, whole or not at all.

    Raises:
        Refused: for what the user must mend first: data, or a `stop_if` of targeting.yaml.
    """
    workspace, tell = plan.workspace, options.tell
    tell("trying the rules' examples")
    _refuse_on(prove(plan).problems)

    tell("reading sources")
    read = read_sources(workspace, files=options.files, as_of=options.as_of, today=options.today)
    _refuse_on(stops(read, workspace, options.accepted))
    analysed = analyse(plan.rules, workspace, read.as_of)
    _refuse_on(errors(analysed))

    with only_one(options.out, "another run is writing here; waiting for it"):
        ledger = shop_ledger(workspace, options.out)
        if ledger is None:
            return _night(plan, options, read, tuple(analysed), None)
        return three_times(lambda: _night(plan, options, read, tuple(analysed), ledger), ledger)


@dataclass(frozen=True)
class _Tonight:
    """Whom and what a night is about: the customers with their past contacts, and the models."""

    read: Read
    data: CustomerData
    customers: pl.DataFrame
    people: People
    past: Past
    fitted: Fitted
    new_models: bool


def _night(
    plan: Plan,
    options: Options,
    read: Read,
    analysed: tuple[Problem, ...],
    ledger: Ledger | None,
) -> Finished:
    """Make one run of the sources and the ledger as they are now.

    Raises:
        Overtaken: where the ledger was changed by somebody else before the run was committed.
    """
    tonight = _tonight(plan, options, read, ledger)
    equal = run_identity(
        read.as_of,
        version=__version__,
        workspace=plan.workspace.folder,
        files=plan.files,
        models=tonight.fitted.digest,
        frames=read.frames,
    )
    run_id, made = next_run_id(equal, tonight.past.runs)
    if made and not options.dry_run:
        folder = options.out / run_id
        return Finished(folder, read_manifest(folder), plan.warnings, again=True)
    if ledger is not None and not options.dry_run:
        refuse_an_earlier_day(ledger, tonight.past.runs, read.as_of)
    if options.dry_run:
        run_id = f"{equal}-dry"
    results = _results(plan, options, tonight, analysed, run_id)
    options.tell("writing lists, sheet and report")
    if options.dry_run:
        with whole_or_nothing(options.out, run_id) as folder:
            manifest = write_results(folder, results, options.timings)
    else:
        with committed(options.out, run_id, _commit(options, tonight, results, ledger)) as folder:
            manifest = write_results(folder, results, options.timings)
            if tonight.new_models:
                save_fitted(options.out / "models", tonight.fitted)
    return Finished(options.out / run_id, manifest, results.warnings)


def _tonight(plan: Plan, options: Options, read: Read, ledger: Ledger | None) -> _Tonight:
    """Make one row a customer, with the last contact; take the saved models, or fit new ones."""
    workspace, as_of = plan.workspace, read.as_of
    options.tell("computing customers")
    data = CustomerData.of(workspace, read.frames)
    customers = data.table(as_of).collect()
    people = people_of(customers, workspace.policy, workspace.settings.shop.region)
    asked = question(plan.contact_rules, workspace.policy, as_of)
    past = read_past(ledger, customers[CUSTOMER], asked)
    contacted = last_contacts(past, customers, people.persons)
    customers = data.with_contacts(customers, contacted, as_of)
    options.tell("scoring")
    fitted = load_fitted(options.out / "models", workspace)
    new = fitted is None
    if fitted is None:
        unfilled = CustomerData.of(workspace, read.unfilled).table(as_of).collect()
        fitted = fit(data, customers, unfilled, as_of)
    return _Tonight(read, data, customers, people, past, fitted, new)


def _results(
    plan: Plan,
    options: Options,
    tonight: _Tonight,
    analysed: tuple[Problem, ...],
    run_id: str,
) -> Results:
    """Score, match, decide and suggest: every step a function of those above it."""
    workspace, rules, tell = plan.workspace, plan.contact_rules, options.tell
    read, as_of = tonight.read, tonight.read.as_of
    digits = workspace.settings.shop.minor_digits
    scored = score(tonight.data, tonight.customers, as_of, tonight.fitted.models)
    customers = scored.customers

    tell("matching rules")
    matched = match(customers.lazy(), rules, as_of, 10**digits).collect()
    steps = funnel(customers.lazy(), rules, as_of, 10**digits)

    tell("deciding who is contacted")
    known = Known(
        suppressions=read.frames.get("suppressions"),
        responses=read.frames.get("responses"),
        history=history_of(tonight.past, customers, tonight.people.persons, workspace.policy),
    )
    decided = decide(
        customers, matched, rules, workspace.policy, tonight.people, known, as_of=as_of
    )
    spoken_of = reached(steps, rules, as_of)
    _refuse_on(check_lists(options.out, spoken_of, workspace, options.accepted))

    tell("suggesting orders")
    ordering = workspace.settings.ordering
    suggestions = order_suggestions(
        read.frames, customers, plan.rules, ordering, as_of, digits=digits
    )
    return Results(
        workspace=workspace,
        rules=plan.rules,
        files=plan.files,
        run_id=run_id,
        draft=options.dry_run,
        read=read,
        lines=tonight.data.lines,
        scored=scored,
        fitted=tonight.fitted,
        decided=decided,
        funnel=steps,
        summary=summarise(decided.decisions, rules),
        reached=spoken_of,
        suggestions=suggestions,
        accepted=tuple(sorted(set(options.accepted))),
        warnings=(*plan.warnings, *analysed, *read.warnings, *scored.warnings),
    )


def _commit(
    options: Options, tonight: _Tonight, results: Results, ledger: Ledger | None
) -> Callable[[], None]:
    """Give the point of no return: the run's contacts in the ledger."""
    holdouts = holdout_names(results.contact_rules)
    contacts = contacts_of(results.decided.decisions, holdouts)

    def commit() -> None:
        there = ledger if ledger is not None else new_ledger(results.workspace, options.out)
        as_of = tonight.read.as_of
        commit_run(there, results.run_id, as_of, contacts, seen=tonight.past.seen)
        tidy(there, as_of)

    return commit


def fit_models(plan: Plan, options: Options) -> Fitted:
    """Fit and judge new models, the segments beginning from the old ones, and save them."""
    workspace = plan.workspace
    options.tell("reading sources")
    read = read_sources(workspace, files=options.files, as_of=options.as_of, today=options.today)
    _refuse_on(stops(read, workspace, options.accepted))
    options.tell("computing customers")
    data = CustomerData.of(workspace, read.frames)
    customers = data.table(read.as_of).collect()
    unfilled = CustomerData.of(workspace, read.unfilled).table(read.as_of).collect()
    models = options.out / "models"
    with only_one(options.out, "another run is writing here; waiting for it"):
        options.tell("fitting")
        previous = previous_fit(models, workspace)
        fitted = fit(data, customers, unfilled, read.as_of, previous)
        save_fitted(models, fitted)
    return fitted


def _refuse_on(problems: Collection[Problem]) -> None:
    if problems:
        raise Refused(problems)
