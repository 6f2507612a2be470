"""YAML as nodes with places: what misleads is refused, what breaks is explained at its word."""

from __future__ import annotations

import pytest

from targeting.problems import Problem
from targeting.workspace.yaml import Mapping, Scalar, Sequence, parse_yaml


def problems(text: str) -> list[Problem]:
    return parse_yaml(text, "x.yaml")[1]


def where(problem: Problem) -> tuple[str, int, str]:
    place = problem.place
    return problem.code, place.line, place.excerpt[place.column - 1 : place.end_column - 1]


def root(text: str) -> Mapping:
    file, found = parse_yaml(text, "x.yaml")
    assert not found
    assert isinstance(file.root, Mapping)
    return file.root


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_every_line_end_counts_as_one(end: str) -> None:
    node = root(end.join(["# a", "a: 1", "b: [x, 'y z']", ""])).get("b")
    assert isinstance(node, Sequence)
    places = [(item.place.line, item.place.column, item.place.end_column) for item in node.items]
    assert places == [(3, 5, 6), (3, 8, 13)]
    assert (node.place.column, node.place.end_column) == (4, 14)


def test_places_count_letters_not_bytes() -> None:
    node = root("کراچی: [🎁, x]").get("کراچی")
    assert isinstance(node, Sequence)
    assert [item.place.column for item in node.items] == [9, 12]


def test_a_scalar_keeps_its_text() -> None:
    mapping = root("a: NO\nb: 010\nc: 22:30\nd: 1.10\ne: ~\nf: 'it''s'\ng: \"\\u0041\"\nh: yes")
    assert [value.text for _, value in mapping.entries if isinstance(value, Scalar)] == [
        "NO", "010", "22:30", "1.10", "~", "it's", "A", "yes",
    ]  # fmt: skip


def test_text_is_compared_composed() -> None:
    assert root("cafe\u0301: cafe\u0301").get("café") is not None


@pytest.mark.parametrize(
    ("text", "code", "line", "word"),
    [
        ("a: &x 1", "Y004", 1, "&x 1"),
        ("a: *x", "Y004", 1, "*x"),
        ("a: !!python/object:os.system x", "Y004", 1, "!!python/object:os.system x"),
        ("a: !x", "Y004", 1, "!x"),
        ("a:\n  <<: {b: c}", "Y004", 2, "<<"),
        ("%YAML 1.1\n---\na: 1", "Y004", 1, "%"),
        ("a: 1\n---\nb: 2", "Y005", 2, "---"),
        ("? [a]\n: b", "Y006", 1, "[a]"),
        ("a: 1\nb: 2\na: 3", "Y002", 3, "a"),
        ("a: {b: 1, b: 2}", "Y002", 1, "b"),
        ("a: [1, ]", "Y010", 1, ","),
        ("a: {b: 1,}", "Y010", 1, ","),
        ("- " * 50 + "x", "Y003", 1, "- " * 9 + "x"),
        ("a: \x00b", "Y001", 1, "\x00"),
        ("a: 1\nb: \x1b[31mred", "Y001", 2, "\x1b"),
    ],
)
def test_what_misleads_is_refused(text: str, code: str, line: int, word: str) -> None:
    found = problems(text)
    assert where(found[0]) == (code, line, word)


def test_a_duplicate_key_shows_both_lines() -> None:
    (problem,) = problems("a: 1\nb: 2\na: 3")
    assert problem.message == "'a' stands twice: here and on line 1"


@pytest.mark.parametrize(
    ("text", "line", "word", "help_"),
    [
        ("visits: >2", 1, ">2", "compare in words: {more_than: 2}"),
        ("visits: > 2", 1, "> 2", "compare in words: {more_than: 2}"),
        ("visits: >=2.5", 1, ">=2.5", "compare in words: {at_least: 2.5}"),
        ("visits: >10%\nb: 1", 1, ">10%", "compare in words: {more_than: 10%}"),
        ("a: 1\n\tb: 2", 2, "\t", "indent with spaces"),
        ("a:\n  - b: 1\n\t  c: 2", 3, "\t", "indent with spaces"),
        ("title: Hello: you", 1, "Hello", "put a text that holds ': ' in quotes, or begin a new line"),
        ("title: %5 off", 1, "%5", "put the text in quotes"),
        ("title: @home", 1, "@home", "put the text in quotes"),
        ("title: `x`", 1, "`x`", "put the text in quotes"),
        ("title: *new*", 1, "*", "put the text in quotes"),
        ("a: [x, @y]", 1, "@y]", "put the text in quotes"),
        ("a: [b, c\nd: e", 1, "[", "close it with ]"),
        ("a: {b: c\nd: e", 1, "{", "close it with }"),
        ("a: {b: [c}", 1, "[", "close it with ]"),
        ("a: {b: c d: e}", 1, "d", "put a comma before it (text that holds ': ' is put in quotes)"),
        ("a: {b: #x}\nc: d", 1, "{", "close it with }"),
        ("{", 1, "{", "close it with }"),
        ("a: [b]]", 1, "]", "delete it, or open it before"),
        ("a: {b: c}}", 1, "}", "delete it, or open it before"),
        ('a: "b\nc: d', 1, '"', 'close it with ", or delete it'),
        ("a: 'b\nc: 'd'\n", 1, "'", "close it with ', or delete it"),
        ('a: "b"c', 1, "c", "put the whole text in quotes, or none of it"),
        ('a: "\\q"', 1, "\\", "type \\\\, or use ' quotes"),
        ("a: 1\nwhen\n  all: 2", 2, "when", "type when:"),
        ("when:\n  all\n    - a: 1", 2, "all", "type all:"),
        ("a:\n  - b: 1\n  - c 2\n    d: 3", 3, "c 2", "type c: 2"),
        ("a: 1\n  b: 2\nc: 3", 2, "b: 2", "line it up with them"),
        ("a:\n  - b: 1\n   - c: 1\n  - d: 1", 3, "- c: 1", "line it up with them"),
        ("a:\n   - b: 1\n  - c: 1\n  - d: 1", 2, "- b: 1", "line it up with them"),
        ("a:\n  - b: 1\n  -c: 1\n  - d: 1", 3, "-c: 1", "type - c: 1"),
        ("a:\n    b: 1\n  c: 1\n  d: 1", 2, "b: 1", "line it up with them"),
        ("a:\n  - b: 1\n  c: 1\n  - d: 1", 3, "c: 1", "begin it with '- '"),
        ("a:\n  - b: 1\n  = c: 1\n  - d: 1", 3, "=", "begin it with '- '"),
        ("a: 1\n: 2", 2, ":", "type key: value"),
    ],
)  # fmt: skip
def test_a_common_break_is_explained_at_its_word(
    text: str, line: int, word: str, help_: str
) -> None:
    (problem,) = problems(text)
    assert (*where(problem), problem.help) == ("Y001", line, word, help_)


@pytest.mark.parametrize(
    "text",
    ["a: Save - %50 off", "a: |\n  visits: >2\n  % x", "# visits: >2\na: 1", "a: 'x > 2'", "a: x\t# y",
     "a: 5 % of it", "a: b@c", "a: b:c", "a: C#", "---\na: 1\n", "a: [\n  1,\n  2\n]", "\n\n# only\n"],
)  # fmt: skip
def test_what_only_looks_like_a_break_is_read(text: str) -> None:
    assert problems(text) == []


def test_a_file_of_comments_is_empty_and_not_broken() -> None:
    file, found = parse_yaml("# a\n\n# b\n", "x.yaml")
    assert (file.root, file.broken, found) == (None, False, [])
