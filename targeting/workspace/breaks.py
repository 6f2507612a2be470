"""What people do to YAML: each common break explained at the word that broke it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from targeting.problems import Place, Problem

Lines = tuple[str, ...]


def place_at(name: str, lines: Lines, line: int, column: int, end: int = 0) -> Place:
    """Make a place that lies inside the file, whatever a parser says of its end."""
    line = max(1, min(line, len(lines)))
    excerpt = lines[line - 1] if lines else ""
    column = max(1, min(column, len(excerpt) + 1))
    return Place(name, line, column, max(column + 1, min(end, len(excerpt) + 1)), excerpt)


def explain(
    error: yaml.MarkedYAMLError, name: str, lines: Lines, long_quotes: Sequence[tuple[Place, int]]
) -> Problem:
    """Say in the writer's terms why the text is not YAML, where the slip most likely is."""
    context, problem = str(error.context or ""), str(error.problem or "")
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    opened = error.context_mark
    here = _Spot(name, lines, line, column)
    compared = _comparison(here)
    if compared is not None:
        return compared
    if "depth" in problem + context:
        return Problem("Y003", "brackets nested too deep", here.place(), "flatten them")
    if opened is not None and ("quoted scalar" in context or "flow" in context):
        start = _Spot(name, lines, opened.line + 1, opened.column + 1)
        return _quoted(start, here, problem) if "quoted" in context else _flow(start, here)
    for place, last in long_quotes:
        if last in (here.line, here.line - 1):
            return _unclosed_quote(place)
    if "block scalar" in context and opened is not None:
        start = _Spot(name, lines, opened.line + 1, opened.column + 1)
        return misread_block(start.place()) or start.problem(_BAD_BLOCK, _QUOTE_IT)
    if "sequence entries" in problem:
        return here.problem("a list does not begin here", "begin it on the next line, with '- '")
    if "':'" in problem and opened is not None:
        return _no_colon(_Spot(name, lines, opened.line + 1, opened.column + 1))
    if "mapping values" in problem:
        return _second_colon(here)
    return _sign(here) or _indentation(here)


def misread_block(place: Place) -> Problem | None:
    """Tell `visits: >2`, an empty block of text to YAML, from a comparison."""
    typed = re.match(r"[>|][-+]?\s*=?\s*(-?[\d.]+%?)", place.excerpt[place.column - 1 :])
    if typed is None:
        return None
    more = "at_least" if "=" in typed[0] else "more_than"
    instead = f"compare in words: {{{more}: {typed[1]}}}"
    where = _stretched(place, len(typed[0].rstrip()))
    return Problem("Y001", f"{typed[0]} is a block of text to YAML", where, instead)


def _comparison(here: _Spot) -> Problem | None:
    """Explain `{at_least: >= 7}`: a sign where a value stands."""
    found = re.search(r"([\w]+):\s+((>=?|=>)\s*([^\s,}\]]+))\s*[,}\]]", here.text)
    if found is None or re.search(r"['\"#]", here.text[: found.start()]):
        return None
    spot = here.at(here.line, found.start(2) + 1)
    instead = f"compare in words, without the sign: {{at_least: {found[4]}}}"
    return spot.problem(f"'{found[3]}' begins no value", instead, len(found[2]))


_BAD_BLOCK = "to YAML this sign begins a block of text on the next lines"
_QUOTE_IT = "put the text in quotes"


class _Spot:
    """A line and column, and the text around it."""

    def __init__(self, name: str, lines: Lines, line: int, column: int) -> None:
        self.name, self.lines = name, lines
        self.line, self.column = line, column
        if line > len(lines) or not "".join(lines[line - 1 :]).strip():
            self.line, self.column = _last_written(lines)

    @property
    def text(self) -> str:
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""

    @property
    def rest(self) -> str:
        return self.text[self.column - 1 :]

    @property
    def before(self) -> str:
        return self.text[: self.column - 1]

    def place(self, width: int = 1) -> Place:
        return place_at(self.name, self.lines, self.line, self.column, self.column + width)

    def problem(self, message: str, instead: str, width: int = 1) -> Problem:
        return Problem("Y001", message, self.place(width), instead)

    def at(self, line: int, column: int | None = None) -> _Spot:
        first = _indent(self.lines[line - 1]) + 1 if column is None else column
        return _Spot(self.name, self.lines, line, first)

    def written_above(self) -> int | None:
        """Find the nearest line above that is neither empty nor a comment."""
        above = range(self.line - 1, 0, -1)
        return next((n for n in above if _is_written(self.lines[n - 1])), None)

    def written_below(self) -> int | None:
        """Find the nearest line below that is neither empty nor a comment."""
        below = range(self.line + 1, len(self.lines) + 1)
        return next((n for n in below if _is_written(self.lines[n - 1])), None)


def _flow(start: _Spot, here: _Spot) -> Problem:
    """Explain a [list] or {mapping}: not closed, or something between its entries is missing."""
    if here.rest[:1] in "%@`\t" or here.before.rstrip()[-1:] in ("*", "&", "!"):
        bad = _sign(here)
        if bad is not None and here.rest:
            return bad
    if start.rest[:1] not in ("[", "{"):
        start = _last_opened(here) or start
    closes = {"[": "]", "{": "}"}.get(start.rest[:1], "")
    if start.rest[:1] not in ("[", "{"):
        return here.problem("a bracket is not closed, or one too many", "pair them: [a, b] {a: b}")
    if here.line == start.line and closes in here.rest:
        if here.rest[:1] in ("]", "}"):
            message = f"'{here.rest[:1]}' does not close the '{start.rest[:1]}' before it"
            return here.problem(message, f"close it with {closes}")
        if here.rest[:1] == ":":
            word = re.search(r"[^\s,\[{]*$", here.before.rstrip())
            at = start.at(here.line, (word.start() if word else here.column - 1) + 1)
            instead = "put a comma before it (text that holds ': ' is put in quotes)"
            return at.problem("a second colon before a comma", instead, len(word[0]) if word else 1)
        return here.problem("a comma is missing before this", "put a comma between the entries")
    message = f"the {start.rest[:1]} opened here is not closed"
    return start.problem(message, f"close it with {closes}")


def _last_opened(here: _Spot) -> _Spot | None:
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


def _quoted(start: _Spot, here: _Spot, problem: str) -> Problem:
    if "escape" in problem:
        message = 'a \\ inside " quotes begins a special sign'
        return here.problem(message, "type \\\\, or use ' quotes")
    return _unclosed_quote(start.place())


def _unclosed_quote(place: Place) -> Problem:
    sign = place.excerpt[place.column - 1 : place.column]
    message = "the quotation mark opened here is not closed on its line"
    where = _stretched(place, 1)
    return Problem("Y001", message, where, f"close it with {sign}, or delete it")


def _no_colon(start: _Spot) -> Problem:
    word = start.rest.split("#")[0].rstrip()
    found = re.match(r"[\w-]+", word)
    if found and found[0] != word:
        width = len(found[0])
        return start.problem("a key without its colon", f"type {found[0]}: …", width)
    return start.problem("a key without its colon", f"type {word}:", max(1, len(word)))


def _second_colon(here: _Spot) -> Problem:
    """Explain `: ` where none can stand: two on a line, or a line that joins the one above."""
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
        return _no_colon(here.at(above, bare.start(1) + 1))
    return _indentation(here)


def _sign(here: _Spot) -> Problem | None:
    """Explain a sign that cannot begin or end what stands there."""
    sign = here.rest[:1]
    previous = here.before.rstrip()[-1:]
    if "\t" in here.before[: _indent(here.text) + 1] or sign == "\t":
        return here.at(here.line, here.text.find("\t") + 1).problem(
            "a tab, which YAML does not take for indentation", "indent with spaces"
        )
    if sign and sign in "%@`":
        return here.problem(f"'{sign}' cannot begin a value", _QUOTE_IT, len(here.rest.split()[0]))
    if previous and previous in "*&!":
        return here.at(here.line, len(here.before.rstrip())).problem(
            f"'{previous}' cannot begin a value", _QUOTE_IT
        )
    if sign and sign in "]},":
        return here.problem(f"a '{sign}' that nothing opened", "delete it, or open it before")
    if sign == ":":
        return here.problem("a colon without a key", "type key: value")
    if previous in ("'", '"'):
        instead = "put the whole text in quotes, or none of it"
        return here.problem("text goes on after its closing quotation mark", instead)
    found = re.match(r"(\s*(?:-\s+)?[^:#]*:\s+)[*&]", here.before)
    if found is not None:
        at = here.at(here.line, found.end())
        return at.problem(f"'{found[0][-1]}' cannot begin a value", _QUOTE_IT)
    return None


def _indentation(here: _Spot) -> Problem:
    """Blame the line that is no entry, else the one indented unlike both its neighbours."""
    above, below = here.written_above(), here.written_below()
    if above is not None and (broken := _no_entry(here.at(above), here)) is not None:
        return broken
    if (broken := _no_entry(here.at(here.line), None)) is not None:
        return broken
    spot = here.at(_odd_one_out(here, above, below))
    message, instead = "this line is indented unlike its neighbours", "line it up with them"
    beside = [here.lines[n - 1] for n in (above, below) if n is not None and n != spot.line]
    dashed = [line for line in (*beside, here.text) if _dashed(line)]
    if not _dashed(spot.text) and len(dashed) > 1 and _indent(dashed[-1]) == _indent(spot.text):
        message, instead = "this line lacks the '- ' of its neighbours", "begin it with '- '"
    return spot.problem(message, instead, len(spot.rest.rstrip()))


def _no_entry(spot: _Spot, following: _Spot | None) -> Problem | None:
    """Explain a line that is neither `key: value` nor a `- ` item."""
    text = spot.rest.split(" #")[0].rstrip()
    if re.match(r"-[^\s-]", text):
        return spot.problem("a dash without a space", f"type - {text[1:]}", len(text))
    sign = re.match(r"([^\w\s\"'\[{<$?-]|0)\s+\w", text)
    if sign is not None:
        return spot.problem(f"a line begins with '{sign[1]}'", "begin it with '- '")
    word = re.sub(r"^(-\s+)+", "", text)
    entry = re.match(r"""([^\s:#'"[{&*!|>%@`][^:#]*|"[^"]*"|'[^']*'):(\s|$)""", word)
    deeper = following is None or _content(following.text) > _indent(spot.text)
    if entry is not None or word[:1] in ("[", "{") or (word != text and not deeper):
        return None
    at = spot.at(spot.line, spot.column + len(text) - len(word))
    key = re.match(r"([\w-]+)[:;\"'.,]?\s*(.*)", word)
    instead = f"type {key[1]}: {key[2]}".rstrip() if key else "type key: value"
    return at.problem("a key without its colon and space", instead, len(word))


def _odd_one_out(here: _Spot, above: int | None, below: int | None) -> int:
    """Choose between a line and the one above it: which stands as the lines around them ask?"""
    if above is None:
        return here.line
    upper, lower = here.lines[above - 1], here.lines[below - 1] if below else ""
    second = here.at(above).written_above()
    higher = here.lines[second - 1] if second else ""
    if _dashed(here.text) and not _dashed(upper) and _indent(upper) == _indent(here.text):
        return here.line if _opens(upper) else above
    asked = [_content(higher), _content(lower)] if second else [0, _content(lower)]
    if second and _opens(higher):
        asked[0] = _content(higher) + (4 if _dashed(upper) else 2)
    fits = [sum(_content(line) == column for column in asked) for line in (upper, here.text)]
    if fits[0] == fits[1]:
        fits = [1 - _content(line) % 2 for line in (upper, here.text)]
    return above if fits[1] > fits[0] else here.line


def _opens(line: str) -> bool:
    """Say whether lines may stand below this one, as its value."""
    return line.split(" #")[0].rstrip().endswith(":")


def _content(line: str) -> int:
    """Count the signs before a line's first word, dashes included."""
    found = re.match(r"\s*(-\s+)*", line)
    return found.end() if found else 0


def _dashed(line: str) -> bool:
    return line.lstrip().startswith("-")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_written(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _last_written(lines: Lines) -> tuple[int, int]:
    for number in range(len(lines), 0, -1):
        if lines[number - 1].strip():
            return number, len(lines[number - 1].rstrip()) + 1
    return 1, 1


def _stretched(place: Place, width: int) -> Place:
    end = min(place.column + width, len(place.excerpt) + 1)
    return Place(place.file, place.line, place.column, max(end, place.column + 1), place.excerpt)
