"""What people do to YAML: each common break explained at the word that broke it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml

from targeting.problems import Place, Problem
from targeting.workspace.indentation import unlike_its_neighbours
from targeting.workspace.spot import Lines, Spot, indent

_LONGEST_LINE = 3_000  # a longer one is not typed by a person, and is slow to look through
_QUOTE_IT = "put the text in quotes"


@dataclass(frozen=True)
class _Break:
    """Where YAML gave up, what it was reading, and what it says."""

    here: Spot
    opened: Spot  # where the reading of this part began
    reading: str
    says: str
    long_quotes: Sequence[tuple[Place, int]]  # texts in quotes over lines, and their last line


def explain(
    error: yaml.MarkedYAMLError, name: str, lines: Lines, long_quotes: Sequence[tuple[Place, int]]
) -> Problem:
    """Say in the writer's terms why the text is not YAML, where the slip most likely is."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    here = opened = Spot(name, lines, line, column)
    if error.context_mark is not None:
        opened = Spot(name, lines, error.context_mark.line + 1, error.context_mark.column + 1)
    broken = _Break(here, opened, str(error.context or ""), str(error.problem or ""), long_quotes)
    found = (explanation(broken) for explanation in _EXPLANATIONS)
    return next((problem for problem in found if problem is not None), None) or (
        unlike_its_neighbours(here)
    )


def misread_block(place: Place) -> Problem | None:
    """Tell `visits: >2`, an empty block of text to YAML, from a comparison."""
    typed = re.match(r"[>|][-+]?\s*=?\s*(-?[\d.]+%?)", place.excerpt[place.column - 1 :])
    if typed is None:
        return None
    more = "at_least" if "=" in typed[0] else "more_than"
    instead = f"compare in words: {{{more}: {typed[1]}}}"
    message = f"{typed[0]} is a block of text to YAML"
    return Problem("Y001", message, _stretched(place, len(typed[0].rstrip())), instead)


def _too_deep(broken: _Break) -> Problem | None:
    if "depth" not in broken.says + broken.reading:
        return None
    return Problem("Y003", "brackets nested too deep", broken.here.place(), "flatten them")


def _long_line(broken: _Break) -> Problem | None:
    nearby = broken.here.lines[max(0, broken.here.line - 4) : broken.here.line + 2]
    if max(map(len, nearby), default=0) <= _LONGEST_LINE:
        return None
    spot = broken.opened if _in_brackets(broken) or _in_quotes(broken) else broken.here
    return spot.problem("a long line that is no YAML", "break it, or is this the right file?")


def _comparison(broken: _Break) -> Problem | None:
    """Explain `{at_least: >= 7}`: a sign where a value stands."""
    here = broken.here
    found = re.search(r": +((>=?|=>) *([^\s,}\]]+)) *[,}\]]", here.text)
    if found is None or re.search(r"['\"#]", here.text[: found.start()]):
        return None
    spot = here.at(here.line, found.start(1) + 1)
    instead = f"compare in words, without the sign: {{at_least: {found[3]}}}"
    return spot.problem(f"'{found[2]}' begins no value", instead, len(found[1]))


def _quotation(broken: _Break) -> Problem | None:
    if _in_quotes(broken) and "escape" in broken.says:
        message = 'a \\ inside " quotes begins a special sign'
        return broken.here.problem(message, "type \\\\, or use ' quotes")
    if _in_quotes(broken):
        return _unclosed_quote(broken.opened.place())
    if _in_brackets(broken):
        return None
    last_lines = (broken.here.line, broken.here.line - 1)
    closed_late = [place for place, last in broken.long_quotes if last in last_lines]
    return _unclosed_quote(closed_late[0]) if closed_late else None


def _block(broken: _Break) -> Problem | None:
    if "block scalar" not in broken.reading:
        return None
    message = "to YAML this sign begins a block of text on the next lines"
    return misread_block(broken.opened.place()) or broken.opened.problem(message, _QUOTE_IT)


def _list_on_the_line(broken: _Break) -> Problem | None:
    if "sequence entries" not in broken.says:
        return None
    instead = "begin it on the next line, with '- '"
    return broken.here.problem("a list does not begin here", instead)


def _brackets(broken: _Break) -> Problem | None:
    """Explain a [list] or {mapping}: not closed, or something between its entries is missing."""
    if not _in_brackets(broken):
        return None
    here, start = broken.here, broken.opened
    if (here.sign and here.sign in "%@`\t") or here.previous in ("*", "&", "!"):
        return _sign(broken)
    if start.sign not in ("[", "{"):
        start = _last_opened(here) or start
    if start.sign not in ("[", "{"):
        return here.problem("a bracket is not closed, or one too many", "pair them: [a, b] {a: b}")
    closes = "]" if start.sign == "[" else "}"
    if here.line == start.line and closes in here.rest:
        return _between_brackets(start, here, closes)
    message = f"the {start.sign} opened here is not closed"
    return start.problem(message, f"close it with {closes}")


def _between_brackets(start: Spot, here: Spot, closes: str) -> Problem:
    if here.sign in ("]", "}"):
        message = f"'{here.sign}' does not close the '{start.sign}' before it"
        return here.problem(message, f"close it with {closes}")
    if here.sign != ":":
        return here.problem("a comma is missing before this", "put a comma between the entries")
    word = re.search(r"[^\s,\[{]*$", here.before.rstrip())
    assert word is not None
    instead = "put a comma before it (text that holds ': ' is put in quotes)"
    spot = here.at(here.line, word.start() + 1)
    return spot.problem("a second colon before a comma", instead, len(word[0]))


def _last_opened(here: Spot) -> Spot | None:
    """Find the bracket that is still open, on this line or just above it."""
    above = here.written_above() or here.line
    for number, line in ((here.line, here.before), (above, here.lines[above - 1])):
        open_at: list[int] = []
        for at, sign in enumerate(re.split(r"(?:^|\s)#", line)[0]):
            if sign in "[{":
                open_at.append(at)
            elif sign in "]}" and open_at:
                open_at.pop()
        if open_at:
            return here.at(number, open_at[-1] + 1)
    return None


def _unclosed_quote(place: Place) -> Problem:
    sign = place.excerpt[place.column - 1 : place.column]
    message = "the quotation mark opened here is not closed on its line"
    where = _stretched(place, 1)
    return Problem("Y001", message, where, f"close it with {sign}, or delete it")


def _no_colon(broken: _Break) -> Problem | None:
    return _lacks_colon(broken.opened) if "':'" in broken.says else None


def _lacks_colon(start: Spot) -> Problem:
    word = start.rest.split("#")[0].rstrip()
    found = re.match(r"[\w-]+", word)
    if found and found[0] != word:
        width = len(found[0])
        return start.problem("a key without its colon", f"type {found[0]}: …", width)
    return start.problem("a key without its colon", f"type {word}:", max(1, len(word)))


def _second_colon(broken: _Break) -> Problem | None:
    """Explain `: ` where none can stand: two on a line, or a line that joins the one above."""
    if "mapping values" not in broken.says:
        return None
    here = broken.here
    key = re.search(r"(?:^|[-\s])([\w-]+)\s*$", here.before)
    alone = re.fullmatch(r"\s*(-\s+)*[^\s:]*\s*", here.before)
    above = here.written_above()
    if alone is None or above is None:
        start = key.start(1) + 1 if key else here.column
        word = here.at(here.line, start)
        instead = "put a text that holds ': ' in quotes, or begin a new line"
        return word.problem("a second colon on one line", instead, here.column - start)
    upper = here.lines[above - 1]
    bare = re.fullmatch(r"\s*(?:-\s+)*([\w-]+)\s*(#.*)?", upper)
    if bare and not upper.lstrip().startswith("- "):
        return _lacks_colon(here.at(above, bare.start(1) + 1))
    return unlike_its_neighbours(here)


def _sign(broken: _Break) -> Problem | None:
    """Explain a sign that cannot begin or end what stands there."""
    here = broken.here
    if "\t" in here.before[: indent(here.text) + 1] or here.sign == "\t":
        message = "a tab, which YAML does not take for indentation"
        tab = here.at(here.line, here.text.find("\t") + 1)
        return tab.problem(message, "indent with spaces")
    return _no_beginning(here) or _stray(here)


def _no_beginning(here: Spot) -> Problem | None:
    """Explain `%5`, `@home`, `*new*`: signs that mean something to YAML."""
    if here.sign and here.sign in "%@`":
        width = len(here.rest.split()[0])
        return here.problem(f"'{here.sign}' cannot begin a value", _QUOTE_IT, width)
    found = re.match(r"(\s*(?:-\s+)?[^:#]*:\s+)[*&]", here.before)
    column = found.end() if found else len(here.before.rstrip())
    if found is None and here.previous not in ("*", "&", "!"):
        return None
    spot = here.at(here.line, column)
    return spot.problem(f"'{spot.sign}' cannot begin a value", _QUOTE_IT)


def _stray(here: Spot) -> Problem | None:
    if here.sign and here.sign in "]},":
        return here.problem(f"a '{here.sign}' that nothing opened", "delete it, or open it before")
    if here.sign == ":":
        return here.problem("a colon without a key", "type key: value")
    if here.previous in ("'", '"'):
        instead = "put the whole text in quotes, or none of it"
        return here.problem("text goes on after its closing quotation mark", instead)
    return None


def _in_brackets(broken: _Break) -> bool:
    return "flow" in broken.reading


def _in_quotes(broken: _Break) -> bool:
    return "quoted scalar" in broken.reading


def _stretched(place: Place, width: int) -> Place:
    end = min(place.column + width, len(place.excerpt) + 1)
    return Place(place.file, place.line, place.column, max(end, place.column + 1), place.excerpt)


# Tried in this order; the first that has something to say is told.
_EXPLANATIONS: tuple[Callable[[_Break], Problem | None], ...] = (
    _too_deep, _long_line, _comparison, _brackets, _quotation, _block, _list_on_the_line, _no_colon,
    _second_colon, _sign,
)  # fmt: skip
