"""From YAML nodes to frozen pydantic values, every error put back at its place in the file."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from targeting.problems import Place, Problem, did_you_mean, nearest
from targeting.workspace import literals
from targeting.workspace.words import FORMS
from targeting.workspace.yaml import MOST_PROBLEMS, Mapping, Node, Scalar, Sequence, YamlFile


class Form(BaseModel):
    """A mapping that a user writes: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Quoted(str):
    """A text that was typed in quotes: a word, never a number, a date or yes."""

    __slots__ = ()


def _example(reader: Callable[[str], object]) -> str:
    """Let the reader itself say which form it wants."""
    try:
        reader("?")
    except literals.Misread as error:
        return error.instead
    return "type a value"


def _by(reader: Callable[[str], object]) -> BeforeValidator:
    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value:
            raise refused("no value stands here", _example(reader))
        if isinstance(value, Quoted):
            raise refused("a value in quotes is a text", f"type {value} without quotes")
        try:
            return reader(value)
        except literals.Misread as error:
            raise PydanticCustomError(
                "misread", "{text}", {"text": error.message, "instead": error.instead}
            ) from None

    return BeforeValidator(read)


Number = Annotated[Decimal, _by(literals.read_number)]
Money = Annotated[Decimal, _by(literals.read_money)]
Percentage = Annotated[Decimal, _by(literals.read_percentage)]
Whole = Annotated[int, _by(literals.read_whole)]
Date = Annotated[dt.date, _by(literals.read_date)]
Span = Annotated[literals.Period, _by(literals.read_period)]
YesNo = Annotated[bool, _by(literals.read_yes_no)]


def _filled(text: str) -> str:
    if not text.strip():
        raise refused("no text stands here", "write it after the colon, or delete the key")
    return text


Text = Annotated[str, AfterValidator(_filled)]
OneOrMore = Annotated[
    tuple[Text, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)
]

F = TypeVar("F", bound=Form)


def refused(message: str, instead: str | None = None) -> PydanticCustomError:
    """Make the error that a form's own validator raises."""
    return PydanticCustomError("misread", "{text}", {"text": message, "instead": instead})


def read_form(
    file: YamlFile, form: type[F], node: Node | None = None
) -> tuple[F | None, list[Problem]]:
    """Read a whole file (or one node of it) as a form; None where a problem stands in the way."""
    root = node if node is not None else file.root
    if root is None:
        root = Mapping((), file.whole)
    if not isinstance(root, Mapping):
        help_ = "write each setting as  key: value"
        return None, [Problem("T001", "must be 'key: value' lines", root.place, help_)]
    try:
        return form.model_validate(_marked(root)), []
    except ValidationError as error:
        return None, _problems(root, form, error)


def _marked(node: Node) -> object:
    """Strip the places, and mark the texts that stand in quotes."""
    match node:
        case Scalar(text=text, quoted=quoted):
            return Quoted(text) if quoted else text
        case Mapping(entries=entries):
            return {key.text: _marked(value) for key, value in entries}
        case Sequence(items=items):
            return [_marked(item) for item in items]


@dataclass(frozen=True)
class _Found:
    """An error of pydantic's, put back at its place."""

    problem: Problem
    path: tuple[int | str, ...]
    unknown: str | None = None  # a key that is not known
    absent: str | None = None  # a key that is not there


def _problems(root: Mapping, form: type[Form], error: ValidationError) -> list[Problem]:
    details = error.errors(include_url=False, include_input=False)[: MOST_PROBLEMS * 2]
    found = [_problem(root, form, detail) for detail in details]
    unknown = {
        (one.path, nearest(one.unknown, [a.absent for a in found if a.absent]))
        for one in found
        if one.unknown
    }
    kept = [one for one in found if one.absent is None or (one.path, one.absent) not in unknown]
    problems = [one.problem for one in kept if one.absent is None] + _absent(kept)
    outermost_last = sorted(problems, key=lambda p: (p.code != "P001", p.code != "P002"))
    said: dict[Place, Problem] = {}
    for problem in outermost_last:
        if not any(_within(place, problem.place) for place in said):
            said[problem.place] = problem
    return list(said.values())[:MOST_PROBLEMS]


def _within(inner: Place, outer: Place) -> bool:
    same = (inner.file, inner.line) == (outer.file, outer.line)
    return same and outer.column <= inner.column and inner.end_column <= outer.end_column


def _absent(found: list[_Found]) -> list[Problem]:
    """Say once of each mapping which keys it lacks."""
    by_place: dict[Place, list[str]] = {}
    for one in found:
        if one.absent is not None:
            by_place.setdefault(one.problem.place, []).append(one.absent)
    problems = []
    for place, keys in by_place.items():
        names = " and ".join(f"'{key}'" for key in keys)
        help_ = "add a line for each"
        if len(keys) == 1:
            help_ = f"add  {FORMS.get(keys[0], keys[0] + ': …')}"
        message = f"{names} {'is' if len(keys) == 1 else 'are'} missing"
        problems.append(Problem("P002", message, place, help_))
    return problems


def _problem(root: Mapping, form: type[Form], detail: ErrorDetails) -> _Found:
    path = detail["loc"]
    node, key = _walk(root, path)
    last = str(path[-1]) if path else ""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            help_ = did_you_mean(last, _keys_of(form, path[:-1]))
            place = key.place if key is not None else node.place
            problem = Problem("P001", f"'{last}' is not a key here", place, help_)
            return _Found(problem, path[:-1], unknown=last)
        case "missing":
            place = node.first if isinstance(node, Mapping) else node.place
            problem = Problem("P002", f"'{last}' is missing", place, "add it")
            return _Found(problem, path[:-1], absent=last)
        case "literal_error":
            text = node.text if isinstance(node, Scalar) else "this"
            expected = str(context["expected"]).replace(" or ", ", ").split(", ")
            help_ = did_you_mean(text, [word.strip("'") for word in expected])
            return _Found(Problem("V001", f"'{text}' cannot stand here", node.place, help_), path)
        case "misread":
            message, instead = str(context["text"]), context.get("instead")
            return _Found(Problem("T001", message, node.place, instead), path)
        case kind:
            message, instead = _KINDS.get(kind, (detail["msg"].lower(), "see the documentation"))
            instead = FORMS.get(last, instead) if kind in _SHAPES else instead
            return _Found(Problem("T001", message, node.place, instead), path)


_SHAPES = ("model_type", "model_attributes_type", "dict_type", "list_type", "tuple_type")
_LINES = ("must be 'key: value' lines", "write  key: value  on lines below, or {key: value}")
_LIST = ("must be a list", "write [one, another], or a line beginning '- ' for each")
_KINDS = {
    "model_type": _LINES,
    "model_attributes_type": _LINES,
    "dict_type": _LINES,
    "mapping_type": _LINES,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": ("must be one text", "write one text, without brackets or lines below"),
    "decimal_type": ("must be one number", "a number is typed like 5000, 0.6 or 10%"),
    "int_type": ("must be one whole number", "a whole number is typed like 5000"),
    "date_type": ("must be one date", "a date is typed like 2026-11-24"),
    "bool_type": ("must be yes or no", "type yes or no"),
    "is_instance_of": ("must be one value", "a period is typed like 30 days, 6 weeks or 3 months"),
    "too_short": ("must hold at least one entry", "name at least one"),
    "string_pattern_mismatch": ("has not the form that is wanted here", "see the documentation"),
}


def _walk(root: Node, path: tuple[int | str, ...]) -> tuple[Node, Scalar | None]:
    """Follow pydantic's path as far as the file goes; give the node and the key it stands under."""
    node: Node = root
    key: Scalar | None = None
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str):
            name = node.key(part)
            value = node.get(part)
            if name is not None and value is not None:
                key, node = name, value
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
    if path and path[-1] == "[key]" and key is not None:
        return key, key
    return node, key


def _keys_of(form: Any, path: tuple[int | str, ...]) -> list[str]:
    """List the keys that the form at the end of a path has."""
    here: list[Any] = [form]
    for part in path:
        here = [inner for one in here for inner in _inside(one, part)]
    return sorted({name for one in here for name in _names(one)})


def _inside(annotation: Any, part: int | str) -> list[Any]:
    found: list[Any] = []
    for one in _alternatives(annotation):
        if isinstance(one, type) and issubclass(one, Form):
            by_name = {f.alias or n: f.annotation for n, f in one.model_fields.items()}
            found += [by_name[part]] if part in by_name else [one] if part == one.__name__ else []
        else:
            found += list(get_args(one))[-1 if get_origin(one) is dict else 0 :][:1]
    return found


def _names(annotation: Any) -> list[str]:
    return [
        field.alias or name
        for one in _alternatives(annotation)
        if isinstance(one, type) and issubclass(one, Form)
        for name, field in one.model_fields.items()
    ]


def _alternatives(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for one in get_args(annotation) for inner in _alternatives(one)]
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    return [annotation]
