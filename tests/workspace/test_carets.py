"""A problem is printed with its line, and the caret stands under the word on a terminal."""

from __future__ import annotations

import pytest

from targeting.problems import Place, Problem, did_you_mean


def drawn(line: str, word: str) -> list[str]:
    column = line.index(word) + 1
    place = Place("x.yaml", 7, column, column + len(word), line)
    return str(Problem("V001", "wrong", place)).split("\n")[1:3]


@pytest.mark.parametrize(
    ("line", "word", "caret"),
    [
        ("  - segment: High spender", "High spender", "             ^^^^^^^^^^^^"),
        ("🎁: [x]", "[x]", "    ^^^"),
        ("a: 日本, b", "日本", "   ^^^^"),
        ("cafe\u0301: x", "x", "      ^"),
        ("\ta: x", "x", "    ^"),
    ],
)
def test_the_caret_stands_under_the_word(line: str, word: str, caret: str) -> None:
    assert drawn(line, word)[1] == f"      | {caret}"


def test_a_long_line_is_shown_around_the_word() -> None:
    line = "a: [" + "x, " * 300 + "wrong, " + "y, " * 300 + "]"
    shown, caret = drawn(line, "wrong")
    assert len(shown) < 140
    assert shown[caret.index("^") : caret.rindex("^") + 1] == "wrong"


def test_signs_that_turn_the_line_round_are_not_printed() -> None:
    assert "\u202e" not in drawn("a: \u202eevil x", "x")[0]


def test_the_nearest_word_is_proposed() -> None:
    assert did_you_mean("High spender", ["High spenders", "Low"]) == "did you mean 'High spenders'?"
    assert did_you_mean("a\u00a0b", ["a b"]) == "type 'a b' again: U+00A0 hides in it"
    assert did_you_mean("zzz", ["a", "b"]) == "one of: a, b"


@pytest.mark.parametrize(
    "url", ["postgresql://shop:s3cret@db/crm", "postgresql://db/crm?password=s3cret&x=1"]
)
@pytest.mark.parametrize("before", ["", "y, " * 300])
def test_a_password_in_a_line_is_not_printed_again(url: str, before: str) -> None:
    shown = drawn(f"source: {before}{url}", url)[0]
    assert "s3cret" not in shown
    assert "******" in shown
