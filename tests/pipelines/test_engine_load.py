"""Measuring reads the large tables no oftener, and fetches no more into Python, than it does today.

No timing: scans of the fee lines and of the lines summed to item and day, and rows fetched a visit, counted
on the shared city. A rule or measure that needs one more scan raises the limit, seen by whoever reviews it.
"""

import pytest

from tests.engine_log import EngineLog

# The sum by item and day, sessions by line, and lines without an entry in the catalogue read the fee lines.
FEE_LINE_SCANS = 4
ITEM_DAY_SCANS = 76
# Of a small city; most rows fetched are subjects, of which a larger city has fewer a visit.
FETCHED_PER_VISIT = 6


@pytest.fixture(scope="module")
def log(measured_city) -> EngineLog:
    return measured_city[1]


def test_the_fee_lines_are_summed_once_and_looked_up_line_by_line_for_few_rules(log):
    assert 1 <= log.scans("stored_fee_list_d") <= FEE_LINE_SCANS


def test_rules_and_facts_share_their_scans_of_the_lines_by_item_and_day(log):
    assert 1 <= log.scans("item_days") <= ITEM_DAY_SCANS


def test_few_rows_a_visit_reach_python(log, city_snapshot):
    visits = len(city_snapshot.subjects["visit"].values)
    assert max(log.fetched) <= visits
    assert sum(log.fetched) <= FETCHED_PER_VISIT * visits
