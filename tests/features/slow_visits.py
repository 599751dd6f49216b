"""The visits of a town as a reader of the contract sees them, one by one: the slow twin of the facts."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from tests.features.town import AS_OF
from tests.tiny import ITEMS, World

WORKLIST = datetime(AS_OF.year, AS_OF.month, AS_OF.day)
DRUGS, EXAMS, BED_NURSING_ROUNDS = ("09", "10", "11"), ("03", "04"), ("01", "02", "07")


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
    chronic: bool
    fee: float = 0
    fund: float = 0
    lines: list[dict] = field(default_factory=list)
    sales: list[dict] = field(default_factory=list)
    stock: float | None = None
    surplus: float = 0
    same_amount_of_other_goods: float | None = None
    days_since_discharge: float | None = None
    split: bool = False
    burst: bool = False
    card_gap: float | None = None
    two_places: bool | None = None
    same_predecessor_days: int | None = None
    outside: int = 0
    batch: int = 0
    repeats: int = 0
    rx_overused: int | None = None
    sale_before_rx: bool = False
    dead_for: float | None = None
    seen_after_death: bool = False
    no_sign_in: int | None = None
    converted: bool = False
    referred_to: str | None = None
    dr_two_sites: bool | None = None

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

    @property
    def goods(self) -> set[str]:
        return {line["item"] for line in self.lines}

    def spent(self, charges: tuple[str, ...]) -> float:
        return sum(line["amount"] for line in self.lines if line["charge"] in charges)

    @property
    def idle(self) -> int | None:
        """Days with nothing but bed, round and care; unknown where a long stay's bill has one date."""
        if self.los is None or not self.lines:
            return None
        if len({line["day"] for line in self.lines}) == 1 and self.los > 1:
            return None
        active = {line["day"] for line in self.lines if line["charge"] not in BED_NURSING_ROUNDS}
        return max(self.los - len(active), 0)


def rows_before(world: World, table: str, when: str) -> list[dict]:
    return [row for row in world.rows[table] if datetime.fromisoformat(row[when]) < WORKLIST]


def read_visits(world: World) -> list[Visit]:
    """The visits that count on the night, in order of time, with everything known of each."""
    people = {row["psn_no"]: row for row in world.rows["psn_info_b"]}
    visits = {}
    for row in rows_before(world, "mdtrt_d", "begntime"):
        person = people[row["psn_no"]]
        kind = {"21": STAY, "41": PHARMACY}.get(row["med_type"], OUTPATIENT)
        begin = datetime.fromisoformat(row["begntime"])
        end = datetime.fromisoformat(row["endtime"]) if row["endtime"] else None
        end = end if end and end < WORKLIST else None
        dx = (row.get("dscg_maindiag_code") or "")[:3] or None
        visits[row["mdtrt_id"]] = Visit(
            row["mdtrt_id"], row["psn_no"], row["fixmedins_code"], kind, begin, end, dx,
            row.get("chfpdr_code"), person["live_admdvs"], poor=person["psn_idet_type"] is not None,
            chronic=row["med_type"] == "14",
        )  # fmt: skip
    for row in rows_before(world, "setl_d", "setl_time"):
        visit = visits[row["mdtrt_id"]]
        visit.fee, visit.fund = visit.fee + row["medfee_sumamt"], visit.fund + row["fund_pay_sumamt"]
    visits = {name: visit for name, visit in visits.items() if round(visit.fee, 2) > 0}
    for row in rows_before(world, "fee_list_d", "fee_ocur_time"):
        if row["mdtrt_id"] in visits:
            _name, charge, more = ITEMS[row["hilist_code"]]
            line = {"item": row["hilist_code"], "charge": charge, "days": more.get("days_per_unit")}
            line |= {"cnt": row["cnt"], "amount": row["det_item_fee_sumamt"]}
            line["day"] = datetime.fromisoformat(row["fee_ocur_time"]).date()
            visits[row["mdtrt_id"]].lines.append(line)
    seen = sorted(visits.values(), key=lambda visit: (visit.begin, visit.id))
    for look in (keep_stock, keep_tills, keep_stays, keep_cards, look_around, look_at_doctors):
        look(seen)
    look_at_registers(world, seen)
    return seen


def keep_stock(visits: list[Visit]) -> None:
    """What is left of each drug at home when more of it is bought."""
    left, last, beyond = defaultdict(float), {}, defaultdict(float)
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
            over = max(left[key] - 30, 0)
            visit.surplus += spent[item] * min(max(over - beyond[key], 0) / supply, 1)
            beyond[key] = over
            left[key] += supply
            last[key] = visit.begin
        visit.surplus = round(visit.surplus, 2)


def keep_tills(visits: list[Visit]) -> None:
    """Other purchases at the same shop of the same amount for other goods."""
    bought = [visit for visit in visits if visit.kind == PHARMACY and visit.lines]
    for visit in bought:
        others = [v for v in bought if v.where == visit.where and v is not visit]
        alike = [v for v in others if v.fee == visit.fee and v.goods != visit.goods]
        visit.same_amount_of_other_goods = len(alike) / len(others) if others else None


def keep_stays(visits: list[Visit]) -> None:
    """The stay before, and whether this one only continues it."""
    last = {}
    for visit in visits:
        if visit.kind != STAY:
            continue
        before = last.get(visit.who)
        if before and before.end:
            visit.days_since_discharge = (visit.begin - before.end) / timedelta(days=1)
            same = before.where == visit.where and (visit.dx is None or before.dx == visit.dx)
            visit.split = same and -1 <= visit.days_since_discharge <= 15 and not visit.course
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
        if visit.kind == STAY or visit.course or visit.age > 365:
            continue
        if bare_date(visit):
            continue
        before = behind.get(visit.where)
        if before and before.who != visit.who and visit.begin - before.begin <= timedelta(minutes=30):
            followed[visit.where, before.who, visit.who].add(visit.day)
            visit.same_predecessor_days = (visit.where, before.who, visit.who)
        behind[visit.where] = visit
    for visit in visits:
        if visit.same_predecessor_days:
            visit.same_predecessor_days = len(followed[visit.same_predecessor_days])


def look_around(visits: list[Visit]) -> None:
    """What the person did elsewhere during a stay or before it, and who of the village was admitted along."""
    for stay in visits:
        if stay.kind != STAY:
            continue
        mates = set()
        for other in visits:
            inside = (stay.los or 0) >= 2 and stay.day < other.day < stay.end.date() and not other.course
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
                    other.referred_to = min(other.referred_to or stay.where, stay.where)
        stay.batch = len(mates)


def look_at_doctors(visits: list[Visit]) -> None:
    last = {}
    for visit in visits:
        if visit.kind == OUTPATIENT and visit.dr and not bare_date(visit):
            before = last.get(visit.dr)
            away = before is not None and before.where != visit.where
            visit.dr_two_sites = away and visit.begin - before.begin <= timedelta(minutes=30)
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
            month = deaths[visit.who].date() + timedelta(days=31)
            later = [
                v for v in visits
                if v.who == visit.who and v.begin >= visit.begin and v.kind != PHARMACY
                # Medicine of a registered disease is fetched by others as well.
                and (not v.chronic or v.day <= month)
            ]  # fmt: skip
            visit.seen_after_death = visit.dead_for > 1 and bool(later)
        if visit.dialysis and any(place == visit.where for _who, place, _day in signed):
            came = (visit.who, visit.where, visit.day) in signed
            visit.no_sign_in = 0 if came else visit.dialysis
    paid = {row["setl_id"]: row["mdtrt_id"] for row in world.rows["setl_d"]}
    sales = rows_before(world, "drug_sel_d", "sel_retn_time")
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
            users[sale["rxno"], sale["hilist_code"]].add(visit.id)
    for visit in visits:
        for sale in visit.sales:
            rx = written.get(sale["rxno"], {})
            if sale["rxno"]:
                times = len(users[sale["rxno"], sale["hilist_code"]])
                over = max(times - 1 - (rx.get("max_rept_cnt") or 0), 0)
                visit.rx_overused = max(visit.rx_overused or 0, over)
            if rx:
                signed, sold = (pd.Timestamp(t) for t in (rx["prsc_time"], sale["sel_retn_time"]))
                timed = signed != signed.normalize() and sold != sold.normalize()
                later = signed - sold > pd.Timedelta(minutes=30)
                visit.sale_before_rx |= later if timed else signed.date() > sold.date()
