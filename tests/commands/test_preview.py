"""targeting preview: whom a rule would take, before anything is sent."""

from __future__ import annotations

from pathlib import Path

from tests.kit.shop import SMALL, ShopFolder, shop


def test_the_funnel_is_shown_line_by_line(tmp_path: Path) -> None:
    made = shop(tmp_path)
    assert made.run("run").code == 0
    ran = made.run("preview", "hello", "--json")
    (hello,) = ran.json
    steps = [(s["line"], s["left"], s["lost"], s["lost_missing"]) for s in hello["funnel"]]
    assert steps == [
        ("everybody", 6, 0, 0),
        ("age is at least 18", 4, 2, 1),
        ("city is Lahore", 3, 1, 0),
    ]
    assert "and city is Lahore" in made.run("preview").out


def test_a_changed_rule_is_tried_on_the_last_runs_customers(tmp_path: Path) -> None:
    made = shop(tmp_path)
    assert made.run("run").code == 0
    rule = (tmp_path / "rules/marketing/hello.yaml").read_text(encoding="utf-8")
    made.write("rules/marketing/hello.yaml", rule.replace("18", "41").replace("age: 17", "age: 40"))
    (hello,) = made.run("preview", "hello", "--json").json
    assert hello["funnel"][-1]["left"] == 0


def test_customers_whom_two_rules_want_are_counted(tmp_path: Path) -> None:
    made = shop(tmp_path)
    rule = (tmp_path / "rules/marketing/hello.yaml").read_text(encoding="utf-8")
    made.write("rules/marketing/again.yaml", rule.replace("priority: 1", "priority: 2"))
    assert made.run("run").code == 0
    (hello,) = made.run("preview", "hello", "--json").json
    assert hello["overlaps"] == [{"rule": "again", "customers": 3}]


def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    ran = shop(tmp_path).run("preview", "hello")
    assert ran.code == 1
    assert "there is no run to look at yet" in ran.err
    assert "targeting run" in ran.err


def test_a_rule_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    ran = shop(tmp_path).run("preview", "helo")
    assert ran.code == 2
    assert "did you mean 'hello'?" in ran.err


# -- messages --------------------------------------------------------------------------------------

CUSTOMERS = """\
id,age,city,mail,ok,visited,name,mobile,mobile_ok
a,18,Lahore,a@example.com,yes,2026-11-01,AYESHA,+12025550111,yes
b,17,Lahore,b@example.com,yes,2026-11-01,Bilal,+12025550112,yes
c,40,Lahore,c@example.com,no,2026-11-01,علی,+12025550113,yes
d,40,Lahore,d@example.com,no,,Dan,+12025550114,no
e,41,Lahore,e@example.com,yes,,,,yes
"""
FIELDS = (
    "  first_name: {type: text}\n  phone: {type: text, personal: yes}\n"
    "  sms_consent: {type: yes/no}\n"
)
SETTINGS = SMALL["targeting.yaml"].replace(
    "columns: {", "columns: {first_name: name, phone: mobile, sms_consent: mobile_ok, "
)
POLICY = """\
key: corner
channels:
  email: {address: email, consent: email_consent}
  sms: {address: phone, consent: sms_consent}
"""
MESSAGE = "Subject: Hello\n\nDear {{ first_name | name | default('customer') }},\n\nwelcome.\n"


def _writing(folder: Path, message: str = "hello.j2", template: str = MESSAGE) -> ShopFolder:
    rule = SMALL["rules/marketing/hello.yaml"].replace("channel: email", "channel: [email, sms]")
    files = {
        "targeting.yaml": SETTINGS.replace("fields:\n", "fields:\n" + FIELDS),
        "customers.csv": CUSTOMERS,
        "rules/policy.yaml": POLICY,
        "rules/marketing/hello.yaml": rule.replace("message: hello.j2", f"message: {message}"),
        "templates/messages/hello.j2": template,
        "templates/messages/bye.j2": "Subject: Bye\nBye\n",
    }
    made = shop(folder, files)
    ran = made.run_here("run")
    assert ran.code == 0, ran.err
    return made


def test_messages_are_shown_as_their_customers_would_get_them(tmp_path: Path) -> None:
    made = _writing(tmp_path)
    ran = made.run_here("preview", "hello", "--messages", "5", "--json")
    rows = {row.pop("customer_id"): row for row in ran.json}
    by_email = {"segment": None, "channel": "email", "variant": None, "subject": "Hello"}
    by_email |= {"encoding": None, "units": None, "segments": None}
    by_sms = {"segment": None, "channel": "sms", "variant": None, "subject": None}
    assert rows == {
        "a": by_email | {"text": "Dear Ayesha,\n\nwelcome."},
        "e": by_email | {"text": "Dear customer,\n\nwelcome."},
        "c": by_sms | {"text": "Dear علی,\n\nwelcome.", "encoding": "UCS-2", "units": 19,
                       "segments": 1},
    }  # fmt: skip
    assert "customers of run 2026-11-24-" in ran.err


def test_messages_are_printed_below_their_customers(tmp_path: Path) -> None:
    out = _writing(tmp_path).run_here("preview", "hello", "--messages", "5").out
    assert "a: email, no segment\n  Subject: Hello\n  Dear Ayesha,\n\n  welcome.\n\n" in out
    assert "c: sms, no segment, 1 segment, 19 in UCS-2\n  Dear علی,\n" in out


def test_few_messages_show_each_channel_first(tmp_path: Path) -> None:
    made = _writing(tmp_path)
    ran = made.run_here("preview", "hello", "--messages", "2", "--json")
    assert {row["channel"] for row in ran.json} == {"email", "sms"}
    assert ran.out == made.run_here("preview", "hello", "--messages", "2", "--json").out


def test_the_variant_shown_is_the_one_that_was_sent(tmp_path: Path) -> None:
    made = _writing(tmp_path, "{a: hello.j2, b: bye.j2}")
    rows = made.run_here("preview", "hello", "--messages", "9", "--json").json
    (sent,) = (made.runs[0] / "contacts").glob("hello/*.csv")
    written = sent.read_text("utf-8-sig")
    for row in rows:
        assert row["variant"] == ("b" if row["text"] == "Bye" else "a")
        assert row["text"] in written.replace("\r\n", "\n")
    assert len(rows) == 3


def test_a_message_that_cannot_be_written_names_the_line_and_the_customer(tmp_path: Path) -> None:
    made = _writing(tmp_path)
    made.write("templates/messages/hello.j2", "Subject: x\nDear {{ first_name }}\n")
    ran = made.run_here("preview", "hello", "--messages", "5")
    assert ran.code == 1
    assert "hello.j2:2:9: error M201: 'first_name' is missing (customer e)" in ran.err


def test_messages_of_nobody_are_said_to_be_none(tmp_path: Path) -> None:
    made = _writing(tmp_path)
    rule = (tmp_path / "rules/marketing/hello.yaml").read_text(encoding="utf-8")
    made.write("rules/marketing/hello.yaml", rule.replace("18", "90").replace("age: 17", "age: 89"))
    ran = made.run_here("preview", "hello", "--messages", "5")
    assert (ran.code, ran.out) == (0, "")
    assert "nobody meets the rule and may be written to" in ran.err


def test_messages_need_a_rule(tmp_path: Path) -> None:
    ran = shop(tmp_path).run_here("preview", "--messages", "5")
    assert ran.code == 2
    assert "--messages needs a RULE" in ran.err


def test_a_run_without_its_policy_state_shows_no_messages(tmp_path: Path) -> None:
    made = _writing(tmp_path)
    (made.runs[0] / "policy_state.parquet").unlink()
    ran = made.run_here("preview", "hello", "--messages", "5")
    assert ran.code == 1
    assert "W003" in ran.err
    assert "run once more" in ran.err
