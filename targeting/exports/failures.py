"""Why a message could not be written, without Python's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from targeting.exports.proofread import said_of
from targeting.problems import Place, Problem


@dataclass(frozen=True)
class Failure:
    """Why one customer's message could not be written."""

    place: Place
    code: str
    message: str
    instead: str | None


def problem_of(failure: Failure, whose: str, names: Sequence[str]) -> Problem:
    """Say it of the first of those whom it happened to, and how many they are."""
    message = f"{failure.message} ({said_of(whose, names[0], len(names))})"
    return Problem(failure.code, message, failure.place, failure.instead)


def in_plain_words(error: Exception) -> tuple[str, str, str, str | None]:
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
