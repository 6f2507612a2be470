"""Mistakes in exports/*.yaml are told at their place, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.exports.check import check_destinations
from targeting.problems import Problem
from targeting.workspace.load import load

FILES = {
    "targeting.yaml": """\
sources:
  customers: {file: c.csv, columns: {customer_id: id, first_name: n, email: e, born_on: b, age: a}}
fields:
  first_name: {type: text}
  email: {type: text, personal: yes}
  born_on: {type: date}
  age: {type: number}
""",
    "rules/policy.yaml": "channels: {email: {address: email}, sms: {}}\n",
    "segments/customers.yaml": """\
features: {age: {}}
names:
  Premium: {age: high}
  New: {age: low}
""",
}


def check(folder: Path, export: str, **more: str) -> list[Problem]:
    files = FILES | {"exports/mail.yaml": export}
    files |= {name.replace("__", "/") + ".yaml": text for name, text in more.items()}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    workspace, problems = load(folder)
    assert problems == []
    assert workspace is not None
    return check_destinations(workspace, ["welcome_back"])


def test_a_destination_that_is_right_has_no_problem(tmp_path: Path) -> None:
    export = """\
only: {channel: [email], rule: welcome_back, kind: [retention]}
csv: {delimiter: ";", encoding: cp1252}
columns:
  - Name: {field: first_name}
  - E-mail: {field: email, normalise: email, hash: sha256}
  - Chance: {field: likelihood, decimals: 3}
  - Age: {field: age, decimals: 0}
  - Segment: {field: segment}
"""
    assert check(tmp_path, export) == []


def test_an_unknown_field_is_underlined_with_the_nearest(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, "columns:\n  - Name: {field: firstname}\n")
    assert str(problem) == (
        "exports/mail.yaml:2:19: error F001: 'firstname' is not a field\n"
        "    2 |   - Name: {field: firstname}\n"
        "      |                   ^^^^^^^^^\n"
        "      = help: did you mean 'first_name'?"
    )


@pytest.mark.parametrize(
    ("line", "code", "column", "said"),
    [
        ("only: {channel: [email, smss]}", "V001", 25, "'smss' is not a channel"),
        ("only: {channel: emial}", "V001", 17, "'emial' is not a channel"),
        ("only: {rule: [welcome]}", "V001", 15, "'welcome' is not a rule"),
        ("only: {kind: [inventory]}", "V001", 15, "'inventory' is not a kind"),
        ("csv: {delimiter: ab}", "X103", 18, "one sign"),
        ("csv: {encoding: rot13}", "X103", 17, "'rot13' is not an encoding"),
    ],
)
def test_each_slip_has_its_place(
    tmp_path: Path, line: str, code: str, column: int, said: str
) -> None:
    (problem,) = check(tmp_path, f"{line}\ncolumns:\n  - a: {{field: email}}\n")
    assert (problem.code, problem.place.line, problem.place.column) == (code, 1, column)
    assert said in problem.message


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("- a: {field: first_name, decimals: 2}", "T001"),
        ("- a: {field: born_on, normalise: email}", "T001"),
        ('- "": {field: email}', "X102"),
        ("- b: {field: email}", "X102"),
    ],
)
def test_a_column_that_makes_no_sense_is_an_error(tmp_path: Path, column: str, code: str) -> None:
    (problem,) = check(tmp_path, f"columns:\n  - b: {{field: email}}\n  {column}\n")
    assert (problem.code, problem.place.line) == (code, 3)


def test_a_header_that_the_encoding_cannot_spell_is_an_error(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, "csv: {encoding: cp1252}\ncolumns:\n  - نام: {field: email}\n")
    assert (problem.code, problem.place.line) == ("X103", 3)


def test_two_segments_with_one_file_name_are_an_error(tmp_path: Path) -> None:
    names = "features: {age: {}}\nnames:\n  VIP: {age: high}\n  vip!: {age: low}\n"
    (problem,) = check(tmp_path, "columns:\n  - a: {field: email}\n", segments__customers=names)
    assert (problem.code, problem.place.line) == ("X101", 4)
    assert problem.message == "'vip!' and 'VIP' would share the file 'vip'"


def test_a_destination_of_suggestions_has_the_columns_of_the_suggestions(tmp_path: Path) -> None:
    export = """\
of: suggestions
only: {supplier: [Nasir Traders], location: Clifton}
columns:
  - SKU: {field: product_id}
  - Qty: {field: quantity, decimals: 0}
  - Flags: {field: flags}
  - Company: {value: "1000"}
"""
    assert check(tmp_path, export) == []
    (found,) = check(tmp_path, "of: suggestions\ncolumns:\n  - a: {field: quantities}\n")
    assert (found.code, found.help) == ("F001", "did you mean 'quantity'?")
    (found,) = check(tmp_path, "of: suggestions\ncolumns:\n  - a: {field: flags, decimals: 1}\n")
    assert found.code == "T001"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("of: suggestions\nonly: {channel: [email]}", "'channel' is no choice among suggestions"),
        ("of: suggestions\nseeds: [{email: a@example.com}]", "suggestions have no seeds"),
        ("of: contacts\nonly: {supplier: [A]}", "'supplier' is no choice among contacts"),
    ],
)
def test_what_has_no_place_among_contacts_or_suggestions_is_said(
    tmp_path: Path, lines: str, said: str
) -> None:
    field = "product_id" if "suggestions" in lines.splitlines()[0] else "email"
    (found,) = check(tmp_path, f"{lines}\ncolumns:\n  - a: {{field: {field}}}\n")
    assert (found.code, found.place.line) == ("X104", 2)
    assert said in found.message


def test_a_destination_that_is_not_active_is_checked_all_the_same(tmp_path: Path) -> None:
    (found,) = check(tmp_path, "active: no\ncolumns:\n  - a: {field: emial}\n")
    assert (found.code, found.place.line) == ("F001", 3)


def test_a_seed_gives_fields_that_there_are(tmp_path: Path) -> None:
    export = "seeds: [{email: us@example.com, frist_name: Team}]\ncolumns:\n  - a: {field: email}\n"
    (found,) = check(tmp_path, export)
    assert (found.code, found.help) == ("F001", "did you mean 'first_name'?")
    assert found.place.excerpt[found.place.column - 1 :].startswith("frist_name")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("{field: born_on, dates: dd.mm.yyyy, decimals: 1}", "has no decimals"),
        ('{field: born_on, dates: "%Q"}', "'%Q' is not a way to write dates"),
        ('{field: email, dates: "%d/%m/%Y"}', "'email' is not a date"),
        ("{value: PK, decimals: 2}", "'PK' is not a number"),
    ],
)
def test_a_form_that_a_column_cannot_have_is_an_error(
    tmp_path: Path, column: str, said: str
) -> None:
    (found,) = check(tmp_path, f"columns:\n  - a: {column}\n")
    assert (found.code, found.place.line) == ("T001", 2)
    assert said in found.message


def test_a_column_is_a_field_or_a_value(tmp_path: Path) -> None:
    for column in ("{field: email, value: PK}", "{decimals: 1}"):
        with pytest.raises(AssertionError, match="says neither or both of field and value"):
            check(tmp_path, f"columns:\n  - a: {column}\n")
