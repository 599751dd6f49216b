"""Every parameter at its boundary: a case, the last value that finds it and the first that does not."""

from datetime import date

import pytest

from features.rules.declaration import RULES
from features.rules.engine import run_rules
from features.rules.rule_context import RuleContext
from features.rules.rule_settings import RuleSettings
from tests.features.rules.parameter_cases import Cases
from tests.features.rules.planting import context_of

PEERS = {"minimum_stays": 12}
SCANNED = {"mandatory_from": date(2024, 7, 1), "minimum_sales": 4, "maximum_uncoded_share": 0.1}
CAPPED = {"purchase_cap": 100, "minimum_purchases": 4}
# Rule, parameter, case, the last value that finds it, the first that does not, other settings of the rule.
BOUNDARIES = [
    ("R001", "grace_days", "three days dead", 2, 3, {}),
    ("R002", "grace_days", "three days dead", 2, 3, {}),
    ("R003", "grace_days", "left three days after death", 2, 3, {}),
    ("R005", "grace_days", "three days in prison", 2, 3, {}),
    ("R024", "history_days", "drug diag, 100 days", 99, 100, {}),
    ("R038", "history_days", "service diag, 100 days", 99, 100, {}),
    ("R063", "history_days", "material diag, 100 days", 99, 100, {}),
    ("R071", "history_days", "drug label_diag, 100 days", 99, 100, {}),
    ("R075", "history_days", "service exam_diag, 100 days", 99, 100, {}),
    ("R030", "pause_days", "fourth day of drug after a pause of 20", 20, 19, {}),
    ("R039", "pause_days", "fourth day of service after a pause of 20", 20, 19, {}),
    ("R031", "maximum_days", "ninety days of pills", 89, 90, {}),
    ("R046", "price_tolerance", "half a yuan above the ceiling", 0.49, 0.5, {}),
    ("R047", "second_operation_share", "second operation at three quarters", 0.74, 0.75, {}),
    ("R049", "amount_tolerance", "quarter of a yuan too much on ten", 0.19, 0.21, {}),
    ("R049", "price_rounding", "quarter of a yuan too much on ten", 0.019, 0.021, {}),
    ("R050", "grace_days", "charged three days before", 2, 3, {}),
    ("R052", "grace_days", "seven beds in four days", 2, 3, {}),
    ("R054", "maximum_hours", "twelve hours", 11, 12, {}),
    ("R056", "grace_minutes", "an hour more than recorded", 59, 60, {}),
    ("R057", "lookback_days", "tube placed 100 days ago", 99, 100, {}),
    ("R059", "window_days", "mesh, operation five days ago", 4, 5, {}),
    ("R062", "window_days", "contrast, operation five days ago", 4, 5, {}),
    ("R102", "lookback_days", "blood test twenty days ago", 19, 20, {}),
    ("R060", "maximum_stock_ratio", "twenty materials of ten", 1.9, 2, {}),
    ("R061", "maximum_stock_ratio", "twenty drugs of ten", 1.9, 2, {}),
    ("R065", "minimum_order_share", "one line of ten without an order", 0.9, 0.91, {}),
    ("R069", "maximum_drugs", "four drugs", 3, 4, {}),
    ("R070", "maximum_dose_ratio", "three times the label", 2.9, 3, {}),
    ("R078", "repeat_days", "scanned again after five days", 6, 5, {}),
    ("R084", "maximum_gap_days", "back after ten days", 10, 9, {}),
    ("R084", "course_stays", "second stay for a tumour", 3, 2, {}),
    ("R085", "readmission_days", "two of twelve back after twenty days", 20, 19, PEERS),
    ("R085", "maximum_rate", "two of twelve back after twenty days", 0.16, 0.17, PEERS),
    ("R085", "minimum_stays", "two of twelve back after twenty days", 12, 13, {}),
    ("R086", "minimum_visits", "fifth visit in five days", 5, 6, {}),
    ("R086", "window_days", "fifth visit in five days", 5, 4, {"minimum_visits": 5}),
    ("R087", "maximum_purchases", "third purchase of the month", 2, 3, {}),
    ("R087", "minimum_pharmacy_days", "third purchase of the month", 3, 4, {}),
    ("R088", "minimum_stays", "third stay in forty days", 3, 4, {}),
    ("R088", "window_days", "third stay in forty days", 41, 40, {"minimum_stays": 3}),
    ("R090", "minimum_overlap_days", "four days in two hospitals", 4, 4.1, {}),
    ("R091", "minimum_idle_days", "four idle days", 4, 5, {}),
    ("R092", "maximum_bed_ratio", "thirteenth on ten beds", 1.2, 1.3, {}),
    ("R093", "minimum_overlap_days", "three days on a taken bed", 3, 3.1, {"maximum_shared_share": 1}),
    ("R093", "maximum_shared_share", "three days on a taken bed", 0.1, 0.09, {}),
    ("R094", "maximum_days", "one costly day", 1, 0, {}),
    ("R094", "minimum_cost_ratio", "one costly day", 1, 1.5, {}),
    ("R098", "minimum_level", "third visit of grade 4", 4, 5, {}),
    ("R098", "minimum_visits", "third visit of grade 4", 3, 4, {}),
    ("R099", "maximum_per_day", "twice on a day", 1, 2, {}),
    ("R099", "maximum_per_week", "three in a week", 2, 3, {}),
    ("R099", "maximum_per_month", "three in a month", 2, 3, {}),
    ("R100", "minimum_dialysers_per_session", "one dialyser for two", 0.5, 0.51, {}),
    ("R101", "outage_patients", "two without a sign-in, dialysis", 3, 2, {}),
    ("R103", "outage_patients", "two without a sign-in, scan", 3, 2, {}),
    ("R104", "outage_patients", "two without a sign-in, treat", 3, 2, {}),
    ("R103", "report_days", "reported after five days", 4, 5, {}),
    ("R104", "maximum_minutes", "fourth half hour", 119, 120, {}),
    ("R108", "maximum_uncoded_share", "one of four without a code", 0.24, 0.25, SCANNED),
    ("R108", "minimum_sales", "one of four without a code", 4, 5, SCANNED),
    ("R108", "mandatory_from", "one of four without a code", date(2024, 7, 10), date(2024, 7, 11), SCANNED),
    ("R110", "clock_tolerance_minutes", "sold forty minutes before it was written", 39, 40, {}),
    ("R110", "repeatable_validity_days", "repeated after fifty days", 49, 50, {}),
    ("R112", "maximum_minutes", "two shops in twenty minutes", 20, 19, {}),
    ("R130", "maximum_minutes", "two cities in twenty minutes", 20, 19, {}),
    ("R113", "minimum_persons", "fourth card in a row", 4, 5, {}),
    ("R113", "maximum_seconds", "fourth card in a row", 31, 30, {"minimum_persons": 4}),
    ("R114", "purchase_cap", "just under the cap", 98, 97, CAPPED),
    ("R114", "band_share", "just under the cap", 0.02, 0.01, CAPPED),
    ("R114", "minimum_purchases", "just under the cap", 4, 5, CAPPED),
    ("R115", "employee_cap", "ninety yuan of an employee", 100, 101, {}),
    ("R115", "resident_cap", "ninety yuan of a resident", 100, 101, {}),
    ("R115", "cap_share", "ninety yuan of an employee", 0.9, 0.91, {"employee_cap": 100}),
    ("R116", "maximum_markup", "a tenth above cash", 0.09, 0.1, {}),
    ("R117", "minimum_review_seconds", "reviewed after eight seconds", 9, 8, {}),
    ("R117", "minimum_travel_minutes", "reviewed elsewhere after ten minutes", 11, 10, {}),
    ("R118", "maximum_visits", "third patient of the day", 2, 3, {}),
    ("R129", "maximum_persons", "third on a telephone, two days apart", 2, 3, {"maximum_gap_days": 2}),
    ("R129", "maximum_gap_days", "third on a telephone, two days apart", 2, 1.9, {}),
]  # fmt: skip
# Parameters that change what a finding says and not whether there is one.
WORDS = [("R106", "short_gap_days", "sold elsewhere after five days", (5, "疑似套码"), (4, "疑似回流药"))]


@pytest.fixture(scope="module")
def cases() -> Cases:
    return Cases()


@pytest.fixture(scope="module")
def context(cases):
    return context_of(cases.world)


def messages(context: RuleContext, rule: str, case: str, settings: dict) -> list[str]:
    """What a rule says of a case with other settings; no table is shared between runs."""
    fresh = RuleContext(context.claims, context.facts, context.item_days)
    outcome = run_rules(fresh, RuleSettings({rule: settings}), {rule: RULES[rule]})
    assert outcome.run == [rule], (outcome.skipped, outcome.failed)
    return outcome.hits.filter(outcome.hits.mdtrt_id == case).vola_cont.to_pandas().tolist()


@pytest.mark.parametrize(
    ("rule", "parameter", "name", "finds", "misses", "others"), BOUNDARIES, ids=lambda value: str(value)[:30]
)
def test_the_last_value_finds_the_case_and_the_next_does_not(
    cases, context, rule, parameter, name, finds, misses, others
):
    case = cases.case[name]
    assert messages(context, rule, case, others | {parameter: finds})
    assert not messages(context, rule, case, others | {parameter: misses})


@pytest.mark.parametrize(("rule", "parameter", "name", "one", "other"), WORDS)
def test_a_value_changes_the_words(cases, context, rule, parameter, name, one, other):
    for value, words in (one, other):
        (message,) = messages(context, rule, cases.case[name], {parameter: value})
        assert words in message


def test_no_parameter_is_left_out():
    declared = {(rule_id, name) for rule_id, entry in RULES.items() for name in entry.parameters}
    assert {row[:2] for row in [*BOUNDARIES, *WORDS]} == declared
