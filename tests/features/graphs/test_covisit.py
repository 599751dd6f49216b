"""Who meets beyond chance: rings drawn by hand beside strangers who meet as often, and the groups they form."""

from datetime import date, timedelta
from itertools import combinations

import ibis
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from claims.as_of import STAY
from features.graphs.communities import communities, name_groups
from features.graphs.covisit import NEXT_VISITS, edges, meetings, ties, visits

NIGHT = date(2024, 12, 31)
RING = ["ring-1", "ring-2", "ring-3", "ring-4", "ring-5"]
SHIFT = ["shift-1", "shift-2", "shift-3"]
BEDS = ["bed-1", "bed-2", "bed-3", "bed-4", "bed-5"]
WARD = ["ward-1", "ward-2", "ward-3", "ward-4", "ward-5"]
REGULARS = ["regular-1", "regular-2", "regular-3", "regular-4", "regular-5"]


class Diary:
    """Who came where and when: the columns of the facts that the graph looks at."""

    SCHEMA = ibis.schema(
        dict(fixmedins_code="string", kind="string", psn_no="string", day="date", second="int64", mdtrt_id="string",
             course="boolean", days_ago="float64")
    )  # fmt: skip

    def __init__(self):
        self.rows = []

    def came(
        self, who: str, where: str, days_ago: int, minute: float = 0, kind="outpatient", course=False
    ) -> str:
        """A visit so many days before the night, so many minutes after eight."""
        day, mdtrt_id = NIGHT - timedelta(days=days_ago), f"M{len(self.rows):06}"
        second = (day - date(1970, 1, 1)).days * 86400 + 8 * 3600 + int(60 * minute)
        self.rows.append((where, kind, who, day, second, mdtrt_id, course, float(days_ago)))
        return mdtrt_id

    def together(self, people: list[str], where: str, days: list[int], minute: float = 0, **more) -> None:
        """They come one after the other, two minutes apart."""
        for day in days:
            for number, who in enumerate(people):
                self.came(who, where, day, minute + 2 * number, **more)

    def met(self) -> tuple[ibis.Table, ibis.Table]:
        """The facts, and the meetings stored."""
        con = ibis.duckdb.connect()
        frame = pd.DataFrame(self.rows, columns=self.SCHEMA.names)
        facts = con.create_table("facts", ibis.memtable(frame, schema=self.SCHEMA))
        events = visits(facts)
        return events, con.create_table("meetings", meetings(events))

    def edges(self) -> pd.DataFrame:
        return edges(*self.met())


def pairs(found: pd.DataFrame) -> set[frozenset]:
    return {frozenset(pair) for pair in zip(found.a, found.b, strict=True)}


def every_pair(people: list[str]) -> set[frozenset]:
    return {frozenset(pair) for pair in combinations(people, 2)}


@pytest.fixture(scope="module")
def town() -> Diary:
    diary = Diary()
    for day in range(200):
        diary.came(f"quiet-{day}", "quiet", day, 300)
        for number in range(30):
            diary.came(f"busy-{day}-{number}", "busy", day, 20 * number)
        for number in range(4):
            diary.came(f"ward-{day}-{number}", "ward", day, 120 * number, kind=STAY)
        diary.came(f"patient-{day}", "hospital", day, 240, kind=STAY)
    # Five people, five days: where hardly anybody comes, and as regulars where everybody comes.
    diary.together(RING, "quiet", [10, 40, 70, 100, 130])
    diary.together(REGULARS, "busy", [10, 40, 70, 100, 130], minute=65)
    for number, who in enumerate(REGULARS):
        for day in range(5 + number, 200, 5):
            diary.came(who, "busy", day, 300 + 50 * number)
    diary.together(SHIFT, "quiet", list(range(1, 150, 3)), minute=200, course=True)
    # Five people, four stays: where hardly anybody is twice, and as regulars of a ward.
    diary.together(BEDS, "hospital", [20, 70, 120, 170], kind=STAY)
    diary.together(WARD, "ward", [20, 70, 120, 170], kind=STAY)
    for number, who in enumerate(WARD):
        for day in range(25 + 3 * number, 190, 20):
            diary.came(who, "ward", day, kind=STAY)
    diary.together(["long ago-1", "long ago-2"], "quiet", list(range(400, 430, 3)))
    return diary


@pytest.fixture(scope="module")
def found(town) -> pd.DataFrame:
    return town.edges()


def test_a_ring_at_a_quiet_clinic_is_found_whole(found):
    assert every_pair(RING) <= pairs(found)
    ring = found[found.a.isin(RING)]
    assert set(ring.days) == {5} and (ring.expected < 0.5).all() and (ring.neg_log10_fdr > 2).all()


def test_regulars_of_a_busy_clinic_meet_by_accident(town, found):
    frame = town.met()[1].to_pandas()
    often = frame[frame.a.isin(REGULARS) & frame.b.isin(REGULARS)].groupby(["a", "b"]).day.nunique()
    assert len(often) == 10 and (often >= 5).all()
    assert not pairs(found) & every_pair(REGULARS)


def test_a_shift_meets_by_plan(found):
    assert not pairs(found) & every_pair(SHIFT)


def test_stays_together_count_where_they_are_no_accident(found):
    assert every_pair(BEDS) <= pairs(found)
    assert not pairs(found) & every_pair(WARD)


def test_two_days_are_no_habit_but_two_stays_are():
    diary = Diary()
    for day in range(0, 200, 3):
        diary.came(f"visitor-{day}", "clinic", day, 300)
        diary.came(f"patient-{day}", "hospital", day, 240, kind=STAY)
    diary.together(["two days-1", "two days-2"], "clinic", [20, 120])
    diary.together(["one stay-1", "one stay-2"], "hospital", [61], kind=STAY)
    diary.together(["two stays-1", "two stays-2"], "hospital", [20, 121], kind=STAY)
    assert pairs(diary.edges()) == every_pair(["two stays-1", "two stays-2"])


def test_only_the_last_year_counts(found):
    assert frozenset({"long ago-1", "long ago-2"}) not in pairs(found)


def test_nobody_else_is_an_edge(found):
    assert pairs(found) == every_pair(RING) | every_pair(BEDS)


def test_every_visit_is_tied_to_its_companions(town, found):
    facts, met = town.met()
    linked = facts.get_backend().create_table("linked", ibis.memtable(found[["a", "b"]]))
    count = ties(met, linked).to_pandas().groupby("mdtrt_id").other.nunique()
    who = {row[5]: row[2] for row in town.rows}
    of_ring = count[[m in count.index and who[m] in RING for m in count.index]]
    assert len(of_ring) == 5 * 5 and (of_ring == 4).all()
    assert {who[m] for m in count.index} == {*RING, *BEDS}


def test_paying_thrice_is_coming_once():
    diary = Diary()
    for minute in (0, 5, 10):
        diary.together(["ada", "ben"], "quiet", [7], minute)
    assert len(diary.met()[1].to_pandas()) == 1


def test_a_crowded_day_makes_no_more_pairs_than_it_may():
    diary = Diary()
    for number in range(3000):
        diary.came(f"visitor-{number}", "fair", 3, number / 6)
    count = diary.met()[1].count().execute()
    assert count == 3000 * NEXT_VISITS - NEXT_VISITS * (NEXT_VISITS + 1) / 2


VISITS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 7), st.integers(0, 9)),
    min_size=5,
    max_size=60,
)


# Each example asks the database twice; shrinking would ask it a thousand times.
@settings(max_examples=10, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(VISITS, st.permutations(range(6)))
def test_names_of_people_do_not_matter(visits, names):
    def drawn(label) -> pd.DataFrame:
        diary = Diary()
        # Whatever Hypothesis draws, three of them keep company where others come alone.
        for day in range(20, 80):
            diary.came(f"other-{day}", "place-9", day, 200)
        for day in range(20, 60, 5):
            for who in range(3):
                diary.came(label(who), "place-9", day, who)
        for who, where, day, quarter in visits:
            diary.came(label(who), f"place-{where}", day, 15 * quarter)
        return diary.edges()

    plain, renamed = drawn("p{}".format), drawn(lambda who: f"p{names[who]}")
    back = {f"p{new}": f"p{old}" for old, new in enumerate(names)}
    renamed = renamed.assign(a=renamed.a.map(back), b=renamed.b.map(back))
    assert every_pair(["p0", "p1", "p2"]) <= pairs(plain)
    assert facts_of(plain) == facts_of(renamed)


def facts_of(found: pd.DataFrame) -> dict[frozenset, tuple]:
    return {
        frozenset((row.a, row.b)): (row.days, round(row.expected, 9), round(row.neg_log10_fdr, 9))
        for row in found.itertuples()
    }


def drawn(*cliques: str, extra: tuple[str, ...] = ()) -> pd.DataFrame:
    """Edges between all letters of a clique, and single ones."""
    both = [tuple(sorted(pair)) for clique in cliques for pair in combinations(clique, 2)]
    both += [tuple(sorted(pair)) for pair in extra]
    return pd.DataFrame([(a, b, 5.0) for a, b in both], columns=["a", "b", "neg_log10_fdr"])


def groups(found: pd.DataFrame, key: str = "group") -> set[str]:
    return {"".join(sorted(members)) for _group, members in found.groupby(key).psn_no}


def test_two_cliques_joined_by_one_edge_stay_two():
    assert groups(communities(drawn("abcde", "vwxyz", extra=("ev",)))) == {"abcde", "vwxyz"}


def test_who_hangs_on_by_one_edge_is_no_member():
    assert groups(communities(drawn("abcd", extra=("dq",)))) == {"abcd"}


def test_a_couple_is_no_company_and_three_are():
    assert groups(communities(drawn("ab", "xyz"))) == {"xyz"}


def test_no_edges_no_groups():
    assert communities(drawn()).empty


def test_weight_says_how_close_a_member_is():
    found = communities(drawn("abcd", extra=("ae", "be"))).set_index("psn_no").weight
    assert found["a"] == 1 and found["e"] < found["c"] < found["a"] and found.min() > 0


def named(*cliques: str, before: pd.DataFrame | None = None) -> pd.DataFrame:
    rows = [(f"group {number}", who, 1.0) for number, clique in enumerate(cliques) for who in clique]
    earlier = pd.DataFrame({"group_id": [], "psn_no": []}, dtype=object) if before is None else before
    return name_groups(pd.DataFrame(rows, columns=["group", "psn_no", "weight"]), earlier)


def test_a_group_keeps_its_name_while_most_stay():
    before = named("abcdefgh")
    assert set(named("abcdefxy", before=before).group_id) == set(before.group_id)


def test_a_group_of_mostly_new_people_has_a_new_name():
    before = named("abcdefgh")
    assert not set(named("abcduvwxyz", before=before).group_id) & set(before.group_id)


def test_when_a_group_splits_the_larger_part_keeps_the_name():
    before = named("abcdefgh")
    after = named("abcde", "fgh", before=before).groupby("group_id").psn_no.agg("".join)
    assert after[before.group_id[0]] == "abcde" and len(after) == 2


def test_when_groups_merge_one_name_is_left():
    before = named("abcde", "vwxyz")
    after = named("abcdevwxyz", before=before)
    assert after.group_id.nunique() == 1 and set(after.group_id) < set(before.group_id)


def test_the_order_of_members_and_groups_does_not_matter():
    assert_same(named("abc", "xyz"), named("zyx", "cba"))
    before = named("abc", "xyz")
    assert_same(named("abcd", "wxyz", before=before), named("zyxw", "dcba", before=before))


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other)
