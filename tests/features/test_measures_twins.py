"""Slow, obvious twins: the same numbers from plain loops over the rows of a small town."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import mean

import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import measures_of
from tests.features.town import NIGHT, PEOPLE
from tests.tiny import ITEMS, World

WORKLIST = datetime(NIGHT.year, NIGHT.month, NIGHT.day)
DRUGS, EXAMS, HOUSEKEEPING = ("09", "10", "11"), ("03", "04"), ("01", "02", "07")


@dataclass
class Visit:
    """A visit as a reader of the files would see it."""

    id: str
    who: str
    where: str
    kind: str
    begin: datetime
    end: datetime | None
    dx: str | None
    dr: str | None
    village: str
    poor: bool
    fee: float = 0
    fund: float = 0
    lines: list[dict] = field(default_factory=list)
    sales: list[dict] = field(default_factory=list)
    stock: float | None = None
    surplus: float = 0
    gap_days: float | None = None
    split: bool = False
    burst: bool = False
    card_gap: float | None = None
    two_places: bool | None = None
    follow_days: int | None = None
    outside: int = 0
    batch: int = 0
    repeats: int = 0
    rx_overused: int | None = None
    rx_late: bool = False
    dead_for: float | None = None
    unsigned: int | None = None
    converted: bool = False
    sent_to: str | None = None
    dr_moved: bool | None = None

    @property
    def day(self):
        return self.begin.date()

    @property
    def age(self) -> float:
        return (WORKLIST - self.begin) / timedelta(days=1)

    @property
    def cash(self) -> float:
        return round(self.fee - self.fund, 2)

    @property
    def course(self) -> bool:
        return self.dx == "Z49" or self.dialysis > 0

    @property
    def stay(self) -> bool:
        return self.kind == STAY and not self.course

    @property
    def los(self) -> int | None:
        return (self.end.date() - self.day).days if self.kind == STAY and self.end else None

    @property
    def dialysis(self) -> float:
        return sum(line["cnt"] for line in self.lines if line["item"] == "dialysis")

    @property
    def supply(self) -> float:
        return sum(line["cnt"] * line["days"] for line in self.lines if line["days"])

    def spent(self, charges: tuple[str, ...]) -> float:
        return sum(line["amount"] for line in self.lines if line["charge"] in charges)

    @property
    def idle(self) -> int | None:
        """Days with nothing but bed, round and care; unknown where a long stay's bill has one date."""
        if self.los is None or not self.lines:
            return None
        if len({line["day"] for line in self.lines}) == 1 and self.los > 1:
            return None
        active = {line["day"] for line in self.lines if line["charge"] not in HOUSEKEEPING}
        return max(self.los - len(active), 0)


def rows_before_the_night(world: World, table: str, when: str) -> list[dict]:
    return [row for row in world.rows[table] if datetime.fromisoformat(row[when]) < WORKLIST]


def read_visits(world: World) -> list[Visit]:
    """The visits that count on the night, in order of time, with everything known of each."""
    people = {row["psn_no"]: row for row in world.rows["psn_info_b"]}
    visits = {}
    for row in rows_before_the_night(world, "mdtrt_d", "begntime"):
        person = people[row["psn_no"]]
        kind = {"21": STAY, "41": PHARMACY}.get(row["med_type"], OUTPATIENT)
        begin = datetime.fromisoformat(row["begntime"])
        end = datetime.fromisoformat(row["endtime"]) if row["endtime"] else None
        end = end if end and end < WORKLIST else None
        dx = (row.get("dscg_maindiag_code") or "")[:3] or None
        visits[row["mdtrt_id"]] = Visit(
            row["mdtrt_id"], row["psn_no"], row["fixmedins_code"], kind, begin, end, dx,
            row.get("chfpdr_code"), person["live_admdvs"], poor=person["psn_idet_type"] is not None,
        )  # fmt: skip
    for row in rows_before_the_night(world, "setl_d", "setl_time"):
        visit = visits[row["mdtrt_id"]]
        visit.fee, visit.fund = visit.fee + row["medfee_sumamt"], visit.fund + row["fund_pay_sumamt"]
    visits = {name: visit for name, visit in visits.items() if round(visit.fee, 2) > 0}
    for row in rows_before_the_night(world, "fee_list_d", "fee_ocur_time"):
        if row["mdtrt_id"] in visits:
            _name, charge, more = ITEMS[row["hilist_code"]]
            line = {"item": row["hilist_code"], "charge": charge, "days": more.get("days_per_unit")}
            line |= {"cnt": row["cnt"], "amount": row["det_item_fee_sumamt"]}
            line["day"] = datetime.fromisoformat(row["fee_ocur_time"]).date()
            visits[row["mdtrt_id"]].lines.append(line)
    seen = sorted(visits.values(), key=lambda visit: (visit.begin, visit.id))
    for look in (keep_stock, keep_stays, keep_cards, look_around, look_at_doctors):
        look(seen)
    look_at_registers(world, seen)
    return seen


def keep_stock(visits: list[Visit]) -> None:
    """What is left of each drug at home when more of it is bought."""
    left, last = defaultdict(float), {}
    for visit in visits:
        if visit.kind == STAY:
            continue
        bought, spent = Counter(), Counter()
        for line in visit.lines:
            if line["days"]:
                bought[line["item"]] += line["cnt"] * line["days"]
                spent[line["item"]] += line["amount"]
        for item, supply in bought.items():
            key = visit.who, item
            gone = (visit.begin - last.get(key, visit.begin)) / timedelta(days=1)
            left[key] = max(left[key] - gone, 0)
            visit.stock = max(visit.stock or 0, left[key])
            visit.surplus += spent[item] if left[key] > 30 else 0
            left[key] += supply
            last[key] = visit.begin


def keep_stays(visits: list[Visit]) -> None:
    """The stay before, and whether this one only continues it."""
    last = {}
    for visit in visits:
        if visit.kind != STAY:
            continue
        before = last.get(visit.who)
        if before and before.end:
            visit.gap_days = (visit.begin - before.end) / timedelta(days=1)
            same = before.where == visit.where and (visit.dx is None or before.dx == visit.dx)
            visit.split = same and -1 <= visit.gap_days <= 15 and not visit.course
        last[visit.who] = visit


def bare_date(visit: Visit) -> bool:
    """Only the date was recorded; nobody knows what came before or after on that day."""
    return visit.begin.time() == datetime.min.time()


def keep_cards(visits: list[Visit]) -> None:
    """The card before at the place, and the place before of the card."""
    at_place, of_person, behind, followed = {}, {}, {}, defaultdict(set)
    for visit in visits:
        if visit.kind == STAY:
            continue
        if bare_date(visit):
            continue
        before = at_place.get(visit.where)
        if before and before.who != visit.who:
            visit.card_gap = (visit.begin - before.begin).total_seconds()
            visit.burst = visit.card_gap <= 60
        at_place[visit.where] = visit
        last = of_person.get(visit.who)
        away = last is not None and last.where != visit.where
        visit.two_places = away and visit.begin - last.begin <= timedelta(minutes=30)
        of_person[visit.who] = visit
    for visit in visits:
        if visit.kind == STAY or visit.dx == "Z49" or visit.age > 365:
            continue
        if bare_date(visit):
            continue
        before = behind.get(visit.where)
        if before and before.who != visit.who and visit.begin - before.begin <= timedelta(minutes=30):
            followed[visit.where, before.who, visit.who].add(visit.day)
            visit.follow_days = (visit.where, before.who, visit.who)
        behind[visit.where] = visit
    for visit in visits:
        if visit.follow_days:
            visit.follow_days = len(followed[visit.follow_days])


def look_around(visits: list[Visit]) -> None:
    """What the person did elsewhere during a stay or before it, and who of the village was admitted along."""
    for stay in visits:
        if stay.kind != STAY:
            continue
        mates = set()
        for other in visits:
            inside = (stay.los or 0) >= 2 and stay.day < other.day < stay.end.date() and other.dx != "Z49"
            if other.who == stay.who and other.where != stay.where and inside:
                stay.outside += 1
            near = other.kind == STAY and other.where == stay.where and abs((other.day - stay.day).days) <= 1
            if near and other.who != stay.who and other.village == stay.village:
                mates.add(other.who)
            if other.kind == OUTPATIENT and other.who == stay.who:
                if other.where == stay.where and (stay.day - other.day).days in (0, 1):
                    stay.converted = True
                if other.where != stay.where and timedelta(0) <= stay.begin - other.begin <= timedelta(
                    days=3
                ):
                    other.sent_to = min(other.sent_to or stay.where, stay.where)
        stay.batch = len(mates)


def look_at_doctors(visits: list[Visit]) -> None:
    last = {}
    for visit in visits:
        if visit.kind == OUTPATIENT and visit.dr and not bare_date(visit):
            before = last.get(visit.dr)
            away = before is not None and before.where != visit.where
            visit.dr_moved = away and visit.begin - before.begin <= timedelta(minutes=30)
            last[visit.dr] = visit


def look_at_registers(world: World, visits: list[Visit]) -> None:
    """Deaths, sign-ins and the boxes sold."""
    deaths, signed = {}, set()
    for row in world.rows["psn_die_regn_d"]:
        day = datetime.fromisoformat(row["die_date"])
        deaths[row["psn_no"]] = min(deaths.get(row["psn_no"], day), day)
    for row in world.rows["psn_sign_d"]:
        signed.add((row["psn_no"], row["fixmedins_code"], datetime.fromisoformat(row["sign_in_time"]).date()))
    for visit in visits:
        if visit.who in deaths:
            visit.dead_for = max((visit.day - deaths[visit.who].date()).days, 0)
        if visit.dialysis and any(place == visit.where for _who, place, _day in signed):
            came = (visit.who, visit.where, visit.day) in signed
            visit.unsigned = 0 if came else visit.dialysis
    paid = {row["setl_id"]: row["mdtrt_id"] for row in world.rows["setl_d"]}
    sales = rows_before_the_night(world, "drug_sel_d", "sel_retn_time")
    standing, out = {visit.id: visit for visit in visits}, Counter()
    for row in sorted(sales, key=lambda row: (row["sel_retn_time"], row["medins_prod_sel_no"])):
        visit = standing.get(paid.get(row["setl_id"]))
        if row["setl_id"] and visit is None:
            continue
        code, sold = row["drug_trac_codg"], row["sel_retn_cnt"] > 0
        whole = code is not None and row["trdn_flag"] != "1"
        if visit and sold:
            visit.sales.append(row)
            visit.repeats += whole and out[code] > 0
        if whole:
            out[code] += 1 if sold else -1
    look_at_prescriptions(world, visits)


def look_at_prescriptions(world: World, visits: list[Visit]) -> None:
    """How much more often a prescription was used than it allows, and whether it was written afterwards."""
    written = {row["hi_rxno"]: row for row in world.rows["rx_d"]}
    users = defaultdict(set)
    for visit in visits:
        for sale in visit.sales:
            users[sale["rxno"]].add(visit.id)
    for visit in visits:
        for sale in visit.sales:
            rx = written.get(sale["rxno"], {})
            if sale["rxno"]:
                over = max(len(users[sale["rxno"]]) - 1 - (rx.get("max_rept_cnt") or 0), 0)
                visit.rx_overused = max(visit.rx_overused or 0, over)
            if rx:
                visit.rx_late |= rx["prsc_time"][:10] > sale["sel_retn_time"][:10]


def share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def average(values) -> float:
    values = [value for value in values if value is not None]
    return mean(values) if values else math.nan


def top(values) -> float:
    counts = Counter(value for value in values if value is not None)
    return share(max(counts.values(), default=0), sum(counts.values()))


def meeting(values) -> float:
    """Chance that two draws agree."""
    counts = Counter(value for value in values if value is not None)
    return share(sum(n * n for n in counts.values()), sum(counts.values()) ** 2)


def most_persons(visits: list[Visit], by) -> float:
    return max(
        (len({v.who for v in visits if by(v) == key}) for key in {by(v) for v in visits}), default=math.nan
    )


def frequent(visits: list[Visit], least: int) -> float:
    counts = Counter(v.who for v in visits)
    return share(sum(n for n in counts.values() if n >= least), len(visits))


def bought(visits: list[Visit]) -> list[Visit]:
    return [v for v in visits if v.kind == PHARMACY]


def seen(visits: list[Visit]) -> list[Visit]:
    return [v for v in visits if v.kind == OUTPATIENT and not v.course]


def stays(visits: list[Visit]) -> list[Visit]:
    return [v for v in visits if v.stay]


def idle_share(visits: list[Visit]) -> float:
    known = [v for v in stays(visits) if v.idle is not None]
    return share(sum(v.idle for v in known), sum(v.los for v in known))


def supply_ratio(visits: list[Visit]) -> float:
    dosed = [v for v in visits if v.kind != STAY and v.supply]
    span = max((v.age for v in dosed), default=0) + 30
    kinds = max((len({line["item"] for line in v.lines if line["days"]}) for v in dosed), default=1)
    return sum(v.supply for v in dosed) / kinds / span


def unsigned_share(visits: list[Visit]) -> float:
    known = [v for v in visits if v.unsigned is not None]
    return share(sum(v.unsigned for v in known), sum(v.dialysis for v in known))


def fund_by(visits: list[Visit]) -> list[float]:
    """Fund pay of each person."""
    sums = defaultdict(float)
    for v in visits:
        sums[v.who] += v.fund
    return list(sums.values())


# (subject, measure) → the number, from the subject's visits inside the window.
OF_SUBJECTS = {
    ("patient", "visits"): len,
    ("patient", "purchases"): lambda vs: len(bought(vs)),
    ("patient", "purchase_days"): lambda vs: len({v.day for v in bought(vs)}),
    ("patient", "stays"): lambda vs: len(stays(vs)),
    ("patient", "stay_days"): lambda vs: sum(v.los or 0 for v in stays(vs)),
    ("patient", "fund_pay"): lambda vs: sum(v.fund for v in vs),
    ("patient", "cash_share"): lambda vs: share(sum(v.cash for v in vs), sum(v.fee for v in vs)),
    ("patient", "supply_ratio"): supply_ratio,
    ("patient", "most_stock"): lambda vs: max((v.stock or 0 for v in vs), default=0),
    ("patient", "surplus_spent"): lambda vs: sum(v.surplus for v in vs),
    ("patient", "split_stays"): lambda vs: sum(v.split for v in vs),
    ("patient", "idle_days"): lambda vs: sum(v.idle or 0 for v in vs),
    ("patient", "outside_visits"): lambda vs: sum(v.outside for v in vs),
    ("patient", "village_batch"): lambda vs: max((v.batch for v in vs), default=0),
    ("patient", "follow_days"): lambda vs: max((v.follow_days or 0 for v in vs), default=0),
    ("patient", "bursts"): lambda vs: sum(v.burst for v in bought(vs)),
    ("patient", "two_places"): lambda vs: sum(v.two_places or False for v in vs),
    ("patient", "after_death"): lambda vs: sum((v.dead_for or 0) > 1 for v in vs),
    ("patient", "repeat_codes"): lambda vs: sum(v.repeats for v in vs),
    ("patient", "uncoded_boxes"): lambda vs: sum(s["drug_trac_codg"] is None for v in vs for s in v.sales),
    ("patient", "unsigned_dialysis"): lambda vs: sum(v.unsigned or 0 for v in vs),
    ("patient", "top_pharmacy_share"): lambda vs: top(v.where for v in bought(vs)),
    ("pharmacy", "visits"): len,
    ("pharmacy", "persons"): lambda vs: len({v.who for v in vs}),
    ("pharmacy", "fund_per_visit"): lambda vs: average(v.fund for v in vs),
    ("pharmacy", "busiest_day"): lambda vs: share(top(v.day for v in vs) * len({v.day for v in vs}), 1),
    ("pharmacy", "december_share"): lambda vs: share(
        sum(v.fund for v in vs if v.begin.month == 12), sum(v.fund for v in vs)
    ),
    ("pharmacy", "stock_days"): lambda vs: average(v.stock for v in vs),
    ("pharmacy", "stocked_share"): lambda vs: average(v.stock > 30 for v in vs if v.stock is not None),
    ("pharmacy", "surplus_share"): lambda vs: share(
        sum(v.surplus for v in vs), sum(v.spent(DRUGS) for v in vs)
    ),
    ("pharmacy", "burst_share"): lambda vs: average(v.burst for v in vs),
    ("pharmacy", "follow_share"): lambda vs: average((v.follow_days or 0) >= 3 for v in vs),
    ("pharmacy", "two_places_share"): lambda vs: average(v.two_places or False for v in vs),
    ("pharmacy", "round_share"): lambda vs: average(v.fee % 10 == 0 and v.fee >= 20 for v in vs),
    ("pharmacy", "top_amount_share"): lambda vs: top(round(v.fee, 2) for v in vs),
    ("pharmacy", "same_amount_chance"): lambda vs: meeting(round(v.fee, 2) for v in vs),
    ("pharmacy", "zero_cash_share"): lambda vs: average(v.cash <= 0 for v in vs),
    ("pharmacy", "after_death"): lambda vs: sum((v.dead_for or 0) > 1 for v in vs),
    ("pharmacy", "repeat_codes"): lambda vs: (
        1000 * share(sum(v.repeats for v in vs), sum(len(v.sales) for v in vs))
    ),
    ("pharmacy", "uncoded_share"): lambda vs: average(
        s["drug_trac_codg"] is None for v in vs for s in v.sales
    ),
    ("pharmacy", "rx_overused_share"): lambda vs: average((v.rx_overused or 0) > 0 for v in vs),
    ("pharmacy", "rx_late_share"): lambda vs: average(v.rx_late for v in vs),
    ("pharmacy", "boxless_share"): lambda vs: average(not v.sales for v in vs),
    ("pharmacy", "top_prescriber_share"): lambda vs: top(v.dr for v in vs),
    ("pharmacy", "prescriber_concentration"): lambda vs: meeting(v.dr for v in vs),
    ("pharmacy", "top_prescriber_persons"): lambda vs: most_persons([v for v in vs if v.dr], lambda v: v.dr),
    ("pharmacy", "top_person_share"): lambda vs: share(max(fund_by(vs), default=0), sum(v.fund for v in vs)),
    ("pharmacy", "frequent_share"): lambda vs: frequent(vs, 24),
    ("prescriber", "visits"): len,
    ("prescriber", "outpatient_visits"): lambda vs: len(seen(vs)),
    ("prescriber", "visits_per_day"): lambda vs: share(len(seen(vs)), len({v.day for v in seen(vs)})),
    ("prescriber", "moved_share"): lambda vs: average(v.dr_moved or False for v in seen(vs)),
    ("prescriber", "sent"): lambda vs: sum(v.sent_to is not None for v in seen(vs)),
    ("prescriber", "stocked_share"): lambda vs: average(v.stock > 30 for v in vs if v.stock is not None),
    ("prescriber", "top_pharmacy_share"): lambda vs: top(v.where for v in bought(vs)),
    ("prescriber", "top_pharmacy_persons"): lambda vs: most_persons(bought(vs), lambda v: v.where),
    ("prescriber", "pharmacy_concentration"): lambda vs: meeting(v.where for v in bought(vs)),
    ("prescriber", "split_share"): lambda vs: average(v.split for v in stays(vs)),
    ("prescriber", "idle_share"): idle_share,
    ("prescriber", "unsigned_share"): unsigned_share,
    ("hospital", "visits"): len,
    ("hospital", "stays"): lambda vs: len(stays(vs)),
    ("hospital", "stays_each"): lambda vs: share(len(stays(vs)), len({v.who for v in stays(vs)})),
    ("hospital", "frequent_share"): lambda vs: frequent([v for v in vs if v.kind == STAY], 3),
    ("hospital", "converted_share"): lambda vs: average(v.converted for v in stays(vs)),
    ("hospital", "zero_cash_share"): lambda vs: average(v.cash <= 0 for v in stays(vs) if not v.poor),
    ("hospital", "village_concentration"): lambda vs: meeting(v.village for v in vs if v.kind == STAY),
    ("hospital", "batch_share"): lambda vs: average(v.batch >= 2 for v in stays(vs)),
    ("hospital", "split_share"): lambda vs: average(v.split for v in stays(vs)),
    ("hospital", "idle_share"): idle_share,
    ("hospital", "outside_share"): lambda vs: average(v.outside > 0 for v in stays(vs) if (v.los or 0) >= 2),
    ("hospital", "los"): lambda vs: average(v.los for v in stays(vs)),
    ("hospital", "exam_share"): lambda vs: share(
        sum(v.spent(EXAMS) for v in stays(vs)), sum(line["amount"] for v in stays(vs) for line in v.lines)
    ),
    ("hospital", "dialysis"): lambda vs: sum(v.dialysis for v in vs),
    ("hospital", "unsigned_share"): unsigned_share,
    ("hospital", "double_dialysis_share"): lambda vs: average(v.dialysis > 1 for v in vs if v.dialysis > 0),
}
OF_VISITS = {
    "bill": lambda v: v.fee,
    "stock_days": lambda v: v.stock,
    "supply_days": lambda v: v.supply or None if v.kind != STAY else None,
    "idle_days": lambda v: v.idle,
    "gap_days": lambda v: None if v.course else v.gap_days,
    "split_stay": lambda v: int(v.split) if v.kind == STAY else None,
    "village_batch": lambda v: v.batch if v.kind == STAY else None,
    "outside_visits": lambda v: v.outside if v.kind == STAY else None,
    "card_gap": lambda v: v.card_gap if v.burst else None,
    "follow_days": lambda v: v.follow_days,
    "two_places": lambda v: None if v.two_places is None else int(v.two_places),
    "unsigned_dialysis": lambda v: v.unsigned,
    "repeat_codes": lambda v: v.repeats if v.sales else None,
    "rx_overused": lambda v: v.rx_overused,
    "days_dead": lambda v: v.dead_for if (v.dead_for or 0) > 1 else 0,
}
KEYS = {
    "patient": lambda v: v.who,
    "prescriber": lambda v: v.dr,
    "pharmacy": lambda v: v.where if v.where.startswith("P") else None,
    "hospital": lambda v: v.where if v.where.startswith("H") else None,
}


@pytest.fixture(scope="module")
def town(a_night):
    """The visits of the town as a reader sees them, and the measures of the same night."""
    return read_visits(a_night.world), a_night.measured


def test_every_person_and_place_has_its_row(town):
    visits, measured = town
    lately = [v for v in visits if v.age <= 1095]
    assert {KEYS["patient"](v) for v in lately} == set(measured["patient"].index) <= set(PEOPLE)
    for subject in ("prescriber", "pharmacy", "hospital"):
        assert {KEYS[subject](v) for v in lately} - {None} == set(measured[subject].index)
    assert {v.id for v in visits} == set(measured["visit"].index)


@pytest.mark.parametrize("subject,name", OF_SUBJECTS)
def test_measures_of_subjects(town, subject, name):
    visits, measured = town
    columns = {c: days for c, (entry, days) in measures_of(subject).items() if entry.name == name}
    assert columns
    for column, days in columns.items():
        expected = {}
        for key in measured[subject].index:
            inside = [v for v in visits if KEYS[subject](v) == key and v.age <= days]
            expected[key] = OF_SUBJECTS[subject, name](inside)
        found = measured[subject][column].to_dict()
        assert found == pytest.approx(expected, abs=2e-6, nan_ok=True), column


@pytest.mark.parametrize("name", OF_VISITS)
def test_measures_of_visits(town, name):
    visits, measured = town
    expected = {v.id: math.nan if OF_VISITS[name](v) is None else OF_VISITS[name](v) for v in visits}
    assert measured["visit"][name].to_dict() == pytest.approx(expected, abs=2e-6, nan_ok=True)


HAPPENED = ["surplus", "split", "burst", "two_places", "outside", "batch", "repeats", "converted", "dr_moved"]
HAPPENED += ["unsigned", "sent_to", "rx_overused", "rx_late"]


def test_the_town_shows_what_it_is_meant_to_show(town):
    """A twin proves little where nothing happens."""
    visits, _measured = town
    assert [name for name in HAPPENED if not any(getattr(v, name) for v in visits)] == []
    assert any((v.dead_for or 0) > 1 for v in visits) and any((v.follow_days or 0) > 1 for v in visits)
    ages = [v.age for v in visits]
    for days in (30, 90, 365, 1095):
        assert days in ages and any(0 < age - days < 2 / 86400 for age in ages)
