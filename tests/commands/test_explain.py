"""targeting explain: why a customer was contacted or not, as a run decided it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands.shops import SETTINGS
from tests.kit.shop import SMALL, Ran, ShopFolder, shop

HELLO = SMALL["rules/marketing/hello.yaml"]
AGAIN = HELLO.replace("priority: 1", "priority: 2")


def asked(made: ShopFolder, customer: str, *more: str) -> dict[str, Any]:
    ran = made.run_here("explain", customer, "--json", *more)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.json
    return found


def night(made: ShopFolder, *more: str) -> Ran:
    ran = made.run_here("run", "--json", *more)
    assert ran.code == 0, ran.err
    return ran


def of(found: dict[str, Any], rule: str = "hello") -> dict[str, Any]:
    (one,) = [each for each in found["rules"] if each["rule"] == rule]
    return dict(one)


def test_each_line_is_told_with_the_customers_own_value(small: ShopFolder) -> None:
    folder = Path(night(small).json["folder"])
    found = asked(small, "f")
    assert (found["customer_id"], found["run_id"]) == ("f", folder.name)
    hello = of(found)
    assert [(line["line"], line["value"], line["met"]) for line in hello["lines"]] == [
        ("age is at least 18", 50.0, True),
        ("city is Lahore", "Karachi", False),
    ]
    assert (hello["outcome"], hello["channels"]) == ("not_eligible", [])
    assert of(asked(small, "e"))["lines"][0]["value"] is None


def test_it_reads_aloud(small: ShopFolder) -> None:
    night(small)
    said = small.run_here("explain", "a").out
    assert "hello: Say hello to adults in Lahore" in said
    assert "Contacted by email with the offer hello." in said
    assert "age is at least 18 (18)" in said
    assert "city is Lahore\n" in said  # the line says the value already
    assert "hello: city is Lahore: no (Karachi)" in small.run_here("explain", "f").out


@pytest.mark.parametrize(
    ("customer", "reason", "fact"),
    [
        ("c", "no_consent", "no consent for email (email_consent is no)"),
        ("d", "no_address", "no address for email that can be used (email)"),
    ],
)
def test_what_permission_lacks_is_said_with_its_fact(
    small: ShopFolder, customer: str, reason: str, fact: str
) -> None:
    night(small)
    hello = of(asked(small, customer))
    assert (hello["outcome"], hello["reason"]) == ("refused", reason)
    assert hello["channels"] == [{"channel": "email", "reason": reason, "fact": fact}]
    assert f"Not contacted: {fact}." in small.run_here("explain", customer).out


def test_the_rule_that_took_the_turn_is_named(tmp_path: Path) -> None:
    made = shop(tmp_path, {"rules/marketing/again.yaml": AGAIN})
    night(made)
    again = of(asked(made, "a"), "again")
    assert (again["reason"], again["fact"]) == ("outranked", "hello took the turn by email")


def test_a_place_behind_the_limit_is_told(tmp_path: Path) -> None:
    rule = HELLO.replace("examples:", "pick: {at_most: 1, highest: age}\nexamples:")
    customers = SMALL["customers.csv"] + "g,30,Lahore,g@example.com,yes,2026-11-01\n"
    made = shop(tmp_path, {"rules/marketing/hello.yaml": rule, "customers.csv": customers})
    night(made)
    assert of(asked(made, "g"))["queue"] == {"place": 1, "of": 2}
    hello = of(asked(made, "a"))
    assert hello["reason"] == "over_limit"
    assert hello["fact"] == "number 2 of 2 in the queue by age; the rule takes at most 1"


@pytest.mark.parametrize(
    ("policy", "reason", "end"),
    [
        (", at_most: 0}}\n", "over_capacity", "no more than 0 contacts a night by email"),
        ("}}\nbudget: 0\n", "over_budget", "the night's budget of 0 USD was used up"),
    ],
)
def test_the_end_of_the_night_is_told(tmp_path: Path, policy: str, reason: str, end: str) -> None:
    made = shop(tmp_path, {"rules/policy.yaml": SMALL["rules/policy.yaml"].replace("}}\n", policy)})
    night(made)
    hello = of(asked(made, "a"))
    assert (hello["reason"], hello["fact"]) == (reason, f"number 1 of 1 in the queue; {end}")


def test_the_other_id_of_a_person_is_named(tmp_path: Path) -> None:
    files = {
        "rules/policy.yaml": SMALL["rules/policy.yaml"] + "same_person: email\n",
        "customers.csv": SMALL["customers.csv"] + "g,30,Lahore,A@example.com,yes,2026-11-01\n",
    }
    made = shop(tmp_path, files)
    night(made)
    found = {name: asked(made, name) for name in ("a", "g")}
    assert [found[name]["same_person"] for name in ("a", "g")] == [["g"], ["a"]]
    (stood_in,) = [name for name in found if of(found[name])["outcome"] == "selected"]
    (other,) = set(found) - {stood_in}
    assert of(found[other])["reason"] == "same_person"
    assert of(found[other])["fact"] == f"{stood_in} is the same person, and stood in for both"


@pytest.mark.parametrize(
    ("rule", "policy", "fact"),
    [
        (
            "holdout: {share: 50%, name: winter}\nexamples:",
            "",
            "in the 50% that this rule leaves out",
        ),
        ("examples:", "universal_holdout: 100%\n", "in the 100% of all customers"),
    ],
)
def test_who_is_held_out_hears_of_which_group(
    tmp_path: Path, rule: str, policy: str, fact: str
) -> None:
    files = {
        "rules/marketing/hello.yaml": HELLO.replace("examples:", rule),
        "rules/policy.yaml": SMALL["rules/policy.yaml"] + policy,
    }
    made = shop(tmp_path, files)
    night(made)
    hello = of(asked(made, "a"))
    assert hello["outcome"] == "held_out"
    assert hello["fact"].startswith(fact)


def test_the_second_night_tells_of_the_first(tmp_path: Path) -> None:
    limits = "contact_limits: [{channel: email, at_most: 1, within: 7 days}]\n"
    files = {
        "rules/marketing/hello.yaml": HELLO.replace("examples:", "cooldown: 14 days\nexamples:"),
        "rules/marketing/again.yaml": AGAIN,
        "rules/policy.yaml": SMALL["rules/policy.yaml"] + limits,
    }
    made = shop(tmp_path, files)
    night(made)
    night(made, "--as-of", "2026-11-26")
    found = asked(made, "a")
    assert of(found)["reason"] == "cooldown"
    assert of(found)["fact"].endswith("and it waits 14 days")
    assert of(found, "again")["reason"] == "contact_limit"
    assert of(found, "again")["fact"] == "1 of 1 contacts by email within 7 days"


def test_a_limit_reached_by_an_earlier_rule_of_the_night_names_it(tmp_path: Path) -> None:
    more = "each_customer_gets: all\ncontact_limits: [{channel: any, at_most: 1, within: 7 days}]\n"
    files = {
        "rules/marketing/again.yaml": AGAIN,
        "rules/policy.yaml": SMALL["rules/policy.yaml"] + more,
    }
    made = shop(tmp_path, files)
    night(made)
    again = of(asked(made, "a"), "again")
    assert again["reason"] == "contact_limit"
    assert again["fact"] == "1 of 1 contacts on any channel within 7 days, hello included"


def test_when_a_rule_took_somebody_is_told_where_the_run_left_it(tmp_path: Path) -> None:
    rule = HELLO.replace("examples:", "cooldown: ever\nexamples:")
    made = shop(tmp_path, {"rules/marketing/hello.yaml": rule})
    night(made)
    night(made, "--as-of", "2026-11-26")
    path = made.runs[-1] / "policy_state.parquet"
    days = pl.col("cooling").list.eval(pl.lit("2026-11-24").str.to_date())
    pl.read_parquet(path).with_columns(days.alias("cooling_since")).write_parquet(path)
    fact = of(asked(made, "a"))["fact"]
    assert fact.startswith("this rule took the customer on 2026-11-24")
    assert fact.endswith("it contacts nobody twice")


def test_a_rule_that_rests_says_from_when_to_when(tmp_path: Path) -> None:
    rule = HELLO.replace("priority: 1", "priority: 1\nactive: {from: 2027-01-01}")
    made = shop(tmp_path, {"rules/marketing/hello.yaml": rule})
    night(made)
    hello = of(asked(made, "a"))
    assert (hello["active"], hello["outcome"]) == (False, "not_eligible")
    assert [line["met"] for line in hello["lines"]] == [False, True, True]
    assert "not active on that day (active from 2027-01-01)" in made.run_here("explain", "a").out


def test_only_the_runs_own_rules_count_not_todays(small: ShopFolder) -> None:
    night(small)
    before = asked(small, "a")
    small.write("rules/marketing/hello.yaml", "not: [a rule")
    (small.folder / "targeting.yaml").unlink()
    assert asked(small, "a") == before


def test_a_run_and_a_rule_can_be_named_and_a_draft_says_so(tmp_path: Path) -> None:
    made = shop(tmp_path, {"rules/marketing/again.yaml": AGAIN})
    first = Path(night(made).json["folder"]).name
    draft = Path(night(made, "--as-of", "2026-11-26", "--dry-run").json["folder"]).name
    assert asked(made, "a")["run_id"] == first
    found = asked(made, "a", "--run", draft, "--rule", "again")
    assert (found["run_id"], found["dry_run"]) == (draft, True)
    assert [one["rule"] for one in found["rules"]] == ["again"]
    assert "Would be contacted" in made.run_here("explain", "a", "--run", draft).out


def test_an_unknown_customer_gets_the_nearest_ids(tmp_path: Path) -> None:
    customers = SMALL["customers.csv"].replace("a,18", "C1001,18").replace("b,17", "C1002,17")
    made = shop(tmp_path, {"customers.csv": customers})
    night(made)
    ran = made.run_here("explain", "C1003", "--json")
    assert ran.code == 1
    (problem,) = ran.json["problems"]
    assert problem["code"] == "W006"
    assert problem["help"] == "did you mean C1002 or C1001?"
    assert "look the id up" in made.run_here("explain", "zzzz9999").err


def test_what_is_not_there_is_said_with_what_is(small: ShopFolder) -> None:
    ran = small.run_here("explain", "a")
    assert (ran.code, "there is no run to look at yet" in ran.err) == (1, True)
    folder = Path(night(small).json["folder"])
    ran = small.run_here("explain", "a", "--run", folder.name[:-1])
    assert (ran.code, f"did you mean '{folder.name}'?" in ran.err) == (1, True)
    ran = small.run_here("explain", "a", "--run", "../out")
    assert (ran.code, "W005" in ran.err) == (1, True)
    ran = small.run_here("explain", "a", "--rule", "helo")
    assert (ran.code, "did you mean 'hello'?" in ran.err) == (2, True)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(b"PAR1" + bytes(len(content) // 2 - 4) + content[len(content) // 2 :])


@pytest.mark.parametrize("damage", [Path.unlink, _empty, _cut])
@pytest.mark.parametrize("name", ["customers", "decisions", "policy_state"])
def test_a_damaged_frame_is_refused_by_name(small: ShopFolder, name: str, damage: Any) -> None:
    night(small)
    damage(small.runs[0] / f"{name}.parquet")
    ran = small.run_here("explain", "a")
    assert (ran.code, ran.out) == (1, "")
    assert f"W007: this run's {name}.parquet" in ran.err


def test_a_run_of_an_older_version_says_what_it_lacks(small: ShopFolder) -> None:
    night(small)
    path = small.runs[0] / "policy_state.parquet"
    pl.read_parquet(path).drop("cooling").write_parquet(path)
    ran = small.run_here("explain", "a")
    assert (ran.code, "has no cooling" in ran.err) == (1, True)


def test_rules_that_cannot_be_read_any_more_name_the_version(small: ShopFolder) -> None:
    night(small)
    rule = small.runs[0] / "inputs/rules/marketing/hello.yaml"
    rule.write_text(HELLO + "shouts: loudly\n", encoding="utf-8")
    ran = small.run_here("explain", "a")
    assert (ran.code, "it was made by targeting 0.1.0" in ran.err) == (1, True)
    assert "'shouts'" in ran.err


@pytest.mark.parametrize(
    ("frame", "change", "said"),
    [
        ("customers", {"age": 3.0}, "the run decided, though a line is not met: age is at least"),
        ("policy_state", {"permission_email": "suppressed"}, "though email was refused"),
        ("decisions", {"reason": "no_consent"}, "the run says no_consent, though email was"),
    ],
)
def test_a_folder_that_contradicts_itself_is_told_and_nothing_invented(
    small: ShopFolder, frame: str, change: dict[str, Any], said: str
) -> None:
    night(small)
    path = small.runs[0] / f"{frame}.parquet"
    rows = pl.read_parquet(path)
    rows.with_columns(
        pl.lit(v).cast(rows.schema[n]).alias(n) for n, v in change.items()
    ).write_parquet(path)
    ran = small.run_here("explain", "a", "--json")
    assert said in of(ran.json)["disagrees"][0]
    assert of(ran.json)["outcome"] == "selected"
    assert f"{frame}.parquet changed since" in ran.err
    assert "is damaged: hello: the run" in ran.err


def test_money_is_told_in_whole_units_and_near_misses_show(tmp_path: Path) -> None:
    settings = SETTINGS.replace("fields:", "fields:\n  owes: {type: money}").replace(
        "age: age", "age: age, owes: owes"
    )
    files = {
        "targeting.yaml": settings,
        "customers.csv": "id,age,city,mail,ok,visited,owes\na,17.9996,Lahore,a@example.com,yes,,1234.5\n",
        "rules/marketing/hello.yaml": HELLO.replace(
            "- city: Lahore", "- owes: {less_than: 1234.5}"
        ).replace("city: Lahore}", "owes: 1}"),
    }
    made = shop(tmp_path, files)
    night(made)
    said = made.run_here("explain", "a", "--rule", "hello").out
    assert "age is at least 18 (17.9996)" in said
    assert "owes is less than 1,234.5 (1,234.5)" in said
    assert json.dumps(of(asked(made, "a"))["lines"][1]["value"]) == "1234.5"
