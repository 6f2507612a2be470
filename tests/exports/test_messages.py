"""Messages say what their templates say, in the shop's locale, and never to half a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from targeting.exports.filters import person_name
from targeting.exports.messages import Messages
from targeting.problems import Refused
from targeting.workspace.catalogue import Field
from targeting.workspace.policy import Channel, Policy
from targeting.workspace.settings import Shop

FIELDS = {
    field.name: field
    for field in [
        Field("customer_id", "text", "customers", may_be_missing=False),
        Field("first_name", "text", "customers", personal=True),
        Field("monetary", "money", "purchases", may_be_missing=False),
        Field("frequency", "number", "purchases", may_be_missing=False),
        Field("warranty_until", "date", "customers"),
        Field("categories_bought", "list", "purchases", may_be_missing=False),
        Field("is_adult", "yes/no", "derived"),
        Field("return_rate", "number", "purchases"),
    ]
}
POLICY = Policy(
    channels={
        "email": Channel(address="email"),
        "letter": Channel(),
        "newsletter": Channel(address="email"),
        "sms": Channel(address="phone"),
    },
    unsubscribe_line=("email",),
)
SHOP = Shop(name="Sample Electronics", currency="PKR", region="PK", locale="en_PK")
AS_OF = dt.date(2026, 11, 24)


def messages(folder: Path, templates: Mapping[str, str], shop: Shop = SHOP) -> Messages:
    for name, text in templates.items():
        path = folder / "templates/messages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Messages(folder, shop, AS_OF, fields=FIELDS, policy=POLICY)


def customers(*rows: dict[str, object]) -> pl.DataFrame:
    plain: dict[str, object] = {
        "customer_id": "C1", "first_name": "Ayesha", "monetary": 1234.5, "frequency": 3.0,
        "warranty_until": dt.date(2027, 1, 31), "categories_bought": ["Audio", "Phones"],
        "is_adult": True, "return_rate": 0.125, "rule": "welcome_back", "offer": "gift",
        "channel": "sms", "message": "m.j2",
    }  # fmt: skip
    types = {"first_name": pl.String, "warranty_until": pl.Date, "message": pl.String}
    return pl.DataFrame([plain | row for row in rows or ({},)], schema_overrides=types)


def customer(**values: object) -> dict[str, object]:
    return values


def said(folder: Path, template: str, shop: Shop = SHOP, **values: object) -> str:
    text = messages(folder, {"m.j2": template}, shop).render(customers(values))[0]
    assert isinstance(text, str)
    return text


def complaint(folder: Path, template: str, *rows: dict[str, object]) -> str:
    with pytest.raises(Refused) as refused:
        messages(folder, {"m.j2": template}).render(customers(*rows))
    return str(refused.value)


def codes(folder: Path, template: str, *channels: str) -> list[str]:
    problems = messages(folder, {"m.j2": template}).check({"m.j2": channels or ("sms",)})
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Dear {{ first_name }}", "Dear Ayesha"),
        ("Dear customer", "Dear customer"),
        ("{{ offer }} by {{ rule }} on {{ as_of }}", "gift by welcome_back on 2026-11-24"),
        ("{{ shop.name }} ({{ shop.currency }})", "Sample Electronics (PKR)"),
        ("{{ monetary | money }}, {{ monetary | money(0) }}", "Rs1,234.50, Rs1,235"),
        ("{{ 1234567.891 | number }}; {{ 2 | number(2) }}", "1,234,567.891; 2.00"),
        ("{{ return_rate | percent }}, {{ return_rate | percent(1) }}", "13%, 12.5%"),
        ("{{ warranty_until | date }}", "31 January 2027"),
        ("{{ warranty_until | date('short') }}", "31/01/2027"),
        ("{{ frequency | plural('order', 'orders') }}", "3 orders"),
        ("{{ 1 | plural('order', 'orders') }}", "1 order"),
        ("{{ categories_bought | join(', ', ' and ') }}", "Audio and Phones"),
        ("{{ categories_bought }}, first {{ categories_bought[0] }}", "Audio, Phones, first Audio"),
        ("{{ is_adult }} {{ monetary }} {{ frequency }}", "yes 1234.5 3"),
        ("{% for c in categories_bought %}{{ loop.index }}{{ c }}{% endfor %}", "1Audio2Phones"),
        ("{% if 'Audio' in categories_bought %}hear{% else %}see{% endif %}", "hear"),
        ("{{ first_name ~ '-' ~ frequency }}", "Ayesha-3"),
        ("{{ monetary * 0.1 + 1 }}", "124.45"),
        ("{% set top = monetary > 1000 %}{{ 'top' if top else 'all' }}", "top"),
        ("{{ first_name | upper | truncate(4) }}", "AYE…"),
        ("a{# unseen #}b", "ab"),
        ("{{ 'a b&c' | urlencode }}", "a%20b%26c"),
    ],
)
def test_templates_say_what_they_should(tmp_path: Path, template: str, expected: str) -> None:
    assert said(tmp_path, template) == expected


def test_words_follow_the_shops_locale(tmp_path: Path) -> None:
    german = Shop(currency="EUR", region="DE", locale="de_DE")
    template = "{{ monetary | money }} am {{ as_of | date }}"
    assert said(tmp_path, template, german) == "1.234,50 € am 24. November 2026"
    polish = Shop(currency="PLN", region="PL", locale="pl_PL")
    words = "{{ frequency | plural(one='sklep', few='sklepy', other='sklepów') }}"
    assert said(tmp_path, words, polish) == "3 sklepy"
    assert said(tmp_path, words, polish, frequency=5.0) == "5 sklepów"


@pytest.mark.parametrize(
    ("typed", "written"),
    [("AYESHA", "Ayesha"), ("o'brien", "O'Brien"), ("anne-marie  le roy", "Anne-Marie Le Roy"),
     ("McDonald", "McDonald"), ("فاطمہ", "فاطمہ"), ("ZOË", "Zoë")],
)  # fmt: skip
def test_names_typed_in_one_case_get_their_capitals(typed: str, written: str) -> None:
    assert person_name(typed) == written


def test_a_missing_or_blank_value_takes_the_default(tmp_path: Path) -> None:
    template = "Dear {{ first_name | name | default('customer') }}"
    assert said(tmp_path, template, first_name=None) == "Dear customer"
    assert said(tmp_path, template, first_name="  ") == "Dear customer"
    until = "{{ warranty_until | date | default('soon') }}"
    assert said(tmp_path, until, warranty_until=None) == "soon"
    asked = "{% if first_name is defined %}{{ first_name }}{% else %}you{% endif %}"
    assert said(tmp_path, asked, first_name=None) == "you"
    share = "{{ return_rate | percent | default('none') }}"
    assert said(tmp_path, share, return_rate=float("nan")) == "none"


def test_a_missing_value_without_default_names_line_and_customer_only(tmp_path: Path) -> None:
    rows = (customer(customer_id=f"C{n}", first_name=None, offer="secret") for n in (7, 8, 9))
    text = complaint(tmp_path, "Hello\nDear {{ first_name }}", *rows)
    assert "templates/messages/m.j2:2:9: error M201" in text
    assert "'first_name' is missing (customer C7 and 2 more)" in text
    assert 'default("…")' in text
    assert "secret" not in text


def test_the_subject_stays_in_email_and_leaves_other_channels(tmp_path: Path) -> None:
    template = "{# hello #}\nSubject: {{ first_name }}, hello\n\nDear you\n"
    filled = messages(tmp_path, {"m.j2": template}).render(
        customers({"channel": "email"}, {"channel": "sms"}, {"channel": "newsletter"})
    )
    with_subject = "Subject: Ayesha, hello\n\nDear you"
    assert filled.to_list() == [with_subject, "Dear you", with_subject]


def test_a_line_break_in_a_name_cannot_begin_a_header(tmp_path: Path) -> None:
    name = "Eve\r\nBcc: all@example.com\u2028x"
    template = "Subject: {{ first_name }}\nHello"
    text = said(tmp_path, template, first_name=name, channel="email")
    assert text == "Subject: Eve Bcc: all@example.com x\nHello"


def test_a_line_break_in_a_list_cannot_begin_a_header_either(tmp_path: Path) -> None:
    bought = ["Audio\r\nBcc: all@example.com", " Phones "]
    template = "Subject: {{ categories_bought }}\nHello"
    text = said(tmp_path, template, categories_bought=bought, channel="email")
    assert text == "Subject: Audio Bcc: all@example.com, Phones\nHello"


@pytest.mark.parametrize("name", ["\u200b", "\u200f \ufeff", "\u3164", "\t\n", "\u2800"])
def test_a_name_that_nobody_can_see_is_missing(tmp_path: Path, name: str) -> None:
    assert said(tmp_path, "{{ first_name | default('you') }}", first_name=name) == "you"


def test_joiners_inside_a_name_stay(tmp_path: Path) -> None:
    assert said(tmp_path, "{{ first_name }}", first_name="می\u200cنا") == "می\u200cنا"


def test_an_empty_message_goes_to_nobody(tmp_path: Path) -> None:
    template = "{% if frequency > 5 %}Thank you{% endif %}"
    text = complaint(tmp_path, template, *(customer(customer_id=f"C{n}") for n in (3, 4)))
    assert "templates/messages/m.j2:1:1: error M112" in text
    assert "the message is empty (customer C3 and 1 more)" in text


def test_an_email_without_words_in_its_subject_goes_to_nobody(tmp_path: Path) -> None:
    template = "Subject: {{ first_name | default(' ') }}\nHello"
    assert "error M107" in complaint(tmp_path, template, {"first_name": None, "channel": "email"})
    assert said(tmp_path, template, first_name=None, channel="sms") == "Hello"


def test_what_customers_are_called_is_never_a_template(tmp_path: Path) -> None:
    assert said(tmp_path, "{{ first_name }}", first_name="{{ monetary }}") == "{{ monetary }}"


def test_each_contact_gets_its_own_template_in_its_own_place(tmp_path: Path) -> None:
    templates = {"a.j2": "A {{ customer_id }}", "b/c.j2": "B {{ customer_id }}"}
    rows = customers(
        {"customer_id": "1", "message": "b/c.j2"},
        {"customer_id": "2", "message": "a.j2"},
        {"customer_id": "3", "message": None},
        {"customer_id": "4", "message": "b/c.j2"},
    )
    assert messages(tmp_path, templates).render(rows).to_list() == ["B 1", "A 2", None, "B 4"]
    assert messages(tmp_path, templates).render(rows.clear()).to_list() == []


def test_decimals_and_categories_read_like_numbers_and_texts(tmp_path: Path) -> None:
    rows = customers().cast({"monetary": pl.Decimal(12, 2), "first_name": pl.Categorical})
    template = "{{ first_name | upper }} {{ monetary | money }} {{ monetary * 2 }}"
    filled = messages(tmp_path, {"m.j2": template}).render(rows)
    assert filled.to_list() == ["AYESHA Rs1,234.50 2469"]


def test_only_fields_are_names_whatever_else_the_contacts_hold(tmp_path: Path) -> None:
    rows = customers().with_columns(because=pl.lit("x"))
    with pytest.raises(Refused, match="'because' is missing"):
        messages(tmp_path, {"m.j2": "{{ because }}"}).render(rows)


def test_one_template_includes_another(tmp_path: Path) -> None:
    templates = {"m.j2": "Hello\n{% include 'foot/er.j2' %}", "foot/er.j2": "{{ first_name }}\n"}
    assert messages(tmp_path, templates).render(customers()).to_list() == ["Hello\nAyesha"]


# -- check ---------------------------------------------------------------------------------------


def test_a_good_template_has_no_problem(tmp_path: Path) -> None:
    template = (
        'Subject: {{ shop.name }}\nDear {{ first_name | default("you") }}\n'
        "{% if warranty_until is defined and warranty_until > as_of %}{{ warranty_until }}{% endif %}"
        "\nUnsubscribe: answer STOP\n"
    )
    assert codes(tmp_path, template, "email", "sms") == []


def test_an_absent_template_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (problem,) = messages(tmp_path, {"welcome.j2": ""}).check({"welcom.j2": ["sms"]})
    assert problem.code == "M101"
    assert problem.help == "did you mean 'welcome.j2'?"
    with pytest.raises(Refused, match="M101"):
        messages(tmp_path, {}).render(customers())


def test_an_unknown_name_is_underlined_with_the_nearest_field(tmp_path: Path) -> None:
    checked = messages(tmp_path, {"m.j2": "Hello\nDear {{ firstname | default('x') }}"})
    (problem,) = checked.check({"m.j2": ["sms"]})
    assert str(problem) == (
        "templates/messages/m.j2:2:9: error M105: 'firstname' is not a field\n"
        "    2 | Dear {{ firstname | default('x') }}\n"
        "      |         ^^^^^^^^^\n"
        "      = help: did you mean 'first_name'?"
    )


@pytest.mark.parametrize(
    ("template", "line", "message", "help_"),
    [
        ("x\n{{ first_name }", 2, "'}' cannot stand here", "compare"),
        ("{% if is_adult %}\nx", 2, "if is not closed", "{% endif %}"),
        ("{% fi is_adult %}", 1, "'fi' is not a tag", "if"),
        ("{{ first_name", 1, "is not closed", "}}"),
        ("{# x", 1, "a comment is not closed", "#}"),
        ("{% for x in categories_bought %}{% endif %}", 1, "'endif' cannot stand inside for",
         "{% endfor %}"),
        ("{{ first_name last }}", 1, "'last' cannot stand here", "}} is expected"),
        ("{{ first_name & 1 }}", 1, "'&' cannot stand here", ""),
    ],
)  # fmt: skip
def test_a_slip_is_shown_at_its_line_in_plain_words(
    tmp_path: Path, template: str, line: int, message: str, help_: str
) -> None:
    (problem,) = messages(tmp_path, {"m.j2": template}).check({"m.j2": ["sms"]})
    assert problem.code == "M103"
    assert problem.place.line == line
    assert message in problem.message
    assert help_ in (problem.help or "")


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("Dear you. To unsubscribe: STOP", "M107"),
        ("Dear you\nSubject: x\nunsubscribe", "M107"),
        ("subject: x\nunsubscribe", "M107"),
        ("Subject:\nunsubscribe", "M107"),
        ("{% if is_adult is defined %}Subject: x{% endif %}\nunsubscribe", "M107"),
        ("{% set a = 1 %}\n\nSubject: x\nunsubscribe", ""),
        ("{% if is_adult is defined %}Subject: x{% else %}Hi{% endif %}\nunsubscribe", "M107"),
        ("Subject: x\nDear you", "M108"),
        ("Subject: x\n{# unsubscribe #}", "M108"),
        ("Subject: x\n{% if is_adult is defined %}unsubscribe{% endif %}", "M108"),
        ("Subject: x\n{% if is_adult is defined %}unsubscribe{% else %}UNSUBSCRIBE{% endif %}", ""),
        ("Subject: x\n{{ 'To unsubscribe' }}", ""),
    ],
)
def test_an_email_has_its_subject_first_and_a_way_out(
    tmp_path: Path, template: str, code: str
) -> None:
    assert codes(tmp_path, template, "email") == ([code] if code else [])
    assert codes(tmp_path, template, "sms") == []


def test_the_way_out_may_stand_in_an_included_file(tmp_path: Path) -> None:
    templates = {"m.j2": "Subject: x\n{% include 'f.j2' %}", "f.j2": "Unsubscribe here"}
    assert messages(tmp_path, templates).check({"m.j2": ["email"]}) == []


def test_problems_of_an_included_file_are_found(tmp_path: Path) -> None:
    templates = {"m.j2": "{% include 'f.j2' %}{% include 'none.j2' %}", "f.j2": "{{ age }}"}
    found = messages(tmp_path, templates).check({"m.j2": ["sms"]})
    assert [(p.place.file, p.code) for p in found] == [
        ("templates/messages/f.j2", "M105"),
        ("templates/messages/m.j2", "M101"),
    ]


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    templates = {"m.j2": "{% include 'f.j2' %}", "f.j2": "{% include 'm.j2' %}"}
    both = messages(tmp_path, templates)
    assert {p.code for p in both.check({"m.j2": ["sms"]})} == {"M106"}
    with pytest.raises(Refused, match="M106"):
        both.render(customers())


def test_a_field_that_may_be_missing_without_default_is_a_warning(tmp_path: Path) -> None:
    checked = messages(tmp_path, {"m.j2": "{{ first_name | name }} {{ monetary | money }}"})
    (problem,) = checked.check({"m.j2": ["sms"]})
    assert (problem.code, problem.severity) == ("M109", "warning")
    assert "'first_name' may be missing" in problem.message


@pytest.mark.parametrize(
    "template",
    ["{{ first_name | name | d('x') }}", "{{ first_name if first_name is defined else 'x' }}",
     "{% if first_name is undefined %}x{% else %}{{ first_name }}{% endif %}",
     "{% if not first_name is defined %}x{% else %}{{ first_name }}{% endif %}",
     "{% if first_name is defined and first_name > 'M' %}x{% endif %}"],
)  # fmt: skip
def test_a_field_that_is_asked_for_first_is_none(tmp_path: Path, template: str) -> None:
    assert codes(tmp_path, template) == []


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    messages(tmp_path, {"ok.j2": ""})
    folder = tmp_path / "templates/messages"
    (folder / "latin.j2").write_bytes("Zoë".encode("latin-1"))
    (folder / "large.j2").write_text("x" * 100_001)
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link.j2").symlink_to(tmp_path / "outside.txt")
    names = {"latin.j2": ["sms"], "large.j2": ["sms"], "link.j2": ["sms"]}
    found = messages(tmp_path, {}).check(names)
    assert {p.code for p in found} == {"M102"}
    assert {p.message for p in found} == {
        "is not UTF-8", "larger than 100 kB", "leads out of templates/messages",
    }  # fmt: skip
