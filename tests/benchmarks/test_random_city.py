"""The random city of the benchmarks has what the graphs look at, and nobody in it is guilty."""

from benchmarks.graphs import BUSY, VISITS, measure_city

PERSONS = 300


def test_graphs_of_a_random_city_are_measured_and_link_nobody_more_than_chance_does() -> None:
    quiet, busy = measure_city(PERSONS), measure_city(PERSONS, busy=True)
    assert (quiet["visits"], busy["visits"]) == (PERSONS * VISITS, PERSONS * VISITS + BUSY)
    assert quiet["pairs"] < busy["pairs"] <= quiet["pairs"] + 20 * BUSY
    assert quiet["links"] == busy["links"] == 0
