"""A model is stored as data: read back it scores and explains the same, and nothing else is made of it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.stored_model import _load_pyfunc, load, require_owned, save
from models.subject_model import SubjectModel
from tests.models.test_registry import fitted, people


def stored(model: SubjectModel, folder: Path) -> SubjectModel:
    folder.mkdir()
    save(model, folder)
    return load(folder)


@pytest.mark.parametrize("labelled", [40, 5, 0], ids=["trees", "linear", "unlabelled"])
def test_a_model_is_the_same_after_it_was_stored(tmp_path, labelled):
    model = fitted(1, labelled)
    read = stored(model, tmp_path / "model")
    frame = people().head(50)
    parts, again = model.parts(frame), read.parts(frame)
    pd.testing.assert_frame_equal(again, parts, check_exact=True)
    pd.testing.assert_frame_equal(read.score(again), model.score(parts), check_exact=True)
    for one, other in zip(read.explain(frame, again), model.explain(frame, parts), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(read.spec, model.spec)
    kept = {name: value for name, value in vars(read).items() if isinstance(value, (int, str, dict, tuple))}
    assert kept == {name: vars(model)[name] for name in kept} and len(kept) > 8


def test_those_learnt_from_are_left_out(tmp_path):
    model = fitted(1)
    assert (
        model.out_of_fold_scores is not None and stored(model, tmp_path / "model").out_of_fold_scores is None
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"class": "Popen", "fields": {}}, "'Popen'"),
        ({"reduce": ["os.system", "true"]}, "a model cannot hold a reduce"),
        ({"list": [1]}, "model.json holds no model"),
        ([1], "model.json holds no model"),
    ],
)
def test_nothing_but_a_model_is_made(tmp_path, content, said):
    save(fitted(1, 0), tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises((ValueError, KeyError), match=said):
        load(tmp_path)


def test_arrays_are_numbers_and_never_pickles(tmp_path):
    """NumPy keeps arrays of objects as pickles, which run what they hold when they are read."""
    save(fitted(1), tmp_path)
    with np.load(tmp_path / "arrays.npz") as arrays:
        held = dict(arrays)
    np.savez(tmp_path / "arrays.npz", allow_pickle=True, **held | {"a0": np.array([Path("/")], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load(tmp_path)
    model = fitted(1)
    model.metrics["auc"] = np.array([Path("/")], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        save(model, tmp_path)


def test_what_is_served_are_the_scores_of_the_rows_alone(tmp_path):
    """Findings and links are not among the columns that are sent, so no part and no name rests on them."""
    model, rows = fitted(1), people().head(50)
    save(model, tmp_path)
    found = _load_pyfunc(str(tmp_path)).predict(rows)
    expected = model.score(model.parts(rows))
    assert list(found.columns) == ["score", "model_score", "anomaly_score"]
    pd.testing.assert_frame_equal(found, expected[found.columns], check_exact=True)


def test_what_is_no_data_is_not_stored(tmp_path):
    model = fitted(1, 0)
    model.metrics["auc"] = object()
    with pytest.raises(TypeError, match="a model holds a object, which cannot be stored as data"):
        save(model, tmp_path)


def test_a_sticky_folder_above_is_no_harm_a_writable_one_is(tmp_path):
    (tmp_path / "model").mkdir(mode=0o700)
    tmp_path.chmod(0o1777)
    require_owned(tmp_path / "model")
    tmp_path.chmod(0o777)
    with pytest.raises(Exception, match="can be written by others"):
        require_owned(tmp_path / "model")


def test_what_is_not_there_is_not_trusted(tmp_path):
    with pytest.raises(FileNotFoundError):
        require_owned(tmp_path / "nowhere")
