"""Money by month against loops: a line costs its costliest finding, a visit what was paid for it."""

import random
from collections import defaultdict
from typing import Any, NamedTuple

import ibis
import pandas as pd
import pytest

from reports.disputed_visits import disputed_table, largest_by_visit
from reports.monthly_findings import ALL, COUNTS, by_institution, by_rule, monthly, totals
from reports.subject_words import CONDUCT
from tests.reports.test_supervision import hits_of

MONTHS = ("2024-01", "2024-02", "2024-04", "2024-05")  # nothing in March
Key = tuple[str, str, str]


class Visit(NamedTuple):
    """A visit of a random city."""

    mdtrt_id: str
    place: str
    month: str
    paid: float


class Hit(NamedTuple):
    """A finding in it."""

    rule_id: str
    mdtrt_id: str
    setl_id: str | None
    bkkp_sn: str | None
    vola_amt: float


class Made(NamedTuple):
    """Visits, findings, and (visit, scheme, yuan) in dispute, each in cents that halves add up to exactly."""

    visits: list[Visit]
    hits: list[Hit]
    disputes: list[tuple[str, str | None, float]]


def random_city(seed: int) -> Made:
    draw = random.Random(seed)
    visits = [
        Visit(f"v{n}", draw.choice(["H1", "H2", "P1"]), draw.choice(MONTHS), draw.choice([0.0, 50.0, 400.5]))
        for n in range(30)
    ]
    hits = []
    for _n in range(80):
        visit = draw.choice(visits)
        line = draw.choice([(None, None), ("s1", None), ("s1", "l1"), ("s1", "l2"), ("s2", "l1")])
        yuan = draw.choice([-3.0, 0.0, 10.25, 60.0, 250.5])
        hits.append(Hit(draw.choice(["R001", "R002", "R003"]), visit.mdtrt_id, *line, yuan))
    disputes = [
        (visit.mdtrt_id, draw.choice(["M01", "M03", None]), draw.choice([10.25, 10.26, 60.0, 400.5]))
        for visit in draw.choices(visits, k=25)
    ]
    return Made(visits, hits, disputes)


def counted(made: Made) -> pd.DataFrame:
    """What the engine counts."""
    rows = [(v.mdtrt_id, v.place, pd.Timestamp(f"{v.month}-15"), v.paid) for v in made.visits]
    facts = pd.DataFrame(rows, columns=["mdtrt_id", "fixmedins_code", "begntime", "fund_pay_sumamt"])
    disputes = pd.DataFrame(made.disputes, columns=["mdtrt_id", "scheme", "disputed"])
    in_dispute = disputed_table(largest_by_visit(disputes.assign(fixmedins_code="", amount=0.0)))
    return monthly(hits_of([tuple(hit) for hit in made.hits]).drop("fixmedins_code").mutate(
        fixmedins_code=ibis.literal("of another place")), ibis.memtable(facts), in_dispute)  # fmt: skip


def yuan_of(visit: Visit, hits: list[Hit]) -> float:
    """The costliest finding of each line, all of a visit's lines together never above what was paid."""
    costliest: dict[Any, float] = {}
    for hit in hits:
        line = (hit.setl_id, hit.bkkp_sn)
        costliest[line] = max(costliest.get(line, hit.vola_amt), hit.vola_amt)
    return max(min(sum(costliest.values()), visit.paid), 0.0)


def by_hand(made: Made) -> dict[Key, list[float]]:
    """Visits, lines and yuan by month, place and cause."""
    found: dict[Key, list[float]] = defaultdict(lambda: [0, 0, 0.0])

    def add(visit: Visit, cause: str, lines: int, yuan: float) -> None:
        row = found[visit.month, visit.place, cause]
        row[0], row[1], row[2] = row[0] + 1, row[1] + lines, row[2] + yuan

    for visit in made.visits:
        mine = [hit for hit in made.hits if hit.mdtrt_id == visit.mdtrt_id]
        for rule_id in {hit.rule_id for hit in mine}:
            of_rule = [hit for hit in mine if hit.rule_id == rule_id]
            add(visit, rule_id, len({hit[2:4] for hit in of_rule}), yuan_of(visit, of_rule))
        lines, ruled = len({hit[2:4] for hit in mine}), yuan_of(visit, mine)
        doubted = [(yuan, scheme) for who, scheme, yuan in made.disputes if who == visit.mdtrt_id]
        most = max(yuan for yuan, _scheme in doubted) if doubted else 0.0
        # The first of equal ones decides which scheme it is.
        scheme = next((scheme for yuan, scheme in doubted if yuan == most), None)
        conduct = scheme is not None and most > ruled + 0.01
        if conduct:
            add(visit, scheme, 1, most)
        if lines or conduct:
            add(visit, ALL, max(lines, int(conduct)), most if conduct else ruled)
    return found


CITIES = [random_city(seed) for seed in range(6)]


@pytest.fixture(scope="module", params=range(len(CITIES)))
def one(request) -> tuple[Made, pd.DataFrame]:
    return CITIES[request.param], counted(CITIES[request.param])


def test_what_is_counted_is_what_loops_over_visits_count(one):
    made, table = one
    rows = table[["month", "fixmedins_code", "rule_id", "visits_in_doubt", "lines", "amount"]]
    found = {tuple(row[:3]): list(row[3:]) for row in rows.itertuples(index=False, name=None)}
    expected = by_hand(made)
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert found[key] == pytest.approx(row), key
    assert set(table[table.rule_id.str.startswith("M")].sev_deg) <= {CONDUCT}


def test_the_cities_hold_what_tells_right_from_wrong():
    """Some conduct counts and some does not, some visits cost less than their lines, some twice the same."""
    rows = [by_hand(made) for made in CITIES]
    causes = [cause for found in rows for _month, _place, cause in found]
    assert causes.count("M01") > 10 and sum(len(made.disputes) for made in CITIES) > 3 * causes.count("M01")
    for found in rows:
        whole = sum(row[2] for (_m, _p, cause), row in found.items() if cause == ALL)
        parts = sum(row[2] for (_m, _p, cause), row in found.items() if cause != ALL)
        assert 0 < whole < parts, "causes overlap"


@pytest.mark.parametrize(
    "taken, keys", [(totals, []), (by_rule, ["rule_id"]), (by_institution, ["fixmedins_code"])]
)
def test_changes_are_against_the_month_before_even_if_it_had_none(one, taken, keys):
    table = one[1]
    rows = table[(table.rule_id == ALL) != (keys == ["rule_id"])]
    seen = sorted({tuple(key) for key in rows[keys].to_numpy()}) if keys else [()]
    months = [f"2024-{n:02}" for n in range(1, 6)]
    found = taken(table).set_index(["month", *keys])
    for key in seen:
        mine = rows[(rows[keys] == list(key)).all(axis=1)] if keys else rows
        before = None
        for month in months:
            part = mine[mine.month == month]
            now = [
                part.fixmedins_code.nunique(),
                part.visits_in_doubt.sum(),
                part.lines.sum(),
                part.amount.sum(),
            ]
            place = (month, *key) if keys else month
            if place not in found.index:
                assert not any(now) and not any(before or [])
            else:
                row = found.loc[place]
                assert [row[name] for name in COUNTS] == pytest.approx(now)
                for name, value, earlier in zip(COUNTS, now, before or [None] * 4, strict=True):
                    change = pd.NA if before is None else value - earlier
                    per_cent = None if not earlier else (value / earlier - 1) * 100
                    assert _same(row[f"{name}_change"], None if before is None else change)
                    assert _same(row[f"{name}_change_pct"], per_cent, 0.051)
            before = now


def _same(found: float, expected: float | None, within: float = 0.006) -> bool:
    return pd.isna(found) if expected is None else found == pytest.approx(expected, abs=within)


def test_places_and_totals_add_up_to_the_same_money(one):
    table = one[1]
    places = by_institution(table).groupby("month").amount.sum()
    assert places.to_dict() == pytest.approx(totals(table).set_index("month").amount.to_dict())
