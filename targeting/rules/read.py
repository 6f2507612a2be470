"""Rule files: each a frozen Rule, or the problems that stand in the way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from targeting.problems import Place, Problem, errors
from targeting.rules.absent import absent_for_customers, absent_for_products
from targeting.rules.conditions import fields_named, read_audience, read_conditions, read_when
from targeting.rules.examples import read_examples
from targeting.rules.forms import (
    UNNAMED,
    ContactForm,
    ContactOutline,
    InventoryOutline,
    PickForm,
)
from targeting.rules.model import (
    Accept,
    Condition,
    Example,
    Group,
    Guardrail,
    Holdout,
    Kind,
    Rule,
)
from targeting.rules.names import clashes, proper_name
from targeting.rules.references import References
from targeting.rules.scope import Scope
from targeting.rules.settings import is_setting, mend_names, named_settings
from targeting.rules.shared import FILE, read_shared, unused
from targeting.workspace.forms import read_form
from targeting.workspace.load import Workspace
from targeting.workspace.words import RULE_KINDS
from targeting.workspace.yaml import Mapping, Scalar, YamlFile


def read_rules(workspace: Workspace) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Read every rule of a workspace, in the order of kind and priority."""
    reader = _Reader(workspace)
    rules: list[Rule] = []
    for kind in RULE_KINDS:
        for file in workspace.rule_files(kind):
            rule = reader.rule(file, kind)
            rules += [] if rule is None else [rule]
    reader.problems += clashes(reader.priorities, reader.files)
    if not errors(reader.problems) and not workspace.unsure:
        reader.problems += unused(reader.shared, reader.used)
    rules.sort(key=lambda rule: (RULE_KINDS.index(rule.kind), rule.priority, rule.name))
    return tuple(rules), reader.problems


@dataclass(frozen=True)
class _Body:
    """The parts of a rule whose values are read by the type of a field."""

    when: tuple[Group, ...]
    exclude: tuple[Condition, ...]
    examples: tuple[Example, ...]


class _Reader:
    """Holds what all rules of a workspace share while they are read."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.shared, self.problems = read_shared(workspace.files.get(FILE))
        self.used: set[str] = set()
        self.files: list[YamlFile] = []
        self.priorities: list[tuple[Kind, int, str, Place]] = []
        customers, products = workspace.customer_fields, workspace.product_fields
        about_customers = Scope(customers, self.shared, absent_for_customers(workspace))
        about_products = Scope(products, self.shared, absent_for_products(workspace))
        about_customers.elsewhere, about_products.elsewhere = products, customers
        self.scopes: dict[Kind, Scope] = dict.fromkeys(RULE_KINDS, about_customers)
        self.scopes["inventory"] = about_products
        self.rule_names = {
            PurePosixPath(file.name).stem
            for kind in RULE_KINDS
            for file in workspace.rule_files(kind)
        }
        self._read_audiences()
        self.guardrails = self._read_guardrails()

    def rule(self, file: YamlFile, kind: Kind) -> Rule | None:
        """Read one file; None where it has errors."""
        name = PurePosixPath(file.name).stem
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            message = f"'{name}' is no name for a rule: lower case letters, digits and _"
            self._report(
                "P006", message, file.whole, f"rename the file to {proper_name(name)}.yaml"
            )
        self.files.append(file)
        if file.broken:
            return None
        if file.root is None:
            self._report("P002", "the file is empty", file.whole, "write a rule, or delete it")
            return None
        outline, problems = _outline(file, kind)
        self.problems += problems
        if not isinstance(file.root, Mapping):
            return None
        self._note_priority(file.root, name, kind)
        body = self._body(file.root, kind)
        if outline is None:
            self._check_parts(file, file.root, kind)
        if outline is None or body is None:
            return None
        return self._rule(name, kind, file, outline, body)

    def _rule(
        self,
        name: str,
        kind: Kind,
        file: YamlFile,
        outline: ContactOutline | InventoryOutline,
        body: _Body,
    ) -> Rule | None:
        assert isinstance(file.root, Mapping)
        references = References(self.workspace, file.root, self.scopes[kind].absent)
        contact = outline if isinstance(outline, ContactOutline) else None
        then = references.then(outline.then)
        guardrails: tuple[Guardrail, ...] = ()
        if contact is not None:
            own = self.guardrails.get(kind, [])
            guardrails = references.guardrails(contact, kind, own, self.shared.unsure)
        pick = references.pick(contact.pick) if contact and contact.pick else None
        references.other_rules(outline, name, self.rule_names)
        self.problems += references.problems
        if references.problems:
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
            when=body.when,
            exclude=body.exclude,
            guardrails=guardrails,
            then=then,
            pick=pick,
            holdout=_holdout(contact, name),
            cooldown=contact.cooldown if contact else None,
            budget=contact.budget if contact else None,
            examples=body.examples,
            place=file.root.first,
            accept=_accepts(outline, references),
        )

    def _check_parts(self, file: YamlFile, root: Mapping, kind: Kind) -> None:
        """Look up what a rule with a broken outline names, so that all is told in one go."""
        references = References(self.workspace, root, self.scopes[kind].absent)
        if kind != "inventory":
            then, _ = read_form(file, ContactForm, root.get("then"))
            pick, _ = read_form(file, PickForm, root.get("pick"))
            if then is not None and root.get("then") is not None:
                references.then(then)
            if pick is not None and root.get("pick") is not None:
                references.pick(pick)
        self.problems += references.problems

    def _body(self, root: Mapping, kind: Kind) -> _Body | None:
        settings = root.get("settings")
        entries = settings.entries if isinstance(settings, Mapping) else ()
        scope = self._scope(kind, named_settings(root))
        mend_names(root, scope)
        when_node, exclude_node = root.get("when"), root.get("exclude")
        when = read_when(when_node, scope) if when_node is not None else ()
        exclude = read_conditions(exclude_node, scope) if exclude_node is not None else ()
        for key, value in entries if scope.sound else ():
            if f"${key.text}" not in scope.used and is_setting(key, value):
                message = f"setting '{key.text}' is used nowhere"
                scope.report("R006", message, key.place, f"use it as ${key.text}, or delete it")
        self.used |= scope.used
        conditions = (*when, *exclude) if scope.sound else None
        node = root.get("examples")
        sound = scope.sound
        examples = read_examples(node, conditions, scope) if node is not None else ()
        self.problems += scope.problems
        return _Body(when, exclude, examples) if sound and scope.sound else None

    def _scope(self, kind: Kind, settings: dict[str, Scalar]) -> Scope:
        """Make the scope of one rule; audiences that were read are kept for the next."""
        rows = self.scopes[kind]
        scope = Scope(rows.catalogue, self.shared, rows.absent, settings, rows.elsewhere)
        scope.audiences = rows.audiences
        return scope

    def _read_audiences(self) -> None:
        """Read each definition once, for the rows whose fields it names."""
        customers, products = self.scopes["marketing"], self.scopes["inventory"]
        for name, node in self.shared.audiences.items():
            named = set(fields_named(node))
            of_products = len(named & set(products.catalogue)) > len(
                named & set(customers.catalogue)
            )
            scope = self._scope("inventory" if of_products else "marketing", {})
            read_audience(self.shared.names[name], scope)
            self.problems += scope.problems

    def _read_guardrails(self) -> dict[str, list[Guardrail]]:
        found: dict[str, list[Guardrail]] = {}
        for node in self.shared.guardrails:
            scope = self._scope("marketing", {})
            exclude = read_conditions(node.exclude, scope)
            self.problems += scope.problems
            self.used |= scope.used
            guardrail = Guardrail(node.name.text, node.title, exclude)
            found.setdefault(node.kind, []).append(guardrail)
        return found

    def _note_priority(self, root: Mapping, name: str, kind: Kind) -> None:
        node = root.get("priority")
        if isinstance(node, Scalar) and re.fullmatch(r"[1-9]\d{0,14}", node.text, re.ASCII):
            self.priorities.append((kind, int(node.text), name, node.place))

    def _report(self, code: str, message: str, place: Place, instead: str) -> None:
        self.problems.append(Problem(code, message, place, instead))


def _outline(
    file: YamlFile, kind: Kind
) -> tuple[ContactOutline | InventoryOutline | None, list[Problem]]:
    if kind == "inventory":
        return read_form(file, InventoryOutline)
    return read_form(file, ContactOutline)


def _accepts(
    outline: ContactOutline | InventoryOutline, references: References
) -> tuple[Accept, ...]:
    return tuple(
        Accept(one.check, one.other, one.until, references.place("accept", number, "check"))
        for number, one in enumerate(outline.accept)
    )


def _holdout(outline: ContactOutline | None, rule: str) -> Holdout | None:
    """Name the holdout group: its own name, else the first name the rule ever had."""
    if outline is None or outline.holdout is None:
        return None
    form = outline.holdout
    own = outline.formerly[0] if outline.formerly else rule
    return Holdout(form.share, own if form.name == UNNAMED else form.name)
