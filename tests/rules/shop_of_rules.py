"""A shop whose fields have every type, and one rule that a test changes in one place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from targeting.problems import Problem, in_order
from targeting.rules.model import Rule
from targeting.rules.read import read_rules
from targeting.workspace.load import load

FIELDS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
sources:
  customers:
    file: customers.csv
    columns: {customer_id: id, age: a, visits: v, share: s, spend: p, city: c, code: d, note_text: n, consent: o, seen_on: e, due_on: u}
fields:
  age: {type: number, range: [0, 120]}
  visits: {type: number}
  share: {type: number, range: [0, 1]}
  spend: {type: money}
  city: {type: category, values: [Lahore, Karachi, NO, 010, "22:30", 1.10, 09, "missing", $5, کراچی, 🎁]}
  code: {type: category}
  note_text: {type: text}
  consent: {type: yes/no}
  seen_on: {type: date}
  due_on: {type: date, may_be_future: yes}
"""
POLICY = """\
key: corner
channels: {email: {address: note_text, consent: consent}, sms: {address: note_text}}
"""
GIVEN = (
    "{age: 18, visits: 1, share: 50%, spend: 1, city: Lahore, code: x, note_text: x, consent: yes,"
    " seen_on: missing, due_on: missing}"
)
THEN = "then: {offer: hello, channel: email, message: hello.j2}\n"
MEMORY = Path("/dev/shm")  # noqa: S108  # hundreds of small folders are made and removed
RULE = "rules/marketing/hello.yaml"


def rule(
    *conditions: str, top: str = "", then: str = THEN, when: str | None = None, given: str = GIVEN
) -> str:
    """Write a rule file: conditions stand under all, other keys in `top`."""
    lines = "".join(f"    - {condition}\n" for condition in conditions or ("age: 18",))
    block = f"when:\n  all:\n{lines}" if when is None else when
    cases = f"  - {{case: a, given: {given}, expect: in}}\n  - {{case: b, given: {given}, expect: out}}\n"
    return f"title: Hello\npriority: 1\n{top}{block}{then}examples:\n{cases}"


def read(files: Mapping[str, str | bytes | None] | str) -> tuple[list[Rule], list[Problem]]:
    """Read a shop with these files (or this rule); None leaves a file out."""
    named = {RULE: files} if isinstance(files, str) else dict(files)
    base: dict[str, str | bytes | None] = {
        "targeting.yaml": FIELDS,
        "rules/policy.yaml": POLICY,
        "templates/messages/hello.j2": "Hello",
    }
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        for path, text in (base | named).items():
            if text is not None:
                file = Path(name) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(
                    text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
                )
        workspace, problems = load(Path(name))
        if workspace is None:
            return [], list(in_order(problems))
        rules, found = read_rules(workspace)
        return list(rules), list(in_order([*problems, *found]))


def problems(files: Mapping[str, str | bytes | None] | str) -> list[Problem]:
    """Give the problems of such a shop."""
    return read(files)[1]


def of_condition(condition: str, **rest: str) -> list[Problem]:
    """Give the problems of a rule with one condition."""
    return problems(rule(condition, **rest))


def word(problem: Problem) -> str:
    """Give the text under the caret."""
    place = problem.place
    return place.excerpt[place.column - 1 : place.end_column - 1]


def brief(found: list[Problem]) -> list[tuple[str, str]]:
    """Give code and word of each problem."""
    return [(problem.code, word(problem)) for problem in found]
