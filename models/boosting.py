"""The learnt part: LightGBM on inspections' outcomes, few and biased, beside subjects nobody has looked at."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

# Fewer confirmed subjects of a kind teach nothing that a tree could hold.
LEAST_CONFIRMED = 12
FOLDS = 5
# Subjects nobody inspected are taken as honest, with so much weight in all per confirmed one; most of them are.
UNSEEN_WEIGHT = 3.0
UNSEEN_ROWS = 20_000
_TREES = 150
_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 5,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    # Small data: more threads only wait for each other.
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class TrainingSet:
    """Subjects to learn from.

    Attributes:
        features: subjects × columns; missing allowed.
        target: 1 confirmed, 0 cleared or never inspected.
        weight: of each row.
        inspected: whose outcome is known.
    """

    features: pd.DataFrame
    target: pd.Series
    weight: pd.Series
    inspected: pd.Series


def training_set(features: pd.DataFrame, outcomes: pd.Series, seed: int = 0) -> TrainingSet | None:
    """Put inspected subjects beside a sample of those never inspected.

    Args:
        features: all subjects × columns.
        outcomes: 1 confirmed or partly confirmed, 0 cleared, by subject_id; only inspected ones.

    Returns:
        None where there are too few confirmed subjects to learn from.
    """
    known = outcomes[outcomes.index.isin(features.index)]
    confirmed = int(known.sum())
    if confirmed < LEAST_CONFIRMED:
        return None
    unseen = features.index.difference(known.index)
    unseen = unseen[np.sort(np.random.default_rng(seed).permutation(len(unseen))[:UNSEEN_ROWS])]
    weight = pd.Series(1.0, known.index)
    light = pd.Series(UNSEEN_WEIGHT * confirmed / max(len(unseen), 1), unseen)
    target = pd.concat([known.astype(int), pd.Series(0, unseen)])
    rows = target.index
    return TrainingSet(
        features.loc[rows], target, pd.concat([weight, light]), rows.to_series().isin(known.index)
    )


def fit(data: TrainingSet, seed: int = 0) -> lgb.Booster:
    """Train on all rows."""
    rows = lgb.Dataset(data.features, data.target, weight=data.weight, free_raw_data=True)
    return lgb.train(_PARAMETERS | {"seed": seed}, rows, num_boost_round=_TREES)


def out_of_fold(data: TrainingSet, seed: int = 0) -> pd.Series:
    """Raw scores (log-odds) of each subject by a model that has not seen it; a subject is in one fold only."""
    raw = pd.Series(np.nan, data.target.index)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    # Confirmed, cleared and unseen subjects are spread evenly over the folds, where there are enough of each.
    strata = data.target + 2 * data.inspected
    if strata.value_counts().min() < FOLDS:
        strata = data.target
    for seen, held in folds.split(data.features, strata):
        part = TrainingSet(
            *(column.iloc[seen] for column in (data.features, data.target, data.weight, data.inspected))
        )
        raw.iloc[held] = fit(part, seed).predict(data.features.iloc[held], raw_score=True)
    return raw
