"""A first rule to change: every name in it is real, and its examples pass."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from targeting.problems import Place, Problem
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.load import Workspace
from targeting.workspace.schema.parts import spelled
from targeting.workspace.words import CONTACT_KINDS, RULE_KINDS, RuleKind
from targeting.workspace.yaml import Mapping, Scalar

MESSAGES = Path("templates", "messages")
LONGEST_NAME = 80

# What a first rule of either kind of rows is made from: the first of these that the shop has.
_WORDS = ("segment", "favourite_category", "abc", "category", "demand_class")
_NUMBERS = (
    "recency_days", "monetary", "average_order_value", "days_of_cover", "weekly_demand", "on_hand",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """The files that stand there now, by their names in the workspace."""

    rule: str
    template: str | None


@dataclass(frozen=True)
class _Line:
    """One condition, and what makes it true and what does not."""

    field: str
    test: str
    met: str
    unmet: str


def name_problem(workspace: Workspace, name: str) -> Problem | None:
    """Say what is wrong with the name of a new rule."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > LONGEST_NAME:
        message = f"'{name}' is not a name for a rule"
        return Problem("P006", message, Place("rules"), f"type {_proper(name)}")
    for kind in RULE_KINDS:
        file = f"rules/{kind}/{name}.yaml"
        if file in workspace.files or (workspace.folder / file).exists():
            message = f"a rule named '{name}' stands in {file}"
            return Problem("P007", message, Place(file), "names are unique over all kinds")
    return None


def write_rule(workspace: Workspace, kind: RuleKind, name: str) -> Written:
    """Write the rule, and its message where there is none of that name yet."""
    file = f"rules/{kind}/{name}.yaml"
    template = (MESSAGES / f"{name}.j2").as_posix()
    missing = kind in CONTACT_KINDS and not (workspace.folder / template).exists()
    if missing:
        _write(workspace.folder / template, _message(workspace, _channel(workspace)))
    _write(workspace.folder / file, skeleton(workspace, kind, name))
    return Written(file, template if missing else None)


def skeleton(workspace: Workspace, kind: RuleKind, name: str, template: str | None = None) -> str:
    """Make the text of a new rule from real names of this workspace; its message is NAME.j2."""
    contact = kind in CONTACT_KINDS
    catalogue = workspace.customer_fields if contact else workspace.product_fields
    lines = _lines(catalogue)
    again = "last_contacted_on" in catalogue and contact
    return "\n".join(
        [
            f"# yaml-language-server: $schema=../../.schema/{kind}.schema.json",
            f"title: {name.replace('_', ' ').capitalize()}",
            f"priority: {_free_priority(workspace, kind)}    # 1 wins over 2, among {kind} rules",
            "",
            "when:",
            "  all:",
            *(f"    - {line.field}: {line.test}" for line in lines),
            "",
            *(_EXCLUDE if again else ()),
            *(_contact(workspace, name, template or f"{name}.j2") if contact else _PLANNING),
            "",
            "examples:",
            *_examples(lines, again),
            "",
        ]
    )


_EXCLUDE = ("exclude:", "  - last_contacted_on: {within_last: 30 days}", "")
_PLANNING = ("then:", "  service_level: 95%", "  flag: look")


def _contact(workspace: Workspace, name: str, template: str) -> list[str]:
    channel = spelled(_channel(workspace))
    return ["then:", f"  offer: {name}", f"  channel: {channel}", f"  message: {template}"]


def _channel(workspace: Workspace) -> str:
    """Choose the channel of a new rule: e-mail, else the first of the policy."""
    channels = workspace.policy.channels
    return next((c for c in ("email", *channels) if c in channels), "email")


def _examples(lines: list[_Line], again: bool) -> Iterable[str]:
    never = ["last_contacted_on: missing"] if again else []
    met = [f"{line.field}: {line.met}" for line in lines]
    unmet = [*met[:-1], f"{lines[-1].field}: {lines[-1].unmet}"]
    for case, given, expect in (("just in", met, "in"), ("just out", unmet, "out")):
        yield f"  - case: {case}"
        yield f"    given: {{{', '.join([*given, *never])}}}"
        yield f"    expect: {expect}"


def _lines(catalogue: Catalogue) -> list[_Line]:
    """Choose one field with words and one with an order; any field where there are neither."""
    word = _first(catalogue, _WORDS, ("category",), with_values=True)
    number = _first(catalogue, _NUMBERS, ("number", "money"))
    chosen = [_line(field) for field in (word, number) if field is not None]
    if chosen:
        return chosen
    others = (field for field in catalogue.values() if field.origin != "ledger")
    return [_line(min(others, key=lambda field: field.personal))]


def _first(
    catalogue: Catalogue, names: Iterable[str], types: Iterable[str], with_values: bool = False
) -> Field | None:
    fits = {
        field.name: field
        for field in catalogue.values()
        if field.type in types and (field.values or not with_values)
    }
    usual = [fits[name] for name in names if name in fits]
    own = [field for field in fits.values() if not field.personal]
    return next(iter([*usual, *own]), None)


def _line(field: Field) -> _Line:
    match field.type:
        case "number" | "money":
            limit, below = _limits(field)
            return _Line(field.name, f"{{at_least: {limit}}}", limit, below)
        case "date":
            test = "{within_last: 30 days}"
            return _Line(field.name, test, "29 days ago", "30 days ago")
        case "yes/no":
            return _Line(field.name, "yes", "yes", "no")
        case "list":
            value = spelled(field.values[0]) if field.values else "something"
            return _Line(field.name, f"{{has: {value}}}", f"[{value}]", "[]")
        case "category" | "text":
            words = [spelled(word) for word in field.values or ("something", "something else")]
            first, second = [*words, "missing"][:2]
            return _Line(field.name, first, first, second)


_USUAL = {"days": 30.0, "years": 30.0}


def _limits(field: Field) -> tuple[str, str]:
    """Choose a threshold inside the field's range, and a value just below it."""
    usual = 1000.0 if field.type == "money" else _USUAL.get(field.unit or "", 2.0)
    low, high = field.low, field.high
    if (low is None or usual > low) and (high is None or usual <= high):
        limit = usual
    elif low is not None and high is not None:
        limit = (low + high) / 2
    else:
        limit = low + 1 if low is not None else (high or 0.0)
    step = 1.0 if low is None or limit - 1 >= low else limit - low
    return f"{limit:.12g}", f"{limit - step:.12g}" if step else "missing"


def _free_priority(workspace: Workspace, kind: RuleKind) -> int:
    """Give the next full ten behind every priority that is taken."""
    taken = [0]
    for file in workspace.rule_files(kind):
        node = file.root.get("priority") if isinstance(file.root, Mapping) else None
        if isinstance(node, Scalar) and re.fullmatch(r"[1-9]\d{0,8}", node.text, re.ASCII):
            taken.append(int(node.text))
    return (max(taken) // 10 + 1) * 10


def _message(workspace: Workspace, channel: str) -> str:
    """Make the words of a first message, with the subject and last line that a channel needs."""
    described = workspace.policy.channels.get(channel)
    by_email = channel == "email" or (described is not None and described.address == "email")
    words = "Hello from {{ shop.name }}. Write here what you offer."
    if channel in workspace.policy.unsubscribe_line:
        words += " To unsubscribe, reply STOP."
    return ("Subject: News from {{ shop.name }}\n" if by_email else "") + words + "\n"


def _proper(name: str) -> str:
    """Make a name of what was typed."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").lstrip("0123456789_")
    return plain[:LONGEST_NAME].rstrip("_") or "a name like early_access"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
