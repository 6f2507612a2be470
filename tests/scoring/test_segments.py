from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_without_names_the_largest_stable_number_is_chosen_and_the_largest_is_a() -> None:
    rows = pl.concat([two_kinds(), two_kinds(60)[60:].with_columns(pl.col("customer_id") + "x")])
    model = fit_segments(rows, form(features=PLAIN, choose={"at_most": 5}), key="k")
    sizes = assign_segments(rows, model).value_counts().sort("count", descending=True)
    stable = [number for number, stability, _, _ in model.tried if stability >= 0.85]
    assert sizes["segment"].to_list() == sorted(model.names) == list("ABCDE")[: max(stable)]
    assert [number for number, *_ in model.tried] == [2, 3, 4, 5]
    assert model.stability == model.tried[max(stable) - 2][1]
    assert model.notes == ()


def test_a_number_that_nothing_supports_is_chosen_with_a_warning() -> None:
    random = np.random.default_rng(5)
    noise = {name: random.normal(size=300) for name in ("x", "y", "z")}
    rows = pl.DataFrame({"customer_id": [f"c{at}" for at in range(300)], **noise})
    asked = form(features={name: {"scale": "plain"} for name in noise}, choose={"at_most": 4})
    model = fit_segments(rows, asked, key="k")
    assert model.stability == max(stability for _, stability, _, _ in model.tried)
    assert [(note.code, note.text) for note in model.notes] == [
        (
            "M009",
            f"the number of segments is not stable: of {len(model.names)}, bootstrap refits agree "
            f"by {model.stability:.2f} (adjusted Rand index; 0.85 is stable)",
        )
    ]


def test_a_refit_keeps_the_chosen_number_and_says_when_it_is_not_stable_any_more() -> None:
    asked = form(features=PLAIN, choose={"at_most": 3})
    first = fit_segments(two_kinds(), asked, key="k")
    assert first.notes == ()
    random = np.random.default_rng(5)
    columns = {name: random.normal(20, 5, size=300) for name in PLAIN}
    noise = pl.DataFrame({"customer_id": [f"c{at}" for at in range(300)], **columns})
    again = fit_segments(noise, asked, key="k", previous=first)
    assert (sorted(again.names), again.tried) == (sorted(first.names), first.tried)
    assert "M009" in [note.code for note in again.notes]


def outliers(values: list[int], ordinary: int) -> pl.DataFrame:
    amounts = [100 + at % 50 for at in range(ordinary)] + values
    ids = [f"c{at:05}" for at in range(len(amounts))]
    return pl.DataFrame({"customer_id": ids, "monetary": amounts})


@pytest.mark.parametrize("scale", ["plain", "log"])
def test_an_outlier_makes_no_segment_on_any_scale_and_its_name_goes_to_nobody(scale: str) -> None:
    rows = outliers([10**9], 400)
    names = {"Usual": {"monetary": "middle"}, "Rare": {}}
    asked = form(features={"monetary": {"scale": scale}}, names=names)
    model = fit_segments(rows, asked, key="k")
    assert [(note.code, note.text) for note in model.notes] == [
        (
            "M007",
            "1 segment for 2 names: a group of fewer than 5 of 401 customers is no segment; "
            "nobody is called Rare",
        )
    ]
    assert set(assign_segments(rows, model)) == {"Usual"}
    assert model.stability is None


def test_one_in_a_hundred_is_a_segment_and_fewer_are_not() -> None:
    names = {"Small": {"monetary": "low"}, "Large": {"monetary": "very high"}}
    asked = form(features={"monetary": {"scale": "plain"}}, names=names)
    enough = fit_segments(outliers([10**6] * 4, 396), asked, key="k")
    assert sorted(enough.names) == ["Large", "Small"]
    assert len(fit_segments(outliers([10**6] * 3, 397), asked, key="k").names) == 1


def test_a_name_that_went_to_nobody_comes_back_where_its_description_points() -> None:
    names = {"Small": {"monetary": "low"}, "Large": {"monetary": "very high"}}
    asked = form(features={"monetary": {"scale": "plain"}}, names=names)
    before = fit_segments(outliers([10**6] * 3, 397), asked, key="k")
    rows = outliers([10**6] * 40, 360)
    now = fit_segments(rows, asked, key="k", previous=before)
    assert dict(zip(rows["monetary"] > 200, assign_segments(rows, now), strict=True)) == {
        False: "Small",
        True: "Large",
    }


def levels(low: int, middle: int, high: int) -> pl.DataFrame:
    amounts = [100] * low + [200] * middle + [300] * high
    ids = [f"c{at:05}" for at in range(len(amounts))]
    return pl.DataFrame({"customer_id": ids, "monetary": amounts})


def test_plain_values_keep_their_names_when_mean_and_spread_move() -> None:
    words = {"Low": "low", "Middle": "middle", "High": "high"}
    names = {name: {"monetary": level} for name, level in words.items()}
    asked = form(features={"monetary": {"scale": "plain"}}, names=names)
    before = fit_segments(levels(40, 40, 40), asked, key="k")
    rows = levels(20, 20, 400)
    now = fit_segments(rows, asked, key="k", previous=before)
    assert assign_segments(rows, now).to_list() == [
        name for name, count in (("Low", 20), ("Middle", 20), ("High", 400)) for _ in range(count)
    ]


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.tuples(*[st.integers(0, 4) | st.none()] * 2), max_size=30),
    scale=st.sampled_from(["rank", "log", "plain"]),
    choose=st.booleans(),
)
def test_any_customers_at_all_get_segments_of_enough_of_them(
    values: list[tuple[int | None, int | None]], scale: str, choose: bool
) -> None:
    rows = pl.DataFrame(
        [(f"c{at}", *pair) for at, pair in enumerate(values)],
        schema={"customer_id": pl.String, "x": pl.Int64, "y": pl.Int64},
        orient="row",
    )
    features = {"x": {"scale": scale}, "y": {"scale": scale}}
    number = {"choose": {"at_most": 3}} if choose else {"names": {"P": {}, "Q": {"x": "low"}}}
    model = fit_segments(rows, form(features=features, **number), key="k")
    segments = assign_segments(rows, model).drop_nulls()
    assert len(segments) == sum(pair != (None, None) for pair in values) == model.fitted_rows
    counted = segments.value_counts()["count"].to_list()
    assert len(counted) == len(model.names)
    assert min(counted, default=99) >= (2 if len(segments) >= 20 else 1)
    assert model.stability is None or -0.5 <= model.stability <= 1


def test_twenty_six_names_are_twenty_six_segments() -> None:
    names: dict[str, dict[str, str]] = {f"Name {at}": {} for at in range(26)}
    rows = outliers([], 520).with_columns(monetary=pl.int_range(520))
    model = fit_segments(rows, form(features={"monetary": {}}, names=names), key="k")
    assert sorted(model.names) == sorted(names)


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
