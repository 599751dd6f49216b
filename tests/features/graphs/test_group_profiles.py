"""A small place where a dozen groups keep together: the rings are left over, whoever has an honest reason
is not."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
import pytest

from features.graphs.communities import communities, name_groups
from features.graphs.group_profiles import group_facts, honest_reasons, village_shares
from features.graphs.network import build_network, links
from features.measures.aggregation import measure_subjects
from features.visits.facts import visit_facts, with_counts
from tests.tiny import World

AS_OF = date(2024, 12, 31)
PILLS, SCHEMING = [("pill", 2, 20)], [("dear", 12, 350)]


class Place(World):
    """A clinic, a doctor who sees the home, a hospital and pharmacies, with people who come by themselves."""

    def __init__(self):
        super().__init__()
        self.groups: dict[str, set[str]] = {}
        self.hospital("clinic", hosp_lv="09")
        self.hospital("doctor", hosp_lv="09")
        self.hospital("dialysis centre", hosp_lv="05")
        for number in range(2):
            self.pharmacy(f"pharmacy-{number}")
        for number in range(120):
            self.person(f"neighbour-{number}", live_admdvs=f"village-{number % 7}")
            for where, hour in [("clinic", 9), ("doctor", 11), (f"pharmacy-{number % 2}", 15)]:
                self._comes(f"neighbour-{number}", where, 3 * number, hour)

    def people_of(self, name: str, born: list[str], village: str = "village-1", **more) -> list[str]:
        people = [
            self.person(f"{name}-{n}", brdy=day, live_admdvs=village.format(n), **more)
            for n, day in enumerate(born)
        ]
        self.groups[name] = set(people)
        return people

    def meet(
        self, people: list[str], where: str, days: list[int], hour: int, *, minutes: float = 3, **more
    ) -> None:
        """They come one behind the other on each of the days."""
        for day in days:
            for number, who in enumerate(people):
                self._comes(who, where, day, hour, minutes * number, **more)

    def _comes(self, who: str, where: str, days_ago: int, hour: int, minute: float = 0, **more) -> None:
        when = datetime(2024, 12, 31) - timedelta(days=days_ago + 1) + timedelta(hours=hour, minutes=minute)
        kind = {"med_type": "41"} if where.startswith("pharmacy") else {}
        self.visit(who, where, str(when), **(kind | {"lines": [("lab", 1, 30)]} | more))


@dataclass(frozen=True)
class Seen:
    """Groups by the name of the group that they are, why they are excused, and their measures."""

    members: dict[str, set[str]]
    reason: dict[str, str | None]
    measured: pd.DataFrame


@pytest.fixture(scope="module")
def place() -> Place:
    place = Place()
    generations = ["1950-05-01", "1975-05-01", "1978-05-01", "2008-05-01"]
    season = [5, 65, 125, 185, 245, 305]
    family = place.people_of("household", generations)
    place.meet(family, "clinic", season, 14, minutes=0.5, lines=PILLS)
    # A family like the other, but its cards are swiped in a row at a pharmacy.
    swiped = place.people_of("swiped", generations, "village-3")
    place.meet(swiped, "pharmacy-0", [day + 2 for day in season], 12, minutes=0.5, lines=PILLS)
    home = place.people_of("home", ["1938-01-01"] * 8)
    place.meet(home, "doctor", [10, 50, 90, 130, 170, 210, 250, 290], 15)
    # As many as the family, and as many and as old as the residents, but buying far more than they can use.
    ring = place.people_of("ring", ["1964-01-01", "1966-01-01", "1965-01-01", "1963-01-01"], "village-{}")
    for number, day in enumerate(range(8, 308, 25)):
        place.meet(ring, f"pharmacy-{number % 2}", [day], 9, minutes=0.5, lines=SCHEMING)
    old_ring = place.people_of("old ring", ["1938-01-01"] * 8)
    place.meet(old_ring, "pharmacy-1", list(range(12, 312, 25)), 18, minutes=0.5, lines=SCHEMING)
    hoarders = place.people_of("hoarders", generations, "village-2")
    place.meet(hoarders, "pharmacy-0", list(range(20, 300, 25)), 18, lines=SCHEMING)
    # Strangers to each other who come on the market day, who are sent by their works, who share a village
    # clinic; and cards of several villages that a broker takes to it.
    market = place.people_of("market", ["1980-01-01"] * 5, "village-{}")
    place.meet(market, "clinic", list(range(14, 300, 42)), 13)
    works = place.people_of("works", ["1985-01-01"] * 5, "village-{}", emp_no="works")
    place.meet(works, "clinic", [17, 88, 145, 236, 301], 15)
    village = place.people_of("village", ["1975-01-01"] * 6, "village-6")
    place.meet(village, "clinic", [9, 58, 101, 164, 227, 290], 16, lines=PILLS)
    brokered = place.people_of("brokered", ["1975-01-01"] * 6, "village-{}")
    place.meet(brokered, "clinic", [11, 47, 99, 160, 222, 283], 17, lines=PILLS)
    shift = place.people_of("shift", ["1955-01-01"] * 5)
    thrice_a_week = [day for week in range(20) for day in (7 * week, 7 * week + 2, 7 * week + 4)]
    place.meet(shift, "dialysis centre", thrice_a_week, 8, lines=[("dialysis", 1, 400)])
    cycle = place.people_of("cycle", ["1955-01-01"] * 4)
    more = {"med_type": "21", "dscg_maindiag_code": "Z51.102"}
    place.meet(cycle, "dialysis centre", [20, 41, 62, 83, 104], 9, **more)
    return place


@pytest.fixture(scope="module")
def seen(place, claims_of) -> Seen:
    claims = claims_of(place, AS_OF)
    facts = visit_facts(claims)
    network = build_network(claims, facts)
    nobody = pd.DataFrame({"group_id": [], "psn_no": []}, dtype=object)
    members = name_groups(communities(network.people), nobody)
    counts = links(claims.con, network, network.people, "people")
    facts = with_counts(claims.con, facts, counts, "facts_met")
    in_groups = group_facts(facts, claims.con.create_table("members", members))
    by_group = members.groupby("group_id").psn_no.agg(set)
    names = {
        group: next(n for n, p in place.groups.items() if people & p) for group, people in by_group.items()
    }
    reason = honest_reasons(in_groups, village_shares(facts)).astype(object)
    return Seen(
        {names[group]: people for group, people in by_group.items()},
        {names[group]: None if pd.isna(why) else why for group, why in reason.items()},
        measure_subjects(in_groups, "group").rename(index=names),
    )


def test_every_group_is_found_whole(place, seen):
    kept = [
        "household",
        "home",
        "ring",
        "old ring",
        "hoarders",
        "swiped",
        "market",
        "works",
        "village",
        "brokered",
    ]
    assert seen.members == {name: place.groups[name] for name in kept}


def test_courses_of_treatment_make_no_company(seen):
    assert not {"shift", "cycle"} & set(seen.members)
    assert "ring" in seen.members


def test_honest_groups_are_excused_and_rings_of_its_size_are_not(seen):
    excused = {
        "household": "household",
        "home": "residents",
        "market": "weekday",
        "works": "examined",
        "village": "villagers",
    }
    assert seen.reason == excused | dict.fromkeys(["ring", "old ring", "hoarders", "swiped", "brokered"])


def test_measures_tell_the_rings_from_the_family(seen):
    members = {"household": 4, "home": 8, "ring": 4, "old ring": 8, "hoarders": 4, "swiped": 4}
    measured = seen.measured.loc[list(members)]
    assert measured.members_365d.to_dict() == members
    surplus, bursts = measured.oversupply_amount_365d, measured.burst_share_365d
    assert (
        surplus["household"]
        == surplus["home"]
        == surplus["swiped"]
        == 0
        < 10_000
        < surplus[["ring", "old ring", "hoarders"]].min()
    )
    assert bursts["home"] == 0 < 0.7 < bursts[["ring", "old ring", "swiped"]].min()
    assert measured.joint_share_365d.min() > 0.99
    assert measured.villages_365d.to_dict() == {name: 4 if name == "ring" else 1 for name in members}
