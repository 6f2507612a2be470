from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from sklearn.metrics import adjusted_rand_score

from targeting.customers.spending import windowed_spending
from targeting.customers.table import CustomerData
from targeting.intake.read import read_sources
from targeting.plan import prepare
from targeting.sample import write_sample
from targeting.sample.people import TRUTH
from targeting.scoring.segment_changes import movement, share_changed
from targeting.scoring.segments import (
    SegmentModel,
    assign_segments,
    check_profiles,
    fit_segments,
    place,
)
from targeting.workspace.scores import Segments

ROOT = Path(__file__).parents[2]
SAMPLE = Segments.model_validate(yaml.safe_load((ROOT / "segments/customers.yaml").read_text()))
LEVELS = Segments.model_validate(
    {
        "features": {"spend": {}},
        "names": {
            "Low": {"spend": "low"},
            "Middle": {"spend": "middle"},
            "High": {"spend": "high"},
        },
    }
)


def spenders(low: int, middle: int, high: int) -> pl.DataFrame:
    """Customers around three sums, each a little apart from the next."""
    sums = [100 + at for at in range(low)]
    sums += [5_000 + at for at in range(middle)] + [90_000 + at for at in range(high)]
    return pl.DataFrame({"customer_id": [f"c{at:04}" for at in range(len(sums))], "spend": sums})


def codes(model: SegmentModel) -> list[str]:
    return [note.code for note in model.notes]


def test_a_first_fit_that_finds_what_is_described_has_nothing_to_warn_of() -> None:
    assert fit_segments(spenders(60, 60, 60), LEVELS, key="k").notes == ()


def test_a_name_is_warned_of_when_its_customers_are_two_levels_off() -> None:
    rows = spenders(60, 60, 60)
    model = fit_segments(rows, LEVELS, key="k")
    turned = replace(model, names=model.names[::-1])
    again = fit_segments(rows, LEVELS, key="k", previous=turned)
    assert [(note.code, note.field, note.text) for note in again.notes] == [
        (
            "M013",
            "spend",
            "'High' does not fit its description: its spend should be high, and is low; "
            "16% of all customers lie below its median customer",
        ),
        (
            "M013",
            "spend",
            "'Low' does not fit its description: its spend should be low, and is high; "
            "83% of all customers lie below its median customer",
        ),
    ]


def test_two_names_that_changed_places_are_warned_of_though_they_are_neighbours() -> None:
    rows = spenders(60, 60, 60)
    model = fit_segments(rows, LEVELS, key="k")
    swapped = replace(model, names=("Middle", "Low", "High"))
    assert [note.text for note in check_profiles([place(rows, swapped)], swapped, LEVELS)] == [
        "'Middle' does not fit its description: that of 'Low' describes these customers better",
        "'Low' does not fit its description: that of 'Middle' describes these customers better",
    ]


def test_saved_segments_are_held_against_tonights_customers() -> None:
    model = fit_segments(spenders(60, 60, 60), LEVELS, key="k")
    assert check_profiles([place(spenders(50, 60, 70), model)], model, LEVELS) == []
    # Nearly everybody spends much by now: what was the middle is the lowest of all.
    found = check_profiles([place(spenders(0, 20, 400), model)], model, LEVELS)
    assert [(note.code, note.text[:53]) for note in found] == [
        ("M013", "'Middle' does not fit its description: its spend shou")
    ]
    assert check_profiles([place(spenders(0, 0, 0), model)], model, LEVELS) == []


def test_a_value_that_most_share_is_at_every_level_it_spans() -> None:
    rows = pl.DataFrame(
        {"customer_id": [f"c{at}" for at in range(100)], "spend": [0] * 70 + [9] * 30}
    )
    names = {"None": {"spend": "middle"}, "Some": {"spend": "high"}}
    asked = Segments.model_validate({"features": {"spend": {}}, "names": names})
    assert fit_segments(rows, asked, key="k").notes == ()


def test_a_fresh_fit_that_would_be_tighter_is_told_and_not_taken() -> None:
    # Two clouds split in one, two taken as one: K-means cannot leave this by itself.
    corners = np.repeat([[0, 0], [1, 0], [40, 0], [41, 0], [80, 0]], 30, axis=0)
    jitter = np.random.default_rng(1).uniform(0, 0.3, corners.shape)
    points = corners + jitter
    rows = pl.DataFrame({"customer_id": [f"c{at:03}" for at in range(150)], "x": points[:, 0]})
    plain = {"features": {"x": {"scale": "plain"}}, "names": {"P": {}, "Q": {}, "R": {}}}
    asked = Segments.model_validate(plain)
    model = fit_segments(rows, asked, key="k")
    assert codes(model) == []
    scale = model.features[0]
    stuck = [(value - scale.mean) / scale.spread for value in (0.1, 1.1, 60.0)]
    previous = replace(model, centroids=tuple((value,) for value in stuck))
    again = fit_segments(rows, asked, key="k", previous=previous)
    assert codes(again) == ["M014"]
    assert again.inertia > 1.02 * model.inertia
    share = 1 - model.inertia / again.inertia
    assert f"its sum of squares is {share:.1%} smaller" in again.notes[0].text


def month_ends() -> Iterator[dt.date]:
    for month in range(7, 13):
        yield dt.date(2017 + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


@pytest.fixture(scope="module")
def months(journey: pl.DataFrame) -> list[pl.DataFrame]:
    """The features of six month ends, over 180 days each; the department stands for the brand."""
    lines = journey.lazy().select(
        "customer_id", "purchased_on", "amount", quantity=pl.lit(1.0), brand="category"
    )
    return [
        windowed_spending(
            lines.filter(pl.col("purchased_on") <= day), day, day - dt.timedelta(days=180)
        )
        .select("customer_id", *SAMPLE.features)
        .collect()
        for day in month_ends()
    ]


def named(rows: pl.DataFrame, model: SegmentModel) -> pl.DataFrame:
    return rows.select("customer_id", assign_segments(rows, model))


def moved(before: pl.DataFrame, was: SegmentModel, now: pl.DataFrame, model: SegmentModel) -> float:
    share = share_changed(movement(named(before, was), named(now, model)))
    assert share is not None
    return share


def test_monthly_refits_change_no_more_names_than_frozen_centroids_do(
    months: list[pl.DataFrame],
) -> None:
    first = previous = fit_segments(months[0], SAMPLE, key="k")
    assert set(first.names) == set(SAMPLE.names)
    warm, frozen, held = [], [], []
    for before, now in pairwise(months):
        model = fit_segments(now, SAMPLE, key="k", previous=previous)
        warm.append(moved(before, previous, now, model))
        frozen.append(moved(before, first, now, first))
        held.append(moved(before, previous, now, previous))
        assert min(assign_segments(now, model).value_counts()["count"]) >= 0.01 * now.height
        assert "M014" not in codes(model)
        previous = model
    assert np.mean(warm) <= np.mean(frozen) + 0.02
    assert max(w - h for w, h in zip(warm, held, strict=True)) <= 0.02


def test_the_sample_shops_planted_segments_are_found_again_and_again(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    for name in ("targeting.yaml", "segments/customers.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    workspace = prepare(tmp_path).workspace
    read = read_sources(workspace, files={}, as_of=None, today=dt.date(2026, 11, 25))
    data = CustomerData.of(workspace, read.frames)
    assert not isinstance(SAMPLE.window, str)
    rows = data.table(read.as_of, window=SAMPLE.window).collect()
    model = fit_segments(rows, SAMPLE, key="k")
    assert model.stability is not None
    assert model.stability >= 0.85
    assert model.notes == ()
    planted = pl.read_csv(
        tmp_path / "data/customers.csv", infer_schema=False, truncate_ragged_lines=True
    ).select(pl.col("Customer_ID").alias("customer_id"), TRUTH)
    both = (
        named(rows, model)
        .join(planted.unique("customer_id", keep="first", maintain_order=True), on="customer_id")
        .drop_nulls()
    )
    truth, found = both[TRUTH].to_list(), both["segment"].to_list()
    assert adjusted_rand_score(truth, found) >= 0.85
    assert np.mean([one == other for one, other in zip(truth, found, strict=True)]) >= 0.9
