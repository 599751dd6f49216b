"""Everything a whole run writes for people: pages, workbook, reasons; nothing forbidden on any of them."""

from tests.reports.forbidden import run_offences


def test_a_run_shows_nothing_that_an_inspector_must_not_see(city):
    assert len(list(city.run.rglob("*.html"))) > 50
    assert run_offences(city.run) == []
