"""Models on disk: numbers as JSON, trees as skops, which executes nothing on load.

One tree, or (`model: blend`) the many of a boosted classifier.

`models.json` is written last and at once, and names the trees by a digest of what they hold: a
save that is cut off leaves the former models. Trees hold memory addresses on disk and never repeat;
`digest` speaks of the fitted parameters and does.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from targeting import __version__
from targeting.problems import Place, Problem, refuse
from targeting.scoring.bgnbd import BgNbd
from targeting.scoring.boosted import Boosted
from targeting.scoring.drift import Profile
from targeting.scoring.linear import Linear, Term
from targeting.scoring.matrix import Input
from targeting.scoring.model import LikelihoodModel, form_digest
from targeting.scoring.note import Note
from targeting.scoring.rhythm import RhythmModel
from targeting.scoring.scaling import FeatureScale
from targeting.scoring.segments import SegmentModel
from targeting.scoring.tree import Tree
from targeting.workspace.scores import Scores, Segments

FORM = 2  # of these files; a program that writes them otherwise counts up
FILE = "models.json"
TRUSTED = [
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    # How the classifier checks categories: a partial of this one function.
    "functools.partial",
    "sklearn.utils.validation.check_array",
]
FIT_AGAIN = "make new models: targeting fit"


@dataclass(frozen=True)
class Models:
    """What was fitted together."""

    segments: SegmentModel | None
    likelihoods: Mapping[str, LikelihoodModel]


def save_models(
    folder: Path, segments: SegmentModel | None, likelihoods: Mapping[str, LikelihoodModel]
) -> None:
    """Write models in place of those that are there."""
    models = Models(segments, likelihoods)
    folder.mkdir(parents=True, exist_ok=True)
    trees = {file: held for model in likelihoods.values() for file, held in _held(model).items()}
    for file, held in trees.items():
        from skops import io  # with scikit-learn behind it: only where there is a tree

        _write(folder / file, io.dumps(held))
    written = {
        "form": FORM,
        "program": __version__,
        "scikit_learn": version("scikit-learn"),
        "digest": digest(models),
        **_as_json(models),
    }
    _write(folder / FILE, json.dumps(written, indent=1, ensure_ascii=False).encode())
    for old in folder.glob("tree-*.skops"):
        if old.name not in trees:
            old.unlink()


def load_models(folder: Path) -> Models | None:
    """Read models back; None where there are none.

    Raises:
        Refused: for files that this program did not write, or wrote in another form, and for
            trees of another scikit-learn.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        written = json.loads(path.read_bytes())
        _check_versions(written, Place(str(path)))
        models = _from_json(written, folder)
        same = digest(models) == written["digest"]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
        raise refuse("M010", "these models cannot be read", Place(str(path)), FIT_AGAIN) from None
    if not same:
        message = "these models are not the ones that were saved"
        raise refuse("M010", message, Place(str(path)), FIT_AGAIN)
    return models


def digest(models: Models) -> str:
    """Give a SHA-256 of all fitted parameters: the same on equal fits."""
    text = json.dumps(_as_json(models), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_models(
    models: Models, segments: Segments | None, scores: Scores | None, folder: Path
) -> list[Problem]:
    """Say where saved models answer another question than the workspace asks now."""
    place = Place(str(folder / FILE))
    found = _other_segments(models.segments, segments)
    asked = scores.likelihoods if scores is not None else {}
    for name, form in asked.items():
        model = models.likelihoods.get(name)
        if model is None:
            found.append(f"there is no saved model for '{name}'")
        elif model.form_digest != form_digest(form):
            found.append(
                f"'{name}' in segments/likelihood.yaml was changed after its model was made"
            )
    gone = [name for name in models.likelihoods if name not in asked]
    found += [f"'{name}' has a saved model and is predicted no more" for name in gone]
    return [Problem("M012", message, place, FIT_AGAIN) for message in found]


def _other_segments(model: SegmentModel | None, form: Segments | None) -> list[str]:
    if form is None:
        return []
    if model is None:
        return ["there is no saved model for the segments"]
    had = {feature.name: feature.scale for feature in model.features}
    wants = {name: feature.scale for name, feature in form.features.items()}
    if had != wants:
        return [f"the segments were made from other features: {_listed(had)}"]
    strangers = [name for name in model.names if form.names and name not in form.names]
    missing = [name for name in form.names if name not in model.names]
    told = any(note.code == "M007" for note in model.notes)
    if strangers or (missing and not told):
        return [f"the segments had other names: {', '.join(model.names)}"]
    return []


def _listed(scales: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({scale})" for name, scale in scales.items())


def _check_versions(written: Any, place: Place) -> None:
    scikit_learn = version("scikit-learn")
    if written["form"] != FORM:
        message = (
            f"these models were saved by targeting {written['program']} in form {written['form']}; "
            f"this one, {__version__}, reads form {FORM}"
        )
        raise refuse("M011", message, place, FIT_AGAIN)
    if _release(written["scikit_learn"]) != _release(scikit_learn):
        message = (
            f"these models were made with scikit-learn {written['scikit_learn']}, "
            f"here is {scikit_learn}: a tree may mean something else"
        )
        raise refuse("M011", message, place, FIT_AGAIN)


def _release(version: str) -> list[str]:
    return version.split(".")[:2]


def _as_json(models: Models) -> dict[str, Any]:
    """Lay out everything but the trees."""
    likelihoods = {
        name: asdict(replace(model, tree=None, boosted=None)) | _files(model)
        for name, model in models.likelihoods.items()
    }
    segments = asdict(models.segments) if models.segments is not None else None
    return {"segments": segments, "likelihoods": likelihoods}


def _from_json(written: Any, folder: Path) -> Models:
    segments = written["segments"]
    return Models(
        segments=_segments(segments) if segments is not None else None,
        likelihoods={n: _likelihood(e, folder) for n, e in written["likelihoods"].items()},
    )


def _segments(entry: Any) -> SegmentModel:
    features = tuple(FeatureScale(**_frozen(feature)) for feature in entry["features"])
    notes = tuple(Note(**note) for note in entry["notes"])
    return SegmentModel(**_frozen(entry) | {"features": features, "notes": notes})


def _likelihood(entry: Any, folder: Path) -> LikelihoodModel:
    rhythm, linear, boosted = entry["rhythm"], entry["linear"], entry["boosted"]
    model = LikelihoodModel(
        **_frozen(entry)
        | {
            "inputs": tuple(Input(**_frozen(each)) for each in entry["inputs"]),
            "rhythm": _rhythm(rhythm) if rhythm is not None else None,
            "linear": _linear(linear) if linear is not None else None,
            "tree": _read(folder / Path(entry["tree"]).name) if entry["tree"] else None,
            "boosted": None,
            "profiles": tuple(Profile(**_frozen(each)) for each in entry["profiles"]),
        }
    )
    if model.tree is not None and not _is_whole(model.tree, len(model.inputs), len(model.values)):
        raise ValueError("a tree that leads nowhere")
    if boosted is None:
        return model
    classifier = _read(folder / Path(boosted["file"]).name)
    return replace(model, boosted=Boosted(tuple(boosted["columns"]), classifier))


def _rhythm(entry: Any) -> RhythmModel:
    fitted = {n: BgNbd(**entry[n]) if entry[n] is not None else None for n in ("all", "within")}
    return RhythmModel(**entry | fitted)


def _linear(entry: Any) -> Linear:
    return Linear(tuple(Term(**term) for term in entry["terms"]), entry["intercept"])


def _frozen(entry: Any) -> dict[str, Any]:
    """Turn JSON's lists back into tuples."""
    return {key: _tuple(value) for key, value in entry.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _held(model: LikelihoodModel) -> dict[str, Any]:
    """Give what a model keeps in files of its own, by name; the name is a digest of it."""
    held = {}
    if model.tree is not None:
        held[_file(model, _tree_numbers(model.tree))] = model.tree
    if model.boosted is not None:
        classifier = model.boosted.classifier
        held[_file(model, _boosted_numbers(classifier))] = classifier
    return held


def _files(model: LikelihoodModel) -> dict[str, Any]:
    """Give the entries that point to them."""
    tree, boosted = model.tree, model.boosted
    return {
        "tree": _file(model, _tree_numbers(tree)) if tree is not None else None,
        "boosted": {
            "file": _file(model, _boosted_numbers(boosted.classifier)),
            "columns": list(boosted.columns),
        }
        if boosted is not None
        else None,
    }


def _file(model: LikelihoodModel, numbers: object) -> str:
    text = json.dumps([model.name, numbers])
    return f"tree-{hashlib.sha256(text.encode()).hexdigest()[:16]}.skops"


def _read(path: Path) -> Any:
    """Read one file of trees; no type that is not listed is trusted."""
    from zipfile import BadZipFile

    from skops import io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException:
        message = "this file holds more than trees, which nothing here has saved"
        raise refuse("M010", message, Place(str(path)), FIT_AGAIN) from None
    except BadZipFile:
        raise refuse("M010", "this tree cannot be read", Place(str(path)), FIT_AGAIN) from None


def _is_whole(tree: Tree, inputs: int, nodes: int) -> bool:
    """Tell whether every step of a tree leads to a later node and reads an input that is there."""
    left, right, asked = tree.children_left, tree.children_right, tree.feature
    at = np.arange(tree.node_count)
    leaf = left == -1
    return bool(
        tree.node_count == nodes
        and (leaf | ((left > at) & (left < nodes) & (right > at) & (right < nodes))).all()
        and (leaf | ((asked >= 0) & (asked < inputs))).all()
    )


def _tree_numbers(tree: Tree) -> list[list[float]]:
    """Give what a tree consists of; a node is left out nowhere, a padding byte everywhere."""
    parts = (
        tree.children_left,
        tree.children_right,
        tree.feature,
        tree.threshold,
        tree.missing_go_to_left,
    )
    return [part.tolist() for part in parts]


def _boosted_numbers(classifier: Any) -> list[Any]:
    """Give what a boosted classifier consists of, field by field of its nodes."""
    trees = [predictor for (predictor,) in classifier._predictors]
    return [
        classifier._baseline_prediction.tolist(),
        *(
            [[tree.nodes[name].tolist() for name in tree.nodes.dtype.names] for tree in trees],
            [tree.raw_left_cat_bitsets.tolist() for tree in trees],
        ),
    ]


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
