from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.scoring.segments import SegmentModel, assign_segments, fit_segments
from targeting.workspace.scores import Segments

TWO_KINDS = {
    "Loyal": {"frequency": "high", "recency_days": "low"},
    "Gone": {"frequency": "low", "recency_days": "high"},
}
PLAIN = {"frequency": {"scale": "plain"}, "recency_days": {"scale": "plain"}}
IMTIAZ_FEATURES = (
    "age",
    "average_spend",
    "last_amount",
    "purchase_frequency",
    "brand_affinity",
)


def form(**written: Any) -> Segments:
    return Segments.model_validate(written)


def two_kinds(each: int = 40) -> pl.DataFrame:
    """Loyal ones bought 20 or so times, lately; gone ones once or twice, long ago."""
    return pl.DataFrame(
        {
            "customer_id": [f"c{at:03}" for at in range(2 * each)],
            "frequency": [20 + at % 3 for at in range(each)] + [1 + at % 2 for at in range(each)],
            "recency_days": [5 + at % 7 for at in range(each)] + [300 + at for at in range(each)],
        }
    )


def test_each_name_goes_to_the_customers_it_describes() -> None:
    rows = two_kinds()
    model = fit_segments(rows, form(features=PLAIN, names=TWO_KINDS), key="k")
    assert model.names == ("Loyal", "Gone")
    assert assign_segments(rows, model).to_list() == ["Loyal"] * 40 + ["Gone"] * 40
    assert model.fitted_rows == 80
    assert model.silhouette is not None
    assert model.silhouette > 0.9
    assert model.notes == ()


def test_the_order_of_rows_changes_nothing() -> None:
    rows = two_kinds()
    order = np.random.default_rng(3).permutation(rows.height).tolist()
    asked = form(features={"frequency": {}, "recency_days": {"scale": "log"}}, names=TWO_KINDS)
    model = fit_segments(rows, asked, key="k")
    assert fit_segments(rows[order], asked, key="k") == model
    assert assign_segments(rows[order], model).equals(assign_segments(rows, model)[order])


def test_a_missing_value_lies_at_the_median_and_nothing_known_is_no_segment() -> None:
    rows = two_kinds()
    model = fit_segments(rows, form(features=PLAIN, names=TWO_KINDS), key="k")
    some = pl.DataFrame(
        {"customer_id": ["a", "b"], "frequency": [21, None], "recency_days": [None, None]},
        schema_overrides={"recency_days": pl.Int64},
    )
    assert assign_segments(some, model).to_list() == ["Loyal", None]


def test_fewer_different_customers_than_names_give_fewer_segments_and_say_so() -> None:
    rows = pl.DataFrame({"customer_id": ["a", "b", "c"], "frequency": [9, 1, 1]})
    names = {"Often": {"frequency": "high"}, "Seldom": {"frequency": "low"}, "Middle": {}}
    model = fit_segments(rows, form(features={"frequency": {}}, names=names), key="k")
    assert assign_segments(rows, model).to_list() == ["Often", "Seldom", "Seldom"]
    assert [(note.code, note.text) for note in model.notes] == [
        (
            "M007",
            "2 segments for 3 names: only 2 customers differ in the features; "
            "nobody is called Middle",
        )
    ]


@pytest.mark.parametrize("value", [7, None])
def test_a_feature_that_is_the_same_or_missing_everywhere_is_named(value: int | None) -> None:
    rows = two_kinds().with_columns(pl.lit(value, dtype=pl.Int64).alias("recency_days"))
    model = fit_segments(rows, form(features=PLAIN, names=TWO_KINDS), key="k")
    assert assign_segments(rows, model).to_list() == ["Loyal"] * 40 + ["Gone"] * 40
    assert [(note.code, note.field) for note in model.notes] == [("M008", "recency_days")]


def test_customers_who_are_all_alike_are_one_segment() -> None:
    rows = pl.DataFrame({"customer_id": ["a", "b"], "frequency": [3, 3], "recency_days": [1, 1]})
    model = fit_segments(rows, form(features=PLAIN, names=TWO_KINDS), key="k")
    assert len(set(assign_segments(rows, model))) == 1
    assert model.silhouette is None


def test_nobody_is_no_segment() -> None:
    nobody = two_kinds().clear()
    model = fit_segments(nobody, form(features=PLAIN, names=TWO_KINDS), key="k")
    assert model.names == ()
    assert assign_segments(two_kinds(), model).null_count() == 80
    assert [note.code for note in model.notes] == ["M007"]


def test_a_point_midway_belongs_to_the_lower_index() -> None:
    rows = pl.DataFrame({"customer_id": list("abcd"), "frequency": [0, 0, 10, 10]})
    names = {"Low": {"frequency": "low"}, "High": {"frequency": "high"}}
    model = fit_segments(
        rows, form(features={"frequency": {"scale": "plain"}}, names=names), key="k"
    )
    midway = pl.DataFrame({"customer_id": ["m"], "frequency": [5]})
    assert assign_segments(midway, model).to_list() == ["Low"]


def test_an_outlier_does_not_make_a_segment_of_one_on_ranks() -> None:
    rows = two_kinds().with_columns(
        frequency=pl.when(pl.col("customer_id") == "c000").then(100_000).otherwise("frequency")
    )
    ranks: dict[str, dict[str, str]] = {"frequency": {}, "recency_days": {}}
    model = fit_segments(rows, form(features=ranks, names=TWO_KINDS), key="k")
    assert sorted(assign_segments(rows, model).value_counts()["count"]) == [40, 40]


def test_a_refit_from_the_previous_keeps_each_name_where_it_was() -> None:
    rows = two_kinds()
    asked = form(features=PLAIN, names=TWO_KINDS)
    first = fit_segments(rows, asked, key="k")
    swapped = SegmentModel(
        first.features, first.centroids, first.names[::-1], first.inertia, first.silhouette, 80
    )
    again = fit_segments(rows, asked, key="k", previous=swapped)
    assert again.names == ("Gone", "Loyal")
    assert again.centroids == first.centroids
    fresh = form(features=PLAIN, names=TWO_KINDS, refit="fresh")
    assert fit_segments(rows, fresh, key="k", previous=swapped).names == ("Loyal", "Gone")


def test_a_refit_over_other_features_starts_fresh() -> None:
    rows = two_kinds()
    logged = {"frequency": {"scale": "log"}, "recency_days": {"scale": "log"}}
    previous = fit_segments(rows, form(features=logged, names=TWO_KINDS), key="k")
    asked = form(features=PLAIN, names=TWO_KINDS)
    assert fit_segments(rows, asked, key="k", previous=previous) == fit_segments(
        rows, asked, key="k"
    )


def test_without_names_the_number_is_chosen_and_the_largest_is_a() -> None:
    rows = pl.concat([two_kinds(), two_kinds(60)[60:].with_columns(pl.col("customer_id") + "x")])
    model = fit_segments(rows, form(features=PLAIN, choose={"at_most": 5}), key="k")
    counts = dict(assign_segments(rows, model).value_counts().iter_rows())
    assert counts == {"A": 100, "B": 40}
    assert [note.code for note in model.notes] == ["M009"]


def test_imtiaz_has_seven_segments_as_plain_k_means_finds_them(imtiaz: pl.DataFrame) -> None:
    names = {
        "Older": {"age": "very high"},
        "Premium": {"average_spend": "high", "brand_affinity": "high"},
        "Thrifty regulars": {"purchase_frequency": "high", "average_spend": "low"},
        "Uncommitted": {"brand_affinity": "low"},
        "Young": {"age": "very low"},
        "Last basket was big": {"last_amount": "high"},
        "Seldom": {"purchase_frequency": "low"},
    }
    asked = form(features={f: {"scale": "plain"} for f in IMTIAZ_FEATURES}, names=names)
    model = fit_segments(imtiaz, asked, key="k")
    segments = assign_segments(imtiaz, model)
    assert set(model.names) == set(names)
    assert set(segments) == set(names)
    assert min(segments.value_counts()["count"]) >= 10
    values = imtiaz.select(IMTIAZ_FEATURES).to_numpy()
    points = (values - values.mean(axis=0)) / values.std(axis=0)
    apart = np.linalg.norm(points[:, None, :] - np.array(model.centroids)[None], axis=2)
    by_hand = [model.names[at] for at in apart.argmin(axis=1)]
    assert segments.to_list() == by_hand
    assert model.inertia == pytest.approx(float((apart.min(axis=1) ** 2).sum()), rel=1e-3)
