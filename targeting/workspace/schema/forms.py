"""From the pydantic forms that read the settings files to their schemas: one structure, not two."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator

from targeting.workspace import forms
from targeting.workspace.forms import Form
from targeting.workspace.schema.parts import (
    DATE,
    MONEY,
    NUMBER,
    PERCENTAGE,
    PERIOD,
    WHOLE,
    YES_NO,
    Schema,
    Step,
    Typed,
    chain,
    described,
    inline,
    mapping,
    one_or_more,
    text,
    words,
)

# The reader that stands in a type tells how its values are typed.
_TYPED: dict[Any, Typed] = {
    get_args(reader)[1]: typed
    for reader, typed in (
        (forms.Number, NUMBER),
        (forms.Money, MONEY),
        (forms.Percentage, PERCENTAGE),
        (forms.Whole, WHOLE),
        (forms.Date, DATE),
        (forms.Span, PERIOD),
        (forms.YesNo, YES_NO),
    )
}
_ONE_OR_MORE = get_args(forms.OneOrMore)[1]

Instead = Mapping[tuple[str, str], Schema]  # (form, key) -> a schema of its own
Words = Mapping[str, Mapping[str, str]]  # form -> key -> what hovering says


def form_schema(form: type[Form], about: Words, instead: Instead) -> Schema:
    """Make the schema of a form: its keys, which of them must be there, and what each takes."""
    annotations = get_type_hints(form, include_extras=True)
    keys: dict[str, Schema] = {}
    required = []
    for name, info in form.model_fields.items():
        key = info.alias or name
        own = instead.get((form.__name__, key))
        schema = own if own is not None else _schema(annotations[name], about, instead)
        keys[key] = described(schema, about.get(form.__name__, {}).get(key, ""), key)
        required += [key] if info.is_required() else []
    return mapping(keys, required)


def forms_within(form: type[Form]) -> Iterator[type[Form]]:
    """List a form and every form inside it."""
    yield form
    for annotation in get_type_hints(form).values():
        yield from _forms_in(annotation)


def _forms_in(annotation: Any) -> Iterator[type[Form]]:
    if isinstance(annotation, type) and issubclass(annotation, Form):
        yield from forms_within(annotation)
    for inner in get_args(annotation):
        yield from _forms_in(inner)


def keyed(value: Schema, *, like: Mapping[str, Schema] | None = None) -> Schema:
    """Make the schema of `name: value` lines whose names are the writer's, some of them known."""
    made: Schema = {"type": "object", "additionalProperties": value}
    return made | ({"properties": dict(like)} if like else {})


def _schema(annotation: Any, about: Words, instead: Instead) -> Schema:
    options = _options(annotation)
    typed = [one for one in map(_typed, options) if one is not None]
    rest = [_compound(one, about, instead) for one in options if _typed(one) is None]
    if not rest:
        made = typed[0]
        for other in typed[1:]:
            made |= other
        return _enumerated(options) or made.schema()
    if len(rest) == 1 and not typed:
        return rest[0]
    return _mixed(typed, rest)


def _mixed(typed: list[Typed], rest: list[Schema]) -> Schema:
    """Join a way to type one value with a mapping or a list."""
    kinds = [str(one["type"]) for one in rest]
    steps: list[Step] = [({"type": kind}, one) for kind, one in zip(kinds, rest, strict=True)]
    single: list[Step] = [({}, one.schema()) for one in typed]
    types_ = [kind for one in typed for kind in one.types]
    return {"type": [*types_, *kinds]} | chain(*steps, *single)


def _enumerated(options: list[Any]) -> Schema | None:
    """Make a plain list of words where nothing else can stand."""
    if len(options) == 1 and get_origin(options[0]) is Literal:
        names = list(get_args(options[0]))
        special = {"yes", "no", "on", "off"} & set(names)
        return None if special else {"type": "string", "enum": names}
    return None


def _typed(annotation: Any) -> Typed | None:
    if get_origin(annotation) is Literal:
        return words(*get_args(annotation))
    if get_origin(annotation) is Annotated:
        found = [_TYPED[one] for one in annotation.__metadata__ if _known(one)]
        return found[0] if found else None
    return None


def _known(metadata: object) -> bool:
    return isinstance(metadata, BeforeValidator) and metadata in _TYPED


def _compound(annotation: Any, about: Words, instead: Instead) -> Schema:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        if _ONE_OR_MORE in metadata:
            return one_or_more(text())
        return _schema(inner, about, instead)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return _keyed(arguments[0], _schema(arguments[1], about, instead))
    if get_origin(annotation) is tuple:
        item = _schema(arguments[0], about, instead)
        # What a text of the data looks like is not ours to say: TRUE and 0 are texts in a list.
        plain = arguments[0] is str
        return {"type": "array", "items": {} if plain else item}
    if isinstance(annotation, type) and issubclass(annotation, Form):
        return inline(form_schema(annotation, about, instead))
    return text()


def _keyed(names: Any, value: Schema) -> Schema:
    """Make `name: value` lines; where only a few names can stand, those are the keys."""
    if get_origin(names) is Literal:
        return mapping({str(name): value for name in get_args(names)})
    return keyed(value)


def _options(annotation: Any) -> list[Any]:
    """List what may stand somewhere; None is no way to type anything."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [one for part in get_args(annotation) for one in _options(part)]
    if get_origin(annotation) is Annotated and not _typed(annotation):
        inner = get_args(annotation)[0]
        if get_origin(inner) in (Union, types.UnionType):
            return _options(inner)
    return [] if annotation is type(None) else [annotation]
