"""targeting measure: an experiment in a file, and runs against what was bought since."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.commands.shops import BOUGHT, BUYERS
from tests.kit.shop import Ran, ShopFolder, shop

# Visits, purchases and customers by arm, as the MineThatData e-mail challenge has published them.
ARMS = {
    "No E-Mail": (2262, 122, 21306),
    "Mens E-Mail": (3894, 267, 21307),
    "Womens E-Mail": (3238, 189, 21387),
}


def _challenge() -> pl.DataFrame:
    """Give rows with the challenge's published counts; the spend of its buyers is made up."""
    spend = np.random.default_rng(13)
    parts = [
        pl.DataFrame(
            {
                "zip_code": ["Urban", "Rural"] * (n // 2) + ["Urban"] * (n % 2),
                "segment": [arm] * n,
                "visit": [1] * visits + [0] * (n - visits),
                "conversion": [1] * bought + [0] * (n - bought),
                "spend": [
                    *spend.lognormal(4.5, 0.7, bought).round(2).tolist(),
                    *[0.0] * (n - bought),
                ],
            }
        )
        for arm, (visits, bought, n) in ARMS.items()
    ]
    return pl.concat(parts).sample(fraction=1, shuffle=True, seed=1)


def _measure(made: ShopFolder, file: str, *more: str) -> Ran:
    asked = ("--arm", "segment", "--control", "No E-Mail", "--outcome", "visit")
    return made.run_here("measure", "--assignments", file, *asked, *more)


@pytest.fixture
def challenge(tmp_path: Path) -> ShopFolder:
    made = shop(tmp_path, bare=True)
    made.write("challenge.csv", _challenge().write_csv())
    return made


def test_the_known_effects_come_back(challenge: ShopFolder) -> None:
    more = ("--outcome", "conversion", "--outcome", "spend", "--json")
    ran = _measure(challenge, "challenge.csv", *more)
    assert ran.code == 0, ran.err
    assert "64,000 rows" in ran.err
    rows = {(row["arm"], row["outcome"]): row for row in ran.json}
    assert list(rows) == [
        (a, o) for a in ARMS if a[0] != "N" for o in ("visit", "conversion", "spend")
    ]
    mens = rows["Mens E-Mail", "visit"]
    assert (mens["n"], mens["n_control"]) == (21307, 21306)
    assert (mens["value"], mens["value_control"]) == pytest.approx((0.1828, 0.1062), abs=5e-5)
    assert (mens["difference"], mens["low"], mens["high"]) == pytest.approx(
        (0.07659, 0.06995, 0.08323), abs=5e-6
    )
    assert {row["verdict"] for row in ran.json if row["outcome"] != "spend"} == {"works"}


def test_it_is_said_in_words(challenge: ShopFolder) -> None:
    out = _measure(challenge, "challenge.csv").out
    assert out.splitlines() == [
        "Mens E-Mail",
        "  visit 18.3% of 21,307, No E-Mail 10.6% of 21,306: +7.7 points (+7.0 to +8.3): works; "
        "1.72 times No E-Mail (1.64 to 1.81)",
        "Womens E-Mail",
        "  visit 15.1% of 21,387, No E-Mail 10.6% of 21,306: +4.5 points (+3.9 to +5.2): works; "
        "1.43 times No E-Mail (1.36 to 1.50)",
    ]


def test_csv_parquet_and_xlsx_say_the_same(challenge: ShopFolder) -> None:
    frame = _challenge().sample(3000, seed=2)
    frame.write_csv(challenge.folder / "a.csv")
    frame.write_csv(challenge.folder / "semicolon.csv", separator=";")
    frame.cast({"segment": pl.Categorical}).write_parquet(challenge.folder / "a.parquet")
    book = io.BytesIO()
    frame.write_excel(book)
    challenge.write("a.xlsx", book.getvalue())
    more = ("--outcome", "spend", "--segment", "zip_code", "--json")
    names = ("a.csv", "semicolon.csv", "a.parquet", "a.xlsx")
    said = [_measure(challenge, name, *more) for name in names]
    assert [ran.code for ran in said] == [0] * 4, [ran.err for ran in said]
    assert len(said[0].json) == 2 * 2 * 3
    assert said[1].json == said[0].json
    assert said[2].json == said[0].json
    assert said[3].json == said[0].json


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    made = shop(tmp_path, bare=True)
    made.write("t.csv", "segment,visit\nNo E-Mail,1\nNo E-Mail,\nx,0\n,1\nx,NA\nx,1\nNo E-Mail,0\n")
    ran = _measure(made, "t.csv", "--json")
    assert "1 row without 'segment' left out" in ran.err
    assert "2 rows without 'visit' left out of that outcome" in ran.err
    assert [(row["n"], row["n_control"]) for row in ran.json] == [(2, 2)]


def test_an_outcome_of_which_less_is_better(tmp_path: Path) -> None:
    made = shop(tmp_path, bare=True)
    cells = ["x,1"] * 60 + ["x,0"] * 440 + ["c,1"] * 10 + ["c,0"] * 490
    made.write("t.csv", "arm,left\n" + "\n".join(cells) + "\n")
    asked = (
        "measure",
        "--assignments",
        "t.csv",
        "--arm",
        "arm",
        "--control",
        "c",
        "--worse",
        "left",
    )
    assert [row["verdict"] for row in made.run_here(*asked, "--json").json] == ["harms"]


@pytest.mark.parametrize(
    ("text", "code", "help_"),
    [
        ("segmnt,visit\nNo E-Mail,1\n", "I011", "did you mean 'segmnt'?"),
        ("segment,visit\nNo E-Mial,1\nx,0\n", "I040", "did you mean 'No E-Mial'?"),
        ("segment,visit\nNo E-Mail,1\n", "I040", "two arms at least"),
        ("segment,visit\nNo E-Mail,often\nx,0\n", "I041", "an empty cell is missing"),
        ("segment,visit,visit\nNo E-Mail,1,1\nx,0,1\n", "I012", "'visit (2)' is the second"),
        ("segment,visit\n" + "".join(f"a{at},1\n" for at in range(60)), "I042", "at most 50"),
        ("segment,visit\nNo E-Mail,1\nx,0,3,4\n", "I007", "mend the file"),
        ("", "I003", "was it written?"),
        (b"segment,visit\nNo E-Mail,\xff\n", "I004", "save it as UTF-8\n"),
        ("segment,visit\n", "I040", "nothing can stand here"),
    ],
)
def test_a_file_that_is_no_experiment(
    tmp_path: Path, text: str | bytes, code: str, help_: str
) -> None:
    made = shop(tmp_path, bare=True)
    made.write("t.csv", text)
    ran = _measure(made, "t.csv")
    assert (ran.code, ran.out) == (1, "")
    assert f"error {code}:" in ran.err
    assert help_ in ran.err
    assert "targeting.yaml" not in ran.err


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    made = shop(tmp_path, bare=True)
    made.write("test.csv", "a\n")
    assert "did you mean 'test.csv'?" in _measure(made, "tst.csv").err
    made.write("t.dat", "a\n")
    assert "name it by what it is" in _measure(made, "t.dat").err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--assignments", "t.csv", "--arm", "a"), "needs --arm, --control and an --outcome"),
        (("--arm", "a"), "--assignments FILE is missing"),
        (("--assignments", "t.csv", "--rule", "hello"), "has no runs, rules or days"),
        (("2026-11-24-00000000", "--since", "2026-01-01"), "leave out --since"),
        (("--within", "1 moon"), "'1 moon'"),
        (("--effect", "much"), "neither like '20%' nor like '1 point'"),
        (("--effect", "0%"), "neither like '20%' nor like '1 point'"),
    ],
)
def test_wrong_use_says_what_is_missing(
    small: ShopFolder, asked: tuple[str, ...], said: str
) -> None:
    ran = small.run_here("measure", *asked)
    assert ran.code == 2
    assert said in ran.err


RULE = BUYERS["rules/marketing/all.yaml"].replace("then:", "holdout: 30%\nthen:")
RAN_ON = "2026-08-01"


@pytest.fixture
def sent(tmp_path: Path) -> ShopFolder:
    """A shop of 400 whose rule held out 30% on 1 August; c0 to c199 bought on the 10th."""
    first = [f"c{at},2026-07-{at % 28 + 1:02},9.50,r{at},s,1" for at in range(400)]
    again = [f"c{at},2026-08-10,20.25,q{at},s,1" for at in range(200)]
    late = ["c0,2026-11-20,1,z,s,1"]
    files = BUYERS | {
        "purchases.csv": BOUGHT + "\n".join([*first, *again, *late]) + "\n",
        "rules/marketing/all.yaml": RULE,
    }
    made = shop(tmp_path, files, bare=True)
    before = BOUGHT + "\n".join(first) + "\n"
    made.write("before.csv", before)
    ran = made.run_here("run", "--as-of", RAN_ON, "--source", "purchases=before.csv")
    assert ran.code == 0, ran.err
    return made


def test_a_run_is_measured_by_what_was_bought_since(sent: ShopFolder) -> None:
    ran = sent.run_here("measure", "--json")
    assert ran.code == 0, ran.err
    assert "within 30 days of the first contact, known up to 2026-11-20" in ran.err
    bought, spend = (row for row in ran.json if row["segment"] is None)
    decided = pl.read_parquet(sent.runs[0] / "decisions.parquet")
    buyer = pl.col("customer_id").str.strip_prefix("c").cast(pl.Int64) < 200
    rates = dict(decided.group_by("outcome").agg(buyer.mean()).iter_rows())
    assert (bought["rule"], bought["arm"], bought["outcome"]) == ("all", "selected", "bought")
    assert bought["n"] + bought["n_control"] == 400
    assert bought["value"] == pytest.approx(rates["selected"])
    assert bought["value_control"] == pytest.approx(rates["held_out"])
    assert spend["difference"] == pytest.approx(20.25 * bought["difference"])
    assert bought["verdict"] == "cannot tell yet"


def test_a_run_whose_window_is_open_cannot_be_told(sent: ShopFolder) -> None:
    ran = sent.run_here("measure", "--as-of", "2026-08-30")
    assert "so far: cannot tell yet; the window of the last customer ends on 2026-08-31" in ran.out


def test_the_same_by_name_by_rule_and_by_day(sent: ShopFolder) -> None:
    said = [
        sent.run_here("measure", *asked, "--json").json
        for asked in ([sent.runs[0].name], ["--rule", "all"], ["--since", RAN_ON])
    ]
    assert said[0] == said[1] == said[2]


def test_two_nights_are_measured_from_the_first(sent: ShopFolder) -> None:
    again = sent.run_here("run", "--as-of", "2026-08-15", "--source", "purchases=before.csv")
    assert again.code == 0, again.err
    assert len(sent.runs) == 2
    both = sent.run_here("measure", "--rule", "all", "--json").json
    assert both == sent.run_here("measure", sent.runs[0].name, "--json").json
    second = sent.run_here("measure", "--json").json
    assert second[0]["value"] == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("2026-08-01-0000000",), "there is no run '2026-08-01-0000000'"),
        (("--rule", "al"), "did you mean 'all'?"),
        (("--since", "2026-09-01"), "there is no run to look at since 2026-09-01"),
    ],
)
def test_what_was_never_run_cannot_be_measured(
    sent: ShopFolder, asked: tuple[str, ...], said: str
) -> None:
    ran = sent.run_here("measure", *asked)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_a_dry_run_contacted_nobody(sent: ShopFolder) -> None:
    dry = sent.run_here(
        "run", "--as-of", "2026-08-20", "--dry-run", "--source", "purchases=before.csv"
    )
    assert dry.code == 0, dry.err
    (folder,) = (sent.folder / "out").glob("*-dry")
    assert "it was a dry run" in sent.run_here("measure", folder.name).err
    assert sent.run_here("measure", "--since", "2026-08-20").code == 1


def test_responses_are_described_and_not_compared(sent: ShopFolder) -> None:
    settings = BUYERS["targeting.yaml"] + "  responses: {file: responses.csv}\n"
    sent.write("targeting.yaml", settings)
    answers = "".join(f"c{at},opened,2026-08-01,email,all\n" for at in range(100))
    sent.write("responses.csv", "customer_id,event,happened_on,channel,rule\n" + answers)
    rows = sent.run_here("measure", "--rule", "all", "--json").json
    (opened,) = (row for row in rows if row["outcome"] == "opened" and row["segment"] is None)
    assert opened["verdict"] == "not compared"
    assert (opened["n_control"], opened["difference"], opened["p_holm"]) == (0, None, None)
    assert 0 < opened["value"] < 0.5
    assert "not compared: held out cannot have it" in sent.run_here("measure").out


def test_damaged_decisions_are_a_problem(sent: ShopFolder) -> None:
    (sent.runs[0] / "decisions.parquet").write_bytes(b"PAR1 no")
    ran = sent.run_here("measure")
    assert ran.code == 1
    assert "error W004: the decisions of" in ran.err


def test_without_purchases_nothing_can_be_compared(small: ShopFolder) -> None:
    assert small.run_here("run").code == 0
    ran = small.run_here("measure", "--json")
    assert (ran.code, ran.json) == (0, [])
    assert "the workspace has no purchases" in ran.err


def test_a_night_without_contacts_is_said(tmp_path: Path) -> None:
    made = shop(tmp_path, BUYERS, bare=True)
    rule = BUYERS["rules/marketing/all.yaml"]
    nobody = rule.replace("at_least: 1}", "at_least: 900}").replace(
        "frequency: 1}", "frequency: 900}"
    )
    made.write("rules/marketing/all.yaml", nobody)
    assert made.run_here("run").code == 0
    ran = made.run_here("measure")
    assert (ran.code, ran.out) == (0, "")
    assert "nobody was contacted or held out" in ran.err


def test_the_universal_holdout_is_the_control_of_all_rules_together(sent: ShopFolder) -> None:
    sent.write(
        "rules/policy.yaml", "key: k\nchannels: {counter: {cost: 0}}\nuniversal_holdout: 20%\n"
    )
    elsewhere = ("--out", "another")  # in the first folder everybody has had a turn that day
    again = sent.run_here("run", "--as-of", RAN_ON, "--source", "purchases=before.csv", *elsewhere)
    assert again.code == 0, again.err
    out = sent.run_here("measure", *elsewhere).out
    assert out.startswith("all rules together, against the universal holdout\n  bought ")
    rules = {row["rule"]: row for row in sent.run_here("measure", "--json", *elsewhere).json}
    assert list(rules) == [None, "all"]
    assert rules[None]["n"] == rules["all"]["n"] + rules["all"]["n_control"]
    assert rules[None]["n"] + rules[None]["n_control"] == 400
    ours = sent.run_here("measure", "--rule", "all", "--since", RAN_ON, "--json", *elsewhere).json
    assert {row["rule"] for row in ours} == {"all"}
