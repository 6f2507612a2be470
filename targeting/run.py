"""The story of a run: sources in, one folder out; each step a function of those above it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from targeting import __version__
from targeting.campaigns.decide import decide
from targeting.campaigns.summary import summarise
from targeting.customers.table import CustomerData
from targeting.intake.read import read_sources, stops
from targeting.plan import Plan
from targeting.problems import Problem, Refused, errors
from targeting.proof import prove
from targeting.results.write import Results, write_results
from targeting.rules.analysis import analyse
from targeting.rules.match import funnel, match
from targeting.run_folder.compare import check_lists
from targeting.run_folder.identity import run_identity
from targeting.run_folder.write import only_one, publish, read_manifest, whole_or_nothing
from targeting.scoring.score import Fitted, add_scores, fit, load_fitted, save_fitted
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
    as_of, minor = read.as_of, 10**workspace.settings.shop.minor_digits

    analysed = analyse(plan.rules, workspace, as_of)
    _refuse_on(errors(analysed))

    tell("computing customers")
    data = CustomerData.of(workspace, read.frames)
    customers = data.table(as_of).collect()

    with only_one(options.out, "another run is writing here; waiting for it"):
        tell("scoring")
        models = options.out / "models"
        fitted, warnings = load_fitted(models, workspace)
        new = fitted is None
        if fitted is None:
            unfilled = CustomerData.of(workspace, read.unfilled).table(as_of).collect()
            fitted = fit(data, customers, unfilled, as_of)
        scored = add_scores(data, customers, as_of, fitted.models)

        run_id = run_identity(
            as_of,
            version=__version__,
            workspace=workspace.folder,
            files=plan.files,
            models=fitted.digest,
            frames=read.frames,
        ) + ("-dry" if options.dry_run else "")
        done = options.out / run_id
        if done.is_dir() and not options.dry_run:
            return Finished(done, read_manifest(done), plan.warnings, again=True)

        tell("matching rules")
        matched = match(scored.lazy(), plan.contact_rules, as_of, minor).collect()
        steps = funnel(scored.lazy(), plan.contact_rules, as_of, minor)

        tell("deciding who is contacted")
        decided = decide(
            scored,
            matched,
            plan.contact_rules,
            workspace.policy,
            read.frames.get("suppressions"),
            as_of=as_of,
            region=workspace.settings.shop.region,
        )
        summary = summarise(decided.decisions, plan.contact_rules)
        _refuse_on(check_lists(options.out, summary, workspace, options.accepted))

        tell("suggesting orders")
        settings = workspace.settings
        suggestions = order_suggestions(
            read.frames,
            scored,
            plan.rules,
            settings.ordering,
            as_of,
            digits=settings.shop.minor_digits,
        )

        tell("writing lists, sheet and report")
        results = Results(
            workspace=workspace, rules=plan.rules, files=plan.files, run_id=run_id,
            draft=options.dry_run, read=read, lines=data.lines, customers=scored, fitted=fitted,
            decided=decided, funnel=steps, summary=summary, suggestions=suggestions,
            accepted=tuple(sorted(set(options.accepted))),
            warnings=(*plan.warnings, *analysed, *read.warnings, *warnings),
        )  # fmt: skip
        with whole_or_nothing(options.out, run_id, instead=options.dry_run) as folder:
            manifest = write_results(folder, results, options.timings)
            if new and not options.dry_run:
                save_fitted(models, fitted)
        if not options.dry_run:
            publish(options.out, run_id)
    return Finished(options.out / run_id, manifest, results.warnings)


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
        previous, _ = load_fitted(models, workspace)
        fitted = fit(data, customers, unfilled, read.as_of, previous)
        save_fitted(models, fitted)
    return fitted


def _refuse_on(problems: Collection[Problem]) -> None:
    if problems:
        raise Refused(problems)
