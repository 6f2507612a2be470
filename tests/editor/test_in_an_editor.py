"""The generated schemas in yaml-language-server itself, as an editor speaks to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from targeting.rules.read import read_rules
from targeting.workspace.load import load
from targeting.workspace.schema.write import first_line, write_schemas
from targeting.workspace.starter import copy_starter
from tests.editor.language_server import LanguageServer, language_server

HERE = Path(__file__).parent
SERVER = "yaml-language-server"
SEGMENTS = {
    "Premium loyalists", "Frequent low spenders", "Uncommitted", "Lapsing loyalists",
    "New and small", "Big rare baskets", "Steady middle",
}  # fmt: skip
CATEGORIES = {"Phones", "Laptops", "Audio", "TV and video", "Accessories"}
NUMBER_OPERATORS = {
    "is", "is_not", "at_least", "more_than", "at_most", "less_than", "between", "missing",
    "or_missing", "field",
}  # fmt: skip
LIST_OPERATORS = {"has", "has_any", "has_all", "has_none", "missing", "or_missing", "field"}

RULE = """\
# yaml-language-server: $schema=../../.schema/marketing.schema.json
title: A rule that is being written
priority: 7
when:
  all:
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    copy_starter(folder)
    workspace, problems = load(folder)
    assert workspace is not None, problems
    write_schemas(workspace)
    for file in workspace.files:
        path = folder / file
        text = path.read_text("utf-8")
        if "$schema=" not in text:
            path.write_text(f"{first_line(file)}\n{text}", "utf-8")
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    own = HERE / "node_modules" / ".bin" / SERVER
    found = str(own) if own.exists() else shutil.which(SERVER)
    if found is None:
        reason = f"{SERVER} is not installed: npm ci --prefix {HERE}"
        if os.environ.get("TARGETING_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    with language_server([found]) as running:
        yield running


@pytest.fixture
def rule(sample: Path) -> Path:
    return sample / "rules" / "marketing" / "being_written.yaml"


def test_nothing_is_underlined_in_the_sample(server: LanguageServer, sample: Path) -> None:
    files = sorted(sample.rglob("*.yaml"))
    assert len(files) > 25
    underlined = server.show({file: file.read_text("utf-8") for file in files})
    said = {file.name: [one["message"] for one in found] for file, found in underlined.items()}
    assert {name: found for name, found in said.items() if found} == {}


def test_fields_complete_in_a_condition(server: LanguageServer, rule: Path) -> None:
    for line in ("    - ‸", "    - bra‸"):
        found = server.complete(rule, RULE + line)
        assert {"segment", "brand_affinity", "is_adult", "audience", "all", "any"} <= set(found)
        assert found["brand_affinity"] == "brand_affinity: "
    nested = server.complete(rule, RULE + "    - any:\n        - ‸")
    assert "brand_affinity" in nested


def test_a_first_condition_is_offered_whole(server: LanguageServer, rule: Path) -> None:
    found = server.complete(rule, RULE + "    - ‸")
    assert found["segment: …"] == "segment: ${1:Premium loyalists}"
    assert found["audience: …"] == "audience: ${1:reachable}"


@pytest.mark.parametrize("typed", ["{‸}", "{at‸}"])
def test_operators_complete_after_a_number(server: LanguageServer, rule: Path, typed: str) -> None:
    assert set(server.complete(rule, f"{RULE}    - monetary: {typed}")) == NUMBER_OPERATORS


@pytest.mark.parametrize("typed", ["{‸}", "{ha‸}"])
def test_operators_complete_after_a_list(server: LanguageServer, rule: Path, typed: str) -> None:
    assert set(server.complete(rule, f"{RULE}    - categories_bought: {typed}")) == LIST_OPERATORS


def test_a_test_is_offered_where_nothing_stands_yet(server: LanguageServer, rule: Path) -> None:
    number = server.complete(rule, RULE + "    - monetary: ‸")
    assert number["{at_least: …}"] == "{at_least: ${1:5}}"
    lists = server.complete(rule, RULE + "    - categories_bought: ‸")
    assert lists["{has_any: …}"] == "{has_any: [${1:Phones}]}"
    assert not {"Phones", "null"} & set(lists)
    dates = server.complete(rule, RULE + "    - last_contacted_on: ‸")
    assert dates["{within_last: …}"] == "{within_last: ${1:30 days}}"
    answers = server.complete(rule, RULE + "    - email_consent: ‸")
    assert answers["yes"] == "yes"  # and not "yes" in quotes, which is a text


@pytest.mark.parametrize("typed", ["‸", "Pre‸", "[‸]", "[Uncommitted, ‸]", "{is: ‸}", "{is: Pr‸}"])
def test_segments_complete(server: LanguageServer, rule: Path, typed: str) -> None:
    found = set(server.complete(rule, f"{RULE}    - segment: {typed}"))
    assert found >= SEGMENTS
    assert "null" not in found


@pytest.mark.parametrize("typed", ["{has: ‸}", "{has_any: [‸]}", "{has_none: [Audio, ‸]}"])
def test_values_of_a_list_complete(server: LanguageServer, rule: Path, typed: str) -> None:
    assert set(server.complete(rule, f"{RULE}    - categories_bought: {typed}")) == CATEGORIES


def test_shared_definitions_complete(server: LanguageServer, rule: Path) -> None:
    assert set(server.complete(rule, RULE + "    - audience: ‸")) == {"reachable"}
    assert "$high_end" in server.complete(rule, RULE + "    - favourite_category: ‸")
    assert "$high_end" in server.complete(rule, RULE + "    - categories_bought: {has_any: ‸}")


@pytest.mark.parametrize("typed", ["‸", "em‸", "[‸]", "[sms, ‸]"])
def test_channels_complete(server: LanguageServer, rule: Path, typed: str) -> None:
    text = f"{RULE}    - age: 30\nthen:\n  channel: {typed}"
    assert set(server.complete(rule, text)) == {"email", "sms", "call"}


@pytest.mark.parametrize("typed", ["‸", "bra‸", "{a: ‸}"])
def test_templates_complete(server: LanguageServer, rule: Path, typed: str) -> None:
    text = f"{RULE}    - age: 30\nthen:\n  message: {typed}"
    assert {"brand_deal.j2", "vip_call.j2"} <= set(server.complete(rule, text))


def test_examples_complete(server: LanguageServer, rule: Path) -> None:
    start = RULE + "    - age: 30\nexamples:\n"
    assert "an example" in server.complete(rule, start + "  - ‸")
    assert "age" in server.complete(rule, start + "  - given: {‸}")
    given = server.complete(rule, start + "  - given: {segment: ‸}")
    assert set(given) == SEGMENTS | {"missing"}
    assert set(server.complete(rule, start + "  - expect: ‸")) == {"in", "out"}


def test_a_whole_rule_is_offered_in_an_empty_file(server: LanguageServer, rule: Path) -> None:
    found = server.complete(rule, RULE.partition("\n")[0] + "\n‸")
    assert found["a whole marketing rule"].startswith("title: New rule\npriority: 110")


# A line, and the word that is wrong in it.
WRONG = [
    ("    - segment: Premium loyalist", "Premium loyalist"),
    ("    - segment: [Uncommitted, Premium loyalist]", "Premium loyalist"),
    ("    - segment: {is_not: Premium loyalist}", "Premium loyalist"),
    ("    - brand_afinity: {at_least: 7}", "brand_afinity"),
    ("    - brand_affinity: {at_leest: 7}", "at_leest"),
    ("    - brand_affinity: {has: 7}", "has"),
    ("    - brand_affinity: 11", "11"),
    ("    - brand_affinity: seven", "seven"),
    ("    - monetary: {between: [5k, 9]}", "5k"),
    ("    - categories_bought: {has_any: [Audio, Fones]}", "Fones"),
    ("    - categories_bought: Audio", "Audio"),
    ("    - audience: reachible", "reachible"),
    ("    - email_consent: Yes", "Yes"),
    ("    - last_contacted_on: {within_last: 30}", "30"),
    ("    - brand_affinity: {more_than: {field: segmnt}}", "segmnt"),
    ("    - any:\n        - gendr: Male", "gendr"),
    ("    - age: 30\nthen: {offer: a, channel: e-mail, message: brand_deal.j2}", "e-mail"),
    ("    - age: 30\nthen: {offer: a, channel: [e-mail], message: brand_deal.j2}", "e-mail"),
    ("    - age: 30\nthen: {offer: a, channel: sms, message: brand_dael.j2}", "brand_dael.j2"),
    ("    - age: 30\npick: {highest: likelyhood}", "likelyhood"),
    ("    - age: 30\nholdout: 10", "10"),
    ("    - age: 30\nexcluded: []", "excluded"),
]
RIGHT = [
    "    - segment: $mine",
    "    - favourite_category: $high_end",
    "    - categories_bought: {has_any: $high_end}",
    "    - brand_affinity: {between: [$low, 9.5]}",
    "    - spend_trend: {at_most: -50%, or_missing: yes}",
    "    - monetary: {more_than: {field: spend_90_days}}",
    "    - segment: {missing: no}",
    "    - last_contacted_on: {before: 2026-11-24}",
    "    - favourite_brand: Zarvoni",
    "    - favourite_brand: {one_of: [Zarvoni, Ilmorex]}",
    "    - none:\n        - phone: {starts_with: 0300}",
]


def test_a_wrong_word_is_underlined_where_it_stands(server: LanguageServer, rule: Path) -> None:
    # All at once: the server waits a fifth of a second before it looks at a change.
    texts = {rule.with_name(f"wrong_{i}.yaml"): RULE + line for i, (line, _) in enumerate(WRONG)}
    found = server.show(texts)
    for (file, text), (line, word) in zip(texts.items(), WRONG, strict=True):
        before = text[: text.rfind(word)]
        row, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        start, end = (
            {"line": row, "character": column},
            {"line": row, "character": column + len(word)},
        )
        assert _underlined(found[file]) == [{"start": start, "end": end}], (line, found[file])


def test_check_points_at_the_same_word(tmp_path: Path) -> None:
    copy_starter(tmp_path)
    for number, (line, _) in enumerate(WRONG):
        file = tmp_path / "rules" / "marketing" / f"wrong_{number}.yaml"
        file.write_text(f"{RULE}{line}\n", "utf-8")
    workspace, problems = load(tmp_path)
    assert workspace is not None, problems
    found = {
        (p.place.file, p.place.excerpt[p.place.column - 1 : p.place.end_column - 1])
        for p in read_rules(workspace)[1]
    }
    for number, (line, word) in enumerate(WRONG):
        assert (f"rules/marketing/wrong_{number}.yaml", word) in found, line


def test_what_is_right_is_not_underlined(server: LanguageServer, rule: Path) -> None:
    texts = {rule.with_name(f"right_{i}.yaml"): RULE + line for i, line in enumerate(RIGHT)}
    for file, found in server.show(texts).items():
        assert _underlined(found) == [], (texts[file], found)


def test_hovering_says_what_a_word_is(server: LanguageServer, rule: Path) -> None:
    field = server.hover(rule, RULE + "    - brand_‸affinity: {at_least: 7}")
    assert "Ten times the favourite brand's share of what was spent." in field
    assert "number, 0 to 10, may be missing, computed from purchases" in field
    segment = server.hover(rule, RULE + "    - segment: Premium‸ loyalists")
    assert "The customer's segment" in segment
    assert "* `Steady middle`" in segment
    operator = server.hover(rule, RULE + "    - brand_affinity: {more‸_than: 7}")
    assert "The field is more than: a value." in operator
    assert "1 wins over 2" in server.hover(rule, RULE.replace("priority", "prio‸rity"))


def test_settings_complete_too(server: LanguageServer, sample: Path) -> None:
    start = f"{first_line('targeting.yaml')}\nfields:\n"
    file = sample / "settings_being_written.yaml"
    assert "money" in server.complete(file, start + "  price: {type: ‸}")
    assert "values" in server.complete(file, start + "  price: {‸}")
    policy = sample / "rules" / "policy_being_written.yaml"
    start = f"{first_line('rules/policy.yaml')}\n"
    assert set(server.complete(policy, start + "settle_by: ‸")) == {"priority", "expected_value"}
    found = server.complete(policy, start + "channels:\n  post: {consent: ‸}")
    assert {"email_consent", "sms_consent"} <= set(found)


def _underlined(found: list[dict[str, Any]]) -> list[Any]:
    """Give where a file is underlined, but for what it lacks so far, being still written."""
    return [one["range"] for one in found if not one["message"].startswith("Missing property")]
