"""segments/*.yaml against the fields that there are: every mistake before any data is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from targeting.frames import LIKELIHOOD
from targeting.problems import Place, Problem, did_you_mean, listed
from targeting.scoring.matrix import ENTERS_A_TREE, NUMERIC
from targeting.workspace.catalogue import (
    Field,
    because_field,
    customer_fields,
    purchase_columns,
)
from targeting.workspace.columns import FieldType
from targeting.workspace.literals import Misread, read_number
from targeting.workspace.load import Workspace
from targeting.workspace.scores import Likelihood, LinearRegression, Predicts
from targeting.workspace.yaml import Mapping
from targeting.workspace.yaml import Sequence as YamlList

SEGMENTS_FILE = "segments/customers.yaml"
SCORES_FILE = "segments/likelihood.yaml"
MOST_LETTERS = 26
_NUMBERS: tuple[FieldType, ...] = ("number", "money")
_LABELS: tuple[FieldType, ...] = ("yes/no", "category", "text", "number")


def check_scores(workspace: Workspace) -> list[Problem]:
    """Give every problem of the segments' features and the likelihoods' inputs and labels."""
    return [*_segments(workspace), *_likelihoods(workspace)]


def _segments(workspace: Workspace) -> Iterable[Problem]:
    form = workspace.segments
    if form is None:
        return
    for name in form.features:
        place = _key_place(workspace, SEGMENTS_FILE, "features", name)
        yield from _usable(workspace, name, NUMERIC, place)
    if form.choose is not None and not 2 <= form.choose.at_most <= MOST_LETTERS:
        place = workspace.place(SEGMENTS_FILE, "choose", "at_most")
        message = f"{form.choose.at_most} segments are not a choice"
        yield Problem("V001", message, place, "choose among 2 to 26: at_most: 9")


def _likelihoods(workspace: Workspace) -> Iterable[Problem]:
    if workspace.scores is None:
        return
    for name, form in workspace.scores.likelihoods.items():
        yield from _own_name(workspace, name)
        yield from _inputs(workspace, form.inputs, ENTERS_A_TREE, name)
        yield from _label(workspace, name, form)
        yield from _leaves(workspace, name, form)
    regression = workspace.scores.compare.linear_regression
    if regression is not None:
        yield from _regression(workspace, regression)


def _own_name(workspace: Workspace, name: str) -> Iterable[Problem]:
    """Refuse a likelihood whose name, or whose reason's name, something else has already."""
    others = {*customer_fields(workspace.settings, workspace.segments, None)}
    if workspace.scores is not None:
        others |= set(workspace.scores.likelihoods) - {name}
    for field in (name, because_field(name)):
        if field in others:
            place = _key_place(workspace, SCORES_FILE, name)
            help_ = "give the likelihood another name"
            yield Problem("V001", f"there is a field '{field}' already", place, help_)


def _regression(workspace: Workspace, form: LinearRegression) -> Iterable[Problem]:
    path = ("compare", "linear_regression")
    place = workspace.place(SCORES_FILE, *path, "target")
    yield from _usable(workspace, form.target, _NUMBERS, place)
    yield from _inputs(workspace, form.inputs, NUMERIC, *path)


def _inputs(
    workspace: Workspace, names: Sequence[str], types: Sequence[FieldType], *path: str
) -> Iterable[Problem]:
    for name in names:
        place = _item_place(workspace, SCORES_FILE, name, *path, "from")
        yield from _usable(workspace, name, types, place)


def _usable(
    workspace: Workspace, name: str, types: Sequence[FieldType], place: Place
) -> Iterable[Problem]:
    """Refuse a name that is no field, comes out of the scores itself, or has another type."""
    usable = {n: f for n, f in workspace.customer_fields.items() if _enters(f, types)}
    field = workspace.customer_fields.get(name)
    if field is None:
        yield Problem("F001", f"'{name}' is not a field", place, did_you_mean(name, usable))
    elif field.origin in ("segments", LIKELIHOOD):
        message = f"'{name}' is itself a score: it cannot be what a score is made from"
        yield Problem("V001", message, place, f"one of: {listed(list(usable))}")
    elif field.type not in types:
        message = f"'{name}' is a {field.type} field, and only {_or(types)} can stand here"
        yield Problem("T001", message, place, f"one of: {listed(list(usable))}")


def _enters(field: Field, types: Sequence[FieldType]) -> bool:
    return field.type in types and field.origin not in ("segments", LIKELIHOOD)


def _label(workspace: Workspace, name: str, form: Likelihood) -> Iterable[Problem]:
    if form.predicts.field is not None:
        yield from _column_label(workspace, name, form)
        return
    place = workspace.place(SCORES_FILE, name, "predicts")
    if "purchases" not in workspace.settings.sources:
        message = "who buys within a time can only be learnt from purchases, and there are none"
        yield Problem("F001", message, place, "add purchases to the sources, or predict a field")
    else:
        yield from _bought_in(workspace, name, form.predicts)
    if form.judged_on.share is not None:
        place = workspace.place(SCORES_FILE, name, "judged_on", "share")
        message = "a likelihood to buy is judged on the newest period, not on a share"
        yield Problem("V001", message, place, "judged_on: {newest: 30 days}")


def _bought_in(workspace: Workspace, name: str, predicts: Predicts) -> Iterable[Problem]:
    columns = purchase_columns(workspace.settings)
    for column, value in (predicts.within or {}).items():
        if column not in columns:
            place = _key_place(workspace, SCORES_FILE, name, "predicts", "in", column)
            help_ = did_you_mean(column, columns)
            yield Problem("F001", f"'{column}' is not a column of purchases", place, help_)
            continue
        if columns[column] not in _LABELS:
            place = _key_place(workspace, SCORES_FILE, name, "predicts", "in", column)
            message = (
                f"'{column}' is a {columns[column]} column, and only {_or(_LABELS)} can stand here"
            )
            yield Problem("T001", message, place, "{category: Laptops}")
            continue
        form = workspace.settings.fields.get(column)
        place = workspace.place(SCORES_FILE, name, "predicts", "in", column)
        yield from _value(value, columns[column], form.values if form else None, place)


def _column_label(workspace: Workspace, name: str, form: Likelihood) -> Iterable[Problem]:
    label, value = form.predicts.field, form.predicts.value
    assert label is not None
    assert value is not None
    place = workspace.place(SCORES_FILE, name, "predicts", "field")
    problems = list(_usable(workspace, label, _LABELS, place))
    yield from problems
    if not problems:
        field = workspace.customer_fields[label]
        at = workspace.place(SCORES_FILE, name, "predicts", "is")
        yield from _value(value, field.type, field.values, at)
    if label in form.inputs:
        at = _item_place(workspace, SCORES_FILE, label, name, "from")
        yield Problem("V001", f"'{label}' is what is predicted", at, "take it out of from")
    yield from _judging_share(workspace, name, form)


def _judging_share(workspace: Workspace, name: str, form: Likelihood) -> Iterable[Problem]:
    share = form.judged_on.share
    if form.judged_on.newest is not None:
        place = workspace.place(SCORES_FILE, name, "judged_on", "newest")
        message = "a label that is a field has no time: it is judged on a share of the customers"
        yield Problem("V001", message, place, "judged_on: {share: 25%}")
    if share is not None and not 0 < share < 1:
        place = workspace.place(SCORES_FILE, name, "judged_on", "share")
        yield Problem("V001", "leaves nobody to learn from, or to judge", place, "share: 25%")


def _value(
    value: str, kind: FieldType, values: Sequence[str] | None, place: Place
) -> Iterable[Problem]:
    if values is not None and value not in values:
        help_ = did_you_mean(value, values)
        yield Problem("V001", f"'{value}' is not one of its values", place, help_)
    elif kind == "yes/no" and value not in ("yes", "no"):
        yield Problem("T001", f"'{value}' is not yes or no", place, "type yes or no")
    elif kind in _NUMBERS:
        try:
            read_number(value)
        except Misread as error:
            yield Problem("T001", error.message, place, error.instead)


def _leaves(workspace: Workspace, name: str, form: Likelihood) -> Iterable[Problem]:
    if form.leaves < 2:
        place = workspace.place(SCORES_FILE, name, "leaves")
        message = f"a tree with {form.leaves} leaves tells nobody apart"
        yield Problem("V001", message, place, "at least 2; 64 is the default")


def _or(types: Sequence[FieldType]) -> str:
    return f"{', '.join(types[:-1])} or {types[-1]}"


def _key_place(workspace: Workspace, file: str, *path: str) -> Place:
    """Find the place of a key, where `workspace.place` gives that of its value."""
    node = _node(workspace, file, *path[:-1])
    key = node.key(path[-1]) if isinstance(node, Mapping) else None
    return key.place if key is not None else workspace.place(file, *path)


def _item_place(workspace: Workspace, file: str, item: str, *path: str) -> Place:
    """Find the place of one word in a list."""
    node = _node(workspace, file, *path)
    items = node.items if isinstance(node, YamlList) else ()
    found = (each.place for each in items if getattr(each, "text", None) == item)
    return next(found, workspace.place(file, *path))


def _node(workspace: Workspace, file: str, *path: str) -> object:
    read = workspace.files.get(file)
    node: object = read.root if read is not None else None
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
