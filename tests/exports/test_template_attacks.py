"""Templates that try to reach Python, loop for ever or build a gigabyte are refused by line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from targeting.exports.messages import Messages
from targeting.problems import Refused
from targeting.workspace.catalogue import Field
from targeting.workspace.policy import Policy
from targeting.workspace.settings import Shop
from tests.kit.pace import within

FIELDS = {"name": Field("name", "text", "customers"), "n": Field("n", "number", "customers")}
CUSTOMER = pl.DataFrame(
    {"customer_id": "C7", "name": "Ayesha", "n": 3, "channel": "sms", "message": "m.j2",
     "rule": "r", "offer": "o"}
)  # fmt: skip


def refusal(folder: Path, *templates: str) -> str:
    """Render; give what was said against it, within two seconds."""
    below = folder / "templates/messages"
    below.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(templates):
        (below / ("m.j2" if number == 0 else f"m{number}.j2")).write_text(text, "utf-8")
    with within(seconds=2):
        messages = Messages(
            folder, Shop(), dt.date(2026, 11, 24), fields=FIELDS, policy=Policy(channels={})
        )
        try:
            said = f"rendered: {messages.render(CUSTOMER)[0]}"
        except Refused as refused:
            said = str(refused)
    assert said.startswith("rendered: ") or "Ayesha" not in said
    return said


REACHING = [
    "{{ name.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ name['__class__'] }}",
    "{{ name | attr('__class__') }}",
    "{{ name.format(name) }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '%s' | format(name) }}",
    "{{ self.__init__ }}",
    "{{ shop.__class__ }}",
    "{{ shop.keys() }}",
    "{{ loop.__init__ }}",
    "{{ range.__globals__ }}",
    "{{ range.__call__(3) }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum(5) }}",
    "{{ namespace(a=1) }}",
    "{{ dict(a=1) }}",
    "{{ joiner() }}",
    "{{ as_of.today() }}",
    "{{ as_of.year }}",
    "{{ name | map('upper') | list }}",
    "{{ [1] | map(attribute='real') }}",
    "{{ name | xmlattr }}",
    "{{ name | pprint }}",
    "{{ name | safe }}",
    "{% import 'm.j2' as m %}",
    "{% from 'm.j2' import x %}",
    "{% extends 'm.j2' %}",
    "{% include name %}",
    "{% include ['a', 'b'] %}",
    "{% block a %}{% endblock %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}",
    "{% call name() %}{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% set x %}a{% endset %}",
    "{% set loop = name %}{{ loop.index('a') }}",
    "{% set range = name %}",
    "{% set shop = name %}{{ shop.name }}",
    "{% for range in [1] %}{% endfor %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{{ {'a': 1} }}",
    "{{ name | upper(*[1]) }}",
    "{{ name is callable }}",
    "{{ name is filter }}",
    "{{ range(*[1, 2]) }}",
]


@pytest.mark.parametrize("template", REACHING)
def test_nothing_of_python_can_be_reached(tmp_path: Path, template: str) -> None:
    said = refusal(tmp_path, "Hello\n" + template)
    assert said.startswith("templates/messages/m.j2:2:"), said
    assert "M104" in said or "M103" in said or "M101" in said


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ 1000000000 * name }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ 10.0 ** 400 }}",
        "{{ name * n ** 30 }}",
        "{{ [1] * 1000000000 }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
        "{% for i in range(10001) %}{% endfor %}",
        "{% for i in range(9000) %}abc{% endfor %}",
        "{{ range(99999999999999999999) }}",
        "{{ range(9999) | join(name * 1000) }}",
        "{{ name | replace('', 'x' * 9999) | replace('x', 'y' * 9999) }}",
        "{{ '%0999999999d' % 1 }}",
        "{{ 1 | round(999999999) }}",
        "{{ 1 | money(999999999) }}",
        "{{ 10 ** 100 | money }}",
        "{{ name | truncate(99, 'x' * 99999) }}",
        "{% set a = 'x' * 9999 %}{% set a = a ~ a %}{% set a = a ~ a ~ a %}{{ a }}",
        "{% set a = 'x' * 9999 %}{% set a = a + a %}{% set a = a + a + a %}{{ a }}",
        "{% set a = [1] %}{% set b = [a, a] %}{% set c = [b, b] %}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "-" * 5000 + "1 }}",
        "{{ " + " + ".join(["n"] * 20000) + " }}",
        "{% if n %}" * 200 + "{% endif %}" * 200,
        "{% for a in [1] %}" * 40 + "{% endfor %}" * 40,
        "{{ " + "9" * 5000 + " }}",
        "x" * 20_001,
    ],
)
def test_nothing_hangs_or_fills_the_memory(tmp_path: Path, template: str) -> None:
    said = refusal(tmp_path, template)
    assert said.startswith("templates/messages/m.j2:1:"), said[:200]
    assert any(code in said for code in ("M102", "M103", "M104", "M202", "M203"))


def test_doubling_by_inclusion_is_stopped(tmp_path: Path) -> None:
    chain = [f"{{% include 'm{n}.j2' %}}" * 2 for n in range(1, 30)]
    assert "M20" in refusal(tmp_path, *chain, "")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ n / 0 }}", "divides by zero"),
        ("{{ n + name }}", "'+' stands between a number and a text"),
        ("{{ n < name }}", "do not go together"),
        ("{{ name | money }}", "takes numbers"),
        ("{{ n | date }}", "takes a date"),
        ("{{ none }}", "nothing cannot be printed"),
        ("{{ range }}", "cannot be printed"),
        ("{{ n | plural }}", "do not go together"),
        ("{{ [1][5] }}", "a value is missing"),
        ("{{ name | date('x') }}", "takes a date"),
        ("{{ as_of | date('x') }}", "short, medium, long or full"),
    ],
)
def test_what_cannot_be_worked_out_is_said_with_line_and_customer(
    tmp_path: Path, template: str, said: str
) -> None:
    text = refusal(tmp_path, "Hello\n\n" + template)
    assert text.startswith("templates/messages/m.j2:3:")
    assert said in text
    assert "(customer C7)" in text


_SCRAPS = st.sampled_from(
    ["{{ ", " }}", "{% ", " %}", "{#", "#}", "name", "n", "if ", "else", "endif", "for x in ", "endfor",
     "set x = ", "x", " | ", "upper", "join", "~", "*", "**", "+", "-", "(", ")", "[", "]", "'", '"',
     "9", "999", "range(", "loop", ".index", "__class__", ",", "\n", "is defined", "include 'm.j2'"]
)  # fmt: skip


@given(st.lists(_SCRAPS, max_size=25).map("".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_renders_or_is_refused_at_a_place_in_its_file(tmp_path: Path, text: str) -> None:
    said = refusal(tmp_path, text)
    assert said.startswith(("rendered: ", "templates/messages/m.j2:"))


GROWING = [
    "{% for i in range(9999) %}{% set a = 'x' * 20000 %}{% endfor %}",
    "{% for i in range(9999) %}" + "{% set b = n+n+n+n+n %}" * 4000 + "{% endfor %}",
    "{% for i in range(9999) %}" + "{% set b = n+n+n+n+n %}" * 400 + "{% endfor %}",
    "{% set a = 'x' * 9999 %}{% for i in range(9999) %}"
    + "{% set b = a | replace('x', 'y') | upper %}" * 50
    + "{% endfor %}",
    "{% set a = 'x' * 20000 %}{% for i in range(9999) %}"
    + "{% if 'xxxxy' in a %}{% endif %}" * 100
    + "{% endfor %}",
    "{% for i in range(9999) %}{% set b = range(9999) | sort %}{% endfor %}",
    "{% set a = range(9999) | sort %}{% set b = range(9999) | sort %}{% for i in range(9999) %}"
    + "{% if a == b %}{% endif %}" * 50
    + "{% endfor %}",
    "{% for i in range(9999) %}{% set b = (i * 1.1) | money %}"
    + "{% set b = i | date %}" * 50
    + "{% endfor %}",
    "{% for i in range(9999) if " + "i < 0 or " * 40 + " i < 0 %}{% endfor %}",
    "{% for i in range(9999) %}{% include 'm2.j2' %}{% endfor %}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a | replace('x', 'xx') %}" * 40 + "{{ a }}",
    "{% for i in range(99) %}{% for j in range(99) %}{% for k in range(99) %}{% endfor %}{% endfor %}{% endfor %}",
    "{{ range(9999) | join('x' * 20000) }}",
    "{{ [1, 2, 3] * 100000000 }}",
    "{{ ('x' * 20000) | replace('x', 'y' * 20000) }}",
    "{{ ('x' * 20000) | urlencode | urlencode | urlencode }}{{ 'ß' * 20000 | upper }}",
    "{{ '{:>999999999}' * n }}{{ '%999999999d' % n }}",
    "{{ n ** 9999 }}",
    "{{ 1.5 ** 99999 }}",
    "{{ -7 // 0.0000000001 ** 40 }}",
    "{{ 'x' | truncate(999999999999, 'y' * 20001) }}",
    "{{ n | plural('x' * 20001) }}",
    "{% for i in range(9999) %}{% include 'm1.j2' %}{% endfor %}",
    "{% if n == n" + " and n == n" * 5000 + " %}{% endif %}",
    "{{ n" + " | abs" * 5000 + " }}",
]


@pytest.mark.parametrize("template", GROWING)
def test_growth_in_steps_is_stopped_within_two_seconds(tmp_path: Path, template: str) -> None:
    below = "{% for i in range(9999) %}y{% endfor %}", "{% set b = n+n+n+n+n %}" * 400
    said = refusal(tmp_path, "Hello\n" + template, *below)
    assert said.startswith(("templates/messages/m.j2:", "templates/messages/m1.j2:1:")), said[:200]
    assert any(code in said for code in ("M103", "M104", "M202", "M203"))


@pytest.mark.parametrize(
    "template",
    [
        "{{ '\\x5f\\x5fclass\\x5f\\x5f' | attr(name) }}",
        "{{ name['\\u005f\\u005fclass\\u005f\\u005f'] }}",
        "{{ name.\uff3f\uff3fclass\uff3f\uff3f }}",
        "{{ name.__init__.__globals__['sys'].modules['os'].popen('id') }}",
        "{{ (name ~ '').__class__ }}",
        "{{ range.__self__.__class__ }}",
        "{{ as_of.__class__.__base__ }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in categories recursive %}{{ loop(a) }}{% endfor %}",
        "{{ loop.cycle('a', 'b') }}",
        "{{ caller() }}",
        "{{ self._TemplateReference__context }}",
        "{% set shop.name = 'x' %}",
        "{% set ns = namespace() %}{% set ns.x = 1 %}",
    ],
)
def test_ways_around_are_refused_at_their_line(tmp_path: Path, template: str) -> None:
    said = refusal(tmp_path, "Hello\n\n" + template)
    assert said.startswith("templates/messages/m.j2:3:"), said[:200]
    assert "M104" in said or "M103" in said
