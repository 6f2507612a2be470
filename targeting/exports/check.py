"""What is wrong with exports/*.yaml, told before anything is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from targeting.exports.contacts import CONTACT_COLUMNS, NO_SEGMENT, file_slug
from targeting.exports.csv import encoding_name, unwritable
from targeting.exports.suggestions import SUGGESTION_FIELDS
from targeting.frames import LIKELIHOOD
from targeting.problems import Place, Problem, did_you_mean
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import ColumnForm, Destination
from targeting.workspace.load import Workspace
from targeting.workspace.words import CONTACT_KINDS
from targeting.workspace.yaml import Mapping as YamlMapping
from targeting.workspace.yaml import Node, Scalar, Sequence, YamlFile

_OF_CONTACTS: Final = ("channel", "rule", "kind")
_OF_SUGGESTIONS: Final = ("category", "supplier", "location")
_DATES: Final = r"(?:[^%]|%[dmYybBj])+"
_OF_A_CONTACT: Final = {
    name: Field(name, "number" if name == LIKELIHOOD else "text", "segments")
    for name in CONTACT_COLUMNS
}


def check_destinations(workspace: Workspace, rules: Collection[str]) -> list[Problem]:
    """Report unknown fields, rules, channels and kinds, and files that would share a name.

    Of a destination that is not active all that is a warning: nothing is written by it.

    Codes: F001 no field, V001 no such word, T001 of another type, X101 two segments with one file
    name, X102 a header stands twice, X103 a CSV that cannot be written, X104 what has no place in
    a destination of contacts, or of suggestions.
    """
    contact_fields = _OF_A_CONTACT | dict(workspace.customer_fields)
    words = {
        "channel": list(workspace.policy.channels),
        "rule": sorted(rules),
        "kind": list(CONTACT_KINDS),
    }
    problems = list(_segment_problems(workspace))
    for name, destination in workspace.destinations.items():
        file = workspace.files.get(f"exports/{name}.yaml")
        if file is None:
            continue
        contacts = destination.of == "contacts"
        fields = contact_fields if contacts else SUGGESTION_FIELDS
        found = [*_out_of_place(file, destination)]
        found += _only_problems(file, destination, words) if contacts else ()
        found += _seed_problems(file, workspace.customer_fields)
        found += _csv_problems(file, destination)
        for header, form, written in _columns(file, destination):
            found += _column_problems(form, written, fields)
            found += _header_problems(header, destination)
        found += _double_headers(file, destination)
        problems += found if destination.active else map(_warned, found)
    return problems


def _warned(problem: Problem) -> Problem:
    return replace(problem, severity="warning")


def _out_of_place(file: YamlFile, destination: Destination) -> Iterator[Problem]:
    """Find what contacts have and suggestions do not, or the other way round."""
    contacts = destination.of == "contacts"
    for key in _OF_SUGGESTIONS if contacts else _OF_CONTACTS:
        if getattr(destination.only, key):
            message = f"'{key}' is no choice among {destination.of}"
            mine = ", ".join(_OF_CONTACTS if contacts else _OF_SUGGESTIONS)
            yield Problem("X104", message, _place(file, "only", key), f"only: one of {mine}")
    if destination.seeds and not contacts:
        message = "suggestions have no seeds: they go to no address"
        yield Problem("X104", message, _place(file, "seeds"), "delete seeds")


def _seed_problems(file: YamlFile, fields: Mapping[str, Field]) -> Iterator[Problem]:
    """Look at the fields that the team's own rows give."""
    seeds = _under(file.root, "seeds")
    for seed in seeds.items if isinstance(seeds, Sequence) else ():
        for key, _ in seed.entries if isinstance(seed, YamlMapping) else ():
            if key.text not in fields:
                instead = did_you_mean(key.text, fields)
                yield Problem("F001", f"'{key.text}' is not a field", key.place, instead)


def _segment_problems(workspace: Workspace) -> Iterator[Problem]:
    """Find two segments whose lists would be one file."""
    segment = workspace.customer_fields.get("segment")
    file = workspace.files.get("segments/customers.yaml")
    taken = {NO_SEGMENT: "no segment"}
    for name in segment.values or () if segment is not None else ():
        own = file_slug(name)
        if own in taken:
            message = f"'{name}' and '{taken[own]}' would share the file '{own}'"
            yield Problem("X101", message, _segment_place(file, name), "rename one of the two")
        taken.setdefault(own, name)


def _segment_place(file: YamlFile | None, name: str) -> Place:
    if file is None:
        return Place("targeting.yaml")
    names = file.root.get("names") if isinstance(file.root, YamlMapping) else None
    key = names.key(name) if isinstance(names, YamlMapping) else None
    return key.place if key is not None else file.whole


def _only_problems(
    file: YamlFile, destination: Destination, words: Mapping[str, list[str]]
) -> Iterator[Problem]:
    for key, known in words.items():
        places = _scalars(_under(file.root, "only", key))
        for word in getattr(destination.only, key):
            if word not in known:
                message = f"'{word}' is not a {key}"
                place = places.get(word, file.whole)
                yield Problem("V001", message, place, did_you_mean(word, known, what=f"{key}s"))


def _csv_problems(file: YamlFile, destination: Destination) -> Iterator[Problem]:
    form = destination.csv
    sign = form.delimiter
    if len(sign) != 1 or not sign.isascii() or sign in "\"'\r\n" or sign.isalnum():
        message = "a delimiter is one sign, like , or ; or a tab"
        yield Problem("X103", message, _place(file, "csv", "delimiter"), 'delimiter: ";"')
    if encoding_name(form.encoding) is None:
        message = f"'{form.encoding}' is not an encoding"
        place = _place(file, "csv", "encoding")
        yield Problem("X103", message, place, "utf-8-sig opens right in Excel; also utf-8, cp1252")


def _column_problems(
    form: ColumnForm, written: YamlMapping, fields: Mapping[str, Field]
) -> Iterator[Problem]:
    def place(key: str) -> Place:
        node = written.get(key)
        return node.place if node is not None else written.first

    name = form.field
    if name is not None and name not in fields:
        yield Problem(
            "F001", f"'{name}' is not a field", place("field"), did_you_mean(name, fields)
        )
        return
    kind = "text" if name is None else fields[name].type
    what = f"'{name or form.value}'"
    if form.decimals is not None and kind not in ("number", "money"):
        message = f"{what} is not a number and has no decimals"
        yield Problem("T001", message, place("decimals"), "delete decimals")
    if form.normalise is not None and kind != "text":
        message = f"{what} is not a text and has no form as {form.normalise}"
        yield Problem("T001", message, place("normalise"), "delete normalise")
    if form.dates is not None and kind != "date":
        message = f"{what} is not a date"
        yield Problem("T001", message, place("dates"), "delete dates")
    elif form.dates is not None and re.fullmatch(_DATES, form.dates) is None:
        message = f"'{form.dates}' is not a way to write dates"
        help_ = "%d is the day, %m the month, %Y the year: dates: %d/%m/%Y"
        yield Problem("T001", message, place("dates"), help_)


def _double_headers(file: YamlFile, destination: Destination) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for header, _, _ in _columns(file, destination):
        if header.text in seen:
            message = f"the header '{header.text}' stands twice: here and on line "
            message += str(seen[header.text])
            yield Problem("X102", message, header.place, "give one of them another header")
        seen.setdefault(header.text, header.place.line)


def _header_problems(header: Scalar, destination: Destination) -> Iterator[Problem]:
    if not header.text:
        yield Problem("X102", "a column without a header", header.place, "- email: {field: email}")
    encoding = destination.csv.encoding
    known = "csv" in destination.formats and encoding_name(encoding) is not None
    if known and unwritable(pl.Series([header.text]), encoding).any():
        message = f"'{header.text}' cannot be written in {encoding}"
        yield Problem("X103", message, header.place, "encoding: utf-8-sig, or another header")


def _columns(
    file: YamlFile, destination: Destination
) -> Iterator[tuple[Scalar, ColumnForm, YamlMapping]]:
    """Give each column: its header, its form, and where it is written."""
    nodes = _under(file.root, "columns")
    items = nodes.items if isinstance(nodes, Sequence) else ()
    for item, column in zip(items, destination.columns, strict=False):
        if isinstance(item, YamlMapping):
            for (header, node), form in zip(item.entries, column.values(), strict=True):
                if isinstance(node, YamlMapping):
                    yield header, form, node


def _under(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = node.get(key) if isinstance(node, YamlMapping) else None
    return node


def _place(file: YamlFile, *keys: str) -> Place:
    node = _under(file.root, *keys)
    return node.place if node is not None else file.whole


def _scalars(node: Node | None) -> dict[str, Place]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return {item.text: item.place for item in items if isinstance(item, Scalar)}
