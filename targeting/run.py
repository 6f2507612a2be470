"""The story of a run: sources in, one folder out; each step a function of those above it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from targeting import __version__
from targeting.customers.table import CustomerData
from targeting.delivery.deliver import deliver_due, rehearse
from targeting.forgetting import without_forgotten
from targeting.intake.accounts import Read
from targeting.intake.read import read_sources, stops
from targeting.intake.spilled import Budget, Kernel
from targeting.ledger.commit import three_times
from targeting.ledger.runs import next_run_id, refuse_an_earlier_day
from targeting.ledger.table import Ledger
from targeting.night import Options, commit_of, decide_night, refuse_on, tonight_of
from targeting.plan import Plan
from targeting.problems import Problem, errors
from targeting.proof import prove
from targeting.report.sales import sold_by_day
from targeting.results.write import write_results
from targeting.rules.analysis import analyse
from targeting.run_folder.identity import row_sums, run_identity
from targeting.run_folder.keep import erase_old
from targeting.run_folder.ledger import shop_ledger
from targeting.run_folder.spill import spill_folder
from targeting.run_folder.write import committed, only_one, read_manifest, whole_or_nothing
from targeting.scoring.fit_all import fit
from targeting.scoring.saved import Fitted, previous_fit, save_fitted
from targeting.workspace.load import Workspace


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
    workspace = plan.workspace
    options.tell("trying the rules' examples")
    refuse_on(prove(plan).problems)

    with _read(workspace, options, sums=(row_sums, sold_by_day)) as read:
        return _decided(plan, options, read)


@contextlib.contextmanager
def _read(
    workspace: Workspace, options: Options, *, sums: tuple[Kernel, ...] = ()
) -> Iterator[Read]:
    """Read the sources; what does not fit into the memory waits on disk until the work is done.

    `sums` will be asked of the purchases.
    """
    with contextlib.ExitStack() as aside:
        budget = reader = None
        if options.engine is not None:
            options.tell("starting Apache Spark")
            reader = aside.enter_context(options.engine.started(options.detail, sums))
        options.tell("reading sources")
        if options.memory is not None:
            folder = aside.enter_context(spill_folder(options.out))
            budget = Budget(options.memory, folder, sums)
        read = read_sources(
            workspace,
            files=options.files,
            as_of=options.as_of,
            today=options.today,
            budget=budget,
            reader=reader,
        )
        if reader is not None:
            read = reader.moved(read)
        refuse_on(stops(read, workspace, options.accepted))
        yield read


def _decided(plan: Plan, options: Options, read: Read) -> Finished:
    workspace = plan.workspace
    analysed = analyse(plan.rules, workspace, read.as_of)
    refuse_on(errors(analysed))

    with only_one(options.out, "another run is writing here; waiting for it"):
        ledger = shop_ledger(workspace, options.out)
        if ledger is None:
            finished = _night(plan, options, read, tuple(analysed), None)
        else:
            finished = three_times(
                lambda: _night(plan, options, read, tuple(analysed), ledger), ledger
            )
        if not options.dry_run and workspace.deliveries:
            options.tell("delivering lists")
            committed_to = shop_ledger(workspace, options.out)
            deliver_due(workspace, workspace.deliveries, options.out, committed_to)
        return finished


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
    read, forgotten = without_forgotten(read, plan.workspace, ledger)
    tonight = tonight_of(plan, options, read, ledger)
    equal = run_identity(
        read,
        version=__version__,
        workspace=plan.workspace.folder,
        files=plan.files,
        models=tonight.fitted.digest,
    )
    run_id, made = next_run_id(equal, tonight.past.runs)
    if made and not options.dry_run:
        folder = options.out / run_id
        return Finished(folder, read_manifest(folder), plan.warnings, again=True)
    if ledger is not None and not options.dry_run:
        refuse_an_earlier_day(ledger, tonight.past.runs, read.as_of)
    if options.dry_run:
        run_id = f"{equal}-dry"
    results = decide_night(plan, options, tonight, analysed, run_id)
    results = replace(results, forgotten=forgotten)
    options.tell("writing lists, sheet and report")
    if options.dry_run:
        with whole_or_nothing(options.out, run_id) as folder:
            manifest, warnings = write_results(folder, results, options.timings)
    else:
        with committed(options.out, run_id, commit_of(options, tonight, results, ledger)) as folder:
            manifest, warnings = write_results(folder, results, options.timings)
            if tonight.new_models:
                save_fitted(options.out / "models", tonight.fitted)
            rehearse(plan.workspace, plan.workspace.deliveries, folder, run_id)
            del tonight, results  # the commit needs memory of its own
        erase_old(options.out, plan.workspace, plan.contact_rules, ledger, read.as_of)
    return Finished(options.out / run_id, manifest, warnings)


def fit_models(plan: Plan, options: Options) -> Fitted:
    """Fit and judge new models, the segments beginning from the old ones, and save them."""
    workspace = plan.workspace
    models = options.out / "models"
    waiting = "another run is writing here; waiting for it"
    with _read(workspace, options) as read, only_one(options.out, waiting):
        kept, _ = without_forgotten(read, workspace, shop_ledger(workspace, options.out))
        options.tell("computing customers")
        data = CustomerData.of(workspace, kept.frames, kept.spilled, kept.listed)
        customers = data.customers(kept.as_of)
        options.tell("fitting")
        previous = previous_fit(models, workspace)
        unfilled = kept.unfilled_customers()
        fitted = fit(data, customers, kept.as_of, unfilled=unfilled, previous=previous)
        save_fitted(models, fitted)
    return fitted
