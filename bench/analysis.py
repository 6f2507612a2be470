"""How long 300 rules take to be checked against each other, interpreter start included.

python bench/analysis.py [COUNT]

`parted`: the rules of a segment share out its customers by brand affinity, as careful writers do.
`crowded`: they do not, so that many pairs can both match and each gets its example.
`lonely`: no cooldowns and limits, one channel: S002 is looked for in every rule.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEGMENTS = (
    "Premium loyalists",
    "Frequent low spenders",
    "Uncommitted",
    "Lapsing loyalists",
    "New and small",
    "Big rare baskets",
    "Steady middle",
)
CATEGORIES = ("Phones", "Laptops", "Audio", "TV and video", "Accessories")
WAYS = ("parted", "crowded", "lonely")

ANALYSE = """
import time
started = time.perf_counter()
import datetime as dt, sys
from pathlib import Path
from targeting.rules.analysis import analyse
from targeting.rules.read import read_rules
from targeting.workspace.load import load
imported = time.perf_counter()
workspace, _ = load(Path(sys.argv[1]))
rules, problems = read_rules(workspace)
assert len(rules) == int(sys.argv[2]), [str(problem) for problem in problems[:3]]
ready = time.perf_counter()
found = analyse(rules, workspace, dt.date(2026, 11, 24))
done = time.perf_counter()
counts = {code: sum(p.code == code for p in found) for code in sorted({p.code for p in found})}
print(f"{imported - started:.2f} {ready - imported:.2f} {done - ready:.2f} {counts}")
"""


def rule(number: int, chance: random.Random, way: str) -> str:
    """Write one rule as people do: a segment, a few thresholds, consent, exclusions."""
    slot, segment = divmod(number, len(SEGMENTS))
    low, high = round(slot * 0.23, 2), round((slot + 1) * 0.23, 2)
    more = (
        f"monetary: {{at_least: {chance.randrange(10, 500) * 1000}}}",
        f"recency_days: {{between: [{chance.randrange(5, 60)}, {chance.randrange(90, 400)}]}}",
        f"favourite_category: [{', '.join(chance.sample(CATEGORIES, 3))}]",
        f"categories_bought: {{has_any: [{', '.join(chance.sample(CATEGORIES, 2))}]}}",
        f"age: {{at_least: {chance.randrange(18, 60)}, or_missing: yes}}",
        f"average_order_value: {{at_most: {chance.randrange(5, 90) * 1000}}}",
        f"last_accessory_on: {{older_than: {chance.randrange(20, 200)} days}}",
    )
    lines = [f"segment: {SEGMENTS[segment]}", *chance.sample(more, 3), "audience: reachable"]
    if way == "parted":
        lines += [f"brand_affinity: {{at_least: {low}}}", f"brand_affinity: {{less_than: {high}}}"]
    exclude = [
        "gender: Other",
        f"last_contacted_on: {{within_last: {chance.randrange(7, 60)} days}}",
    ]
    channel = "email" if way == "lonely" else "[email, sms]"
    names = {line.split(":")[0] for line in (*lines, *exclude)} - {"audience"}
    given = ", ".join(
        f"{name}: missing" for name in sorted(names | {"email_consent", "sms_consent"})
    )
    cases = [f"  - {{case: {end}, given: {{{given}}}, expect: {end}}}" for end in ("in", "out")]
    return "\n".join(
        [
            f"title: Generated rule {number}",
            f"priority: {number + 1}",
            "when:",
            "  all:",
            *(f"    - {line}" for line in lines),
            "exclude:",
            *(f"  - {line}" for line in exclude),
            f"then: {{offer: offer_{number}, channel: {channel}, message: early_access.j2}}",
            "examples:",
            *cases,
            "",
        ]
    )


def write_shop(folder: Path, count: int, way: str) -> None:
    """Write the sample workspace with other rules."""
    shutil.copy(ROOT / "targeting.yaml", folder)
    for part in ("segments", "templates", "rules"):
        shutil.copytree(ROOT / part, folder / part)
    for old in folder.glob("rules/*/*.yaml"):
        old.unlink()
    if way == "lonely":
        policy = folder / "rules" / "policy.yaml"
        kept = [line for line in policy.read_text().splitlines() if not line.startswith("cooldown")]
        policy.write_text("\n".join(kept) + "\n")
    chance = random.Random(7)  # noqa: S311  # the same rules each time
    for number in range(count):
        path = folder / "rules" / "marketing" / f"rule_{number}.yaml"
        path.write_text(rule(number, chance, way))


def main(count: int) -> None:
    """Print one line a way: the whole process, and where its seconds went."""
    print(f"{count} rules, seconds: whole process, processor; import, read, analyse; findings")
    for way in WAYS:
        with tempfile.TemporaryDirectory() as name:
            write_shop(Path(name), count, way)
            command = [sys.executable, "-c", ANALYSE, name, str(count)]
            started, before = time.perf_counter(), os.times()
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
            whole, after = time.perf_counter() - started, os.times()
            used = after.children_user + after.children_system
            used -= before.children_user + before.children_system
            print(f"{way:8} {whole:5.2f} {used:5.2f}  {done.stdout.strip()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
