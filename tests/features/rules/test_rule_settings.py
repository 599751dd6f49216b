"""Settings of a bureau: taken in the type of their parameter, or refused with the words that help."""

import tomllib
from datetime import date, datetime

import pytest

from claims.errors import StoreError
from features.rules.declaration import RULES, Parameter
from features.rules.rule_settings import RuleSettings, parameter_text


def of(rule: str, **given) -> dict:
    return RuleSettings({rule: given}).of(RULES[rule])


def test_nothing_set_is_the_default():
    for entry in RULES.values():
        assert RuleSettings().of(entry) == {name: p.default for name, p in entry.parameters.items()}


def test_what_is_set_goes_before_the_default_and_leaves_the_others_alone():
    assert of("R084", maximum_gap_days=10) == {"maximum_gap_days": 10, "course_stays": 3}
    assert RuleSettings({"R084": {"maximum_gap_days": 10}}).of(RULES["R085"])["readmission_days"] == 31


@pytest.mark.parametrize("given", [date(2024, 7, 1), "2024-07-01"])
def test_a_date_may_be_a_date_or_iso_text(given):
    assert of("R108", mandatory_from=given)["mandatory_from"] == date(2024, 7, 1)


@pytest.mark.parametrize("text", ["2024-07-01", '"2024-07-01"'])
def test_both_spellings_of_a_settings_file_are_read(text):
    rules = tomllib.loads(f"[rules.R108]\nmandatory_from = {text}\n")["rules"]
    assert RuleSettings(rules).of(RULES["R108"])["mandatory_from"] == date(2024, 7, 1)


@pytest.mark.parametrize(
    "given", [20250701, "20250701", "2025-W27-2", "1 July", "2025-13-01", datetime(2025, 7, 1), True]
)
def test_a_date_as_a_number_or_anything_else_is_refused(given):
    with pytest.raises(StoreError, match=r"rule R108 parameter mandatory_from is not a date \(YYYY-MM-DD\)"):
        RuleSettings({"R108": {"mandatory_from": given}})


@pytest.mark.parametrize("given", ["10", date(2025, 7, 1), True])
def test_a_number_must_be_one(given):
    with pytest.raises(StoreError, match="rule R084 parameter maximum_gap_days is not a number"):
        RuleSettings({"R084": {"maximum_gap_days": given}})


def test_an_unknown_rule_is_refused():
    with pytest.raises(StoreError, match="settings: unknown rule R999"):
        RuleSettings({"R999": {"days": 1}})


def test_a_parameter_of_an_old_name_is_answered_with_the_valid_ones():
    with pytest.raises(StoreError) as refused:
        RuleSettings({"R084": {"days": 1}})
    message = "settings: rule R084 has no parameter days; its parameters: maximum_gap_days, course_stays"
    assert str(refused.value) == message


def test_a_rule_without_parameters_says_so():
    with pytest.raises(StoreError, match="rule R089 has no parameter days; its parameters: none"):
        RuleSettings({"R089": {"days": 1}})


def test_a_later_rule_is_checked_as_well():
    with pytest.raises(StoreError, match="R085"):
        RuleSettings({"R084": {"course_stays": 1}, "R085": {"rate": 1}})


@pytest.mark.parametrize(
    ("default", "text"), [(date(2025, 7, 1), "2025-07-01"), (500_000, "500000"), (0.05, "0.05"), (1.0, "1")]
)
def test_a_default_is_written_as_a_settings_file_takes_it(default, text):
    assert parameter_text(Parameter(default, "unit", "source")) == text
