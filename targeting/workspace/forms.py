"""From YAML nodes to frozen pydantic values, every error put back at its place in the file."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from targeting.problems import Place, Problem, did_you_mean
from targeting.workspace import literals
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence, YamlFile, plain


class Form(BaseModel):
    """A mapping that a user writes: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _by(reader: Callable[[str], object]) -> BeforeValidator:
    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return reader(value)
        except literals.Misread as error:
            raise PydanticCustomError(
                "misread", "{text}", {"text": error.message, "instead": error.instead}
            ) from None

    return BeforeValidator(read)


Number = Annotated[Decimal, _by(literals.read_number)]
Percentage = Annotated[Decimal, _by(literals.read_percentage)]
Whole = Annotated[int, _by(literals.read_whole)]
Date = Annotated[dt.date, _by(literals.read_date)]
Span = Annotated[literals.Period, _by(literals.read_period)]
YesNo = Annotated[bool, _by(literals.read_yes_no)]
OneOrMore = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]

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
        return None, [Problem("T001", "must be 'key: value' lines", root.place, None)]
    try:
        return form.model_validate(plain(root)), []
    except ValidationError as error:
        return None, _problems(root, form, error)


def _problems(root: Mapping, form: type[Form], error: ValidationError) -> list[Problem]:
    found: dict[Place, Problem] = {}
    unknown_first = sorted(
        error.errors(include_url=False), key=lambda d: d["type"] != "extra_forbidden"
    )
    for detail in unknown_first:
        problem = _problem(root, form, detail)
        found.setdefault(problem.place, problem)
    return list(found.values())


def _problem(root: Mapping, form: type[Form], detail: ErrorDetails) -> Problem:
    path = detail["loc"]
    node, key = _walk(root, path)
    last = str(path[-1]) if path else ""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            known = _keys_of(form, path[:-1])
            place = key.place if key is not None else node.place
            return Problem("P001", f"'{last}' is not a key here", place, did_you_mean(last, known))
        case "missing":
            place = node.first if isinstance(node, Mapping) else node.place
            return Problem("P002", f"'{last}' is missing", place, f"add a line '{last}: …'")
        case "literal_error":
            text = node.text if isinstance(node, Scalar) else "this"
            known = [
                word.strip("'")
                for word in str(context["expected"]).replace(" or ", ", ").split(", ")
            ]
            return Problem(
                "V001", f"'{text}' cannot stand here", node.place, did_you_mean(text, known)
            )
        case "misread":
            return Problem("T001", str(context["text"]), node.place, context.get("instead"))
        case kind:
            return Problem("T001", _KINDS.get(kind, detail["msg"].lower()), node.place, None)


_KINDS = {
    "model_type": "must be 'key: value' lines",
    "model_attributes_type": "must be 'key: value' lines",
    "dict_type": "must be 'key: value' lines",
    "mapping_type": "must be 'key: value' lines",
    "list_type": "must be a list: [a, b]",
    "tuple_type": "must be a list: [a, b]",
    "string_type": "must be one text",
    "decimal_type": "must be one number",
    "date_type": "must be one date, like 2026-11-24",
    "bool_type": "must be yes or no",
    "is_instance_of": "must be one value",
    "too_short": "must hold at least one entry",
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
