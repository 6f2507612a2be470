"""rules/policy.yaml against the fields and channels that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from targeting.frames import LIKELIHOOD
from targeting.problems import Place, Problem, did_you_mean
from targeting.rules.model import Rule
from targeting.workspace.columns import EVENTS
from targeting.workspace.load import Workspace

FILE = "rules/policy.yaml"


def check_policy(workspace: Workspace) -> list[Problem]:
    """Find names in the policy that are no field or no channel.

    A mistyped consent would let nobody through, a mistyped `same_person` would write twice to one
    person; neither is seen in a list.
    """
    return [*_fields(workspace), *_channels(workspace), *_answers(workspace)]


def _answers(workspace: Workspace) -> Iterator[Problem]:
    """A mistyped event would bar nobody; without the source, no answer ever does."""
    after = workspace.policy.after
    for event in after:
        if event not in EVENTS:
            place = workspace.place(FILE, "after", event)
            message = f"'{event}' is no event that comes back"
            yield Problem("V001", message, place, did_you_mean(event, EVENTS))
    if after and "responses" not in workspace.settings.sources:
        message = "nothing follows from 'after': targeting.yaml names no responses source"
        place, help_ = workspace.place(FILE, "after"), "add responses to the sources"
        yield Problem("W101", message, place, help_, "warning")


def _fields(workspace: Workspace) -> Iterator[Problem]:
    fields = workspace.customer_fields
    kinds = {name: field.type for name, field in fields.items()}
    said = {field.name for field in fields.values() if field.origin == "likelihood"}
    texts = [n for n, kind in kinds.items() if kind in ("text", "category") and n not in said]
    answers = [name for name, kind in kinds.items() if kind == "yes/no"]
    for name, channel in workspace.policy.channels.items():
        for key, field, known in (
            ("address", channel.address, texts),
            ("consent", channel.consent, answers),
        ):
            if field is not None and field not in known:
                place = workspace.place(FILE, "channels", name, key)
                yield _not_a_field(field, known, place, "yes/no" if key == "consent" else "text")
    for field in workspace.policy.same_person:
        if field not in texts:
            yield _not_a_field(field, texts, workspace.place(FILE, "same_person"), "text")


def _not_a_field(name: str, known: Collection[str], place: Place, kind: str) -> Problem:
    message = f"'{name}' is not a {kind} field of the customers"
    return Problem("F001", message, place, did_you_mean(name, known))


def _channels(workspace: Workspace) -> Iterator[Problem]:
    policy = workspace.policy
    named: list[tuple[str, tuple[str, ...], list[str]]] = [
        (limit.channel, ("contact_limits",), ["any"]) for limit in policy.contact_limits
    ]
    named += [(name, ("unsubscribe_line",), []) for name in policy.unsubscribe_line]
    named += [
        (after.channel, ("after", event, "channel"), ["same", "any"])
        for event, after in policy.after.items()
        if after.channel is not None
    ]
    for name, path, more in named:
        known = [*policy.channels, *more]
        if name not in known:
            message = f"'{name}' is not a channel of this policy"
            place = workspace.place(FILE, *path)
            yield Problem("R001", message, place, did_you_mean(name, known))


def check_values(workspace: Workspace, rules: Sequence[Rule]) -> list[Problem]:
    """Find what settling by expected value cannot settle: a rule without value, or with an order.

    By priority a value is told and not needed.
    """
    if workspace.policy.settle_by != "expected_value":
        return []
    found = []
    for rule in rules:
        if rule.kind == "inventory":
            continue
        if rule.contact.value is None:
            message = "the policy settles by expected value, and this rule has none"
            place = workspace.place(rule.file, "then")
            found.append(Problem("P002", message, place, "add to then: value: 2500"))
        if rule.pick is not None and rule.pick.field is not None:
            order = "highest" if rule.pick.highest else "lowest"
            message = f"the policy settles by expected value, so '{order}' has nothing to order"
            place = workspace.place(rule.file, "pick", order)
            found.append(Problem("P001", message, place, "keep at_most only"))
    if LIKELIHOOD not in workspace.customer_fields:
        message = "expected value needs a field 'likelihood', and there is none"
        place = workspace.place(FILE, "settle_by")
        found.append(Problem("F001", message, place, "add segments/likelihood.yaml"))
    return found
