"""A model on disk as data, never as code: JSON, arrays of numbers, LightGBM's text, skops for the forest.

Reading a pickle runs whatever its writer put into it; nothing of these files is run. Only the classes of
`_CLASSES` are made, and skops makes only those of `_TRUSTED`.

    model.json     every attribute, by class; larger things by the name of their file
    arrays.npz     arrays of numbers
    booster.txt    LightGBM's own format
    forest.skops   scikit-learn's forest
"""

import json
import os
import stat
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import skops.io
from sklearn.ensemble import IsolationForest

from models.anomaly import Isolation, PeerEvidence
from models.fusion import Fusion
from models.learner import Learner
from models.subject_model import SubjectModel

_CLASSES = {kind.__name__: kind for kind in (SubjectModel, PeerEvidence, Isolation, Learner, Fusion)}
_TRUSTED = ["sklearn.tree._tree.Tree"]
_MODEL, _ARRAYS, _BOOSTER, _FOREST = "model.json", "arrays.npz", "booster.txt", "forest.skops"


_KINDS = ("class", "frame", "series", "file", "dict", "list", "tuple", "array")


class UntrustedModel(Exception):
    """Somebody else could have written a model; the message names the path."""


def save(model: SubjectModel, folder: Path) -> None:
    """Write a model into an empty folder, without `out_of_fold_scores`, which name persons."""
    writer = _Writer(folder)
    content = json.dumps(writer.plain(model), ensure_ascii=False, indent=1)
    np.savez(folder / _ARRAYS, allow_pickle=False, **writer.arrays)
    (folder / _MODEL).write_text(content, encoding="utf-8")


def load(folder: Path) -> SubjectModel:
    """Read a model that `save` wrote.

    Raises:
        OSError, ValueError, KeyError: a file is missing, or is not as `save` writes it.
    """
    content = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        model = _Reader(folder, dict(arrays)).made(content)
    if not isinstance(model, SubjectModel):
        raise ValueError(f"{folder / _MODEL} holds no model")
    return model


class Served:
    """A model as MLflow serves it: takes z-scores, gives scores."""

    def __init__(self, model: SubjectModel):
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Score rows with the columns of the signature."""
        parts = self.model.parts(model_input)
        return self.model.score(parts).drop(
            columns=["scheme", "nearest_schemes", "rule_score", "graph_score"]
        )


def _load_pyfunc(path: str) -> Served:
    """What MLflow calls to serve a model; the product itself calls `load`."""
    return Served(load(Path(path)))


def require_owned(path: Path) -> None:
    """Refuse a file or folder, and all below it, that another user could have written or replaced.

    Raises:
        UntrustedModel: something there, or a folder above, is another user's or can be written by others.
        OSError: it is not there.
    """
    path = path.resolve(strict=True)
    for one in (path, *path.rglob("*"), *path.parents):
        found = one.stat()
        by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        # In a sticky folder, such as /tmp, nobody removes or replaces what belongs to another.
        sticky = one in path.parents and found.st_mode & stat.S_ISVTX
        if found.st_uid not in (os.geteuid(), 0) or (by_others and not sticky):
            raise UntrustedModel(f"{one} can be written by others than its owner")


class _Writer:
    def __init__(self, folder: Path):
        self.folder = folder
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}

    def plain(self, value: Any) -> Any:
        """A value as JSON can hold it; what it cannot goes to a file."""
        if type(value) in _CLASSES.values():
            state = value.__getstate__() if hasattr(value, "__getstate__") else vars(value)
            fields = {name: self.plain(held) for name, held in state.items() if not name.startswith("_")}
            return {"class": type(value).__name__, "fields": fields}
        if isinstance(value, pd.DataFrame):
            columns = {str(name): self.plain(list(column)) for name, column in value.items()}
            return {"frame": columns, "index": self.plain(list(value.index)), "name": value.index.name}
        if isinstance(value, pd.Series):
            return {"series": self.plain(value.to_numpy()), "index": self.plain(list(value.index))}
        return self._file(value) if isinstance(value, (lgb.Booster, IsolationForest)) else self._small(value)

    def _file(self, value: lgb.Booster | IsolationForest) -> dict[str, str]:
        if isinstance(value, IsolationForest):
            skops.io.dump(value, self.folder / _FOREST)
            return {"file": _FOREST}
        (self.folder / _BOOSTER).write_text(value.model_to_string(num_iteration=-1), encoding="utf-8")
        return {"file": _BOOSTER}

    def _small(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {"dict": [[self.plain(key), self.plain(held)] for key, held in value.items()]}
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [self.plain(held) for held in value]}
        if isinstance(value, np.ndarray):
            name = f"a{len(self.arrays)}"
            self.arrays[name] = value
            return {"array": name}
        if isinstance(value, np.generic):
            return value.item()
        if value is None or isinstance(value, (str, bool, int, float)):
            return value
        raise TypeError(f"a model holds a {type(value).__name__}, which cannot be stored as data")


class _Reader:
    def __init__(self, folder: Path, arrays: dict[str, np.ndarray[Any, Any]]):
        self.folder, self.arrays = folder, arrays

    def made(self, content: Any) -> Any:
        """What `_Writer.plain` was given."""
        if not isinstance(content, dict):
            return content
        kind, held = next(iter(content.items()))
        if kind not in _KINDS:
            raise ValueError(f"a model cannot hold a {kind}")
        return getattr(self, f"_{kind}")(held, content)

    def _class(self, name: str, content: dict[str, Any]) -> Any:
        kind = _CLASSES[name]
        assert is_dataclass(kind)
        made = object.__new__(kind)
        vars(made).update({name: self.made(held) for name, held in content["fields"].items()})
        return made

    def _frame(self, columns: dict[str, Any], content: dict[str, Any]) -> pd.DataFrame:
        index = pd.Index(self.made(content["index"]), name=content["name"])
        return pd.DataFrame({name: self.made(held) for name, held in columns.items()}, index)

    def _series(self, values: Any, content: dict[str, Any]) -> pd.Series:
        return pd.Series(self.made(values), self.made(content["index"]))

    def _file(self, name: str, _content: dict[str, Any]) -> Any:
        if name == _FOREST:
            return skops.io.load(self.folder / _FOREST, trusted=_TRUSTED)
        return lgb.Booster(model_str=(self.folder / _BOOSTER).read_text(encoding="utf-8"))

    def _dict(self, pairs: list[list[Any]], _content: dict[str, Any]) -> dict[Any, Any]:
        return {self.made(key): self.made(held) for key, held in pairs}

    def _list(self, values: list[Any], _content: dict[str, Any]) -> list[Any]:
        return [self.made(held) for held in values]

    def _tuple(self, values: list[Any], _content: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self.made(held) for held in values)

    def _array(self, name: str, _content: dict[str, Any]) -> np.ndarray[Any, Any]:
        return self.arrays[name]
