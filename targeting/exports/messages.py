"""The words of each message: templates checked before the night, then filled for each customer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import polars.selectors as cs

from targeting.frames import CHANNEL, CUSTOMER
from targeting.problems import Place, Problem, Refused, did_you_mean
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.policy import Policy
from targeting.workspace.settings import Shop

if TYPE_CHECKING:
    from jinja2 import Template as Compiled

    from targeting.exports.templates import Template

MESSAGE: Final = "message"
_SUBJECT_LINE: Final = r"^Subject:[^\n]*\n*"


@dataclass(frozen=True)
class _Failure:
    """Why one customer's message could not be written."""

    place: Place
    code: str
    message: str
    instead: str | None


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
        from targeting.exports.templates import parse, read_templates

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
            if any(self._is_email(channel) for channel in channels):
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
            Refused: a template is unfit, or a customer's message cannot be written; it names the
                template, the line and one customer's id, and nothing else of the customer.
        """
        written: list[str | None] = [None] * contacts.height
        numbered = contacts.with_row_index("number of contact")
        for (name,), group in numbered.group_by([MESSAGE], maintain_order=True):
            if name is not None:
                for number, text in self._written(str(name), group):
                    written[number] = text
        texts = pl.Series(MESSAGE, written, dtype=pl.String).str.strip_chars()
        by_email = (
            contacts[CHANNEL]
            .cast(pl.String)
            .is_in([c for c in self.policy.channels if self._is_email(c)])
        )
        frame = pl.DataFrame({MESSAGE: texts, "email": by_email})
        without_subject = pl.col(MESSAGE).str.replace(_SUBJECT_LINE, "")
        chosen = pl.when("email").then(MESSAGE).otherwise(without_subject).alias(MESSAGE)
        return frame.select(chosen).to_series()

    def _written(self, name: str, group: pl.DataFrame) -> Iterator[tuple[int, str]]:
        """Fill one template for its contacts: number of the contact, text."""
        template, wanted = self._ready(name)
        columns = [c for c in group.columns if c in wanted] or [CUSTOMER]
        filled = _without_blanks(group.select(columns))
        customers = group[CUSTOMER]
        failures: dict[_Failure, list[int]] = {}
        numbers = group["number of contact"]
        rows = filled.iter_rows(named=True)
        for position, (number, row) in enumerate(zip(numbers, rows, strict=True)):
            names = {key: value for key, value in row.items() if value is not None}
            text = self._filled(template, names | self._night)
            if isinstance(text, str):
                yield number, text
                continue
            failures.setdefault(text, []).append(position)
            if text.code != "M201":
                break  # too long or too slow: not once more for every customer
        if failures:
            raise Refused(_problem(f, str(customers[at[0]]), len(at)) for f, at in failures.items())

    def _filled(self, template: Compiled, names: dict[str, Any]) -> str | _Failure:
        from targeting.exports.sandbox import FAILURES, line_of

        try:
            return self._environment.render(template, names)
        except FAILURES as error:
            name, line = line_of(error, str(template.name))
            code, message, word, instead = _in_plain_words(error)
            return _Failure(self._templates[name].place(line, word), code, message, instead)

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
        from targeting.exports.templates import includes

        found: set[str] = set()
        waiting = [name for name in names if name in self._templates]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                inner = [other for other, _ in includes(self._templates[name])]
                waiting += [other for other in inner if other in self._templates]
        return found

    def _wrong_includes(self, template: Template) -> list[Problem]:
        from targeting.exports.templates import includes

        problems = []
        for other, line in includes(template):
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

    def _is_email(self, channel: str) -> bool:
        """Tell whether a channel's messages have a subject: `email`, or one that goes there."""
        described = self.policy.channels.get(channel)
        return channel == "email" or (described is not None and described.address == "email")


_UNSUBSCRIBE_LINE: Final = (
    'a last line with the word "unsubscribe", or {{ unsubscribe_url }}, outside of if and for'
)


def _without_blanks(columns: pl.DataFrame) -> pl.DataFrame:
    """Make texts fit for one line of a message; a blank one is missing.

    A line break inside a name would end an e-mail's subject and begin a header of its own.
    """
    columns = columns.cast({cs.decimal(): pl.Float64, cs.categorical() | cs.enum(): pl.String})
    text = pl.col(pl.String).str.replace_all(r"[\p{Cc}\x{2028}\x{2029}]+", " ").str.strip_chars()
    whole = columns.with_columns(text)
    return whole.with_columns(
        pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep(),
        pl.when(pl.col(pl.Float64).is_finite()).then(pl.col(pl.Float64)).name.keep(),
    )


def _problem(failure: _Failure, customer: str, count: int) -> Problem:
    others = "" if count == 1 else f" and {count - 1:,} more"
    message = f"{failure.message} (customer {customer}{others})"
    return Problem(failure.code, message, failure.place, failure.instead)


def _in_plain_words(error: Exception) -> tuple[str, str, str, str | None]:
    """Give code, message, word and help, without Python's words, which may quote a value."""
    from jinja2 import TemplateError, UndefinedError

    from targeting.exports.sandbox import TooMuch, Unfit

    match error:
        case UndefinedError(message=said):
            found = re.fullmatch(r"'(.+)' is undefined", str(said))
            name = found[1] if found else ""
            instead = f'say what stands instead: {{{{ {name or "…"} | default("…") }}}}'
            message = f"'{name}' is missing" if name else "a value is missing"
            answer: tuple[str, str, str, str | None] = ("M201", message, name, instead)
        case TooMuch():
            answer = ("M202", f"the message {error}", "", "make it shorter")
        case Unfit():
            answer = ("M203", str(error), "", None)
        case TemplateError() | RecursionError() | MemoryError():
            answer = ("M203", "includes or nests too much", "", "make it simpler")
        case ZeroDivisionError():
            answer = ("M203", "divides by zero", "", "test the divisor first: {% if … > 0 %}")
        case TypeError():
            message = "compares or joins values that do not go together"
            answer = ("M203", message, "", "or a filter that is given too little or too much")
        case _:
            answer = ("M203", "cannot be worked out with this customer's values", "", None)
    return answer
