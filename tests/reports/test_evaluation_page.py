"""The evaluation's page: metrics and suspicious measures in words, missing figures as such."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.evaluation import inspection_metrics
from reports.evaluation_page import column_name, metric_name, page
from tests.reports.forbidden import offences, page_offences

FIGURES = pd.DataFrame(
    [
        ("patient", "all", "auc", 0.87654, 0.8, 0.9, 40, 12),
        ("patient", "all", "precision_at_50", np.nan, np.nan, np.nan, 40, 12),
        ("patient", "new", "recall_of_money_at_500", 0.5, 0.4, 0.6, 30, 8),
    ],
    columns=["subject_type", "population", "metric", "value", "low", "high", "tested", "confirmed"],
)
CURVES = {"patient": pd.DataFrame({"predicted": [0.1, 0.9], "confirmed": [0.0, 1.0], "n": [28, 12]})}
MISSED = pd.DataFrame(
    [("patient", 2, 3, 3, 1, 0.012345, 0.0, 0.1, np.nan, np.nan, np.nan)],
    columns=[
        "subject_type", "runs", "sampled", "decided", "confirmed", "share", "share_low", "share_high",
        "recall", "recall_low", "recall_high",
    ],
)  # fmt: skip


def shown(language: str, figures: pd.DataFrame = FIGURES, missed: pd.DataFrame = MISSED) -> str:
    how, suspicious = {"patient": "prequential"}, {"patient": {"stays_365d": 0.99}}
    return page(how, figures, CURVES, suspicious, missed, date(2025, 1, 1), language)


@pytest.mark.parametrize(
    "language, words",
    [
        (
            "zh",
            [
                "排序正确率",
                "前 50 名中查实的比例",
                "前 500 名查到的查实金额占比",
                "近一年住院次数",
                "尚不可知",
            ],
        ),
        (
            "en",
            [
                "AUC",
                "share confirmed among the first 50",
                "confirmed money among the first 500",
                "not yet known",
            ],
        ),
    ],
)
def test_metrics_and_measures_stand_in_words(language, words):
    text = shown(language)
    assert all(word in text for word in [*words, "0.88", "[0.80, 0.90]", "[—, —]", "0.01"])
    assert page_offences(text) == []


def test_nothing_to_judge_by_is_said():
    assert "Too few decided subjects" in shown("en", FIGURES.head(0), MISSED.head(0))


def test_every_metric_has_words():
    columns = {"score": [0.9, 0.1], "target": [1, 0], "amount": [5.0, 0.0], "rank": [1, 2]}
    names = [*inspection_metrics(pd.DataFrame(columns), 100, (50,))]
    assert "lift_at_1pct" in names
    for name in names:
        assert offences(metric_name(name, "zh")) + offences(metric_name(name, "en")) == []


def test_columns_have_their_period():
    assert column_name("patient", "stays_90d", "zh").startswith("近三个月")
    assert column_name("visit", "bill", "en") == "total bill"
