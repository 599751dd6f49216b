"""A kept dossier gives the page of the night again."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup

from reports.dossier import LANGUAGES, body, page
from reports.dossier_content import from_json, to_json
from tests.reports.test_dossier import GIVEN

SHOWN = replace(
    GIVEN,
    rank=np.int64(3),
    pictures={"weeks": Markup("<svg><text>一</text></svg>")},
    evidence=[
        GIVEN.evidence[0] | {"amount": float("nan"), "scheme": None, "day": pd.Timestamp("2024-05-01")}
    ],
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_the_same_again(language):
    again = from_json(to_json(SHOWN), "r-1")
    night = page(SHOWN, language).replace("2024-05-01 00:00:00", "2024-05-01T00:00:00")
    assert page(again, language) == night and "<svg>" in night


def test_the_number_of_the_run_is_no_part_of_it():
    assert to_json(SHOWN) == to_json(replace(SHOWN, origin={"run": "r-2", "as_of": "2025-01-01"}))
    assert from_json(to_json(SHOWN), "r-3").origin["run"] == "r-3"


def test_a_strip_of_a_measure_that_is_gone_is_left_out():
    content = json.loads(to_json(SHOWN))
    content["strips"].append(content["strips"][0] | {"measure": ["gone", 365]})
    assert from_json(json.dumps(content), "r").strips == SHOWN.strips


def test_the_content_of_another_version_is_refused():
    content = json.loads(to_json(SHOWN))
    del content["story"]
    with pytest.raises(ValueError, match="story"):
        from_json(json.dumps(content), "r")


@pytest.mark.parametrize("language, rank", [("zh", "排名"), ("en", "Rank")])
def test_the_body_is_the_page_without_its_head(language, rank):
    text = body(SHOWN, language)
    assert text.strip() in page(SHOWN, language) and "<style" not in text and "<html" not in text
    assert rank in text and "2024-12-31" in text


@pytest.mark.parametrize(
    "language, hidden", [("zh", ["随机抽中", "排名", "2024-12-31"]), ("en", ["Drawn", "Rank"])]
)
def test_who_looks_blind_sees_neither_rank_nor_lot(language, hidden):
    text = body(replace(SHOWN, random_sample=True), language, blind=True)
    assert not any(words in text for words in hidden) and "H1" in text
