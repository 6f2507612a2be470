"""A folder becomes a plan that is ready to run, or every problem of every file at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from targeting.campaigns.check import check_policy, check_values
from targeting.customers.derived import check_computed
from targeting.customers.fields import replaced_fields
from targeting.exports.check import check_destinations
from targeting.exports.messages import Messages
from targeting.exports.rehearsal import EXAMPLE_DAY, rehearse_examples
from targeting.intake.wanted import field_problems
from targeting.problems import Problem, Refused, errors, in_order
from targeting.rules.model import Contact, Rule
from targeting.rules.read import read_rules
from targeting.rules.whole_set import WholeSet, whole_sets
from targeting.scoring.check import check_scores
from targeting.workspace.load import Workspace, load


@dataclass(frozen=True)
class Plan:
    """A workspace without errors: its settings, its rules, and what to be warned of."""

    workspace: Workspace
    rules: tuple[Rule, ...]
    whole_sets: tuple[WholeSet, ...]
    warnings: tuple[Problem, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that the owner wrote and a run obeys, by name: YAML and templates."""
        folder = self.workspace.folder
        templates = sorted(p for p in (folder / "templates").rglob("*") if p.is_file())
        names = [path.relative_to(folder).as_posix() for path in templates]
        return (*sorted(self.workspace.files), *names)

    @property
    def contact_rules(self) -> tuple[Rule, ...]:
        """The rules that end in a contact."""
        return tuple(rule for rule in self.rules if rule.kind != "inventory")


def prepare(folder: Path) -> Plan:
    """Read and check a whole workspace: the one door of every command.

    Raises:
        Refused: with every error and warning of every file.
    """
    plan, problems = examine(folder)
    if plan is None:
        raise Refused(problems)
    return plan


def examine(folder: Path) -> tuple[Plan | None, tuple[Problem, ...]]:
    """Read and check a whole workspace; with errors there is no plan, only the problems."""
    workspace, problems = load(folder)
    if workspace is None:
        return None, in_order(problems)
    rules, found = read_rules(workspace)
    problems += found
    whole_sets, found = _whole_sets(workspace, rules)
    problems += found + check_policy(workspace)
    problems += field_problems(workspace)
    problems += check_computed(workspace)
    problems += check_scores(workspace)
    problems += check_destinations(workspace, [rule.name for rule in rules])
    problems += _check_messages(workspace, rules)
    problems += replaced_fields(workspace) + check_values(workspace, rules)
    ordered = in_order(problems)
    if errors(ordered):
        return None, ordered
    return Plan(workspace, rules, whole_sets, ordered), ordered


def _whole_sets(
    workspace: Workspace, rules: Sequence[Rule]
) -> tuple[tuple[WholeSet, ...], list[Problem]]:
    names = [rule.name for rule in rules if rule.kind != "inventory"]
    return whole_sets(workspace.rule_files("tests"), workspace.customer_fields, names)


def _check_messages(workspace: Workspace, rules: Sequence[Rule]) -> list[Problem]:
    """Check each template on the channels that its rules use it for, and on their examples."""
    used: dict[str, set[str]] = {}
    for rule in rules:
        if isinstance(rule.then, Contact):
            for template in rule.then.messages.values():
                used.setdefault(template, set()).update(rule.then.channels)
    if not used:
        return []
    messages = Messages(
        workspace.folder,
        workspace.settings.shop,
        EXAMPLE_DAY,
        fields=workspace.customer_fields,
        policy=workspace.policy,
    )
    problems = messages.check(used)
    if errors(problems):
        return problems
    return problems + rehearse_examples(messages, rules, workspace.customer_fields, problems)
