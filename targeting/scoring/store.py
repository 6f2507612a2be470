"""Models on disk: numbers as JSON, trees as skops, which executes nothing on load.

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
from targeting.scoring.likelihood import LikelihoodModel, form_digest
from targeting.scoring.matrix import Input
from targeting.scoring.note import Note
from targeting.scoring.scaling import FeatureScale
from targeting.scoring.segments import SegmentModel
from targeting.scoring.tree import Tree
from targeting.workspace.scores import Scores, Segments

FORM = 1  # of these files; a program that writes them otherwise counts up
FILE = "models.json"
TRUSTED = ["sklearn.tree._tree.Tree"]
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
    trees = {_tree_file(model): model for model in likelihoods.values() if model.tree is not None}
    for name, model in trees.items():
        from skops import io  # with scikit-learn behind it: only where there is a tree

        _write(folder / name, io.dumps(model.tree))
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
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
        raise refuse("M010", "these models cannot be read", Place(str(path)), FIT_AGAIN) from None
    if digest(models) != written["digest"]:
        message = "these models are not the ones that were saved"
        raise refuse("M010", message, Place(str(path)), FIT_AGAIN)
    return models


def digest(models: Models) -> str:
    """Give a SHA-256 of all fitted parameters: the same on equal fits."""
    trees = {name: _tree_numbers(m.tree) for name, m in models.likelihoods.items()}
    text = json.dumps([_as_json(models), trees], sort_keys=True)
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
    if strangers:
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
    likelihoods = {}
    for name, model in sorted(models.likelihoods.items()):
        entry = asdict(replace(model, tree=None))
        likelihoods[name] = entry | {"tree": _tree_file(model) if model.tree is not None else None}
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
    inputs = tuple(Input(**_frozen(each)) for each in entry["inputs"])
    model = LikelihoodModel(**_frozen(entry) | {"inputs": inputs, "tree": None})
    if entry["tree"] is None:
        return model
    tree = _read_tree(folder / Path(entry["tree"]).name)
    if not _is_whole(tree, len(inputs), len(model.scores)):
        raise ValueError("a tree that leads nowhere")
    return replace(model, tree=tree)


def _frozen(entry: Any) -> dict[str, Any]:
    """Turn JSON's lists back into tuples."""
    return {key: _tuple(value) for key, value in entry.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _tree_file(model: LikelihoodModel) -> str:
    text = json.dumps([model.name, _tree_numbers(model.tree)])
    return f"tree-{hashlib.sha256(text.encode()).hexdigest()[:16]}.skops"


def _read_tree(path: Path) -> Tree:
    """Read one tree; no other type is trusted."""
    from zipfile import BadZipFile

    from skops import io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException:
        message = "this file holds more than a tree, which nothing here has saved"
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


def _tree_numbers(tree: Tree) -> list[list[float]] | None:
    """Give what a tree consists of; a node is left out nowhere, a padding byte everywhere."""
    if tree is None:
        return None
    parts = (
        tree.children_left,
        tree.children_right,
        tree.feature,
        tree.threshold,
        tree.missing_go_to_left,
    )
    return [part.tolist() for part in parts]


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
