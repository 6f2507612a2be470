"""Small pieces of JSON Schema, shaped for what yaml-language-server does with them.

Only keywords of draft-07 that it understands, and three of its own: `errorMessage` (what is said
under a wrong word), `defaultSnippets` (what completion offers), and no `anyOf` or `oneOf`: there it
underlines the whole value instead of the wrong word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Schema = dict[str, object]
Step = tuple[Mapping[str, object], Mapping[str, object]]  # if this holds, then that is wanted

# A name of the rule's settings or of rules/shared.yaml; which there are, only `check` can tell.
NOT_A_NAME = r"^(?!\$)"
NEVER = r"(?!)"
NAME = r"^[a-z][a-z0-9_]*$"
NAME_HELP = "lower case letters, digits and _, like high_end"

_AMOUNT = r"(0|[1-9]\d*)(\.\d+)?"


A_WORD: Schema = {"type": "string", "pattern": NOT_A_NAME}


@dataclass(frozen=True)
class Typed:
    """One way to type a value: the JSON types YAML makes of it, and the pattern of its texts."""

    types: tuple[str, ...]
    pattern: str
    says: str
    offers: tuple[str, ...] = ()

    def schema(self) -> Schema:
        """Give the schema; what it offers is inserted as it stands, never quoted."""
        made: Schema = {"type": list(self.types), "errorMessage": self.says}
        if "string" in self.types:
            made["pattern"] = f"^({self.pattern})$"
        return made | offered(self.offers)

    def __or__(self, other: Typed) -> Typed:
        types = tuple(dict.fromkeys((*self.types, *other.types)))
        patterns = [one.pattern for one in (self, other) if "string" in one.types]
        says = ", or ".join(one.says for one in (self, other) if one.says)
        return Typed(types, "|".join(patterns), says, (*self.offers, *other.offers))


# "string" first: completion of a key then leaves the cursor behind `key: `.
NUMBER = Typed(("string", "number"), f"-?{_AMOUNT}%", "a number is typed like 5000, 0.6 or 10%")
MONEY = Typed(("number",), "", "an amount is typed like 5000")
WHOLE = Typed(("integer",), "", "a whole number is typed like 5000")
PERCENTAGE = Typed(("string",), f"-?{_AMOUNT}%", "a percentage is typed like 10%")
DATE = Typed(("string",), r"\d{4}-\d{2}-\d{2}", "a date is typed like 2026-11-24")
PERIOD = Typed(
    ("string",),
    r"(0|[1-9]\d*) (day|week|month|year)s?",
    "a period is typed like 30 days, 6 weeks, 3 months or 1 year",
    ("30 days", "6 weeks", "3 months", "1 year"),
)
YES_NO = Typed(("string",), "yes|no", "type yes or no, in lower case", ("yes", "no"))
SETTING = Typed(("string",), r"\$[a-z][a-z0-9_]*", "")
MISSING = Typed(("string",), "missing", "missing", ("missing",))


def words(*names: str) -> Typed:
    """Make the form of a few fixed words."""
    pattern = "|".join(map(as_pattern, names))
    return Typed(("string",), pattern, f"one of: {', '.join(names)}", names)


def text(description: str = "") -> Schema:
    """Make the schema of a text; YAML takes some for numbers, and the program does not mind."""
    return described({"type": ["string", "number"], "errorMessage": "write one text"}, description)


def described(schema: Schema, description: str, title: str = "") -> Schema:
    """Put title and description, which hovering shows, before the rest."""
    head: Schema = {"title": title} if title else {}
    return head | ({"description": description} if description else {}) | schema


def mapping(
    properties: Mapping[str, Schema], required: Iterable[str] = (), **more: object
) -> Schema:
    """Make the schema of `key: value` lines that takes these keys and no others."""
    made: Schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    return {key: value for key, value in (made | more).items() if value != []}


def named(value: Schema, **more: object) -> Schema:
    """Make the schema of `name: value` lines, the names chosen by the writer."""
    made: Schema = {
        "type": "object",
        "patternProperties": {NAME: value},
        "additionalProperties": False,
        "errorMessage": f"a name has {NAME_HELP}",
    }
    return made | more


def several(items: Schema, at_least: int = 1) -> Schema:
    """Make the schema of a list."""
    return {"type": "array", "items": items, "minItems": at_least}


def inline(made: Schema) -> Schema:
    """Let `{…}` be completed while it is still empty.

    There the server offers nothing if any schema of the mapping has `properties`; what it does
    offer are the names in `propertyNames`.
    """
    outside = ("type", "title", "description", "errorMessage", "required", "minProperties")
    keys = made["properties"]
    assert isinstance(keys, dict)
    empty: Schema = {"type": "object", "propertyNames": {"enum": list(keys)}}
    filled = {key: value for key, value in made.items() if key not in outside}
    said = {"errorMessage": made["errorMessage"]} if "errorMessage" in made else {}
    kept = {key: value for key, value in made.items() if key in outside}
    return kept | {"if": {"minProperties": 1}, "then": filled | said, "else": empty}


def one_of(names: Sequence[str] | None) -> Schema:
    """Make the schema of one word among these; None: any word."""
    if names is None:
        return text()
    if not names:
        return {"type": "string", "pattern": NEVER, "errorMessage": "there is none here"}
    return {"type": "string", "enum": list(names)}


def chain(*steps: Step) -> Schema:
    """Make `if … then … else if …`: the first step whose condition holds says what is wanted.

    Nested, not an `allOf`: in a list of things with an `allOf` the server offers an item
    called "undefined" for each branch.
    """
    made: Schema = {}
    for condition, wanted in reversed(steps):
        last: Schema = {"else": made} if made else {}
        made = {"if": condition, "then": wanted} | last
    return made


def one_or_more(item: Schema, *, alone: bool = True) -> Schema:
    """Make the schema of a word or a list of words; not alone: `completed` knows a single word."""
    single = [({"type": "string"}, item)] if alone else []
    steps = chain(({"type": "array"}, several(item)), *single)
    return {"type": ["string", "array"], "errorMessage": "one, or [one, another]"} | steps


def completed(key: str, names: Sequence[str] | None) -> Schema:
    """Make the part of a mapping's schema that knows the words after one of its keys.

    It stands at the mapping because completion looks no deeper than the properties of a schema
    that the mapping meets; at the value itself an `enum` would refuse lists and $names. An empty
    value is null to YAML: there the words are only offered, its error is the value's own.
    """
    if names is None:
        return {}
    return chain(
        (_has(key, {"type": "null"}), {"properties": {key: offering(names)}}),
        (_has(key, A_WORD), {"properties": {key: one_of(names)}}),
    )


def _has(key: str, value: Schema) -> Schema:
    return {"properties": {key: value}, "required": [key]}


def offering(names: Iterable[str]) -> Schema:
    """Make completions of words, in quotes where YAML needs them."""
    shown = list(names)
    return offered([in_snippet(spelled(name)) for name in shown], shown)


def offered(bodies: Iterable[str], labels: Iterable[str] | None = None) -> Schema:
    """Make completions that insert exactly this text; `${1:…}` are the places to fill in."""
    found = list(bodies)
    shown = found if labels is None else list(labels)
    snippets = [{"label": label, "body": body} for label, body in zip(shown, found, strict=True)]
    return {"defaultSnippets": snippets} if snippets else {}


def spelled(value: str) -> str:
    """Spell a word so that YAML and the program read it back, in quotes only where it must be."""
    plain = re.fullmatch(r"[^\W\d_]([\w ./&+()'-]*[\w.)+])?", value)
    special = re.fullmatch(r"(?i)y|n|yes|no|on|off|true|false|null|missing", value)
    return value if plain and not special else json.dumps(value, ensure_ascii=False)


def in_snippet(text: str) -> str:
    """Escape what a snippet would take for a place to fill in."""
    return re.sub(r"([\\$}])", r"\\\1", text)


def as_pattern(name: str) -> str:
    """Escape what a pattern would not take for itself; JavaScript allows no escape beyond these."""
    return re.sub(r"([\\^$.*+?()\[\]{}|/])", r"\\\1", name)
