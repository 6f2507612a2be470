"""rules/policy.yaml against the fields and channels that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from targeting.problems import Place, Problem, did_you_mean
from targeting.workspace.load import Workspace

FILE = "rules/policy.yaml"


def check_policy(workspace: Workspace) -> list[Problem]:
    """Find names in the policy that are no field or no channel.

    A mistyped consent would let nobody through, a mistyped `same_person` would write twice to one
    person; neither is seen in a list.
    """
    return [*_fields(workspace), *_channels(workspace)]


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


def not_yet_obeyed(workspace: Workspace) -> list[Problem]:
    """Warn of keys of the policy that are read and not obeyed yet."""
    policy = workspace.policy
    later = {"settle_by": policy.settle_by == "expected_value"}
    return [_not_obeyed(key, workspace.place(FILE, key)) for key, set_ in later.items() if set_]


def _not_obeyed(key: str, place: Place) -> Problem:
    message = f"'{key}' is read and not obeyed yet: {_WHY[key]}"
    return Problem("W101", message, place, severity="warning")


_WHY = {
    "settle_by": "rules are settled by priority",
}
