"""What a rule names besides fields: channels, templates, guardrails, other rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

from targeting.problems import Place, Problem, did_you_mean
from targeting.rules.absent import Absent
from targeting.rules.forms import (
    ContactForm,
    ContactOutline,
    InventoryOutline,
    PickForm,
    PlanningForm,
)
from targeting.rules.model import Contact, Guardrail, Pick, Planning
from targeting.rules.shared import FILE
from targeting.workspace.load import Workspace
from targeting.workspace.yaml import Mapping, Node, Scalar
from targeting.workspace.yaml import Sequence as Items

_POLICY = "rules/policy.yaml"


class References:
    """Looks up the names of one rule file; collects those that are not there."""

    def __init__(self, workspace: Workspace, root: Mapping, absent: Absent) -> None:
        self.workspace, self.root, self.absent = workspace, root, absent
        self.problems: list[Problem] = []

    def then(self, form: ContactForm | PlanningForm) -> Contact | Planning:
        """Read what the rule does."""
        if isinstance(form, PlanningForm):
            return _planning(form)
        self._channels(form.channel)
        messages = {"": form.message} if isinstance(form.message, str) else dict(form.message)
        for variant, template in messages.items():
            self._template(template, variant)
        value: Decimal | str | None = None
        if form.value is not None:
            value = form.value if isinstance(form.value, Decimal) else form.value.field
            if isinstance(value, str):
                self._number_field(value, self.place("then", "value", "field"))
        return Contact(form.offer, form.channel, messages, value, form.uplift)

    def pick(self, form: PickForm) -> Pick:
        """Read how many are picked, and by which field."""
        field = form.highest or form.lowest
        if field is not None:
            place = self.place("pick", "highest" if form.highest else "lowest")
            self._number_field(field, place, also_dates=True)
        return Pick(form.at_most, field, form.highest is not None or form.lowest is None)

    def guardrails(
        self, outline: ContactOutline, kind: str, all_of_kind: Sequence[Guardrail], unsure: bool
    ) -> tuple[Guardrail, ...]:
        """Give the guardrails that the rule does not opt out of."""
        names = [guardrail.name for guardrail in all_of_kind]
        for number, opted in enumerate(outline.without):
            place = self.place("without", number, "guardrail")
            if opted.guardrail in [earlier.guardrail for earlier in outline.without[:number]]:
                message = f"'{opted.guardrail}' stands twice"
                self._report("P005", message, place, "delete one of the two")
            elif opted.guardrail not in names and not unsure:
                message = f"'{opted.guardrail}' is not a guardrail for {kind} rules"
                none = f"{FILE} has none for {kind}: delete this line"
                instead = did_you_mean(opted.guardrail, names) if names else none
                self._report("R001", message, place, instead)
        opted_out = {opted.guardrail for opted in outline.without}
        return tuple(guardrail for guardrail in all_of_kind if guardrail.name not in opted_out)

    def other_rules(
        self, outline: ContactOutline | InventoryOutline, own: str, rules: Collection[str]
    ) -> None:
        """Look up the rules that `accept` and `formerly` name."""
        for number, accepted in enumerate(outline.accept):
            of_segment = accepted.check == "S004"  # names a segment; the analysis looks it up
            if accepted.other is not None and accepted.other not in rules and not of_segment:
                place = self.place("accept", number, "with")
                message = f"'{accepted.other}' is not a rule"
                self._report("R001", message, place, did_you_mean(accepted.other, rules))
        former = outline.formerly if isinstance(outline, ContactOutline) else ()
        for number, (place, name) in enumerate(self._words(("formerly",), former)):
            if name in former[:number]:
                self._report("P005", f"'{name}' stands twice", place, "delete one of the two")
            elif name == own:
                self._report("R001", f"'{name}' is this rule's name now", place, "delete it")
            elif name in rules:
                instead = "rename that one, or delete this"
                self._report("R001", f"'{name}' is another rule's name now", place, instead)

    def _channels(self, words: Sequence[str]) -> None:
        channels = self.workspace.policy.channels
        if _POLICY in self.workspace.unsure:
            return
        for number, (place, channel) in enumerate(self._words(("then", "channel"), words)):
            if channel in words[:number]:
                self._report("P005", f"'{channel}' stands twice", place, "delete one of the two")
            elif channel not in channels:
                message = f"'{channel}' is not a channel of {_POLICY}"
                instead = did_you_mean(channel, channels) if channels else f"add {_POLICY}"
                self._report("R001", message, place, instead)

    def _template(self, template: str, variant: str) -> None:
        folder = self.workspace.folder / "templates" / "messages"
        place = self.place("then", "message", *([variant] if variant else []))
        inside = Path(template).name == template and template not in ("", ".", "..")
        if inside and _is_file(folder / template):
            return
        known = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
        message = f"'{template}' is not a file in templates/messages/"
        instead = did_you_mean(template, known, what="there are") if known else "write it there"
        self._report("R001", message, place, instead)

    def _number_field(self, name: str, place: Place, *, also_dates: bool = False) -> None:
        kinds = ("number", "money", *(("date",) if also_dates else ()))
        catalogue = self.workspace.customer_fields
        known = [field.name for field in catalogue.values() if field.type in kinds]
        absence = self.absent.get(name)
        if name in known or (absence is not None and not absence.known):
            return
        if name in catalogue:
            message = f"'{name}' is a {catalogue[name].type} field, which has no order"
            self._report("T003", message, place, did_you_mean(name, known, what="one of"))
        elif absence is not None:
            message = f"there is no '{name}' here: {absence.why}"
            self._report("F002", message, place, absence.instead)
        else:
            self._report("F001", f"'{name}' is not a field", place, did_you_mean(name, known))

    def _report(self, code: str, message: str, place: Place, instead: str) -> None:
        self.problems.append(Problem(code, message, place, instead))

    def place(self, *path: str | int) -> Place:
        """Find the place of a value in the rule file."""
        node = _inside(self.root, path)
        return node.place if node is not None else self.root.first

    def _words(self, path: tuple[str, ...], words: Sequence[str]) -> list[tuple[Place, str]]:
        node = _inside(self.root, path)
        if node is None:
            return []
        items = node.items if isinstance(node, Items) else (node,)
        return [(item.place, word) for item, word in zip(items, words, strict=False)]


def _planning(form: PlanningForm) -> Planning:
    cap = form.order_at_most
    limit: tuple[Literal["units", "packs", "money", "weeks"], Decimal] | None = None
    for unit in ("units", "packs", "money", "weeks"):
        if cap is not None and (amount := getattr(cap, unit)) is not None:
            limit = (unit, Decimal(amount))
    return Planning(form.service_level, form.cover, limit, form.flag, form.note)


def _inside(root: Node, path: Sequence[str | int]) -> Node | None:
    node: Node | None = root
    for key in path:
        match node, key:
            case Mapping(), str():
                node = node.get(key)
            case Items(items=items), int() if key < len(items):
                node = items[key]
            case Scalar(), _:
                return node
            case _:
                return None
    return node


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for the disk, or with a NUL
        return False
