"""Lines that do not line up: which of two neighbours is the one that slipped."""

from __future__ import annotations

import re

from targeting.problems import Problem
from targeting.workspace.spot import Spot, content, dashed, indent, opens


def unlike_its_neighbours(here: Spot) -> Problem:
    """Blame the line that is no entry, else the one indented unlike both its neighbours."""
    above, below = here.written_above(), here.written_below()
    if above is not None and (broken := _no_entry(here.at(above), here)) is not None:
        return broken
    if (broken := _no_entry(here.at(here.line), None)) is not None:
        return broken
    spot = here.at(_odd_one_out(here, above, below))
    message, instead = "this line is indented unlike its neighbours", "line it up with them"
    beside = [here.lines[n - 1] for n in (above, below) if n is not None and n != spot.line]
    items = [line for line in (*beside, here.text) if dashed(line)]
    if not dashed(spot.text) and len(items) > 1 and indent(items[-1]) == indent(spot.text):
        message, instead = "this line lacks the '- ' of its neighbours", "begin it with '- '"
    return spot.problem(message, instead, len(spot.rest.rstrip()))


def _no_entry(spot: Spot, following: Spot | None) -> Problem | None:
    """Explain a line that is neither `key: value` nor a `- ` item."""
    text = spot.rest.split(" #")[0].rstrip()
    if re.match(r"-[^\s-]", text):
        return spot.problem("a dash without a space", f"type - {text[1:]}", len(text))
    sign = re.match(r"([^\w\s\"'\[{<$?-]|0)\s+\w", text)
    if sign is not None:
        return spot.problem(f"a line begins with '{sign[1]}'", "begin it with '- '")
    word = re.sub(r"^(-\s+)+", "", text)
    entry = re.match(r"""([^\s:#'"[{&*!|>%@`][^:#]*|"[^"]*"|'[^']*'):(\s|$)""", word)
    deeper = following is None or content(following.text) > indent(spot.text)
    if entry is not None or word[:1] in ("[", "{") or (word != text and not deeper):
        return None
    at = spot.at(spot.line, spot.column + len(text) - len(word))
    key = re.match(r"([\w-]+)[:;\"'.,]?\s*(.*)", word)
    instead = f"type {key[1]}: {key[2]}".rstrip() if key else "type key: value"
    return at.problem("a key without its colon and space", instead, len(word))


def _odd_one_out(here: Spot, above: int | None, below: int | None) -> int:
    """Choose between a line and the one above it: which stands as the lines around them ask?"""
    if above is None:
        return here.line
    upper, lower = here.lines[above - 1], here.lines[below - 1] if below else ""
    second = here.at(above).written_above()
    higher = here.lines[second - 1] if second else ""
    if dashed(here.text) and not dashed(upper) and indent(upper) == indent(here.text):
        return here.line if opens(upper) else above
    asked = [content(higher), content(lower)] if second else [0, content(lower)]
    if second and opens(higher):
        asked[0] = content(higher) + (4 if dashed(upper) else 2)
    fits = [sum(content(line) == column for column in asked) for line in (upper, here.text)]
    if fits[0] == fits[1]:
        fits = [1 - content(line) % 2 for line in (upper, here.text)]
    return above if fits[1] > fits[0] else here.line
