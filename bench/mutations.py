"""Every one-key and one-line slip, made in the repository's own rules: which does nobody notice?

    .venv/bin/python -m bench.mutations --sample 4000

A slip is *caught* if reading reports an error or an example fails; *harmless* if `when` and
`exclude` let in the same customers; *apart* if those are the same and something else changed
(priority, dates, then, pick, holdout, words for people: C001 tells of those); *silent* otherwise.
Two studies: whole files with their examples, and the same rules without them.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from targeting.problems import Place, Problem, errors, in_order
from targeting.rules.compile import Compiler
from targeting.rules.model import Condition, Constant, Rule, fields_read, tests_in
from targeting.rules.read import read_rules
from targeting.rules.try_examples import dtype_of, evaluate, given_rows, meets
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period
from targeting.workspace.load import Workspace, load
from targeting.workspace.words import RULE_KINDS
from targeting.workspace.yaml import YamlFile, parse_yaml

AS_OF = dt.date(2026, 11, 24)
ROWS = 3000
SEED = 20261124

_KEYBOARD = (
    "`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./",
    "~!@#$%^&*()_+", 'QWERTYUIOP{}', 'ASDFGHJKL:"', "ZXCVBNM<>?",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Slip:
    """A changed file: what was done, and the lines of the new text where it shows."""

    kind: str
    lines: frozenset[int]
    text: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    outcome: str  # error | example | harmless | apart | silent
    slip: Slip
    file: str
    at: tuple[int, ...] = ()  # lines of the errors, in order
    said: str = ""


def slips(text: str) -> Iterator[Slip]:
    """Give every one-key and one-line slip of a text, each different text once."""
    seen = {text}
    for slip in (*_key_slips(text), *_word_slips(text), *_line_slips(text)):
        if slip.text not in seen:
            seen.add(slip.text)
            yield slip


def _key_slips(text: str) -> Iterator[Slip]:
    line = 1
    for at, sign in enumerate(text):
        if sign == "\n":
            line += 1
            continue
        here, before, after = frozenset({line}), text[:at], text[at + 1 :]
        yield Slip("delete a key", here, before + after)
        yield Slip("double a key", here, before + sign + sign + after)
        if after[:1] not in ("", "\n"):
            yield Slip("swap two keys", here, before + after[0] + sign + after[1:])
        for other in _neighbours(sign):
            yield Slip("neighbour key", here, before + other + after)


def _neighbours(sign: str) -> Iterator[str]:
    for row in _KEYBOARD:
        at = row.find(sign)
        if at >= 0:
            yield from row[max(0, at - 1) : at] + row[at + 1 : at + 2]


def _word_slips(text: str) -> Iterator[Slip]:
    for word in re.finditer(r"\S+ ?", text):
        line = text.count("\n", 0, word.start()) + 1
        yield Slip("delete a word", frozenset({line}), text[: word.start()] + text[word.end() :])


def _line_slips(text: str) -> Iterator[Slip]:
    lines = text.splitlines()
    for at, line in enumerate(lines):
        before, after, number = lines[:at], lines[at + 1 :], at + 1
        if not line.strip():
            continue

        def made(kind: str, *new: str, rest: list[str] = after, show: int = 1) -> Slip:
            whole = "\n".join([*before, *new, *rest]) + "\n"  # noqa: B023  # used at once
            return Slip(kind, frozenset(range(number, number + show)), whole)  # noqa: B023

        gone = made("delete a line")
        yield dataclasses.replace(gone, lines=frozenset({number - 1, number}))
        yield made("duplicate a line", line, line, show=2)
        if after:
            yield made("swap two lines", after[0], line, rest=after[1:], show=2)
            yield made("join two lines", f"{line} {after[0].lstrip()}", rest=after[1:])
        for step in (1, 2):
            yield made("re-indent a line", " " * step + line)
            if line.startswith(" " * step):
                yield made("re-indent a line", line[step:])


class Study:
    """Reads changed rule files of one workspace and says what became of each slip."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.minor = 10**workspace.settings.shop.minor_digits
        closed = {n: YamlFile(n, None, broken=True) for n in workspace.files if n.count("/") == 2}
        self.others = {**workspace.files, **closed}  # other rules: by name only
        self.grid = random.Random(SEED)  # noqa: S311  # repeats, and guards nothing

    def read(self, name: str, text: str) -> tuple[Rule | None, list[Problem]]:
        """Read one rule file beside the shared definitions and the names of the other rules."""
        file, problems = parse_yaml(text, name)
        alone = dataclasses.replace(self.workspace, files={**self.others, name: file})
        rules, found = read_rules(alone)
        wrong = errors(in_order([*problems, *found]))
        return (rules[0] if rules and not wrong else None), wrong

    def judge(self, name: str, rule: Rule, slip: Slip, *, examples: bool, tail: str) -> Verdict:
        """Say what becomes of one slip in the file of a rule."""
        changed, wrong = self.read(name, slip.text + tail)
        if changed is None:
            said = f"{wrong[0].code} {wrong[0].message}" if wrong else "?"
            return Verdict("error", slip, name, tuple(p.place.line for p in wrong), said)
        if examples and any(e.expect != got for e, got in evaluate(changed, AS_OF, self.minor)):
            return Verdict("example", slip, name)
        if not self._same_customers(rule, changed):
            return Verdict("silent", slip, name)
        return Verdict("harmless" if _beside(rule) == _beside(changed) else "apart", slip, name)

    def _same_customers(self, one: Rule, other: Rule) -> bool:
        if _bare((one.when, one.exclude)) == _bare((other.when, other.exclude)):
            return True
        rows = self._rows(one, other).lazy()
        compiler = Compiler(AS_OF, self.minor)
        answers = rows.select(
            meets(one, compiler).alias("one"), meets(other, compiler).alias("other")
        ).collect()
        return answers["one"].equals(answers["other"])

    def _rows(self, one: Rule, other: Rule) -> pl.DataFrame:
        """Make rows near the examples, with values at and beside every threshold of both rules."""
        conditions = (*one.when, *one.exclude, *other.when, *other.exclude)
        fields = fields_read(conditions)
        edges = {name: self._edges(field, conditions) for name, field in fields.items()}
        known = given_rows(one, one.examples, AS_OF, self.minor).drop("example").to_dicts()
        rows = []
        for _ in range(ROWS):
            row = dict(self.grid.choice(known))
            free = [name for name in fields if name not in row]
            again = self.grid.sample(list(fields), min(len(fields), self.grid.randint(0, 4)))
            for name in {*free, *again}:
                row[name] = self.grid.choice(edges[name])
            rows.append(row)
        schema = {name: dtype_of(field) for name, field in fields.items()}
        return pl.DataFrame(rows, schema=schema)

    def _edges(self, field: Field, conditions: tuple[Condition, ...]) -> list[object]:
        tests = [test for condition in conditions for test in tests_in(condition)]
        constants = [
            value.value
            for test in tests
            if test.field.name == field.name
            for value in test.values
            if isinstance(value, Constant)
        ]
        match field.type:
            case "number" | "money":
                unit = self.minor if field.type == "money" else 1
                numbers = [float(c) * unit for c in constants if not isinstance(c, (bool, str))]  # type: ignore[arg-type]
                steps = (0, -1, 1, -0.01, 0.01, -1000, 1000)
                return [None, 0.0, *(n + step for n in numbers or [1.0] for step in steps)]
            case "date":
                days = [AS_OF, *(d for c in constants for d in _days(c))]
                return [None, *(d + dt.timedelta(n) for d in days for n in (-1, 0, 1, 400))]
            case "yes/no":
                return [None, True, False]
            case "list":
                words = [str(c) for c in constants if isinstance(c, str)] + ["another"]
                return [None, [], *([w] for w in words), words[:2], words]
            case _:
                words = [str(c) for c in constants if isinstance(c, str)]
                return [None, "", *words, *(w + "x" for w in words), *(field.values or ())]


def _days(constant: object) -> list[dt.date]:
    if isinstance(constant, Period):
        return [constant.before(AS_OF), constant.after(AS_OF)]
    return [constant] if isinstance(constant, dt.date) else []


def _bare(value: object) -> object:
    """Strip the places, so that equal meaning is equal."""
    if isinstance(value, Place):
        return None
    if isinstance(value, tuple):
        return tuple(_bare(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if type(value).__name__ == "Field":
            return value.name  # type: ignore[attr-defined]
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
        return (type(value).__name__, *(_bare(part) for part in parts))
    return value


def _beside(rule: Rule) -> object:
    """Give all of a rule but whom it lets in, its examples and its places."""
    kept = [f.name for f in dataclasses.fields(rule)]
    apart = ("when", "exclude", "examples", "place")
    return tuple(repr(_bare(getattr(rule, name))) for name in kept if name not in apart)


def without_examples(text: str) -> str:
    """Cut the block of examples out of a rule file."""
    return re.sub(r"(?m)^examples:\n(?:(?:[ -].*)?\n)*", "", text)


def stated(workspace: Workspace, kind: str) -> str:
    """Write two examples that fit any rule of a kind, so that it can be read without its own."""
    fields = workspace.product_fields if kind == "inventory" else workspace.customer_fields
    given = ", ".join(f"{name}: missing" for name in fields)
    lines = [f"  - {{case: {word}, given: {{{given}}}, expect: {word}}}" for word in ("in", "out")]
    return "\n".join(["examples:", *lines]) + "\n"


def study(folder: Path, sample: int, *, examples: bool, only: str) -> list[Verdict]:
    """Judge a sample of the slips of every rule of a workspace."""
    workspace, problems = load(folder)
    if workspace is None or errors(problems):
        sys.exit("\n".join(map(str, problems)))
    judge = Study(workspace)
    work: list[tuple[str, Rule, Slip, str]] = []
    for kind in RULE_KINDS:
        for file in workspace.rule_files(kind):
            text = (folder / file.name).read_text(encoding="utf-8")
            rule, wrong = judge.read(file.name, text)
            if rule is None:
                sys.exit("\n".join(map(str, wrong)))
            tail = "" if examples else stated(workspace, kind)
            text = text if examples else without_examples(text)
            work += [(file.name, rule, slip, tail) for slip in slips(text) if only in slip.kind]
    print(f"{len(work):,} slips in all", end="; ")
    chooser = random.Random(SEED)  # noqa: S311  # repeats, and guards nothing
    chosen = chooser.sample(work, min(sample or len(work), len(work)))
    return [judge.judge(n, rule, s, examples=examples, tail=tail) for n, rule, s, tail in chosen]


def report(verdicts: list[Verdict], show: int) -> None:
    """Print the rates, and the slips that a reader of this program should look at."""
    count = Counter(verdict.outcome for verdict in verdicts)
    total = len(verdicts)
    shares = ", ".join(f"{name} {n} ({n / total:.2%})" for name, n in count.most_common())
    print(f"{total:,} tried: {shares}")
    wrong = [v for v in verdicts if v.outcome == "error"]
    first = sum(v.at[:1] != () and v.at[0] in v.slip.lines for v in wrong)
    some = sum(bool(set(v.at) & v.slip.lines) for v in wrong)
    if wrong:
        print(f"place: first error on the slip's line {first / len(wrong):.2%},"
              f" some error {some / len(wrong):.2%} of {len(wrong):,}")  # fmt: skip
    for kind, n in Counter(v.slip.kind for v in verdicts if v.outcome == "silent").most_common():
        print(f"  silent: {kind} {n}")
    _show("silent", [v for v in verdicts if v.outcome == "silent"], show)
    _show("elsewhere", [v for v in wrong if not set(v.at) & v.slip.lines], show)


def _show(title: str, verdicts: list[Verdict], most: int) -> None:
    for verdict in verdicts[:most]:  # the sample is shuffled already
        lines = verdict.slip.text.splitlines()
        print(f"  {title}: {verdict.file} {verdict.slip.kind}, {sorted(verdict.slip.lines)}"
              f" reported {list(verdict.at)} {verdict.said}")  # fmt: skip
        for number in sorted(verdict.slip.lines):
            print(
                f"      {number:3} | {lines[number - 1] if 0 < number <= len(lines) else ''}"[:150]
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parents[1])
    parser.add_argument("--sample", type=int, default=4000, help="slips a study; 0 for every one")
    parser.add_argument(
        "--show", type=int, default=0, help="print so many silent or misplaced ones"
    )
    parser.add_argument("--only", default="", help="kinds of slip that hold this text")
    asked = parser.parse_args()
    for examples in (True, False):
        began = time.perf_counter()
        print("with examples: " if examples else "without examples: ", end="")
        verdicts = study(asked.folder, asked.sample, examples=examples, only=asked.only)
        report(verdicts, asked.show)
        print(f"  {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
