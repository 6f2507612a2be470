"""The grammar of rule-language.md, phrase by phrase: what is a rule, and what is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from targeting.rules.model import Contact, Planning
from targeting.workspace.literals import Period
from targeting.workspace.words import OPERATORS, OPERATORS_BY_TYPE
from tests.rules.shop_of_rules import RULE, THEN, brief, of_condition, problems, read, rule, word

OPERANDS = {
    "value": {"number": "1", "money": "1", "category": "x", "text": "x", "list": "x", "date": "2026-01-01", "yes/no": "yes"},
    "values": {"category": "[x]", "text": "[x]", "list": "[x]"},
    "two values": {"number": "[1, 2]", "money": "[1, 2]", "date": "[2026-01-01, 2026-01-02]"},
}  # fmt: skip
FIELD_OF = {"number": "visits", "money": "spend", "category": "code", "text": "note_text", "date": "seen_on", "yes/no": "consent"}  # fmt: skip


def operand(operator: str, kind: str) -> str:
    takes = OPERATORS[operator].takes
    simple = {"yes": "yes", "period": "30 days"}
    return simple.get(takes) or OPERANDS[takes].get(kind, "x")


@pytest.mark.parametrize("kind", FIELD_OF)
@pytest.mark.parametrize("operator", OPERATORS)
def test_each_type_takes_its_own_operators_and_no_other(operator: str, kind: str) -> None:
    found = of_condition(f"{FIELD_OF[kind]}: {{{operator}: {operand(operator, kind)}}}")
    allowed = operator in OPERATORS_BY_TYPE[kind]  # type: ignore[index]
    assert brief(found) == ([] if allowed else [("P003", operator)])


@pytest.mark.parametrize("kind", FIELD_OF)
def test_a_bare_value_and_a_list_stand_for_is_and_one_of(kind: str) -> None:
    value = OPERANDS["value"][kind]
    assert of_condition(f"{FIELD_OF[kind]}: {value}") == []
    assert of_condition(f"{FIELD_OF[kind]}: [{value}]") == []


@pytest.mark.parametrize(
    "condition",
    [
        "age: {at_least: 5, or_missing: yes}",
        "age: {or_missing: no, at_least: 5}",
        "visits: {at_least: {field: age}}",
        "visits: {field: age}",
        "visits: {is_not: {field: spend}}",
        "visits: {between: [1, {field: age}]}",
        "code: {field: note_text}",
        "seen_on: {before: {field: due_on}}",
        "none: [{age: 5}]",
        "any: [{all: [{age: 5}, {none: [{visits: 1}]}]}, {visits: 2}]",
    ],
)
def test_conditions_of_the_grammar_are_read(condition: str) -> None:
    assert [str(p) for p in of_condition(condition)] == []


@pytest.mark.parametrize(
    ("condition", "code", "typed"),
    [
        ("age: {at_least: 5, at_most: 7}", "P004", "at_most"),
        ("age: {}", "P004", "{}"),
        ("age: {or_missing: yes}", "P004", "{or_missing: yes}"),
        ("age: {missing: yes, or_missing: no}", "P004", "or_missing"),
        ("age: {at_last: 5}", "P003", "at_last"),
        ("age: {at_least: [5]}", "T001", "[5]"),
        ("age: {between: [5, 3]}", "V003", "[5, 3]"),
        ("age: {between: 5}", "T001", "5"),
        ("age: {between: [1, 2, 3]}", "T001", "[1, 2, 3]"),
        ("age: []", "P005", "[]"),
        ("city: {one_of: []}", "P005", "[]"),
        ("city: {one_of: Lahore}", "T001", "Lahore"),
        ("city: {is: [Lahore]}", "T001", "[Lahore]"),
        ("city: [Lahore, ]", "Y010", ","),
        ('note_text: {starts_with: ""}', "V004", '""'),
        ("ages: 5", "F001", "ages"),
        ("visits: {at_least: {field: ages}}", "F001", "ages"),
        ("visits: {at_least: {field: city}}", "T003", "city"),
        ("visits: {at_least: {field: [age]}}", "T001", "[age]"),
        ("seen_on: {within_last: {field: due_on}}", "T001", "{field: due_on}"),
        ("age: {at_least: $least}", "R001", "$least"),
        ("audience: nobody", "R001", "nobody"),
        ("audience: [nobody]", "T001", "[nobody]"),
        ("field: age", "P001", "field"),
        ("missing: age", "P001", "missing"),
        ("age: 5\n      visits: 3", "P004", "visits"),
        ("{age: 5, visits: 3}", "P004", "visits"),
        ("age", "T001", "age"),
        ("age:5", "T001", "age:5"),
        ("- age: 5", "T001", "- age: 5"),
        ("all: 5", "T001", "5"),
        ("none: []", "P005", "[]"),
        ("any:", "P005", ""),
        ("{}", "P004", "{}"),
        ("recency_days: 5", "F002", "recency_days"),
        ("segment: A", "F002", "segment"),
        ("likelihood: {at_least: 5%}", "F002", "likelihood"),
        ("on_hand: 5", "F002", "on_hand"),
        ("visits: {at_least: {field: monetary}}", "F002", "monetary"),
    ],
)
def test_what_is_no_condition_is_told_of_at_its_word(condition: str, code: str, typed: str) -> None:
    assert brief(of_condition(condition)) == [(code, typed)]


@pytest.mark.parametrize(
    ("when", "code", "typed"),
    [
        ("when:\n", "P005", ""),
        ("when: {}\n", "P005", "{}"),
        ("when: age\n", "P005", "age"),
        ("when:\n  all:\n", "P005", ""),
        ("when:\n  - age: 5\n", "P005", "- age: 5"),
        ("when:\n  age: 5\n", "P001", "age"),
        ("when:\n  al:\n    - age: 5\n", "P001", "al"),
        ("when:\n  all:\n    age: 5\n", "T001", "age"),
        ("", "P002", "title"),
    ],
)
def test_what_is_no_when_is_told_of(when: str, code: str, typed: str) -> None:
    assert brief(problems(rule(when=when))) == [(code, typed)]


def test_the_groups_of_when_are_joined() -> None:
    when = "when:\n  all: [{age: 1}]\n  any: [{age: 2}]\n  none: [{age: 3}]\n"
    rules, found = read(rule(when=when))
    assert not found
    assert [group.kind for group in rules[0].when] == ["all", "any", "none"]


def test_every_key_of_a_contact_rule_is_read() -> None:
    top = (
        "owner: me\nactive: {from: 2026-11-01, until: 2026-12-31}\nsettings: {least: 18}\n"
        "exclude: [{age: {at_least: $least}}]\npick: {at_most: 10, lowest: seen_on}\n"
        "holdout: {share: 7.25%, name: spring}\ncooldown: 3 weeks\nbudget: 99.50\n"
        "formerly: [older, oldest]\nwithout: [{guardrail: minors, reason: agreed}]\n"
        "accept: [{check: D001, reason: new, until: 2026-12-31}]\n"
    )
    then = (
        "then: {offer: hello, channel: [sms, email], message: {a: hello.j2, b: hello.j2},"
        " value: {field: spend}, uplift: 5%}\n"
    )
    shared = (
        "guardrails: {marketing: {minors: {title: Adults, exclude: [{age: {less_than: 18}}]}}}\n"
    )
    rules, found = read({RULE: rule(top=top, then=then), "rules/shared.yaml": shared})
    assert [str(problem) for problem in found] == []
    (read_rule,) = rules
    assert read_rule.guardrails == ()
    assert read_rule.holdout is not None
    assert (read_rule.holdout.share, read_rule.holdout.name) == (Decimal("0.0725"), "spring")
    assert (read_rule.cooldown, read_rule.budget) == (Period(3, "week"), Decimal("99.50"))
    assert isinstance(read_rule.then, Contact)
    assert (read_rule.then.channels, read_rule.then.value) == (("sms", "email"), "spend")
    assert read_rule.pick is not None
    assert (read_rule.pick.field, read_rule.pick.highest) == ("seen_on", False)
    assert read_rule.is_active(dt.date(2026, 12, 31))
    assert not read_rule.is_active(dt.date(2027, 1, 1))
    assert [accepted.check for accepted in read_rule.accept] == ["D001"]


def test_a_renamed_rule_keeps_its_holdout_group() -> None:
    rules, _ = read(rule(top="holdout: 10%\nformerly: older\n"))
    assert rules[0].holdout is not None
    assert rules[0].holdout.name == "older"


@pytest.mark.parametrize(
    ("top", "code", "typed"),
    [
        ("holdout: 10\n", "T001", "10"),
        ("holdout: 50.01%\n", "T001", "50.01%"),
        ("holdout: 7.255%\n", "T001", "7.255%"),
        ("holdout: -1%\n", "T001", "-1%"),
        ("holdout: '10%'\n", "T001", "'10%'"),
        ("holdout: {share: 10%}\n", "P002", "share"),
        ("holdout: {share: 10%, name: Two Words}\n", "T001", "{share: 10%, name: Two Words}"),
        ("pick: {}\n", "T001", "{}"),
        ("pick: 5\n", "T001", "5"),
        ("pick: {at_most: 0}\n", "T001", "0"),
        ("pick: {at_most: 1.5}\n", "T001", "1.5"),
        ("pick: {highest: age, lowest: visits}\n", "T001", "{highest: age, lowest: visits}"),
        ("pick: {highest: city}\n", "T003", "city"),
        ("pick: {highest: agee}\n", "F001", "agee"),
        ("pick: {highest: likelihood}\n", "F002", "likelihood"),
        ("cooldown: forever\n", "T001", "forever"),
        ("budget: -5\n", "T001", "-5"),
        ("budget: 10%\n", "T001", "10%"),
        ("formerly: hello\n", "R001", "hello"),
        ("formerly: Old Name\n", "T001", "Old Name"),
        ("active: {}\n", "T001", "{}"),
        ("active: {form: 2026-01-01}\n", "P001", "form"),
        (
            "active: {from: 2026-12-01, until: 2026-11-30}\n",
            "T001",
            "{from: 2026-12-01, until: 2026-11-30}",
        ),
        ("settings: {least: 5}\n", "R006", "least"),
        ("settings: {Least: 5}\n", "T001", "Least"),
        ("settings: {least: }\n", "T001", "}"),
        ("settings: {least: [1]}\n", "T001", "[1]"),
        ("without: [{guardrail: minors, reason: x}]\n", "R001", "minors"),
        ("without: [{guardrail: minors}]\n", "P002", "guardrail"),
        ("accept: [{check: F001, reason: x, until: 2026-12-31}]\n", "V001", "F001"),
        ("accept: [{check: S003, with: nobody, reason: x, until: 2026-12-31}]\n", "R001", "nobody"),
        ("accept: [{check: S003, reason: x}]\n", "P002", "check"),
        ("exclude: []\n", "P005", "[]"),
        ("exclude:\n", "P005", ""),
        ("exclude: {age: 5}\n", "T001", "age"),
        ("titel: x\n", "P001", "titel"),
        ("owner:\n", "T001", ""),
        ("service_level: 98%\n", "P001", "service_level"),
    ],
)
def test_a_key_of_the_wrong_form_is_told_of_at_its_word(top: str, code: str, typed: str) -> None:
    assert brief(problems(rule(top=top))) == [(code, typed)]


@pytest.mark.parametrize(
    ("then", "code", "typed"),
    [
        ("channel: emial, offer: a, message: hello.j2", "R001", "emial"),
        ("channel: [email, email], offer: a, message: hello.j2", "P005", "email"),
        ("channel: [], offer: a, message: hello.j2", "T001", "[]"),
        ("channel: email, offer: two words, message: hello.j2", "T001", "two words"),
        ("channel: email, offer: a, message: helo.j2", "R001", "helo.j2"),
        ("channel: email, offer: a, message: ../messages/hello.j2", "R001", "../messages/hello.j2"),
        ("channel: email, offer: a, message: {}", "T001", "{}"),
        ("channel: email, offer: a, message: {b: helo.j2}", "R001", "helo.j2"),
        ("channel: email, offer: a", "P002", "channel"),
        ("channel: email, offer: a, message: hello.j2, value: 10%", "T001", "10%"),
        ("channel: email, offer: a, message: hello.j2, value: {field: city}", "T003", "city"),
        ("channel: email, offer: a, message: hello.j2, value: {fild: age}", "P001", "fild"),
        ("channel: email, offer: a, message: hello.j2, uplift: 2", "T001", "2"),
    ],
)
def test_then_of_a_contact_rule_is_strict(then: str, code: str, typed: str) -> None:
    assert brief(problems(rule(then=f"then: {{{then}}}\n"))) == [(code, typed)]


STOCK = {
    "targeting.yaml": """\
as_of: 2026-11-24
sources: {customers: {file: c.csv, columns: {customer_id: id, age: a}}, products: {file: p.csv}}
fields: {age: {type: number}}
"""
}


def planning(then: str, top: str = "", condition: str = "brand: x") -> str:
    given = "{brand: x}"
    return (
        f"title: T\npriority: 1\n{top}when: {{all: [{{{condition}}}]}}\nthen: {{{then}}}\nexamples:\n"
        f"  - {{case: a, given: {given}, expect: in}}\n  - {{case: b, given: {given}, expect: out}}\n"
    )


def of_stock(text: str) -> list[tuple[str, str]]:
    return brief(problems({**STOCK, "rules/inventory/stock.yaml": text}))


@pytest.mark.parametrize("cap", ["units: 0", "packs: 2", "money: 5000.50", "weeks: 1.5"])
def test_an_inventory_rule_sets_planning_parameters(cap: str) -> None:
    then = f"service_level: 98.5%, cover: 4 weeks, order_at_most: {{{cap}}}, flag: hot, note: Look"
    rules, found = read({**STOCK, "rules/inventory/stock.yaml": planning(then)})
    assert not found
    assert isinstance(rules[0].then, Planning)
    assert rules[0].then.order_at_most is not None
    unit, amount = cap.split(": ")
    assert rules[0].then.order_at_most == (unit, Decimal(amount))


@pytest.mark.parametrize(
    ("then", "code", "typed"),
    [
        ("", "T001", "{}"),
        ("service_level: 98", "T001", "98"),
        ("service_level: 100%", "T001", "100%"),
        ("cover: 4", "T001", "4"),
        ("order_at_most: 5", "T001", "5"),
        ("order_at_most: {units: 1, packs: 2}", "T001", "{units: 1, packs: 2}"),
        ("order_at_most: {boxes: 1}", "P001", "boxes"),
        ("order_at_most: {units: -1}", "T001", "-1"),
        ("flag: two words", "T001", "two words"),
        ("offer: hello", "P001", "offer"),
    ],
)
def test_then_of_an_inventory_rule_is_strict(then: str, code: str, typed: str) -> None:
    assert of_stock(planning(then)) == [(code, typed)]


@pytest.mark.parametrize(
    "top", ["pick: {at_most: 1}", "holdout: 10%", "cooldown: ever", "without: []"]
)
def test_inventory_rules_take_no_pick_holdout_cooldown_or_without(top: str) -> None:
    assert of_stock(planning("flag: a", top + "\n")) == [("P001", top.split(":", maxsplit=1)[0])]


def test_an_inventory_rule_names_fields_of_products() -> None:
    found = problems({**STOCK, "rules/inventory/stock.yaml": planning("flag: a", "", "age: 5")})
    assert brief(found) == [("F002", "age")]
    assert "a field of customers" in found[0].message


def test_a_misspelled_setting_is_told_of_once_at_the_misspelled_word() -> None:
    once = rule("age: {at_least: $lest_age}", top="settings: {least_age: 18}\n")
    assert brief(problems(once)) == [("R001", "$lest_age")]
    twice = rule("age: {at_least: $least}", "visits: $least", top="settings: {lest: 18}\n")
    (problem,) = problems(twice)
    assert (problem.code, word(problem), problem.help) == ("R006", "lest", "did you mean 'least'?")


def test_a_bad_setting_is_told_of_where_it_was_typed() -> None:
    found = problems(rule("age: {at_least: $least}", top="settings: {least: 018}\n"))
    assert brief(found) == [("T003", "018")]


def test_a_condition_that_cannot_be_read_does_not_make_its_setting_unused() -> None:
    text = rule("aeg: {at_least: $least}", top="settings: {least: 18}\n")
    assert brief(problems(text)) == [("F001", "aeg")]


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("Hello", "hello"),
        ("two words", "two_words"),
        ("1st", "rule_1st"),
        ("héllo", "h_llo"),
        ("UPPER", "upper"),
    ],
)
def test_a_rules_file_has_a_proper_name(name: str, proposed: str) -> None:
    (problem,) = problems({f"rules/marketing/{name}.yaml": rule()})
    assert (problem.code, problem.help) == ("P006", f"rename the file to {proposed}.yaml")


@pytest.mark.parametrize(
    "name",
    ["rules/marketing/hello.yml", "rules/hello.yaml", "rules/marketing/a/hello.yaml", "rules/markting/hello.yaml",
     "rules/marketing/hello.YAML", "rules/shared.yml", "segments/customer.yaml", "targeting.yml"],
)  # fmt: skip
def test_a_file_that_nobody_reads_is_an_error(name: str) -> None:
    (problem,) = problems({name: rule()})
    assert (problem.code, problem.place.file) == ("P006", name)


@pytest.mark.parametrize(
    "name", ["rules/marketing/.#hello.yaml", "rules/notes.txt", "rules/x.yaml.bak"]
)
def test_files_of_editors_and_notes_are_left_alone(name: str) -> None:
    assert problems({name: "anything: ["}) == []


def test_a_name_and_a_priority_are_taken_once() -> None:
    texts = {
        RULE: rule(),
        "rules/marketing/again.yaml": rule(),
        "rules/retention/hello.yaml": rule(),
    }
    found = problems(texts)
    assert brief(found) == [("P008", "1"), ("P007", "")]
    assert found[0].help == "type 2, which is free"


def test_a_rule_with_a_problem_still_holds_its_priority_and_name() -> None:
    texts = {RULE: rule("aeg: 5"), "rules/marketing/again.yaml": rule()}
    assert sorted(p.code for p in problems(texts)) == ["F001", "P008"]


def test_every_problem_of_every_file_is_told_in_one_go() -> None:
    texts = {
        RULE: rule("aeg: 5", "city: lahore", top="titel: x\n", then=THEN.replace("email", "emial")),
        "rules/marketing/b.yaml": "title: [",
        "rules/retention/c.yaml": rule("visits: 1_000"),
    }
    assert sorted(brief(problems(texts))) == sorted(
        [
            ("F001", "aeg"),
            ("V001", "lahore"),
            ("P001", "titel"),
            ("R001", "emial"),
            ("Y001", "["),
            ("T003", "1_000"),
        ]
    )
