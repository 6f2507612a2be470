"""The sample shop: the same bytes every time, believable, and as dirty as it says."""

import csv
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from targeting.sample import dirt, write_sample
from targeting.sample.habits import HABITS
from targeting.sample.people import TRUTH

ROOT = Path(__file__).parents[2]
NEWEST = date(2026, 11, 24)
FILES = (
    "customers.csv", "products.csv", "purchases.parquet", "responses.csv", "stock.xlsx",
    "suppressions.csv",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "data"
    write_sample(folder)
    return folder


@pytest.fixture(scope="module")
def lines(data: Path) -> list[list[str]]:
    """The customer file's records as any CSV reader splits them, the header first."""
    with (data / "customers.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def rows(lines: list[list[str]]) -> list[dict[str, str]]:
    """The customer file's whole records."""
    header = lines[0]
    return [dict(zip(header, line, strict=True)) for line in lines[1:] if len(line) == len(header)]


@pytest.fixture(scope="module")
def purchases(data: Path) -> pl.DataFrame:
    return pl.read_parquet(data / "purchases.parquet")


@pytest.fixture(scope="module")
def products(data: Path) -> pl.DataFrame:
    return pl.read_csv(data / "products.csv", infer_schema=False)


@pytest.fixture(scope="module")
def stock(data: Path) -> pl.DataFrame:
    return pl.read_excel(
        data / "stock.xlsx", sheet_name="On hand", schema_overrides={"on_hand": pl.String}
    )


def test_the_same_bytes_come_out_on_one_thread_in_another_process(
    data: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-m", "targeting.sample", str(tmp_path)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"},
    )
    assert sorted(path.name for path in data.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (data / name).read_bytes() == (tmp_path / "data" / name).read_bytes(), name


def test_another_seed_is_another_shop_of_the_size_asked_for(data: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, seed=7, customers=300)
    text = (tmp_path / "customers.csv").read_bytes()
    assert text != (data / "customers.csv").read_bytes()
    assert text.count(b"\r\n") == 1 + 300 + 12 + 2  # header, customers, second rows, ragged lines


def test_a_shop_too_small_for_its_mistakes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 300 customers, not 299"):
        write_sample(tmp_path / "data", customers=299)
    assert not (tmp_path / "data").exists()


def test_every_column_that_targeting_yaml_maps_is_there(
    lines: list[list[str]], purchases: pl.DataFrame
) -> None:
    sources = yaml.safe_load((ROOT / "targeting.yaml").read_text(encoding="utf-8"))["sources"]
    assert set(sources["customers"]["columns"].values()) < set(lines[0])
    assert set(sources["purchases"]["columns"].values()) == set(purchases.columns)


def test_no_setting_knows_the_planted_truth() -> None:
    written = [ROOT / "targeting.yaml", *(ROOT / "segments").iterdir()]
    assert not any("planted" in path.read_text(encoding="utf-8").lower() for path in written)


def test_the_planted_groups_are_the_segments_that_have_names(rows: list[dict[str, str]]) -> None:
    form = yaml.safe_load((ROOT / "segments/customers.yaml").read_text(encoding="utf-8"))
    assert {row[TRUTH] for row in rows} - {""} == set(form["names"])
    assert {habit.group for habit in HABITS} == set(form["names"])


def test_the_customer_file_starts_with_a_bom_and_ends_its_lines_the_windows_way(
    data: Path,
) -> None:
    content = (data / "customers.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfCustomer_ID,First Name,E-mail,Mobile,")
    assert content.endswith(b"\r\n")


def test_the_ragged_lines_are_one_too_short_and_one_too_long(lines: list[list[str]]) -> None:
    width = len(lines[0])
    assert sum(len(line) < width for line in lines) == dirt.SHORT_LINES
    assert sum(len(line) > width for line in lines) == dirt.LONG_LINES


def test_customer_rows_hold_the_counted_dirt(rows: list[dict[str, str]]) -> None:
    assert sum(row["Customer_ID"] in {"", "Hidden"} for row in rows) == dirt.MISSING_IDS
    assert sum(row["Age"] == "430" for row in rows) == dirt.IMPOSSIBLE_AGES
    assert sum(row["Changed"] == "31/02/2025" for row in rows) == dirt.IMPOSSIBLE_DATES
    assert sum(row["Gender"] in {"Femlae", "Mael"} for row in rows) == dirt.MISSPELLED_GENDERS
    assert sum(row["SMS_OK"] == "yes please" for row in rows) == dirt.UNREADABLE_CONSENTS
    invalid = [row["E-mail"] for row in rows if row["E-mail"] in dirt.INVALID_EMAIL_FORMS]
    assert len(invalid) == dirt.INVALID_EMAILS
    assert any("\n" in row["Address"] for row in rows)


def test_second_rows_of_an_id_are_equal_older_or_undecided(rows: list[dict[str, str]]) -> None:
    known = [row for row in rows if row["Customer_ID"] not in {"", "Hidden"}]
    counted = Counter(row["Customer_ID"] for row in known)
    pairs = [
        [row for row in known if row["Customer_ID"] == number]
        for number, count in counted.items()
        if count > 1
    ]
    equal = [pair for pair in pairs if pair[0] == pair[1]]
    same_day = [pair for pair in pairs if pair[0]["Changed"] == pair[1]["Changed"]]
    assert len(equal) == dirt.EQUAL_ROWS
    assert len(same_day) - len(equal) == dirt.UNDECIDED_PAIRS
    assert len(pairs) - len(same_day) == dirt.OLDER_ROWS


def test_answers_are_left_out_in_three_spellings(rows: list[dict[str, str]]) -> None:
    for column in ("E-mail", "Mobile", "Age", "Gender", "Email_OK"):
        left_out = [row[column] for row in rows if row[column] in {"", "Hidden", "N/A"}]
        assert set(left_out) == {"", "Hidden", "N/A"}
        assert 0.02 < len(left_out) / len(rows) < 0.08


def test_a_number_is_shared_by_eight_and_others_by_households(rows: list[dict[str, str]]) -> None:
    numbers = {row["Customer_ID"]: _digits(row["Mobile"]) for row in rows}
    counts = Counter(number for number in numbers.values() if number)
    assert 6 <= counts["3480000100"] <= 8  # the shop's own; some answers are left out
    assert sum(count in {2, 3} for count in counts.values()) > 30


def test_addresses_are_nobodys(rows: list[dict[str, str]]) -> None:
    domains = {row["E-mail"].rpartition("@")[2] for row in rows if row["E-mail"].count("@") == 1}
    assert domains <= {"", "example.com", "example.org", "example.net", "staff.example.org"}
    numbers = {_digits(row["Mobile"]) for row in rows} - {""}
    assert all(number[3:6] == "000" and len(number) == 10 for number in numbers)


def test_names_are_written_in_several_scripts(rows: list[dict[str, str]]) -> None:
    names = {row["First Name"] for row in rows}
    assert {"عائشہ", "Zoë", "Sana 🌸", "Mu'azzam", "@rimsha"} <= names


def test_purchases_end_on_the_fixed_day_and_hold_the_counted_dirt(purchases: pl.DataFrame) -> None:
    assert purchases["Date"].max() == NEWEST
    assert purchases["Date"].min() == date(2023, 11, 25)
    assert purchases["Date"].null_count() == 3
    assert purchases["Line_Total"].null_count() == 3
    assert purchases["Customer"].is_in(["", "Hidden"]).sum() == 54
    assert 0.005 < purchases["Customer"].null_count() / purchases.height < 0.02
    returns = purchases.filter(pl.col("Qty") < 0)
    assert 0.01 < returns.height / purchases.height < 0.03
    assert returns["Line_Total"].drop_nulls().max() < 0  # type: ignore[operator]


def test_sales_fall_every_year(purchases: pl.DataFrame) -> None:
    years_ago = ((pl.lit(NEWEST) - pl.col("Date")).dt.total_days() // 366).alias("years_ago")
    sales = purchases.drop_nulls("Date").group_by(years_ago).agg(pl.col("Line_Total").sum())
    this, last, before_last = sales.sort("years_ago")["Line_Total"].to_list()
    assert this < 0.95 * last
    assert last < 0.95 * before_last


def test_customers_are_lost(purchases: pl.DataFrame) -> None:
    last = purchases.filter(pl.col("Qty") > 0).group_by("Customer").agg(pl.col("Date").max())
    quiet = (pl.lit(NEWEST) - pl.col("Date")).dt.total_days()
    assert last.filter(quiet > 100).height > 0.12 * last.height
    assert last.filter(quiet > 365).height > 10


def test_products_hold_the_counted_dirt(products: pl.DataFrame, purchases: pl.DataFrame) -> None:
    assert products.height == 121
    assert products.is_duplicated().sum() == 2
    assert products.filter(pl.col("category") == "Acessories").height == 1
    assert products.filter(pl.col("price") == "on request").height == 1
    assert products.filter(pl.col("discontinued") == "yes").height == 3
    assert products.filter(pl.col("price").str.contains(r"^\d{1,3},\d{3}\.\d{2}$")).height > 50
    sold = set(purchases["SKU"]) - set(products["product_id"])
    assert sold == {"EL-9001"}


def test_a_discontinued_product_is_sold_no_more(
    products: pl.DataFrame, purchases: pl.DataFrame
) -> None:
    ended = products.filter(pl.col("discontinued") == "yes")["product_id"]
    sold = purchases.filter(pl.col("SKU").is_in(ended.to_list()), pl.col("Qty") > 0)
    assert sold.height > 0
    assert sold["Date"].max() < date(2026, 7, 1)  # type: ignore[operator]


def test_shelves_run_from_sold_out_to_dead_stock(
    stock: pl.DataFrame, products: pl.DataFrame, purchases: pl.DataFrame
) -> None:
    now = stock.filter(pl.col("counted_on") == NEWEST)
    assert stock.height == 30 * now.height
    assert set(products["product_id"]) - set(stock["product_id"]) == {"EL-1034"}
    assert now["on_hand"].str.contains("[a-z]").sum() == 1
    counted = now.with_columns(pl.col("on_hand").cast(pl.Float64, strict=False))
    assert counted.filter(pl.col("on_hand") < 0).height == 1
    recent = purchases.filter(pl.col("Date") > date(2026, 5, 26))
    weekly = recent.group_by(product_id="SKU", location="Store").agg(pl.col("Qty").sum() / 26)
    shelves = counted.join(weekly, on=["product_id", "location"], how="left")
    cover = shelves["on_hand"] / shelves["Qty"]
    assert (cover < 1).sum() > 20
    assert (cover > 16).sum() > 30
    assert shelves.filter(pl.col("Qty").is_null() & (pl.col("on_hand") > 0)).height > 5


def test_counts_fall_by_what_was_sold_and_rise_by_deliveries(
    stock: pl.DataFrame, purchases: pl.DataFrame
) -> None:
    """Older counts only: the newest has its planted mistakes."""
    place = ["product_id", "location"]
    counts = stock.filter(pl.col("counted_on") < NEWEST).with_columns(
        pl.col("on_hand").cast(pl.Float64)
    )
    assert counts["on_hand"].min() == 0
    sold = purchases.filter(pl.col("Qty") > 0).select(
        pl.col("SKU").alias("product_id"), pl.col("Store").alias("location"), "Qty",
        ((pl.lit(NEWEST) - pl.col("Date")).dt.total_days() // 7 * 7).alias("days_ago"),
    )  # fmt: skip
    weekly = sold.group_by(*place, "days_ago").agg(pl.col("Qty").sum())
    delivered = (
        counts.sort(*place, "counted_on")
        .with_columns(
            (pl.col("on_hand") - pl.col("on_hand").shift(1).over(place)).alias("change"),
            (pl.lit(NEWEST) - pl.col("counted_on")).dt.total_days().alias("days_ago"),
        )
        .join(weekly, on=[*place, "days_ago"], how="left")
        .with_columns((pl.col("change") + pl.col("Qty").fill_null(0)).alias("delivered"))
        .drop_nulls("delivered")
    )
    assert (delivered["delivered"] < 0).sum() <= 1  # one sale's line was spoiled on purpose
    assert 0.02 < (delivered["delivered"] > 0).mean() < 0.5  # type: ignore[operator]


def test_demand_runs_from_steady_to_lumpy(purchases: pl.DataFrame) -> None:
    """Intervals and squared variation as Syntetos, Boylan and Croston (2005) draw the lines."""
    recent = purchases.filter(pl.col("Date") > date(2026, 5, 26), pl.col("Qty") > 0)
    week = ((pl.lit(NEWEST) - pl.col("Date")).dt.total_days() // 7).alias("week")
    weekly = recent.group_by("SKU", "Store", week).agg(pl.col("Qty").sum())
    shelf = weekly.group_by("SKU", "Store").agg(
        (26 / pl.len()).alias("interval"),
        (pl.col("Qty").std() / pl.col("Qty").mean()).pow(2).alias("variation"),
    )
    seldom, unsteady = shelf["interval"] > 1.32, shelf["variation"] > 0.49
    assert (~seldom & ~unsteady).sum() > 50
    assert (seldom & unsteady).sum() > 20


def test_no_file_is_dirty_enough_to_stop_a_run(
    lines: list[list[str]], rows: list[dict[str, str]]
) -> None:
    refused = len(lines) - 1 - len(rows) + dirt.MISSING_IDS + dirt.EQUAL_ROWS + dirt.OLDER_ROWS
    assert refused / (len(lines) - 1) < 0.05


def test_suppressions_and_responses_name_real_rules(data: Path) -> None:
    suppressed = pl.read_csv(data / "suppressions.csv", infer_schema=False)
    assert suppressed.columns == ["customer_id", "email", "phone", "domain"]
    assert suppressed.filter(pl.col("domain") == "staff.example.org").height == 1
    responses = pl.read_csv(data / "responses.csv", infer_schema=False)
    assert responses.columns == [
        "customer_id", "email", "event", "happened_on", "channel", "rule",
    ]  # fmt: skip
    assert responses.filter(pl.col("event") == "opend").height == 1
    assert responses.filter(pl.col("happened_on") == "2026-02-31").height == 1
    known = {path.stem for path in (ROOT / "rules").rglob("*.yaml")}
    assert set(responses["rule"]) <= known


def test_the_planted_groups_can_be_found_again(
    rows: list[dict[str, str]], purchases: pl.DataFrame, products: pl.DataFrame
) -> None:
    found = _features(purchases, products)
    truth = pl.DataFrame(
        [(row["Customer_ID"], row[TRUTH]) for row in rows if row[TRUTH]],
        schema=["Customer", "group"],
        orient="row",
    ).unique("Customer", keep="none")
    known = found.join(truth, on="Customer", how="inner", maintain_order="left")
    columns = ("recency_days", "frequency", "average_order_value")
    ranked = [known[name].rank("average").to_numpy() for name in columns]
    points = np.column_stack([*ranked, known["brand_affinity"].to_numpy()])
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    labels = KMeans(7, n_init=10, random_state=0).fit_predict(points)
    assert adjusted_rand_score(known["group"], labels) > 0.9


def _features(purchases: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """One row a buyer: recency over all purchases, the rest over the trailing 180 days."""
    brands = products.select("product_id", "brand").unique("product_id")
    bought = purchases.drop_nulls().join(brands, left_on="SKU", right_on="product_id", how="left")
    days_ago = (pl.lit(NEWEST) - pl.col("Date")).dt.total_days()
    paid, window = pl.col("Line_Total") > 0, days_ago < 180
    spend = pl.col("Line_Total").sum()
    brand = (
        bought.filter(window)
        .group_by("Customer", "brand")
        .agg(spend)
        .group_by("Customer")
        .agg(brand_affinity=10 * pl.col("Line_Total").max() / spend)
    )
    return (
        bought.group_by("Customer")
        .agg(
            days_ago.filter(paid).min().alias("recency_days"),
            pl.col("Receipt").filter(paid & window).n_unique().alias("frequency"),
            pl.col("Line_Total").filter(window).sum().alias("spend"),
        )
        .join(brand, on="Customer", how="left")
        .with_columns(average_order_value=pl.col("spend") / pl.col("frequency"))
        .with_columns(
            pl.col("average_order_value", "brand_affinity").fill_nan(None),
        )
        .with_columns(
            pl.col(name).fill_null(pl.col(name).median())
            for name in ("average_order_value", "brand_affinity")
        )
        .sort("Customer")
    )


def _digits(number: str) -> str:
    """The ten digits after the country code or the zero; nothing of a missing number."""
    return "".join(sign for sign in number if sign.isdigit())[-10:]
