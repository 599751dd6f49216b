"""What the nights say of themselves: figures of each alarm in its sentence, and which nights are listed."""

from datetime import date, timedelta
from html import unescape

import pytest

from pipelines.monitoring_file import Monitoring
from reports.night_status import SHOWN, WORDS, alarm_texts, body, page, status_lines


def night(number: int = 0, **more) -> Monitoring:
    """An ordinary night, so many days after the first."""
    given = {
        "as_of": (date(2024, 1, 1) + timedelta(number)).isoformat(),
        "volume": {"day": "2024-05-31", "visits": 1234, "usual": 1200.4},
        "quarantine": {"rows": 1000, "quarantined": 12, "share": 0.012, "usual": 0.01},
        "outcomes": {"decided": 8, "confirmed": 5, "days_since": 3},
        "models": {"patient": {"days": 7}, "hospital": {"days": 9}},
        "drift": {},
        "alarms": {},
    }
    return Monitoring(**given | more)


ALARMS = {
    "no_data": ({"day": "2024-05-31", "usual": 1200.4}, ["2024-05-31", "1,200"]),
    "low_volume": ({"day": "2024-05-31", "usual": 1200.4, "visits": 599}, ["599", "1,200"]),
    "high_volume": ({"day": "2024-05-31", "usual": 1200.4, "visits": 2400}, ["2,400", "1,200"]),
    "quarantine": (
        {"rows": 10_000, "quarantined": 501, "share": 0.0501, "usual": 0.012},
        ["501", "10,000", "5.0%", "1.2%"],
    ),
    "no_outcomes": ({"days": 91, "limit": 90}, ["91", "90"]),
    "old_model": ({"days": 31, "limit": 30, "kinds": ["patient", "group"]}, ["31", "30"]),
    "drift": (
        {"patient": {"measures": 50, "drifted": 11, "score": 0.314}, "group": {"measures": 9, "drifted": 2,
         "score": 0.1}},
        ["11", "50", "0.31", "9", "0.10"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", ALARMS)
def test_an_alarm_states_its_figures_in_both_languages(code):
    given, figures = ALARMS[code]
    for language in ("zh", "en"):
        (text,) = alarm_texts({code: given}, language)
        assert [figure for figure in figures if figure not in text] == [] and "{" not in text
        assert text.isascii() == (language == "en")


def test_what_is_not_known_is_said_to_be_unknown():
    given = ALARMS["quarantine"][0] | {"usual": None}
    assert "通常为未知" in alarm_texts({"quarantine": given}, "zh")[0]
    assert "usually unknown" in alarm_texts({"quarantine": given}, "en")[0]
    never = {"no_outcomes": {"days": None, "limit": 90}}
    assert "开始使用以来未回填" in alarm_texts(never, "zh")[0] and "None" not in alarm_texts(never, "en")[0]


def test_kinds_of_subject_are_named_in_the_language_of_the_page():
    old = {"old_model": ALARMS["old_model"][0]}
    assert alarm_texts(old, "zh")[0].endswith("参保人；结伴群体")
    assert alarm_texts(old, "en")[0].endswith("patients; groups")


def test_the_terminal_shows_the_latest_first_each_with_what_is_off():
    off = night(1, alarms={"no_outcomes": ALARMS["no_outcomes"][0]})
    nothing = night(
        0, models={}, outcomes={"decided": 0, "confirmed": 0}, volume=off.volume | {"usual": None}
    )
    first, alarm, second = status_lines([nothing, off])
    assert first == (
        "2024-01-02: 1,234 visits on 2024-05-31 (usually 1,200), 1.2% of rows quarantined, "
        "5 of 8 decided cases confirmed, models 9 days old"
    )
    assert alarm.startswith("  ! ") and "91 days" in alarm
    assert second == (
        "2024-01-01: 1,234 visits on 2024-05-31, 1.2% of rows quarantined, no case decided of late, no model"
    )


@pytest.mark.parametrize("count", [1, SHOWN, SHOWN + 1])
def test_so_many_nights_are_listed_the_last_of_them(count):
    nights = [night(n) for n in range(count)]
    lines = status_lines(nights)
    assert len(lines) == min(count, SHOWN) and lines[0].startswith(nights[-1].as_of)
    shown = page(nights, "en")
    assert (nights[0].as_of in shown) == (nights[0].as_of in "".join(lines)) == (count <= SHOWN)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_says_whether_all_is_fine_and_how_much_moved(language):
    fine, words = unescape(page([night()], language)), WORDS[language]
    assert words["fine"] in fine and words["no_drift"] in fine and words["off"] not in fine
    off = night(alarms={"low_volume": ALARMS["low_volume"][0]}, drift=ALARMS["drift"][0])
    text = unescape(page([night(), off], language))
    assert words["off"] in text and "599" in text and words["fine"] not in text
    assert "11 / 50" in text and "0.31" in text and words["no_drift"] not in text
    assert unescape(body([night(), off], language)) in text


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    assert all(WORDS["zh"][key] != WORDS["en"][key] for key in WORDS["zh"])
