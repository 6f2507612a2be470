"""The words of each message: templates checked before the night, then filled for each customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from targeting.exports.failures import Failure, in_plain_words, problem_of
from targeting.exports.proofread import SUBJECT_LINE, TEXT, gaps, hollow, overlong
from targeting.exports.values import without_blanks
from targeting.frames import CHANNEL, CUSTOMER
from targeting.problems import Place, Problem, Refused, did_you_mean
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.policy import Policy
from targeting.workspace.settings import Shop

if TYPE_CHECKING:
    from jinja2 import Template as Compiled

    from targeting.exports.templates import Template

MESSAGE: Final = "message"
_NUMBER: Final = "number of contact"


@dataclass(frozen=True)
class _Attempt:
    """Messages row for row, missing where one could not be written, and what was wrong."""

    texts: pl.Series
    problems: tuple[Problem, ...]


class Messages:
    """The templates of a workspace, for one night.

    A template may name every field of the customer, and offer, rule, as_of, shop (name, currency,
    region, locale). A missing or blank value is undefined there.
    """

    def __init__(
        self, folder: Path, shop: Shop, as_of: dt.date, *, fields: Catalogue, policy: Policy
    ) -> None:
        from targeting.exports.filters import message_filters
        from targeting.exports.grammar import SHOP_PARTS
        from targeting.exports.sandbox import MessageEnvironment
        from targeting.exports.templates import includes, parse, read_templates

        self.fields = fields
        self.policy = policy
        texts, self._unread = read_templates(folder)
        self._environment = MessageEnvironment(texts, message_filters(shop))
        self._night: dict[str, Any] = {
            "range": self._environment.globals["range"],
            "as_of": as_of,
            "shop": MappingProxyType({part: getattr(shop, part) for part in SHOP_PARTS}),
        }
        self._templates: dict[str, Template] = {}
        self._faulty: dict[str, list[Problem]] = {}
        for name, text in texts.items():
            self._templates[name], self._faulty[name] = parse(name, text, self._environment)
        self._includes = {name: includes(each) for name, each in self._templates.items()}

    def check(self, names_used: Mapping[str, Collection[str]]) -> list[Problem]:
        """Report what is wrong with the templates that rules use.

        `names_used`: the file below templates/messages, and the channels it is sent on. Codes:
        M101 no such file, M102 unreadable, M103 cannot be parsed, M104 not allowed in a message,
        M105 no field, M106 includes in a circle, M107 the subject of an e-mail, M108 no line about
        unsubscribing where the policy wants one, M109 (warning) a field that may be missing stands
        without default(...).
        """
        from targeting.exports import template_checks as checks

        problems: list[Problem] = []
        for name in sorted(names_used):
            if name not in self._templates:
                problems.append(self._absent(name))
                continue
            template = self._templates[name]
            channels = names_used[name]
            if not set(channels).isdisjoint(["email", *self.emails]):
                problems += checks.subject_problems(template, self._templates)
            wanting = sorted(set(channels) & set(self.policy.unsubscribe_line))
            if wanting and not checks.mentions_unsubscribing(template, self._templates):
                message = f"no line about unsubscribing, which the policy wants in {wanting[0]}"
                last = template.place(template.text.count("\n") + 1)
                problems.append(Problem("M108", message, last, _UNSUBSCRIBE_LINE))
        for name in sorted(self._with_includes(names_used)):
            template = self._templates[name]
            problems += self._faulty[name]
            problems += checks.unknown_names(template, self.fields)
            problems += checks.unguarded_names(template, self.fields)
            problems += self._wrong_includes(template)
        return problems

    def render(self, contacts: pl.DataFrame) -> pl.Series:
        """Write the message of each contact, row for row as in contacts.

        `message` of contacts names the template (missing: no message). An e-mail keeps its first
        line, `Subject: ...`; other channels lose it.

        Raises:
            Refused: a template is unfit, or a customer's message cannot be written or is empty; it
                names the template, the line and one customer's id, and nothing else of the
                customer.
        """
        tried = self._attempt(contacts, "customer")
        written = contacts.with_columns(tried.texts.alias(TEXT))
        empty = [each.problem for each in hollow(written, self._templates, "customer")]
        if tried.problems or empty:
            raise Refused([*tried.problems, *empty])
        return tried.texts

    def _attempt(self, contacts: pl.DataFrame, whose: str) -> _Attempt:
        """Write the messages that can be written, and say why the others cannot be."""
        written: list[str | None] = [None] * contacts.height
        problems: list[Problem] = []
        numbered = contacts.with_row_index(_NUMBER)
        for (name,), group in numbered.group_by([MESSAGE], maintain_order=True):
            if name is not None:
                failures = self._write(str(name), group, written)
                problems += [problem_of(failure, whose, at) for failure, at in failures.items()]
        texts = self._on_channels(contacts[CHANNEL], pl.Series(MESSAGE, written, dtype=pl.String))
        return _Attempt(texts, tuple(problems))

    def proofread(self, contacts: pl.DataFrame, texts: pl.Series) -> list[Problem]:
        """Warn of messages that are longer than their channel takes (M110).

        `texts` are what `render` made of contacts. Nothing is cut: such a message goes out whole.
        """
        written = contacts.with_columns(texts.alias(TEXT))
        found = overlong(written, self.policy, self._templates, "customer")
        return [each.warning for each in found]

    def rehearse(self, contacts: pl.DataFrame, whose: str = "customer") -> list[Problem]:
        """Write messages to find what no template shows by itself; each thing is a warning.

        M107, M112 nothing stands in the subject or message; M110 it is longer than its channel
        takes; M111 nothing stands before a comma; M201 to M203 it cannot be written. M107, M110 and
        M112 are errors where they are true of every row of a template and channel. `whose` says
        what the rows of contacts are.

        Raises:
            Refused: a template is unfit.
        """
        tried = self._attempt(contacts, whose)
        written = contacts.with_columns(tried.texts.alias(TEXT))
        found = hollow(written, self._templates, whose)
        found += overlong(written, self.policy, self._templates, whose)
        named = [each.warning for each in gaps(written, self._templates, whose)]
        failed = [replace(problem, severity="warning") for problem in tried.problems]
        return [*failed, *named, *(each.weighed for each in found)]

    def _write(
        self, name: str, group: pl.DataFrame, written: list[str | None]
    ) -> dict[Failure, list[str]]:
        """Fill one template for its contacts; give whom it could not be filled for, and why."""
        template, wanted = self._ready(name)
        columns = [c for c in group.columns if c in wanted] or [CUSTOMER]
        filled = without_blanks(group.select(columns))
        failures: dict[Failure, list[str]] = {}
        read_by_it = sorted(wanted & set(filled.columns))
        lists = any(kind.is_nested() for kind in filled.schema.values())
        alike: dict[tuple[object, ...], str] = {}  # of whom all that the template reads is equal
        who = zip(group[_NUMBER], group[CUSTOMER], filled.iter_rows(named=True), strict=True)
        for number, customer, row in who:
            read = tuple(row[each] for each in read_by_it)
            text: str | Failure | None = None if lists else alike.get(read)
            if text is None:
                names = {key: value for key, value in row.items() if value is not None}
                text = self._filled(template, names | self._night)
            if isinstance(text, str):
                written[number] = text
                if not lists and len(alike) < _MOST_ALIKE:
                    alike[read] = text
                continue
            failures.setdefault(text, []).append(str(customer))
            if text.code != "M201":
                break  # too long or too slow: not once more for every customer
        return failures

    def _on_channels(self, channels: pl.Series, written: pl.Series) -> pl.Series:
        """Leave the subject in e-mails, and take it out of all else."""
        by_email = channels.cast(pl.String).is_in(self.emails)
        frame = pl.DataFrame({MESSAGE: written.str.strip_chars(), "email": by_email})
        without = pl.col(MESSAGE).str.replace(SUBJECT_LINE, "").str.strip_chars()
        return frame.select(pl.when("email").then(MESSAGE).otherwise(without)).to_series()

    def _filled(self, template: Compiled, names: dict[str, Any]) -> str | Failure:
        from targeting.exports.sandbox import FAILURES, line_of

        try:
            return self._environment.render(template, names)
        except FAILURES as error:
            name, line = line_of(error, str(template.name))
            code, message, word, instead = in_plain_words(error)
            return Failure(self._templates[name].place(line, word), code, message, instead)

    def _ready(self, name: str) -> tuple[Compiled, set[str]]:
        """Give a template ready to fill, and the columns that it reads with its includes."""
        from targeting.exports.templates import names_used

        if name not in self._templates:
            raise Refused([self._absent(name)])
        below = self._with_includes([name])
        faulty = [problem for other in sorted(below) for problem in self._faulty[other]]
        for other in sorted(below):
            faulty += self._wrong_includes(self._templates[other])
        if faulty:
            raise Refused(faulty)
        self._environment.spend()
        wanted = {used for other in below for used in names_used(self._templates[other])}
        allowed = {*self.fields, "offer", "rule"}
        return self._environment.get_template(name), wanted & allowed

    def _with_includes(self, names: Collection[str]) -> set[str]:
        """Give the templates that exist among these, and those they include."""
        found: set[str] = set()
        waiting = [name for name in names if name in self._templates]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                inner = [other for other, _ in self._includes[name]]
                waiting += [other for other in inner if other in self._templates]
        return found

    def _wrong_includes(self, template: Template) -> list[Problem]:
        problems = []
        for other, line in self._includes[template.name]:
            where = template.place(line, other)
            if other not in self._templates:
                near = did_you_mean(other, self._templates, what="templates")
                problems.append(Problem("M101", f"there is no template '{other}'", where, near))
            elif template.name in self._with_includes([other]):
                message = f"'{other}' includes this template again"
                problems.append(Problem("M106", message, where, "break the circle"))
        return problems

    def _absent(self, name: str) -> Problem:
        from targeting.exports.templates import FOLDER

        if name in self._unread:
            return self._unread[name]
        near = did_you_mean(name, self._templates, what="templates")
        return Problem("M101", f"there is no template '{name}'", Place(f"{FOLDER}/{name}"), near)

    @property
    def emails(self) -> list[str]:
        """The channels whose messages have a subject: `email`, and those that go there."""
        channels = self.policy.channels.items()
        return [name for name, own in channels if name == "email" or own.address == "email"]


_MOST_ALIKE: Final = 100_000  # messages kept of a template, for others who are alike

_UNSUBSCRIBE_LINE: Final = (
    'a last line with the word "unsubscribe", or {{ unsubscribe_url }}, outside of if and for'
)
