from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from targeting.problems import Refused
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.model import LikelihoodModel, predict
from targeting.scoring.segments import SegmentModel, assign_segments, fit_segments
from targeting.scoring.store import (
    FIT_AGAIN,
    Models,
    check_models,
    digest,
    load_models,
    save_models,
)
from targeting.workspace.catalogue import Field
from targeting.workspace.scores import Scores, Segments

SEGMENTS = Segments.model_validate(
    {"features": {"x": {}, "y": {"scale": "log"}}, "names": {"High": {"x": "high"}, "Low": {}}}
)
SCORES = Scores.model_validate(
    {
        "likelihood": {
            "predicts": {"field": "did", "is": "yes"},
            "from": ["x", "y", "city"],
            "model": "cart",
        }
    }
)
TYPES = {
    "x": Field("x", "number", "customers"),
    "y": Field("y", "number", "customers"),
    "city": Field("city", "category", "customers"),
}


def customers() -> pl.DataFrame:
    random = np.random.default_rng(1)
    x = random.normal(size=800)
    return pl.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(800)],
            "x": x,
            "y": [None if n % 7 == 0 else float(n) for n in range(800)],
            "city": [("Karachi", "Lahore", None)[n % 3] for n in range(800)],
            "did": x + random.normal(size=800) > 0,
        }
    )


def fitted(key: str = "k") -> tuple[SegmentModel, dict[str, LikelihoodModel]]:
    rows = customers()
    likelihood, _, _ = fit_likelihood(
        "likelihood",
        SCORES.likelihoods["likelihood"],
        rows,
        key=key,
        as_of=dt.date(2026, 6, 30),
        history=None,
        purchases=None,
        field_types=TYPES,
    )
    return fit_segments(rows, SEGMENTS, key=key), {"likelihood": likelihood}


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(*fitted())


def edit(folder: Path, **changes: object) -> None:
    path = folder / "models.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_saved_and_loaded_models_score_the_same(tmp_path: Path, models: Models) -> None:
    save_models(tmp_path, models.segments, models.likelihoods)
    loaded = load_models(tmp_path)
    assert loaded is not None
    assert loaded == models
    assert loaded.segments is not None
    assert models.segments is not None
    rows = customers()
    assert assign_segments(rows, loaded.segments).equals(assign_segments(rows, models.segments))
    before = predict(rows, models.likelihoods["likelihood"])
    assert predict(rows, loaded.likelihoods["likelihood"]).equals(before)
    assert digest(loaded) == digest(models)


def test_nothing_on_disk_is_a_pickle(tmp_path: Path, models: Models) -> None:
    save_models(tmp_path, models.segments, models.likelihoods)
    files = sorted(path.suffix for path in tmp_path.iterdir())
    assert files == [".json", ".skops"]
    tree = next(tmp_path.glob("*.skops"))
    assert {Path(name).suffix for name in zipfile.ZipFile(tree).namelist()} == {".npy", ".json"}
    assert b"\x80\x04\x95" not in tree.read_bytes()


def test_equal_fits_have_equal_digests_and_others_do_not(models: Models) -> None:
    assert digest(Models(*fitted())) == digest(models)
    assert digest(Models(*fitted("another key"))) != digest(models)


def test_a_second_save_replaces_the_first(tmp_path: Path, models: Models) -> None:
    save_models(tmp_path, *fitted("another key"))
    save_models(tmp_path, models.segments, models.likelihoods)
    assert load_models(tmp_path) == models
    assert len(list(tmp_path.iterdir())) == 2


def test_no_models_are_no_models(tmp_path: Path) -> None:
    assert load_models(tmp_path) is None
    assert load_models(tmp_path / "absent") is None


def test_models_of_another_scikit_learn_or_form_are_refused(tmp_path: Path, models: Models) -> None:
    save_models(tmp_path, models.segments, models.likelihoods)
    edit(tmp_path, scikit_learn="1.3.2")
    with pytest.raises(Refused, match=r"M011: these models were made with scikit-learn 1\.3\.2"):
        load_models(tmp_path)
    edit(tmp_path, form=0, program="0.0.9")
    with pytest.raises(Refused, match=r"saved by targeting 0\.0\.9 in form 0") as refused:
        load_models(tmp_path)
    assert refused.value.problems[0].help == FIT_AGAIN


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"form": 1', "null", '"x"'])
def test_what_is_no_models_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "models.json").write_text(content)
    with pytest.raises(Refused, match="M010"):
        load_models(tmp_path)


def test_a_tree_that_is_absent_broken_or_another_is_refused(tmp_path: Path, models: Models) -> None:
    from skops import io

    save_models(tmp_path, models.segments, models.likelihoods)
    tree = next(tmp_path.glob("*.skops"))
    _, others = fitted("another key")
    for content in (
        b"no zip",
        tree.read_bytes()[:900],
        io.dumps([1, 2]),
        io.dumps(others["likelihood"].tree),
    ):
        tree.write_bytes(content)
        with pytest.raises(Refused, match="M010"):
            load_models(tmp_path)
    tree.unlink()
    with pytest.raises(Refused, match="M010"):
        load_models(tmp_path)


def test_a_file_that_holds_another_type_is_refused_unopened(tmp_path: Path, models: Models) -> None:
    from skops import io

    save_models(tmp_path, models.segments, models.likelihoods)
    next(tmp_path.glob("*.skops")).write_bytes(io.dumps(np.random.default_rng))
    with pytest.raises(Refused, match="M010"):
        load_models(tmp_path)


def test_changed_numbers_are_noticed(tmp_path: Path, models: Models) -> None:
    save_models(tmp_path, models.segments, models.likelihoods)
    path = tmp_path / "models.json"
    written = json.loads(path.read_text())
    written["likelihoods"]["likelihood"]["values"][-1] = 0.999
    path.write_text(json.dumps(written))
    with pytest.raises(Refused, match="not the ones that were saved"):
        load_models(tmp_path)


def test_models_answer_only_what_was_asked_when_they_were_made(models: Models) -> None:
    assert check_models(models, SEGMENTS, SCORES, Path("out/models")) == []
    other = Segments.model_validate({"features": {"x": {}}, "names": {"High": {}, "Low": {}}})
    renamed = Segments.model_validate(
        {"features": SEGMENTS.model_dump()["features"], "names": {"Up": {}, "Low": {}}}
    )
    asked = SCORES.likelihoods["likelihood"].model_copy(update={"leaves": 8})
    changed = Scores(likelihoods={"likelihood": asked, "churn_risk": asked})
    found = check_models(models, other, changed, Path("out/models"))
    assert [problem.message for problem in found] == [
        "the segments were made from other features: x (rank), y (log)",
        "'likelihood' in segments/likelihood.yaml was changed after its model was made",
        "there is no saved model for 'churn_risk'",
    ]
    gone = check_models(models, SEGMENTS, None, Path("out/models"))
    assert [problem.message for problem in gone] == [
        "'likelihood' has a saved model and is predicted no more"
    ]
    assert {problem.code for problem in [*found, *gone]} == {"M012"}
    assert {problem.help for problem in found} == {FIT_AGAIN}
    found = check_models(models, renamed, SCORES, Path("out/models"))
    assert [problem.message for problem in found] == ["the segments had other names: High, Low"]
