"""targeting diff: who came to each list and left it between two runs, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands.shops import BUYERS, LIKELIHOOD, many_purchases
from tests.kit.shop import SMALL, ShopFolder, shop

HELLO = SMALL["rules/marketing/hello.yaml"]
POLICY = SMALL["rules/policy.yaml"]
CUSTOMERS = SMALL["customers.csv"]
OLDER = CUSTOMERS + "g,30,Lahore,g@example.com,yes,2026-11-01\n"
Files = dict[str, str]


def picks(number: int) -> str:
    pick = f"pick: {{at_most: {number}, highest: age}}\nexamples:"
    return HELLO.replace("examples:", pick)


def night(made: ShopFolder, *more: str) -> str:
    ran = made.run_here("run", "--json", "--accept", "list_changed_over", *more)
    assert ran.code == 0, ran.err
    return Path(ran.json["folder"]).name


def compared(made: ShopFolder, before: str, after: str, *more: str) -> dict[str, Any]:
    ran = made.run_here("diff", before, after, "--json", *more)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.json
    return found


def two_nights(folder: Path, first: Files, then: Files) -> tuple[ShopFolder, dict[str, Any]]:
    """Make one draft after the other of the same day, so that only what was edited changes."""
    made = shop(folder, first)
    before = night(made, "--dry-run")
    for name, text in then.items():
        made.write(name, text)
    return made, compared(made, before, night(made, "--dry-run"))


def changes(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [
        (one["customer_id"], one["rule"], one["change"], one["cause"]) for one in found["customers"]
    ]


@pytest.mark.parametrize(
    ("first", "then", "change", "cause", "detail"),
    [
        pytest.param(
            {},
            {"rules/marketing/hello.yaml": HELLO.replace("18", "21").replace("age: 17", "age: 20")},
            "left", "rules", "now asked: age is at least 21 (18)", id="a rule asks for more",
        ),
        pytest.param(
            {"rules/marketing/hello.yaml": HELLO.replace("18", "21").replace("age: 17", "age: 20")},
            {"rules/marketing/hello.yaml": HELLO},
            "entered", "rules", "no longer asked: age is at least 21 (18)", id="it asks for less",
        ),
        pytest.param(
            {"customers.csv": OLDER, "rules/marketing/hello.yaml": picks(2)},
            {"rules/marketing/hello.yaml": picks(1)},
            "left", "rules", "the rule's pick changed: over_limit now", id="its limit falls",
        ),
        pytest.param(
            {},
            {"rules/marketing/hello.yaml": HELLO.replace("examples:", "holdout: {share: 50%, name: winter}\nexamples:")},
            "left", "rules", "the rule's holdout changed: holdout now", id="its holdout grows",
        ),
        pytest.param(
            {},
            {"rules/marketing/hello.yaml": HELLO.replace("priority: 1", "priority: 1\nactive: {from: 2027-01-01}")},
            "left", "rules", "active from 2027-01-01", id="it rests",
        ),
        pytest.param(
            {},
            {"customers.csv": CUSTOMERS.replace("a,18", "a,17")},
            "left", "data", "age is at least 18 (17, before 18)", id="a customer's field falls",
        ),
        pytest.param(
            {"customers.csv": CUSTOMERS.replace("a,18,Lahore", "a,18,Quetta")},
            {"customers.csv": CUSTOMERS},
            "entered", "data", "city is Lahore (Lahore, before Quetta)", id="a customer moves",
        ),
        pytest.param(
            {"customers.csv": CUSTOMERS.replace("a,18,Lahore,a@example.com,yes,2026-11-01\n", "")},
            {"customers.csv": CUSTOMERS},
            "entered", "data", "a new customer", id="a customer comes",
        ),
        pytest.param(
            {},
            {"customers.csv": CUSTOMERS.replace("a,18,Lahore,a@example.com,yes,2026-11-01\n", "")},
            "left", "data", "no longer a customer", id="a customer goes",
        ),
        pytest.param(
            {},
            {"customers.csv": CUSTOMERS.replace("a@example.com,yes", "a@example.com,no")},
            "left", "policy", "email: no_consent now", id="consent is withdrawn",
        ),
        pytest.param(
            {"customers.csv": CUSTOMERS.replace("a@example.com", "nowhere")},
            {"customers.csv": CUSTOMERS},
            "entered", "policy", "email: no_address before", id="an address is mended",
        ),
        pytest.param(
            {},
            {"rules/policy.yaml": POLICY.replace("cost: 0.01", "cost: 0.01, at_most: 0")},
            "left", "allocation", "email: over_capacity now", id="capacity falls",
        ),
        pytest.param(
            {"rules/policy.yaml": POLICY + "universal_holdout: 100%\n"},
            {"rules/policy.yaml": POLICY},
            "entered", "allocation", "email: universal_holdout before", id="a holdout ends",
        ),
        pytest.param(
            {"rules/policy.yaml": POLICY},
            {"rules/policy.yaml": POLICY + "budget: 0\n"},
            "left", "allocation", "email: over_budget now", id="a budget falls",
        ),
    ],
)  # fmt: skip
def test_the_cause_is_what_was_changed(
    tmp_path: Path, first: Files, then: Files, change: str, cause: str, detail: str
) -> None:
    _, found = two_nights(tmp_path, first, then)
    assert found["customers"] == [
        {"customer_id": "a", "rule": "hello", "change": change, "cause": cause, "detail": detail}
    ]
    (row,) = found["rules"]
    assert (row["entered"], row["left"]) == ((1, 0) if change == "entered" else (0, 1))
    assert {name: count for name, count in row["causes"].items() if count} == {cause: 1}


def test_the_first_of_two_reasons_is_the_cause(tmp_path: Path) -> None:
    then = {
        "rules/marketing/hello.yaml": HELLO.replace("18", "21").replace("age: 17", "age: 20"),
        "customers.csv": CUSTOMERS.replace("a,18,Lahore,a@example.com,yes", "a,18,Quetta,,no"),
    }
    _, found = two_nights(tmp_path, {}, then)
    assert changes(found) == [("a", "hello", "left", "rules")]


def test_a_change_that_another_undoes_is_not_the_cause(tmp_path: Path) -> None:
    then = {  # the rule asks for more, the customer has more: but consent is gone
        "rules/marketing/hello.yaml": HELLO.replace("18", "10").replace("age: 17", "age: 9"),
        "customers.csv": CUSTOMERS.replace(
            "a,18,Lahore,a@example.com,yes", "a,11,Lahore,a@example.com,no"
        ).replace("b,17", "b,9"),
    }
    _, found = two_nights(tmp_path, {}, then)
    assert changes(found) == [("a", "hello", "left", "policy")]


def test_a_rule_that_is_new_takes_the_turn_of_another(tmp_path: Path) -> None:
    new = HELLO.replace("priority: 1", "priority: 2")
    old = {"rules/marketing/hello.yaml": HELLO.replace("priority: 1", "priority: 3")}
    _, found = two_nights(tmp_path, old, {"rules/marketing/again.yaml": new})
    assert changes(found) == [
        ("a", "again", "entered", "rules"), ("a", "hello", "left", "rules"),
    ]  # fmt: skip
    assert found["customers"][0]["detail"] == "the rule is new"
    assert found["customers"][1]["detail"] == "the rule's place changed: outranked now"


def test_a_turn_lost_to_a_rule_that_stood_before_is_allocation(tmp_path: Path) -> None:
    grows = (
        HELLO.replace("priority: 1", "priority: 2")
        .replace("18", "21")
        .replace("age: 17", "age: 20")
    )
    first = {
        "rules/marketing/hello.yaml": HELLO.replace("priority: 1", "priority: 3"),
        "rules/marketing/again.yaml": grows,
    }
    _, found = two_nights(tmp_path, first, {"customers.csv": CUSTOMERS.replace("a,18", "a,21")})
    assert changes(found) == [
        ("a", "again", "entered", "data"), ("a", "hello", "left", "allocation"),
    ]  # fmt: skip
    assert found["customers"][1]["detail"] == "email: outranked by again now"


def test_a_rule_that_is_gone_leaves_its_list(tmp_path: Path) -> None:
    made = shop(
        tmp_path, {"rules/marketing/again.yaml": HELLO.replace("priority: 1", "priority: 2")}
    )
    before = night(made, "--dry-run")
    (tmp_path / "rules/marketing/hello.yaml").unlink()
    found = compared(made, before, night(made, "--dry-run"))
    assert changes(found) == [
        ("a", "again", "entered", "rules"), ("a", "hello", "left", "rules"),
    ]  # fmt: skip
    assert found["customers"][1]["detail"] == "the rule is gone"


def test_a_contact_of_the_night_before_is_policy(tmp_path: Path) -> None:
    rule = HELLO.replace("examples:", "cooldown: 14 days\nexamples:")
    made = shop(tmp_path, {"rules/marketing/hello.yaml": rule})
    found = compared(made, night(made), night(made, "--as-of", "2026-11-26"))
    assert changes(found) == [("a", "hello", "left", "policy")]
    assert found["customers"][0]["detail"] == "email: cooldown now"


def test_models_made_anew_are_scores(tmp_path: Path) -> None:
    """The same purchases; the likelihoods are made of other inputs, and the list follows them."""
    rule = (
        BUYERS["rules/marketing/all.yaml"]
        .replace("{frequency: {at_least: 1}}", "{likelihood: {at_least: 0.5}}")
        .replace("{frequency: 1}", "{likelihood: 1}")
        .replace("{frequency: 0}", "{likelihood: 0}")
    )
    made = shop(
        tmp_path,
        {
            **BUYERS,
            "purchases.csv": many_purchases(),
            "rules/marketing/all.yaml": rule,
            "segments/likelihood.yaml": LIKELIHOOD,
        },
        bare=True,
    )
    before = night(made, "--dry-run")
    path = made.folder / "out" / before / "customers.parquet"
    rows = pl.read_parquet(path)
    after = made.folder / "out" / "2026-11-24-00000000-dry"
    _copy(made.folder / "out" / before, after)
    other = (1 - pl.col("likelihood")).alias("likelihood")
    rows.with_columns(other).write_parquet(after / "customers.parquet")
    decided = pl.read_parquet(after / "decisions.parquet")
    taken = rows.filter(1 - pl.col("likelihood") >= 0.5)["customer_id"]
    was = set(decided["customer_id"])
    _decide(after, decided, taken)
    found = compared(made, before, after.name)
    assert set(taken) != was
    assert {cause for *_, cause in changes(found)} == {"scores"}
    assert {c for c, *_ in changes(found)} == was ^ set(taken)
    assert found["customers"][0]["detail"].startswith("likelihood is at least 0.5 (")


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())


def _decide(folder: Path, decided: pl.DataFrame, taken: pl.Series) -> None:
    one = decided.head(1).drop("customer_id")
    rows = taken.to_frame().join(one, how="cross").select(decided.columns)
    rows.write_parquet(folder / "decisions.parquet")


def test_segments_that_lost_and_won_are_counted(tmp_path: Path) -> None:
    made = shop(tmp_path)
    before = night(made, "--dry-run")
    folders = [made.folder / "out" / before, made.folder / "out" / "2026-11-24-00000000-dry"]
    _copy(*folders)
    for folder, word in zip(folders, ("Small", "Large"), strict=True):
        path = folder / "customers.parquet"
        segment = pl.when(pl.col("customer_id") == "a").then(pl.lit(word)).alias("segment")
        pl.read_parquet(path).with_columns(segment).write_parquet(path)
    found = compared(made, before, folders[1].name)
    expected = {"before": "Small", "now": "Large", "cause": "data", "customers": 1}
    assert found["segments"] == [expected]
    said = made.run_here("diff", before, folders[1].name).out
    assert "1  Small -> Large (data)" in said


def test_counts_come_first_and_names_are_limited(tmp_path: Path) -> None:
    more = "".join(f"n{i},30,Lahore,n{i}@example.com,yes,2026-11-01\n" for i in range(30))
    made = shop(tmp_path)
    before = night(made, "--dry-run")
    made.write("customers.csv", CUSTOMERS + more)
    after = night(made, "--dry-run")
    said = made.run_here("diff", before, after).out
    assert said.index("entered") < said.index("hello: entered 30") < said.index("n0  data:")
    assert said.count("a new customer") == 20
    assert "… and 10 more" in said
    assert made.run_here("diff", before, after, "--names", "0").out.count("a new customer") == 0
    assert len(compared(made, before, after)["customers"]) == 30
    assert len(compared(made, before, after, "--names", "5")["customers"]) == 5


def test_one_rule_can_be_asked_for(tmp_path: Path) -> None:
    made = shop(
        tmp_path, {"rules/marketing/again.yaml": HELLO.replace("priority: 1", "priority: 2")}
    )
    before = night(made, "--dry-run")
    made.write("customers.csv", CUSTOMERS.replace("a,18", "a,17"))
    after = night(made, "--dry-run")
    found = compared(made, before, after, "--rule", "hello")
    assert [row["rule"] for row in found["rules"]] == ["hello"]
    assert changes(found) == [("a", "hello", "left", "data")]
    ran = made.run_here("diff", before, after, "--rule", "helo")
    assert (ran.code, "did you mean 'hello'?" in ran.err) == (2, True)


def test_runs_of_two_shops_are_not_compared(tmp_path: Path) -> None:
    made = shop(tmp_path)
    before = night(made, "--dry-run")
    made.write("targeting.yaml", SMALL["targeting.yaml"].replace("Corner shop", "Other shop"))
    ran = made.run_here("diff", before, night(made, "--dry-run"))
    assert ran.code == 1
    assert "is a run of Corner shop, and" in ran.err


def test_a_field_that_the_run_before_had_not_comes_with_the_rules(tmp_path: Path) -> None:
    settings = SMALL["targeting.yaml"]
    without = settings.replace("city: city, ", "").replace(
        "  city: {type: category, values: [Lahore, Karachi, Quetta]}\n", ""
    )
    old = HELLO.replace("    - city: Lahore\n", "").replace(", city: Lahore}", "}")
    first = {"targeting.yaml": without, "rules/marketing/hello.yaml": old}
    customers = CUSTOMERS.replace("f,50,Karachi", "f,50,Quetta")
    then = {
        "targeting.yaml": settings,
        "rules/marketing/hello.yaml": HELLO,
        "customers.csv": customers,
    }
    _, found = two_nights(tmp_path, first, then)
    assert changes(found) == [("f", "hello", "left", "rules")]
    assert found["customers"][0]["detail"] == "now asked: city is Lahore (Quetta)"


def test_a_run_that_is_not_there_or_damaged_is_said(small: ShopFolder) -> None:
    name = night(small)
    ran = small.run_here("diff", name, name[:-1])
    assert (ran.code, f"did you mean '{name}'?" in ran.err) == (1, True)
    (small.runs[0] / "policy_state.parquet").unlink()
    ran = small.run_here("diff", name, name)
    assert (ran.code, "W007" in ran.err) == (1, True)


def test_a_run_that_contradicts_itself_is_noted(small: ShopFolder) -> None:
    before = night(small, "--dry-run")
    after = "2026-11-24-00000000-dry"
    _copy(small.folder / "out" / before, small.folder / "out" / after)
    path = small.folder / "out" / after / "decisions.parquet"
    pl.read_parquet(path).clear().write_parquet(path)
    ran = small.run_here("diff", before, after)
    assert ran.code == 0
    assert f"{after} is damaged: of 1 changes its decisions and customers disagree" in ran.err
