"""The reference for people who write rules, from the tables that the checker reads.

`python -m targeting.reference` writes it into docs/rules.md and docs/problems.md again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, get_args

from targeting import explain
from targeting.rules import forms
from targeting.workspace import literals
from targeting.workspace.forms import Form
from targeting.workspace.schema.rule_words import RULE_WORDS, SHARED_WORDS, TEST_WORDS
from targeting.workspace.words import FORMS, OPERATORS, OPERATORS_BY_TYPE, Operand

DOCS = Path(__file__).parents[1] / "docs"
BEGIN: Final = "<!-- The reference: python -m targeting.reference writes it. -->"
END: Final = "<!-- The end of the reference. -->"

_TAKES: Final[dict[Operand, str]] = {
    "value": "one value",
    "values": "a list, `[one, another]`",
    "two values": "`[low, high]`, both ends included",
    "period": "a period, `30 days`",
    "yes": "`yes` or `no`",
}

# What each reader is shown, to print what it says.
_READERS: Final[dict[str, tuple[Callable[[str], object], tuple[str, ...]]]] = {
    "number": (literals.read_number, ("5000", "-3", "0.6", "10%", "5,000", "010", "1e5", ">2")),
    "money of `budget`, `value`": (literals.read_money, ("5000", "99.50", "-1", "10%")),
    "percentage of `holdout`, `uplift`": (literals.read_percentage, ("10%", "7.25%", "10")),
    "date": (literals.read_date, ("2026-11-24", "2026/11/4", "24.11.2026", "2026-13-01")),
    "period": (literals.read_period, ("30 days", "6 weeks", "1 year", "30", "30d", "2000 years")),
    "yes/no": (literals.read_yes_no, ("yes", "no", "Yes", "true", "maybe")),
}

_Rows = Iterable[Iterable[str]]


def reference() -> str:
    """Make the part of docs/rules.md between the two markers."""
    parts = (
        _chapter("Keys of a rule", _keys()),
        _chapter("Operators by the type of the field", _operators_by_type()),
        _chapter("What the operators mean", _operators()),
        _chapter("How values are typed", _literal_forms()),
        _chapter("The other files of `rules/`", _other_files()),
    )
    return "\n".join(parts)


def problems_page() -> str:
    """Make docs/problems.md: an index, then every page."""
    rows = [
        (f"[{code}](#{_anchor(f'{code} {title}')})", title)
        for code in explain.codes()
        if (title := explain.title(code)) is not None
    ]
    written = explain.PAGES.read_text(encoding="utf-8")
    return f"{_HEAD}\n{_table(('code', 'what it says'), rows)}\n{written}"


def rules_page(now: str) -> str:
    """Put the reference between the markers of docs/rules.md as it is now."""
    before, _, rest = now.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def write() -> None:
    """Write both files again."""
    rules = DOCS / "rules.md"
    rules.write_text(rules_page(rules.read_text(encoding="utf-8")), encoding="utf-8")
    (DOCS / "problems.md").write_text(problems_page(), encoding="utf-8")


_HEAD = """\
# Problems, code by code

`targeting check --explain V001` prints one of these pages. The text is that of
`targeting/problem_pages.md`; `python -m targeting.reference` copies it here.
"""


def _keys() -> str:
    contact, inventory = _fields(forms.ContactOutline), _fields(forms.InventoryOutline)
    shared = {key: form for key, form in contact.items() if key in inventory and key != "then"}
    only = {key: form for key, form in contact.items() if key not in inventory}
    then_contact, then_planning = _fields(forms.ContactForm), _fields(forms.PlanningForm)
    inner = [
        (f"`{outer}`", key, said)
        for outer in ("active", "pick", "holdout", "without", "accept", "order_at_most", "examples")
        for key, said in RULE_WORDS[outer].items()
    ]
    return "\n".join(
        (
            "In every rule:\n",
            _key_table(shared, RULE_WORDS["rule"]),
            f"`then` ({RULE_WORDS['rule']['then'][:-1].lower()}) is needed too.\n",
            "In marketing and retention rules besides:\n",
            _key_table(only, RULE_WORDS["rule"]),
            "`then` of marketing and retention rules:\n",
            _key_table(then_contact, RULE_WORDS["then"]),
            "`then` of inventory rules, one or more of:\n",
            _key_table(then_planning, RULE_WORDS["then"]),
            "Inside of these keys:\n",
            _table(("in", "key", "meaning"), ((a, f"`{b}`", c) for a, b, c in inner)),
        )
    )


def _key_table(fields: Mapping[str, bool], words: Mapping[str, str]) -> str:
    rows = (
        (f"`{key}`", "yes" if needed else "", words[key], _typed(key))
        for key, needed in fields.items()
    )
    return _table(("key", "needed", "meaning", "typed"), rows)


def _typed(key: str) -> str:
    """Show how a key is typed; what is said in words stays words."""
    form = FORMS.get(key, "")
    if not form.startswith(f"{key}: ") or " and " in form or ", a " in form:
        return form
    return ", or ".join(f"`{way}`" for way in form.split(", or "))


def _fields(form: type[Form]) -> dict[str, bool]:
    """Map the keys of a form to whether each is needed."""
    return {info.alias or name: info.is_required() for name, info in form.model_fields.items()}


def _operators_by_type() -> str:
    rows = [
        (kind, " ".join(f"`{name}`" for name in names)) for kind, names in OPERATORS_BY_TYPE.items()
    ]
    return _table(("type of the field", "operators"), rows)


def _operators() -> str:
    rows = [
        (f"`{name}`", operator.says, _TAKES[operator.takes], _where_missing(name))
        for name, operator in OPERATORS.items()
    ]
    return _table(("operator", "met if the field", "takes", "a missing value"), rows)


def _where_missing(name: str) -> str:
    if name == "missing":
        return "is what it asks for"
    return "does not meet it" if OPERATORS[name].negates is None else "meets it"


def _literal_forms() -> str:
    rows = []
    for kind, (reader, samples) in _READERS.items():
        answers = [(text, _answer(reader, text)) for text in samples]
        good = ", ".join(f"`{text}`" for text, answer in answers if answer is None)
        bad = "; ".join(f"`{text}`: {answer}" for text, answer in answers if answer is not None)
        rows.append((kind, good, bad))
    return _table(("what", "typed like", "refused, and what `check` answers"), rows)


def _answer(reader: Callable[[str], object], text: str) -> str | None:
    try:
        reader(text)
    except literals.Misread as error:
        return error.instead
    return None


def _other_files() -> str:
    shared = [("`rules/shared.yaml`", f"`{key}`", said) for key, said in SHARED_WORDS.items()]
    tests = [("`rules/tests/NAME.yaml`", f"`{key}`", said) for key, said in TEST_WORDS.items()]
    codes = ", ".join(f"`{code}`" for code in get_args(forms.Accepted))
    return (
        _table(("file", "key", "meaning"), [*shared, *tests])
        + f"\n`accept` takes the codes {codes}; [problems.md](problems.md) says what each means.\n"
    )


def _chapter(title: str, body: str) -> str:
    return f"### {title}\n\n{body}"


def _table(head: Iterable[str], rows: _Rows) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(heading: str) -> str:
    """Make the anchor that GitHub gives a heading."""
    kept = (c for c in heading.lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


if __name__ == "__main__":
    write()
