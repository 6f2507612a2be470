"""Rule files: each a frozen Rule, or the problems that stand in the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Literal

from targeting.problems import Place, Problem, did_you_mean, errors
from targeting.rules.conditions import Scope, read_conditions, read_when
from targeting.rules.examples import read_examples
from targeting.rules.forms import ContactForm, ContactOutline, InventoryOutline, PlanningForm
from targeting.rules.model import (
    Condition,
    Contact,
    Example,
    Group,
    Guardrail,
    Holdout,
    Kind,
    Pick,
    Planning,
    Rule,
    fields_read,
)
from targeting.rules.shared import FILE, read_shared, unused
from targeting.workspace.catalogue import Catalogue, spending_fields
from targeting.workspace.forms import read_form
from targeting.workspace.load import Workspace
from targeting.workspace.settings import Source
from targeting.workspace.words import RULE_KINDS
from targeting.workspace.yaml import Mapping, Node, Scalar, YamlFile


def read_rules(workspace: Workspace) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Read every rule of a workspace, in the order of kind and priority."""
    reader = _Reader(workspace)
    rules: list[Rule] = []
    for kind in RULE_KINDS:
        for file in workspace.rule_files(kind):
            rule = reader.rule(file, kind)
            rules += [] if rule is None else [rule]
    reader.problems += _clashes(rules)
    if not errors(reader.problems):
        reader.problems += unused(reader.shared, reader.used)
    rules.sort(key=lambda rule: (RULE_KINDS.index(rule.kind), rule.priority, rule.name))
    return tuple(rules), reader.problems


class _Reader:
    """Holds what all rules of a workspace share while they are read."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.shared, self.problems = read_shared(workspace.files.get(FILE))
        self.used: set[str] = set()
        self.absent = _absent_fields(workspace)
        self.guardrails: dict[str, list[Guardrail]] = {}
        for node in self.shared.guardrails:
            scope = self._scope(workspace.customer_fields, {})
            exclude = read_conditions(node.exclude, scope)
            guardrail = Guardrail(node.name.text, node.title, exclude)
            self.guardrails.setdefault(node.kind, []).append(guardrail)
        for name, audience in self.shared.audiences.items():
            read_when(audience, self._scope(workspace.customer_fields, {}, inside=(name,)))
        self.used.clear()  # a definition that only definitions use is still found through a rule

    def rule(self, file: YamlFile, kind: Kind) -> Rule | None:
        """Read one file; None where it has errors."""
        name = PurePosixPath(file.name).stem
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not file.name.endswith(".yaml"):
            message = "a rule's file is named in lower case letters, digits and _, ending .yaml"
            self.problems.append(Problem("P006", message, file.whole, f"rename '{name}'"))
            return None
        if file.root is None:
            if not any(problem.place.file == file.name for problem in self.problems):
                self._empty(file)
            return None
        outline, problems = _outline(file, kind)
        self.problems += problems
        before = len(self.problems)
        root = file.root
        if not isinstance(root, Mapping):
            return None
        body = self._body(root, kind)
        if outline is None or len(self.problems) > before or body is None:
            return None
        when, exclude, examples = body
        contact = outline if isinstance(outline, ContactOutline) else None
        then = self._then(outline.then, root)
        guardrails = self._guardrails(contact, kind, root)
        pick = self._pick(contact, root)
        if len(errors(self.problems[before:])):
            return None
        active = outline.active
        return Rule(
            name=name,
            kind=kind,
            file=file.name,
            title=outline.title,
            owner=outline.owner,
            priority=outline.priority,
            active_from=active.start if active else None,
            active_until=active.until if active else None,
            when=when,
            exclude=exclude,
            guardrails=guardrails,
            then=then,
            pick=pick,
            holdout=_holdout(contact, name),
            cooldown=contact.cooldown if contact else None,
            budget=contact.budget if contact else None,
            examples=examples,
            place=root.first,
        )

    def _empty(self, file: YamlFile) -> None:
        message, help_ = "the file is empty", "write a rule, or delete the file"
        self.problems.append(Problem("P002", message, file.whole, help_))

    def _body(
        self, root: Mapping, kind: Kind
    ) -> tuple[tuple[Group, ...], tuple[Condition, ...], tuple[Example, ...]] | None:
        """Read the parts whose values are read by the type of a field."""
        catalogue = self._catalogue(kind)
        settings = root.get("settings")
        named = {
            key.text: value
            for key, value in (settings.entries if isinstance(settings, Mapping) else ())
            if isinstance(value, Scalar)
        }
        scope = self._scope(catalogue, named)
        found = len(scope.problems)
        when_node, exclude_node = root.get("when"), root.get("exclude")
        when = read_when(when_node, scope) if when_node is not None else ()
        exclude = read_conditions(exclude_node, scope) if exclude_node is not None else ()
        for key, _ in settings.entries if isinstance(settings, Mapping) else ():
            if f"${key.text}" not in scope.used:
                message = f"setting '{key.text}' is used nowhere"
                scope.report("R006", message, key.place, f"use it as ${key.text}, or delete it")
        sound = len(scope.problems) == found
        needed = tuple(fields_read((*when, *exclude))) if sound else ()
        examples_node = root.get("examples")
        examples = read_examples(examples_node, needed, scope) if examples_node is not None else ()
        return (when, exclude, examples) if sound else None

    def _scope(
        self, catalogue: Catalogue, settings: dict[str, Scalar], inside: tuple[str, ...] = ()
    ) -> Scope:
        return Scope(
            catalogue, self.absent, self.shared.audiences, self.shared.lists, settings,
            self.problems, self.used, inside,
        )  # fmt: skip

    def _catalogue(self, kind: Kind) -> Catalogue:
        inventory = kind == "inventory"
        return self.workspace.product_fields if inventory else self.workspace.customer_fields

    def _then(self, form: ContactForm | PlanningForm, root: Mapping) -> Contact | Planning:
        if isinstance(form, PlanningForm):
            return _planning(form)
        channels = self.workspace.policy.channels
        for place, channel in _words(_inside(root, "then", "channel"), form.channel):
            if channel not in channels:
                message = f"'{channel}' is not a channel of rules/policy.yaml"
                help_ = did_you_mean(channel, channels)
                self.problems.append(Problem("R001", message, place, help_))
        messages = {"": form.message} if isinstance(form.message, str) else dict(form.message)
        for variant, template in messages.items():
            self._template(template, root, variant)
        value: Decimal | str | None = None
        if form.value is not None:
            value = form.value if isinstance(form.value, Decimal) else form.value.field
            if isinstance(value, str):
                self._number_field(value, _place(root, "then", "value"))
        return Contact(form.offer, form.channel, messages, value, form.uplift)

    def _template(self, template: str, root: Mapping, variant: str) -> None:
        folder = self.workspace.folder / "templates" / "messages"
        place = _place(root, "then", "message", *([variant] if variant else []))
        inside = Path(template).name == template and template not in ("", ".", "..")
        if not inside or not (folder / template).is_file():
            known = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
            message = f"'{template}' is not a file in templates/messages/"
            help_ = did_you_mean(template, known, what="there are")
            self.problems.append(Problem("R001", message, place, help_))

    def _pick(self, outline: ContactOutline | None, root: Mapping) -> Pick | None:
        if outline is None or outline.pick is None:
            return None
        form = outline.pick
        field = form.highest or form.lowest
        if field is not None:
            key = "highest" if form.highest else "lowest"
            self._number_field(field, _place(root, "pick", key), also_dates=True)
        return Pick(form.at_most, field, form.highest is not None or form.lowest is None)

    def _number_field(self, name: str, place: Place, *, also_dates: bool = False) -> None:
        kinds = ("number", "money", *(("date",) if also_dates else ()))
        catalogue = self.workspace.customer_fields
        known = [field.name for field in catalogue.values() if field.type in kinds]
        if name in known:
            return
        message = f"'{name}' is not a field"
        if name in self.absent:
            message = f"there is no '{name}' here: {self.absent[name]}"
        elif name in catalogue:
            message = f"'{name}' is {catalogue[name].type}, which has no order"
        self.problems.append(Problem("F001", message, place, did_you_mean(name, known)))

    def _guardrails(
        self, outline: ContactOutline | None, kind: Kind, root: Mapping
    ) -> tuple[Guardrail, ...]:
        own = self.guardrails.get(kind, [])
        names = [guardrail.name for guardrail in own]
        without = outline.without if outline is not None else ()
        for number, opted in enumerate(without):
            if opted.guardrail not in names:
                message = f"'{opted.guardrail}' is not a guardrail for {kind} rules"
                place = _place(root, "without", number, "guardrail")
                help_ = did_you_mean(opted.guardrail, names)
                self.problems.append(Problem("R001", message, place, help_))
        opted_out = {opted.guardrail for opted in without}
        return tuple(guardrail for guardrail in own if guardrail.name not in opted_out)


def _outline(
    file: YamlFile, kind: Kind
) -> tuple[ContactOutline | InventoryOutline | None, list[Problem]]:
    if kind == "inventory":
        return read_form(file, InventoryOutline)
    return read_form(file, ContactOutline)


def _planning(form: PlanningForm) -> Planning:
    cap = form.order_at_most
    limit: tuple[Literal["units", "packs", "money", "weeks"], Decimal] | None = None
    for unit in ("units", "packs", "money", "weeks"):
        if cap is not None and (amount := getattr(cap, unit)) is not None:
            limit = (unit, Decimal(amount))
    return Planning(form.service_level, form.cover, limit, form.flag, form.note)


def _holdout(outline: ContactOutline | None, rule: str) -> Holdout | None:
    """Name the holdout group: its own name, else the first name the rule ever had."""
    if outline is None or outline.holdout is None:
        return None
    form = outline.holdout
    own = outline.formerly[0] if outline.formerly else rule
    return Holdout(form.share, own if form.name == "_" else form.name)


def _clashes(rules: Sequence[Rule]) -> list[Problem]:
    """Find names that two kinds share and priorities that two rules of a kind share."""
    problems = []
    by_name: dict[str, Rule] = {}
    by_priority: dict[tuple[str, int], Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.file):
        first = by_name.setdefault(rule.name, rule)
        if first is not rule:
            message = f"a rule named '{rule.name}' stands in {first.file} too"
            problems.append(Problem("P007", message, Place(rule.file), "rename one of the files"))
        first = by_priority.setdefault((rule.kind, rule.priority), rule)
        if first is not rule:
            message = f"priority {rule.priority} is {first.name}'s already"
            help_ = f"a number that no other {rule.kind} rule has"
            problems.append(Problem("P008", message, rule.place, help_))
    return problems


def _absent_fields(workspace: Workspace) -> dict[str, str]:
    """Name the fields that another source would bring, and why they are not here."""
    settings = workspace.settings
    absent: dict[str, str] = {}
    everything = settings.model_copy(
        update={
            "sources": {
                **settings.sources,
                "purchases": Source(file="-"),
                "products": Source(file="-"),
            }
        }
    )
    lacking = "purchases" if "purchases" not in settings.sources else "products"
    why = f"it is computed from {lacking}, and targeting.yaml names no {lacking} source"
    for field in spending_fields(everything):
        absent[field.name] = why
    if workspace.segments is None:
        absent["segment"] = "there is no segments/customers.yaml"
    if workspace.scores is None:
        absent["likelihood"] = "there is no segments/likelihood.yaml"
    for name in workspace.product_fields:
        absent.setdefault(name, "it is a field of products, for inventory rules")
    return absent


def _place(root: Mapping, *path: str | int) -> Place:
    node = _inside(root, *path)
    return node.place if node is not None else root.first


def _inside(root: Node, *path: str | int) -> Node | None:
    node: Node | None = root
    for key in path:
        if isinstance(node, Mapping) and isinstance(key, str):
            node = node.get(key)
        elif node is not None and not isinstance(node, (Mapping, Scalar)) and isinstance(key, int):
            node = node.items[key]
    return node


def _words(node: Node | None, words: Sequence[str]) -> list[tuple[Place, str]]:
    if node is None:
        return []
    items = (node,) if isinstance(node, (Scalar, Mapping)) else node.items
    return [(item.place, word) for item, word in zip(items, words, strict=False)]
