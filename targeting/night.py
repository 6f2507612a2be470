"""What a night is made of: its customers and their past, its models, its decisions, its commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from targeting.campaigns.decide import Known, decide
from targeting.campaigns.past import history_of, holdout_names, last_contacts, question
from targeting.campaigns.people import People, people_of
from targeting.campaigns.summary import reached, summarise
from targeting.customers.held import Rows, Table, pages_of
from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER, OUTCOME, RULE, SELECTED
from targeting.intake.accounts import Read
from targeting.ledger.commit import commit_run, contacts_of
from targeting.ledger.read import Past, read_past
from targeting.ledger.table import Ledger
from targeting.ledger.upkeep import tidy
from targeting.measure.uplift import uplifts
from targeting.orders.runs import overrides
from targeting.plan import Plan
from targeting.problems import Problem, Refused
from targeting.report.sales import sold_by_day, trade_of
from targeting.report.svg import renderer_started
from targeting.results.write import Results
from targeting.rules.match import funnel, match
from targeting.run_folder.compare import check_lists
from targeting.run_folder.ledger import new_ledger
from targeting.scoring.fit_all import fit
from targeting.scoring.saved import Fitted, load_fitted
from targeting.scoring.score import score
from targeting.spark.engine import Engine
from targeting.stock.inputs import CUSTOMERS, OF_PURCHASES, Frame
from targeting.stock.night import Campaigns, order_suggestions


@dataclass(frozen=True)
class Options:
    """What the caller of a run may choose; `tell` hears each step's name as it begins, `detail`
    how far it is (None: nobody looks), `timings` gives what timings.json will hold."""

    out: Path
    today: dt.date
    as_of: dt.date | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    accepted: Collection[str] = ()
    dry_run: bool = False
    memory: int | None = None  # bytes; purchases that take more are worked through in parts
    engine: Engine | None = None  # where purchases are worked on; None: in this process
    tell: Callable[[str], None] = lambda step: None
    detail: Callable[[str], None] | None = None
    timings: Callable[[], Any] = dict


@dataclass(frozen=True)
class Tonight:
    """Whom and what a night is about: the customers with their past contacts, and the models."""

    read: Read
    data: CustomerData
    customers: Table
    people: People
    past: Past
    fitted: Fitted
    new_models: bool


def tonight_of(plan: Plan, options: Options, read: Read, ledger: Ledger | None) -> Tonight:
    """Make one row a customer, with the last contact; take the saved models, or fit new ones."""
    workspace, as_of = plan.workspace, read.as_of
    models = options.out / "models"
    loaded = _begun(lambda: load_fitted(models, workspace), bounded=options.memory is not None)
    options.tell("computing customers")
    data = CustomerData.of(workspace, read.frames, read.spilled, read.listed)
    customers = data.customers(as_of)
    people = people_of(customers, workspace.policy, workspace.settings.shop.region, data.shelf)
    asked = question(plan.contact_rules, workspace.policy, as_of)
    past = read_past(ledger, customers[CUSTOMER], asked)
    contacted = last_contacts(past, customers, people.persons)
    customers = data.with_contacts(customers, contacted, as_of)
    options.tell("scoring")
    fitted = loaded.result()
    new = fitted is None
    if fitted is None:
        fitted = fit(data, customers, as_of, unfilled=read.unfilled_customers())
    return Tonight(read, data, customers, people, past, fitted, new)


def _begun(load: Callable[[], Fitted | None], *, bounded: bool) -> Future[Fitted | None]:
    """Begin what takes seconds and one core: to read models, and then to be able to draw.

    `bounded`: memory is short, so that the renderer starts only when it draws.
    """
    beside = ThreadPoolExecutor(1)
    loaded = beside.submit(load)
    beside.submit(import_module, "altair")
    if not bounded:
        beside.submit(renderer_started)
    beside.shutdown(wait=False)  # nobody waits for the drawing, which comes last
    return loaded


def decide_night(
    plan: Plan,
    options: Options,
    tonight: Tonight,
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
    pages = [*pages_of(customers)]
    hits = [match(page, rules, as_of, 10**digits).collect() for page in pages]
    matched = pl.concat(hits, rechunk=True)
    steps = funnel(pages, rules, as_of, 10**digits)

    tell("deciding who is contacted")
    known = Known(
        suppressions=read.frames.get("suppressions"),
        responses=read.frames.get("responses"),
        history=history_of(tonight.past, customers, tonight.people.persons, workspace.policy),
    )
    decided = decide(
        customers,
        matched,
        rules,
        workspace.policy,
        tonight.people,
        known,
        as_of=as_of,
        minor=10**digits,
    )
    spoken_of = reached(steps, rules, as_of)
    refuse_on(check_lists(options.out, spoken_of, workspace, options.accepted))

    tell("suggesting orders")
    taken = decided.decisions.filter(pl.col(OUTCOME) == SELECTED).select(
        pl.col(CUSTOMER, RULE).cast(pl.String)
    )
    purchases = _of_products(read)
    suggestions = order_suggestions(
        read.frames if purchases is None else {**read.frames, "purchases": purchases},
        _buyers(customers, purchases),
        plan.rules,
        workspace.settings.ordering,
        as_of,
        digits=digits,
        currency=workspace.settings.shop.currency,
        refused=read.refused_products,
        campaigns=Campaigns(taken, uplifts(rules, options.out, tonight.data.lines, as_of)),
    )
    judged = pl.DataFrame() if purchases is None else overrides(options.out, purchases, as_of)
    return Results(
        workspace=workspace,
        rules=plan.rules,
        files=plan.files,
        run_id=run_id,
        draft=options.dry_run,
        read=read,
        trade=trade_of(read.summed("purchases", sold_by_day), tonight.data.lines, as_of),
        scored=scored,
        fitted=tonight.fitted,
        decided=decided,
        funnel=steps,
        summary=summarise(decided.decisions, rules),
        reached=spoken_of,
        suggestions=suggestions,
        overrides=judged,
        accepted=tuple(sorted(set(options.accepted))),
        warnings=(*plan.warnings, *analysed, *read.warnings, *scored.warnings),
        shelf=tonight.data.shelf,
    )


def _buyers(customers: Rows, purchases: Frame | None) -> pl.DataFrame | None:
    """Give what the stock side reads of customers, where purchases name products."""
    if purchases is None or "product_id" not in purchases.collect_schema():
        return None
    return customers.select(*(name for name in CUSTOMERS if name in customers.columns))


def _of_products(read: Read) -> Frame | None:
    """Give what the stock side reads of purchases: those that wait elsewhere are only scanned."""
    if read.spilled is None:
        return read.frames.get("purchases")
    if "product_id" not in read.spilled.schema:
        return pl.DataFrame(schema=read.spilled.schema)
    return read.spilled.scan([name for name in read.spilled.schema if name in OF_PURCHASES])


def commit_of(
    options: Options, tonight: Tonight, results: Results, ledger: Ledger | None
) -> Callable[[], None]:
    """Give the point of no return: the run's contacts in the ledger.

    It holds nothing else of the night, whose tables may be gone by then.
    """
    contacts = contacts_of(results.decided.decisions, holdout_names(results.contact_rules))
    workspace, run_id = results.workspace, results.run_id
    as_of, seen = tonight.read.as_of, tonight.past.seen

    def commit() -> None:
        there = ledger if ledger is not None else new_ledger(workspace, options.out)
        commit_run(there, run_id, as_of, contacts, seen=seen)
        tidy(there, as_of)

    return commit


def refuse_on(problems: Collection[Problem]) -> None:
    """Stop where there is a problem.

    Raises:
        Refused: with all of them.
    """
    if problems:
        raise Refused(problems)
