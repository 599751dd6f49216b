"""Cards in a row, in two places, far apart and on one telephone; near misses and loops over a queue."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R112", "R113", "R129", "R130"]


def regions(p: Planted) -> None:
    """A town of one city, and a hospital in another."""
    for row in p.world.rows["fixmedins_b"]:
        row["admdvs"] = "420601" if row["fixmedins_code"] == "H9" else "420801"


START = datetime(2024, 3, 4, 10)


def cards(p: Planted) -> None:
    def run(where: str, persons: int, gap: int, *rules, repeat=0, bare=False):
        people = [p.someone() for _ in range(persons)]
        for n, who in enumerate(people + people[:repeat]):
            when = "2024-03-04" if bare else START + timedelta(seconds=gap * n)
            p.buy(when, *rules, where=where, who=who)

    run("P1", 10, 59, "R113")
    run("P2", 9, 30, repeat=5)  # nine persons, some of them twice
    run("P3", 12, 60)
    run("P4", 12, 0, bare=True)  # only the date is known
    for n in range(12):  # many tills in a hospital
        p.world.visit(
            p.someone(), "H1", str(START + timedelta(seconds=n)), settled=str(START + timedelta(seconds=n))
        )


def travel(p: Planted) -> None:
    def trip(minutes: int, first: str, second: str, *rules):
        who = p.someone()
        for where, when, broken in [(first, START, ()), (second, START + timedelta(minutes=minutes), rules)]:
            day = when + timedelta(days=7)
            if where.startswith("H"):
                visit = p.world.visit(who, where, str(day))
                for rule in broken:
                    p.guilty[rule].add(visit)
            else:
                p.buy(day, *broken, where=where, who=who)

    trip(30, "P1", "P2", "R112")
    trip(31, "P1", "P2")
    trip(10, "P1", "P1")
    trip(10, "H1", "P2")  # from the doctor to the pharmacy
    trip(10, "P2", "H1", "R112")
    trip(60, "H1", "H9", "R130")
    trip(61, "H1", "H9")
    trip(60, "H1", "H2")
    who = p.someone()
    p.buy("2024-03-20", who=who)  # bare dates say nothing of minutes
    p.buy("2024-03-20", who=who, where="P2")


def phones(p: Planted) -> None:
    def round_(tel: str, homes: list[str], hours: list[int], fires: list[int]):
        for n, (home, hour) in enumerate(zip(homes, hours, strict=True)):
            when = f"2024-09-{1 + hour // 24:02} {hour % 24:02}:00:00"
            visit = p.world.purchase(p.someone(tel=tel, live_admdvs=home), "P1", when)
            if n in fires:
                p.guilty["R129"].add(visit)

    round_("t1", ["v1", "v2", "v3"], [9, 10, 24 + 10], [1, 2])
    round_("t2", ["v1", "v1", "v1"], [9, 10, 11], [])  # a family
    round_("t3", ["v1", "v2"], [9, 10], [])
    round_("t4", ["v1", "v2", "v3"], [9, 34, 59], [])  # not together
    round_(None, ["v1", "v2", "v3"], [9, 10, 11], [])


def _in_bursts(visits: list[tuple], persons: int) -> set[str]:
    """Visits of runs in which so many persons follow one another in under a minute, visit by visit."""
    fast, run = set(), []
    for at, visit, who in [*sorted(visits), (datetime.max, None, None)]:
        if run and (at - run[-1][0]).total_seconds() >= 60:
            if len({row[2] for row in run}) >= persons:
                fast |= {row[1] for row in run}
            run = []
        run.append((at, visit, who))
    return fast


def _two_places(visits: list[tuple], minutes: int) -> set[str]:
    """Visits within minutes of one at another pharmacy, person by person."""
    found = set()
    for visit in visits:
        before = [v for v in visits if v[2] == visit[2] and v[:2] < visit[:2]]
        if before:
            last = max(before)
            if last[3] != visit[3] and visit[0] - last[0] <= timedelta(minutes=minutes):
                found.add(visit[1])
    return found


def random_queue(p: Planted) -> None:
    """Anybody at two tills, against the loops."""
    rng = np.random.default_rng(3)
    people, visits, at = [p.someone() for _ in range(14)], [], START + timedelta(days=100)
    for _visit in range(400):
        at += timedelta(seconds=int(rng.choice([20, 50, 70, 4000], p=[0.5, 0.4, 0.07, 0.03])))
        who, where = str(rng.choice(people)), str(rng.choice(["P15", "P16"], p=[0.9, 0.1]))
        visits.append((at, p.buy(at, who=who, where=where), who, where))
    for where in ("P15", "P16"):
        p.guilty["R113"] |= _in_bursts([v[:3] for v in visits if v[3] == where], 10)
    p.guilty["R112"] |= _two_places(visits, 30)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2 H9", "P1 P2 P3 P4 P15 P16")
    for plant in (
        regions,
        cards,
        travel,
        phones,
        random_queue,
    ):
        plant(p)
    return p


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town.world, RULES)


@pytest.mark.parametrize("rule", RULES)
def test_finds_what_was_planted_and_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"] and not hits.attrs["failed"]
    assert town.guilty[rule] and found_by(hits, rule) == town.guilty[rule]


def test_the_other_city_is_told_by_its_institution(hits):
    (told,) = hits[hits.rule_id == "R130"].vola_cont
    assert told.startswith("同一医保卡60分钟前在另一市的") and "H1" in told and "4208" not in told


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)
