"""Every kind of model and its judgement, on disk and back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.customers.table import CustomerData
from targeting.problems import Refused
from targeting.scoring.fit_all import fit
from targeting.scoring.model import predict
from targeting.scoring.rhythm import raw_rhythm
from targeting.scoring.saved import (
    EVALUATION,
    JUDGED,
    Fitted,
    load_fitted,
    previous_fit,
    save_fitted,
)
from targeting.scoring.score import score
from targeting.scoring.store import Models, digest
from targeting.workspace.load import Workspace, load

pytestmark = pytest.mark.usefixtures("few_draws")
AS_OF = dt.date(1998, 3, 15)
KINDS = ("tree", "points", "blend", "cart")
SETTINGS = """\
sources:
  purchases: {file: p.csv, columns: {customer_id: id, purchased_on: d, amount: a}}
"""
LIKELIHOOD = """\
{name}:
  predicts: {{{predicts}}}
  from: [recency_days, frequency, monetary]
  model: {model}
  leaves: {leaves}
"""
BUYS = "buys_within: 45 days"


def written(leaves: int = 16, **predicts: str) -> str:
    names = {kind: predicts.get(kind, BUYS) for kind in KINDS if predicts.get(kind) != ""}
    return "".join(
        LIKELIHOOD.format(name=f"by_{kind}", predicts=label, model=kind, leaves=leaves)
        for kind, label in names.items()
    )


def workspace(folder: Path, scores: str) -> Workspace:
    (folder / "segments").mkdir(exist_ok=True, parents=True)
    (folder / "targeting.yaml").write_text(SETTINGS)
    (folder / "segments/likelihood.yaml").write_text(scores)
    found, problems = load(folder)
    assert problems == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def few_draws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("targeting.scoring.intervals.MOST_DRAWS", 20)
        yield


@pytest.fixture(scope="module")
def lines(cdnow: pl.DataFrame) -> pl.DataFrame:
    last = pl.col("customer_id").str.slice(-1)
    some = cdnow.filter(last == "4", pl.col("purchased_on") <= AS_OF)
    return some.with_columns(quantity=pl.lit(1.0))


def fitted_in(asked: Workspace, lines: pl.DataFrame, **more: Any) -> Fitted:
    data = CustomerData.of(asked, {"purchases": lines})
    return fit(data, data.customers(AS_OF), AS_OF, **more)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace(tmp_path_factory.mktemp("shop"), written())


@pytest.fixture(scope="module")
def fitted(asked: Workspace, lines: pl.DataFrame, few_draws: None) -> Fitted:
    return fitted_in(asked, lines)


@pytest.fixture(scope="module")
def fewer(asked: Workspace, lines: pl.DataFrame, few_draws: None) -> Fitted:
    """Fitted on other customers."""
    return fitted_in(asked, lines.filter(pl.col("customer_id").str.slice(-2, 1) != "7"))


def test_every_kind_scores_the_same_after_it_was_saved(
    tmp_path: Path, asked: Workspace, fitted: Fitted, lines: pl.DataFrame
) -> None:
    save_fitted(tmp_path, fitted)
    loaded = load_fitted(tmp_path, asked)
    assert loaded is not None
    assert loaded.models == fitted.models
    assert loaded.digest == fitted.digest
    data = CustomerData.of(asked, {"purchases": lines})
    customers = data.customers(AS_OF)
    before, after = (score(data, customers, AS_OF, each.models) for each in (fitted, loaded))
    assert after.customers.lazy().collect().equals(before.customers.lazy().collect())
    assert after.customers["by_blend"].n_unique() > 50
    kinds = {name: model.kind for name, model in loaded.models.likelihoods.items()}
    assert kinds == {f"by_{kind}": kind for kind in KINDS}


def test_what_was_told_of_them_is_read_back(
    tmp_path: Path, asked: Workspace, fitted: Fitted
) -> None:
    save_fitted(tmp_path, fitted)
    loaded = load_fitted(tmp_path, asked)
    assert loaded is not None
    assert loaded.judged.equals(fitted.judged)
    assert loaded.evaluations == json.loads(json.dumps(fitted.evaluations))
    assert set(loaded.judged["name"]) == {f"by_{kind}" for kind in KINDS}


def test_a_second_fit_of_the_same_is_the_same_to_the_last_byte(
    asked: Workspace, fitted: Fitted, lines: pl.DataFrame
) -> None:
    shuffled = lines.sample(fraction=1, shuffle=True, seed=2)
    again = fitted_in(asked, shuffled)
    assert again.digest == fitted.digest
    assert again.evaluations == fitted.evaluations
    assert again.judged.equals(fitted.judged)


@pytest.mark.parametrize("kind", KINDS)
def test_a_digest_tells_each_kind_s_models_apart(kind: str, fitted: Fitted, fewer: Fitted) -> None:
    name = f"by_{kind}"
    ours, others = (
        digest(Models(None, {name: each.models.likelihoods[name]})) for each in (fitted, fewer)
    )
    assert ours != others


def test_files_of_a_former_save_are_gone(
    tmp_path: Path, fitted: Fitted, lines: pl.DataFrame
) -> None:
    save_fitted(tmp_path / "models", fitted)
    files = set((tmp_path / "models").glob("*.skops"))
    assert len(files) == 4  # tree, points and cart have a tree, blend its boosted ones
    one = workspace(tmp_path / "one", written(points="", blend="", cart=""))
    save_fitted(tmp_path / "models", fitted_in(one, lines))
    assert len(list((tmp_path / "models").glob("*.skops"))) == 1


def edit(folder: Path, *path: str | int, value: object) -> None:
    file = folder / "models.json"
    told = json.loads(file.read_text())
    at = told
    for step in path[:-1]:
        at = at[step]
    assert at[path[-1]] != value
    at[path[-1]] = value
    file.write_text(json.dumps(told))


def refusal(folder: Path, asked: Workspace) -> list[str]:
    with pytest.raises(Refused) as refused:
        load_fitted(folder, asked)
    assert previous_fit(folder, asked) is None
    return [problem.code for problem in refused.value.problems]


CHANGES: list[tuple[str | int, ...]] = [
    ("likelihoods", "by_tree", "values", 3),
    ("likelihoods", "by_tree", "shift"),
    ("likelihoods", "by_cart", "rhythm", "all", "alpha"),
    ("likelihoods", "by_points", "linear", "terms", 0, "weight"),
    ("likelihoods", "by_points", "linear", "intercept"),
    ("likelihoods", "by_blend", "share"),
    ("likelihoods", "by_blend", "inputs", 0, "name"),
    ("likelihoods", "by_blend", "boosted", "columns"),
]


@pytest.mark.parametrize("path", CHANGES, ids=lambda path: ".".join(map(str, path)))
def test_a_changed_number_is_noticed(
    tmp_path: Path, asked: Workspace, fitted: Fitted, path: tuple[str | int, ...]
) -> None:
    save_fitted(tmp_path, fitted)
    edit(tmp_path, *path, value="monetary" if path[-1] == "name" else 0.123)
    assert refusal(tmp_path, asked) == ["M010"]


@pytest.mark.parametrize(
    "path",
    [("likelihoods", "by_tree", "linear"), ("likelihoods", "by_blend", "boosted"), ("digest",)],
)
@pytest.mark.parametrize("value", [None, 1, "x", [], {}])
def test_an_entry_of_another_shape_is_refused(
    tmp_path: Path, asked: Workspace, fitted: Fitted, path: tuple[str, ...], value: object
) -> None:
    save_fitted(tmp_path, fitted)
    if path[1:] == ("by_tree", "linear") and value is None:
        value = {"terms": [{}], "intercept": 0}
    edit(tmp_path, *path, value=value)
    assert refusal(tmp_path, asked) == ["M010"]


def test_another_form_or_scikit_learn_is_another_version(
    tmp_path: Path, asked: Workspace, fitted: Fitted
) -> None:
    save_fitted(tmp_path, fitted)
    edit(tmp_path, "scikit_learn", value="1.3.2")
    assert refusal(tmp_path, asked) == ["M011"]
    edit(tmp_path, "form", value=1)
    assert refusal(tmp_path, asked) == ["M011"]


def test_other_questions_are_refused_one_by_one(tmp_path: Path, fitted: Fitted) -> None:
    save_fitted(tmp_path / "models", fitted)
    other = written(cart="", blend="buys_within: 60 days") + LIKELIHOOD.format(
        name="churn_risk", predicts="buys_nothing_within: 60 days", model="tree", leaves=64
    )
    changed = workspace(tmp_path, other)
    with pytest.raises(Refused) as refused:
        load_fitted(tmp_path / "models", changed)
    assert {problem.code for problem in refused.value.problems} == {"M012"}
    assert sorted(problem.message for problem in refused.value.problems) == [
        "'by_blend' in segments/likelihood.yaml was changed after its model was made",
        "'by_cart' has a saved model and is predicted no more",
        "there is no saved model for 'churn_risk'",
    ]


@pytest.mark.parametrize("name", [EVALUATION, JUDGED])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"null"])
def test_models_without_their_judgement_are_refused(
    tmp_path: Path, asked: Workspace, fitted: Fitted, name: str, content: bytes | None
) -> None:
    save_fitted(tmp_path, fitted)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path, asked) == ["M010"]


def test_a_file_of_trees_that_holds_anything_else_is_refused(
    tmp_path: Path, asked: Workspace, fitted: Fitted
) -> None:
    from sklearn.linear_model import LogisticRegression
    from skops import io

    save_fitted(tmp_path, fitted)
    told = json.loads((tmp_path / "models.json").read_text())["likelihoods"]
    files = {name: tmp_path / told[name]["tree"] for name in ("by_tree", "by_points", "by_cart")}
    files["by_blend"] = tmp_path / told["by_blend"]["boosted"]["file"]
    contents = {name: file.read_bytes() for name, file in files.items()}
    strangers = [
        io.dumps(np.random.default_rng),
        io.dumps(LogisticRegression()),
        io.dumps([1, 2]),
        contents["by_blend"][:5_000],
        b"",
    ]
    for name, file in files.items():
        content, another = contents[name], "by_cart" if name == "by_blend" else "by_blend"
        for other in (*strangers, contents[another]):
            file.write_bytes(other)
            assert refusal(tmp_path, asked) == ["M010"]
        file.write_bytes(content)
    assert load_fitted(tmp_path, asked) is not None


def unless_refused(folder: Path, asked: Workspace) -> Fitted | None:
    try:
        return load_fitted(folder, asked)
    except Refused:
        assert refusal(folder, asked) == ["M010"]
        return None


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_byte_is_refused_or_changes_nothing(
    tmp_path: Path, asked: Workspace, fitted: Fitted, lines: pl.DataFrame, seed: int
) -> None:
    save_fitted(tmp_path, fitted)
    random = np.random.default_rng(seed)
    file = sorted(tmp_path.glob("*.skops"))[seed % 4]
    content = bytearray(file.read_bytes())
    people = CustomerData.of(asked, {"purchases": lines}).table(AS_OF).collect()
    rhythm = raw_rhythm(lines.lazy(), AS_OF, None)
    for at in random.integers(0, len(content), 6):
        content[at] ^= 0xFF
        file.write_bytes(bytes(content))
        loaded = unless_refused(tmp_path, asked)
        if loaded is not None:
            for name, model in loaded.models.likelihoods.items():
                was = predict(people, fitted.models.likelihoods[name], rhythm)
                assert predict(people, model, rhythm).equals(was)
        content[at] ^= 0xFF


def test_nothing_saved_is_nothing_loaded(tmp_path: Path, asked: Workspace) -> None:
    assert load_fitted(tmp_path, asked) is None
    assert previous_fit(tmp_path, asked) is None
