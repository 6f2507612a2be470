from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from targeting.rules import forms
from targeting.workspace.destinations import Destination
from targeting.workspace.forms import Form
from targeting.workspace.load import load
from targeting.workspace.policy import Policy
from targeting.workspace.schema.forms import forms_within
from targeting.workspace.schema.rule_words import CODES, RULE_WORDS
from targeting.workspace.schema.setting_words import SETTING_WORDS
from targeting.workspace.schema.write import schemas
from targeting.workspace.scores import Scores, Segments
from targeting.workspace.settings import Settings
from targeting.workspace.starter import copy_starter
from targeting.workspace.words import OPERATORS_BY_TYPE
from tests.kit.shop import shop

KINDS = (
    "marketing", "retention", "inventory", "shared", "policy", "targeting", "segments",
    "likelihood", "export", "tests",
)  # fmt: skip
FILES = [f".schema/{kind}.schema.json" for kind in KINDS]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    copy_starter(folder)
    return folder


@pytest.fixture(scope="module")
def made(sample: Path) -> dict[str, Any]:
    workspace, problems = load(sample)
    assert workspace is not None, problems
    return {name: json.loads(json.dumps(schema)) for name, schema in schemas(workspace).items()}


def test_every_kind_of_file_gets_a_schema(tmp_path: Path) -> None:
    ran = shop(tmp_path).run_here("schema", "--json")
    assert ran.code == 0, ran.err
    assert ran.json == FILES
    for name in FILES:
        schema = json.loads((tmp_path / name).read_text("utf-8"))
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_command_says_which_files_want_a_first_line(tmp_path: Path) -> None:
    ran = shop(tmp_path).run_here("schema")
    assert ran.code == 0, ran.err
    line = "# yaml-language-server: $schema=../../.schema/marketing.schema.json"
    assert f"  rules/marketing/hello.yaml: {line}\n" in ran.out
    assert "  targeting.yaml: # yaml-language-server: $schema=.schema/targeting.sch" in ran.out


def test_equal_workspaces_give_equal_bytes(tmp_path: Path) -> None:
    ours = shop(tmp_path / "a"), shop(tmp_path / "b")
    for one in ours:
        assert one.run_here("schema").code == 0
    for name in FILES:
        assert (ours[0].folder / name).read_bytes() == (ours[1].folder / name).read_bytes()


def test_rules_with_errors_do_not_stand_in_the_way(tmp_path: Path) -> None:
    broken = {"rules/marketing/hello.yaml": "title: [", "rules/shared.yaml": "lists: {a: ["}
    ran = shop(tmp_path, broken).run_here("schema")
    assert ran.code == 0, ran.err
    rule = json.loads((tmp_path / FILES[0]).read_text("utf-8"))
    audience = rule["definitions"]["condition"]["properties"]["audience"]
    assert "enum" not in audience  # nobody knows which there are


@pytest.mark.parametrize("file", ["targeting.yaml", "segments/customers.yaml"])
def test_settings_with_errors_are_shown_and_nothing_is_written(tmp_path: Path, file: str) -> None:
    ran = shop(tmp_path, {file: "window: [\n"}).run_here("schema")
    assert ran.code == 1
    assert ran.err.startswith(f"{file}:1:9: error ")
    assert not (tmp_path / ".schema").exists()


def test_no_workspace_is_said(tmp_path: Path) -> None:
    ran = shop(tmp_path, bare=True).run_here("schema")
    assert ran.code == 1
    assert "no workspace here" in ran.err


def test_no_schema_has_alternatives_and_every_mapping_names_its_keys(made: dict[str, Any]) -> None:
    for schema in made.values():
        for node in _nodes(schema):
            assert not {"anyOf", "oneOf"} & set(node)
            if isinstance(node.get("properties"), dict) and node.get("type") == "object":
                assert "additionalProperties" in node


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    for schema in made.values():
        for node in _nodes(schema):
            if "$ref" in node:
                assert node["$ref"].removeprefix("#/definitions/") in schema["definitions"]


def test_no_list_of_words_is_empty(made: dict[str, Any], tmp_path: Path) -> None:
    workspace, _ = load(shop(tmp_path).folder)
    assert workspace is not None
    for schema in [*made.values(), *schemas(workspace).values()]:
        assert all(node["enum"] for node in _nodes(schema) if isinstance(node.get("enum"), list))


def test_a_rule_takes_the_keys_that_the_reader_takes(made: dict[str, Any]) -> None:
    contact, inventory = made[FILES[0]], made[FILES[2]]
    assert set(contact["properties"]) == _keys(forms.ContactOutline)
    assert set(inventory["properties"]) == _keys(forms.InventoryOutline)
    assert set(contact["properties"]["then"]["properties"]) == _keys(forms.ContactForm)
    assert set(inventory["properties"]["then"]["properties"]) == _keys(forms.PlanningForm)
    parts: dict[str, type[Form]] = {
        "active": forms.Active,
        "pick": forms.PickForm,
        "holdout": forms.HoldoutForm,
        "without": forms.Without,
        "accept": forms.Acceptance,
        "order_at_most": forms.Cap,
    }
    for part, form in parts.items():
        assert set(RULE_WORDS[part]) == _keys(form), part


def test_the_codes_that_may_be_accepted_are_those_of_the_reader() -> None:
    assert set(CODES) == set(forms.Accepted.__args__)  # type: ignore[attr-defined]


def test_every_key_of_every_file_is_described(made: dict[str, Any]) -> None:
    read: tuple[type[Form], ...] = (Settings, Segments, Scores, Policy, Destination)
    for form in read:
        for inner in forms_within(form):
            assert set(SETTING_WORDS[inner.__name__]) == _keys(inner), inner.__name__
    for rule in FILES[:3]:
        assert all(one.get("description") for one in made[rule]["properties"].values())


def test_operators_are_those_of_the_field_type(made: dict[str, Any]) -> None:
    workspace_fields = {
        "monetary": "number",
        "categories_bought": "list",
        "email_consent": "yes/no",
    }
    definitions = made[FILES[0]]["definitions"]
    for name, kind in workspace_fields.items():
        test = definitions[_test_of(definitions, name)]["then"]["properties"]
        assert set(test) == {*OPERATORS_BY_TYPE[kind], "or_missing", "field"}  # type: ignore[index]


def test_words_that_yaml_takes_for_numbers_are_values_all_the_same(tmp_path: Path) -> None:
    settings = """\
sources: {customers: {file: c.csv, columns: {customer_id: id, size: size}}}
fields: {size: {type: category, values: ["38", "39.5", TRUE, M]}}
"""
    workspace, problems = load(shop(tmp_path, {"targeting.yaml": settings}, bare=True).folder)
    assert workspace is not None, problems
    rule = json.loads(json.dumps(schemas(workspace)[FILES[0]]))
    given = rule["properties"]["examples"]["items"]["properties"]["given"]
    size = given["then"]["properties"]["size"]
    assert size["enum"] == ["38", 38, "39.5", 39.5, "TRUE", True, "M", "missing"]
    assert size["type"] == ["string", "number", "boolean"]


def _test_of(definitions: dict[str, Any], field: str) -> str:
    line = definitions["condition"]["properties"][field]
    return str(line["then"]["$ref"]).removeprefix("#/definitions/")


def _keys(form: type[Form]) -> set[str]:
    return {info.alias or name for name, info in form.model_fields.items()}


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _nodes(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _nodes(inner)
