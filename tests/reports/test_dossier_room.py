"""What a dossier has no room for is counted on it, and what is red on its pictures is named."""

from dataclasses import replace

import pandas as pd
import pytest

from reports.dossier import FINDING_ROWS, page
from reports.subject_charts import calendar, weeks
from tests.reports.test_dossier import GIVEN


def test_visits_to_begin_with_that_the_page_has_no_room_for_are_counted():
    many = [GIVEN.first_visits[0] | {"mdtrt_id": f"W{n}"} for n in range(30)]
    shown = page(replace(GIVEN, first_visits=many, money=[("M03", 40, 70.0, 90.0)]), "en")
    assert "Visits to begin with (2024-11-02)" in shown and "W19<" in shown and "W20<" not in shown
    assert "10 more are not listed." in shown
    assert "not listed" not in page(GIVEN, "en")


@pytest.mark.parametrize("language, cut", [("zh", "余3条规则未列出。"), ("en", "not listed: 3.")])
def test_findings_that_the_page_has_no_room_for_are_counted(language, cut):
    rules = [GIVEN.findings[0] | {"rule_id": f"R{n:03}"} for n in range(FINDING_ROWS + 3)]
    text = page(replace(GIVEN, findings=rules), language)
    assert cut in text and "R011<" in text and "R012<" not in text
    assert cut not in page(replace(GIVEN, findings=rules[:FINDING_ROWS]), language)


@pytest.mark.parametrize(
    "subject, told",
    [
        (
            "patient",
            [
                "红点为有争议的就诊。 另有12家机构未画出。",
                "red are visits in dispute. Institutions not drawn: 12.",
            ],
        ),
        ("group", ["红点为与他人有关联的就诊。 另有12名成员未画出。", "Members not drawn: 12."]),
        ("visit", ["红点为本次就诊。 另有12家机构未画出。", "red is this visit."]),
    ],
)
def test_a_calendar_says_what_is_red_and_how_many_rows_it_leaves_out(subject, told):
    drawn = calendar(pd.Series(["2024-01-01"]), pd.Series(["H1"]), pd.Series([True]))
    shown = replace(GIVEN, subject=subject, pictures={"calendar": drawn}, lanes_left=12)
    for language, words in zip(("zh", "en"), told, strict=True):
        assert words in page(shown, language)
    assert "未画出" not in page(replace(shown, lanes_left=0), "zh")


@pytest.mark.parametrize(
    "language, red", [("zh", "红色为有争议的就诊。"), ("en", "Red are the visits in dispute.")]
)
def test_the_weeks_say_that_red_is_what_is_in_dispute(language, red):
    drawn = weeks(pd.Series(["2024-01-01"]), pd.Series([9]), pd.Series([3]))
    assert red in page(replace(GIVEN, pictures={"weeks": drawn}), language)
    assert red not in page(GIVEN, language)
