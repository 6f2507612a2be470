"""`shop({...}).run("check")`: a workspace of a few files, and the whole program run on it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
IMTIAZ = ROOT / "tests" / "workspaces" / "imtiaz"
JOURNEY = ROOT / "tests" / "workspaces" / "complete_journey"

SMALL = {
    "targeting.yaml": """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
sources:
  customers:
    file: customers.csv
    columns: {customer_id: id, age: age, city: city, email: mail, email_consent: ok, visited_on: visited}
fields:
  age: {type: number, unit: years, range: [0, 120]}
  city: {type: category, values: [Lahore, Karachi, Quetta]}
  email: {type: text, personal: yes}
  email_consent: {type: yes/no}
  visited_on: {type: date}
""",
    "rules/policy.yaml": """\
key: corner
channels: {email: {address: email, consent: email_consent, cost: 0.01}}
""",
    "rules/marketing/hello.yaml": """\
title: Say hello to adults in Lahore
priority: 1
when:
  all:
    - age: {at_least: 18}
    - city: Lahore
then: {offer: hello, channel: email, message: hello.j2}
examples:
  - {case: just adult, given: {age: 18, city: Lahore}, expect: in}
  - {case: too young, given: {age: 17, city: Lahore}, expect: out}
""",
    "templates/messages/hello.j2": "Subject: Hello\nHello from {{ shop.name }}.\n",
    "customers.csv": """\
id,age,city,mail,ok,visited
a,18,Lahore,a@example.com,yes,2026-11-01
b,17,Lahore,b@example.com,yes,2026-11-01
c,40,Lahore,c@example.com,no,2026-11-01
d,40,Lahore,not an address,yes,
e,,Lahore,e@example.com,yes,2026-11-01
f,50,Karachi,f@example.com,yes,2026-11-01
""",
}


@dataclass(frozen=True)
class Ran:
    """What a command left: exit status, streams, and the folder that it ran in."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class ShopFolder:
    """A workspace on disk."""

    folder: Path

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run the program in the folder as a user would."""
        return run_targeting(*arguments, cwd=self.folder, env=env)

    def run_here(self, *arguments: str) -> Ran:
        """Run the program in the folder, in this process: quick, and warnings are errors."""
        return run_here(*arguments, cwd=self.folder)

    @property
    def runs(self) -> list[Path]:
        """The folders of finished runs below out/, in the order of their names."""
        return sorted(path for path in (self.folder / "out").glob("2*") if path.is_dir())

    @property
    def left(self) -> list[str]:
        """What lies below out/, but for the lock."""
        return sorted(p.name for p in (self.folder / "out").glob("*") if p.name != ".lock")

    def write(self, name: str, text: str | bytes) -> None:
        """Write one more file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


def shop(
    folder: Path, files: Mapping[str, str | bytes | None] | None = None, *, bare: bool = False
) -> ShopFolder:
    """Make the small shop with some files replaced (None: left out)."""
    made = ShopFolder(folder)
    base: dict[str, str | bytes | None] = {} if bare else dict(SMALL)
    for name, text in (base | dict(files or {})).items():
        if text is not None:
            made.write(name, text)
    return made


def run_here(*arguments: str, cwd: Path) -> Ran:
    """Run the program in this process, with streams, signals and arguments of its own."""
    from targeting.cli.console import guarded
    from targeting.cli.main import group

    heard = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(b, encoding="utf-8", write_through=True) for b in heard)
    with (
        _as_if_alone("targeting", *arguments),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = guarded(group)
        except SystemExit as error:
            code = int(error.code or 0)
    spoken = [stream.getvalue().decode() for stream in heard]
    assert "Traceback" not in spoken[1], spoken[1]
    assert "a defect of the program" not in spoken[1], spoken[1]
    return Ran(code, spoken[0], spoken[1], cwd)


@contextlib.contextmanager
def _as_if_alone(*arguments: str) -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before, sys.argv = sys.argv, list(arguments)
    try:
        yield
    finally:
        sys.argv = before
        for number, handler in handlers.items():
            signal.signal(number, handler)


def run_targeting(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Ran:
    """Run `python -m targeting` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "targeting", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "a defect of the program" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr, cwd or Path())
