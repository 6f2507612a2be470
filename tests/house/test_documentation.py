"""What the documentation says is true: codes, commands, rules and the generated reference."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from targeting import explain
from targeting.cli.main import COMMANDS
from targeting.reference import problems_page, rules_page
from targeting.workspace.starter import copy_starter
from tests.kit.shop import ROOT, Ran, run_here

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), explain.PAGES])
RULES = ROOT / "docs" / "rules.md"
TUTORIAL = "rules/marketing/low_spender_bundles.yaml"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_reference_is_what_the_checker_reads() -> None:
    stale = "stale: run python -m targeting.reference"
    assert _read(RULES) == rules_page(_read(RULES)), stale
    assert _read(ROOT / "docs" / "problems.md") == problems_page(), stale


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    in_source = {
        code
        for path in (ROOT / "targeting").rglob("*.py")
        for code in re.findall(r'"([A-Z]\d{3})"', _read(path))
    }
    assert set(explain.codes()) == in_source
    assert len(set(explain.codes())) == _read(explain.PAGES).count("\n## ")


@pytest.mark.parametrize("code", explain.codes())
def test_a_page_says_what_it_means_why_it_matters_and_how_to_mend_it(code: str) -> None:
    text = explain.text(code)
    assert text is not None
    paragraphs = [part for part in text.split("\n\n") if not part.startswith("    ")]
    assert 3 <= len(paragraphs) <= 4
    assert max(map(len, text.splitlines())) <= 108


def test_the_pages_are_grouped_by_letter_in_the_order_of_their_codes() -> None:
    assert list(explain.codes()) == sorted(explain.codes())
    letters = re.findall(r"^# ([A-Z]): ", _read(explain.PAGES), re.M)
    assert letters == sorted({code[0] for code in explain.codes()})


def _commands() -> Iterator[tuple[str, str, str]]:
    """Give each command in a code span or an indented line: page, command, what follows."""
    for path in PAGES:
        for line in _read(path).splitlines():
            code = [line] if line.startswith("    ") else re.findall(r"`([^`]+)`", line)
            for text in code:
                for word, rest in re.findall(r"(?:^|[\s/])targeting ([a-z]+)([^&|`]*)", text):
                    yield path.name, word, rest


def test_every_command_and_option_in_the_documentation_exists() -> None:
    found = list(_commands())
    assert {name for _, name, _ in found} >= {"check", "test", "new", "fields", "preview", "run"}
    for page, name, after in found:
        rest = after
        assert name in COMMANDS, f"{page}: targeting {name}"
        command = importlib.import_module(f"targeting.cli.{name}").command
        if isinstance(command, click.Group):
            part, _, rest = rest.strip().partition(" ")
            assert part in command.list_commands(click.Context(command)), f"{page}: {name} {part}"
            command = command.get_command(click.Context(command), part)
        options = {option for param in command.params for option in param.opts} | {"--help"}
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest.split("#")[0]):
            assert option in options, f"{page}: targeting {name} {option}"


def _yaml_blocks() -> list[tuple[str, str]]:
    return [
        (f"{path.name}:{_read(path)[: found.start()].count(chr(10)) + 2}", found[1])
        for path in PAGES
        for found in re.finditer(r"^```yaml\n(.*?)^```", _read(path), re.M | re.S)
        if re.search(r"^when:", found[1], re.M)
    ]


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """The sample's settings without its rules, so that no priority is taken."""
    copy_starter(tmp_path)
    for kind in ("marketing", "retention", "inventory", "tests"):
        for path in (tmp_path / "rules" / kind).glob("*.yaml"):
            path.unlink()
    return tmp_path


def _with_rule(starter: Path, name: str, text: str) -> None:
    (starter / name).write_text(text, encoding="utf-8")
    message = re.search(r"message: ([\w.]+)", text)
    if message is not None:
        words = starter / "templates" / "messages" / message[1]
        if not words.exists():
            words.write_text("Subject: News\nTo unsubscribe, reply STOP.\n", encoding="utf-8")


@pytest.mark.parametrize(("where", "text"), _yaml_blocks())
def test_every_rule_in_the_documentation_passes(where: str, text: str, starter: Path) -> None:
    kind = "marketing" if "offer:" in text else "inventory"
    _with_rule(starter, f"rules/{kind}/shown.yaml", text)
    found = run_here("check", "--json", cwd=starter).json
    wrong = [problem for problem in found if problem["severity"] == "error"]
    if "\nexamples:" not in text:  # a rule shown without its examples; nothing else may be wrong
        assert [problem["message"] for problem in wrong] == ["'examples' is missing"], where
        return
    assert wrong == [], where
    assert run_here("test", cwd=starter).code == 0


def _shown(command: str) -> str:
    """Give the first output of a command in docs/rules.md, up to where the docs cut it."""
    found = re.search(rf"^    \$ {command}\n((?:    .*\n)+)", _read(RULES), re.M)
    assert found is not None
    return "".join(line[4:] for line in found[1].splitlines(keepends=True))


@pytest.fixture
def tutorial(starter: Path) -> tuple[Path, str]:
    text = next(text for where, text in _yaml_blocks() if where.startswith("rules.md"))
    return starter, text


def _said(starter: Path, text: str, command: str) -> Ran:
    _with_rule(starter, TUTORIAL, text)
    return run_here(command, cwd=starter)


def test_the_tutorial_shows_what_check_says(tutorial: tuple[Path, str]) -> None:
    starter, text = tutorial
    slip = text.replace("- segment: Frequent low spenders", "- segment: Frequent low spender")
    ran = _said(starter, slip, "check")
    assert ran.code == 1
    assert _shown("targeting check") in ran.out


def test_the_tutorial_shows_what_test_says(tutorial: tuple[Path, str]) -> None:
    starter, text = tutorial
    ran = _said(starter, re.sub(r"expect: in\n\Z", "expect: out\n", text), "test")
    assert ran.code == 1
    assert _shown("targeting test") in ran.out
    assert _said(starter, text, "test").code == 0
