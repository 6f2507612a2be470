"""What is wrong with messages once they are written: nothing in them, a gap, too long.

`written` has a row a contact everywhere in this file: customer_id, channel, message (the template's
name), and the text as it goes out, missing where it could not be written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from targeting.exports.sms import sms_segments
from targeting.frames import CHANNEL, CUSTOMER
from targeting.problems import Place, Problem
from targeting.workspace.policy import Policy

if TYPE_CHECKING:
    from targeting.exports.templates import Template

TEXT: Final = "text written"
SUBJECT_LINE: Final = r"^Subject:[^\n]*\n*"

_TEMPLATE: Final = "message"
_NO_SUBJECT: Final = r"^Subject:[^\S\n]*(\n|$)"
# No language writes a space before a comma: what should stand before it came out empty.
_GAP: Final = r"(?m)(^|[^\S\n]|^Subject:)[,،、]"
_GAP_IN_TEMPLATE: Final = r"[}%][}]\s*[,،、]"
_FLAG, _LENGTH = "flag", "length"


@dataclass(frozen=True)
class Noticed:
    """A problem of a template on a channel, and whether each of its messages has it."""

    problem: Problem
    always: bool

    @property
    def weighed(self) -> Problem:
        """Give an error where every message has it, a warning where some have."""
        return self.problem if self.always else self.warning

    @property
    def warning(self) -> Problem:
        """Give a warning."""
        return replace(self.problem, severity="warning")


def said_of(whose: str, first: str, count: int) -> str:
    """Name one row that something is true of, and how many more."""
    return f"{whose} {first}" + ("" if count == 1 else f" and {count - 1:,} more")


def hollow(written: pl.DataFrame, templates: Mapping[str, Template], whose: str) -> list[Noticed]:
    """Find messages with nothing in them (M112), and e-mails without a subject (M107)."""
    text = pl.col(TEXT)
    empty = text.str.replace(SUBJECT_LINE, "").str.strip_chars() == ""
    kinds = {
        ("M112", "the message is empty"): (empty, _SOMETHING),
        ("M107", "the subject is empty"): (text.str.contains(_NO_SUBJECT) & ~empty, _A_SUBJECT),
    }
    found = []
    for (code, said), (flag, help_) in kinds.items():
        for row in _lists(written, flag):
            message = f"{said} ({said_of(whose, row[CUSTOMER], row[_FLAG])})"
            found.append(_noticed(code, message, help_, row, templates[row[_TEMPLATE]].place(1)))
    return found


def gaps(written: pl.DataFrame, templates: Mapping[str, Template], whose: str) -> list[Noticed]:
    """Find commas after nothing, as in "Dear ," (M111)."""
    found = []
    for row in _lists(written, pl.col(TEXT).str.contains(_GAP)):
        said = f"nothing before a comma ({said_of(whose, row[CUSTOMER], row[_FLAG])})"
        place = _before_a_comma(templates[row[_TEMPLATE]])
        found.append(_noticed("M111", said, _A_NAME, row, place))
    return found


def overlong(
    written: pl.DataFrame, policy: Policy, templates: Mapping[str, Template], whose: str
) -> list[Noticed]:
    """Find messages that are longer than the policy lets a channel's be (M110)."""
    found = []
    for channel, described in policy.channels.items():
        longest = described.longest
        if longest is None:
            continue
        mine = _measured(written.filter(pl.col(CHANNEL).cast(pl.String) == channel), longest.unit)
        for row in _lists(mine, pl.col(_LENGTH) > longest.most, worst=_LENGTH):
            counted = f"{row[_LENGTH]:,} {longest.unit}{'' if row[_LENGTH] == 1 else 's'}"
            said = f"{counted}, and {channel} takes {longest}"
            about = said_of(whose, row[CUSTOMER], row[_FLAG])
            help_ = _PLAIN_SIGNS if row["encoding"] == "UCS-2" else _SHORTER
            place = _longest_line(templates[row[_TEMPLATE]])
            found.append(_noticed("M110", f"{said} ({about})", help_, row, place))
    return found


def _measured(written: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Add each message's length, its subject apart, and how SMS would encode it."""
    body = written[TEXT].str.replace(SUBJECT_LINE, "")
    if unit == "segment":
        sms = sms_segments(body)
        return written.with_columns(sms["segments"].alias(_LENGTH), sms["encoding"])
    nothing = pl.lit(None, pl.String).alias("encoding")
    return written.with_columns(body.str.len_chars().alias(_LENGTH), nothing)


def _lists(written: pl.DataFrame, flag: pl.Expr, worst: str = CUSTOMER) -> list[dict[str, Any]]:
    """Give a row for each template and channel with flagged messages.

    That of the flagged contact with the most of `worst`, by customer_id; `flag` counts the flagged,
    and `of` all that were written.
    """
    known = written.filter(pl.col(TEXT).is_not_null()).with_columns(flag.alias(_FLAG))
    by = [_TEMPLATE, CHANNEL]
    counts = known.group_by(by).agg(pl.col(_FLAG).sum(), pl.len().alias("of"))
    first = known.filter(_FLAG).drop(_FLAG)
    ordered = first.sort(worst, CUSTOMER, descending=[worst != CUSTOMER, False])
    first = ordered.unique(by, keep="first", maintain_order=True)
    return first.join(counts, on=by, how="left").sort(by).to_dicts()


def _noticed(
    code: str, message: str, instead: str, row: Mapping[str, Any], place: Place
) -> Noticed:
    return Noticed(Problem(code, message, place, instead), row[_FLAG] == row["of"])


def _before_a_comma(template: Template) -> Place:
    """Point at the first line on which a comma follows a value."""
    found = re.search(_GAP_IN_TEMPLATE, template.text)
    return template.place(1 + template.text.count("\n", 0, found.start() if found else 0))


def _longest_line(template: Template) -> Place:
    """Point at the line that is most of the message."""
    lines = template.text.splitlines() or [""]
    lengths = [0 if line.lstrip().startswith("Subject:") else len(line) for line in lines]
    return template.place(1 + lengths.index(max(lengths)))


_SOMETHING: Final = "say something outside of if and for"
_A_SUBJECT: Final = "words that are always there: Subject: {{ shop.name }} has something for you"
_A_NAME: Final = 'say what stands instead of a missing name: {{ first_name | default("Hello") }}'
_SHORTER: Final = "shorten the template; each segment of an SMS is paid for"
_PLAIN_SIGNS: Final = (
    "a sign outside of the SMS alphabet, such as an emoji, a curly quote or a name in another "
    "script, leaves 70 signs a segment of 160: leave it out, or shorten the template"
)
