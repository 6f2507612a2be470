"""Messages are tried before they are sent: on examples, on the last run's customers, at night."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from tests.commands.shops import BOUGHT, BUYERS
from tests.kit.shop import SMALL, ShopFolder, shop

SMS = "key: corner\nchannels: {sms: {consent: email_consent, longest: 1 segment}}\n"
RULE = SMALL["rules/marketing/hello.yaml"].replace("channel: email", "channel: sms")


def made(folder: Path, template: str) -> ShopFolder:
    files = {
        "rules/policy.yaml": SMS,
        "rules/marketing/hello.yaml": RULE,
        "templates/messages/hello.j2": template,
    }
    return shop(folder, files)


def test_a_message_too_long_for_every_example_stops_check_and_run(tmp_path: Path) -> None:
    long = made(tmp_path, "x" * 161)
    (found,) = long.run_here("check", "--json").json
    assert (found["code"], found["severity"]) == ("M110", "error")
    assert found["file"] == "templates/messages/hello.j2"
    ran = long.run_here("run")
    assert ran.code != 0
    assert "2 segments, and sms takes 1 segment (example 'just adult' of hello" in ran.err
    assert long.runs == []


def test_a_message_too_long_for_some_is_a_warning_of_the_run_and_goes_out(tmp_path: Path) -> None:
    long = made(
        tmp_path, "{% if age < 30 and visited_on is defined %}" + "x" * 161 + "{% endif %}y"
    )
    rule = RULE.replace("age: {at_least: 18}", "age: {at_least: 17}")
    rule = rule.replace("age: 18,", "age: 40,").replace("age: 17,", "age: 16,")
    long.write("rules/marketing/hello.yaml", rule)
    ran = long.run_here("run")
    assert ran.code == 0, ran.err
    said = "2 segments, and sms takes 1 segment (customer a and 1 more)"
    assert said in ran.err
    manifest = json.loads((long.runs[0] / "manifest.json").read_text("utf-8"))
    assert said in [warning["message"] for warning in manifest["warnings"]]
    assert "x" * 161 in next((long.runs[0] / "contacts").rglob("hello/*.csv")).read_text(
        "utf-8-sig"
    )


def test_check_writes_to_the_last_runs_customers(tmp_path: Path) -> None:
    tried = made(tmp_path, "Hello")
    assert tried.run_here("run").code == 0
    tried.write("templates/messages/hello.j2", "{{ 10 / (age - 18) }}, {{ visited_on }}")
    rule = RULE.replace("age: 18, city: Lahore}, expect: in", "age: 19, city: Lahore}, expect: in")
    tried.write("rules/marketing/hello.yaml", rule)
    found = {f["message"]: f for f in tried.run_here("check", "--json").json}
    assert found["divides by zero (customer a)"]["severity"] == "warning"
    assert not [f for f in found.values() if f["severity"] == "error"]


def test_variants_are_compared_with_what_happened_after(tmp_path: Path) -> None:
    people = [f"c{number}" for number in range(300)]
    day = dt.date(2026, 6, 1)
    rule = BUYERS["rules/marketing/all.yaml"]
    lines = [f"{who},{day},10.00,r{who},s1,1" for who in people]
    files = BUYERS | {
        "rules/marketing/all.yaml": rule.replace("m.j2", "{short: m.j2, long: n.j2}"),
        "templates/messages/n.j2": "Hello {{ customer_id }}\n",
        "purchases.csv": BOUGHT + "\n".join(lines) + "\n",
    }
    tried = shop(tmp_path, files, bare=True)
    assert tried.run_here("run").code == 0
    sent = (next((tried.runs[0] / "contacts").rglob("all/*.csv"))).read_text("utf-8-sig")
    short = [who for who in people if f"Hi {who}\r\n" in sent or f"Hi {who}," in sent]
    after = [f"{who},2026-06-05,10.00,s{who},s1,1" for who in short]
    last = ["c0,2026-08-01,1.00,last,s1,1"]
    tried.write("purchases.csv", BOUGHT + "\n".join([*lines, *after, *last]) + "\n")
    ran = tried.run_here("measure", "--rule", "all", "--variants", "--json")
    bought = ran.json[0]
    assert (bought["arm"], bought["outcome"], bought["verdict"]) == ("short", "bought", "works")
    assert (bought["n"], bought["value"], bought["value_control"]) == (len(short), 1.0, 0.0)
    assert 110 < len(short) < 190
    said = tried.run_here("measure", "--rule", "all", "--variants").out
    assert said.startswith("all, variant short\n  bought 100.0% of ")
    assert ", variant long 0.0% of " in said


def test_variants_need_a_rule(tmp_path: Path) -> None:
    ran = shop(tmp_path).run_here("measure", "--variants")
    assert ran.code == 2
    assert "--variants needs --rule RULE" in ran.err
