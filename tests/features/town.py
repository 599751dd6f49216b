"""A small town full of everything that the measures look at, and its facts and measures as of a date."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import ibis
import pandas as pd

from claims.as_of import claims_as_of
from features.measures.aggregation import measure_subjects, measure_visits
from features.visits.facts import visit_facts
from tests.tiny import World

AS_OF = date(2024, 12, 31)
SUBJECTS = ("patient", "prescriber", "pharmacy", "hospital")
PEOPLE = [f"p{n:02}" for n in range(14)]
HOSPITALS, PHARMACIES, DOCTORS = ["H1", "H2", "H3"], ["P1", "P2", "P3"], ["D1", "D2", "D3", None]
PRESCRIPTIONS = [f"R{n:02}" for n in range(40)]


class Town:
    """A world filled by chance from a seed, crowded so that people, places, boxes and amounts meet."""

    def __init__(self, seed: int):
        self.world = World()
        self.chance = random.Random(seed)
        first = datetime(2024, 1, 10)
        self.days = [first + timedelta(days=self.chance.randrange(350)) for _ in range(45)]
        self._places_and_people()
        for _ in range(80):
            self._shopping()
        for _ in range(45):
            self._consultation()
        for _ in range(45):
            self._stay()
        for day in self.days[:4]:
            self._purchase("p08", "P3", day + timedelta(hours=6))
            self._purchase("p09", "P3", day + timedelta(hours=6, minutes=10))
        self._edges_of_windows()
        self._registers()
        # Where nobody signs in, a session without sign-in says nothing.
        self.world.visit(
            "p10", "H4", "2024-10-01 09:00", lines=[("dialysis", 1, 400.0)], dscg_maindiag_code="Z49.1"
        )
        # Two purchases that carry only their date did not follow one another within a minute.
        for who in ("p08", "p09"):
            self.world.purchase(who, "P3", "2024-11-05", lines=[("pill", 1, 20.0)])
        # Still in bed on the as-of date, a part of the bill is settled.
        self.world.visit(
            "p13", "H1", "2024-12-20 09:00", med_type="21", settled="2024-12-28", dscg_maindiag_code="I10"
        )

    def _places_and_people(self) -> None:
        for number, code in enumerate(HOSPITALS):
            self.world.hospital(code, hosp_lv=["02", "05", "09"][number], aprv_bed_cnt=20 + number)
        self.world.hospital("H4")
        for code in PHARMACIES:
            self.world.pharmacy(code, prnt_medins_code="P1" if code != "P3" else None)
        for number, name in enumerate(PEOPLE):
            village = "village-1" if number < 6 else f"village-{number % 3 + 1}"
            poor = "2301" if number % 5 == 0 else None
            self.world.person(name, live_admdvs=village, psn_idet_type=poor, emp_no=f"E{number % 2}")

    def _when(self) -> datetime:
        day = self.chance.choice(self.days)
        return day + timedelta(hours=self.chance.randrange(7, 24), minutes=self.chance.randrange(0, 60, 5))

    def _shopping(self) -> None:
        """A purchase; often somebody right behind, or the same card at the next pharmacy."""
        who, where, when = self.chance.choice(PEOPLE), self.chance.choice(PHARMACIES), self._when()
        self._purchase(who, where, when)
        if self.chance.random() < 0.3:
            self._purchase(
                self.chance.choice(PEOPLE),
                where,
                when + timedelta(seconds=self.chance.choice([20, 60, 61, 900])),
            )
        if self.chance.random() < 0.35:
            self._purchase(
                who,
                self.chance.choice(PHARMACIES),
                when + timedelta(minutes=self.chance.choice([10, 30, 31])),
            )

    def _purchase(self, who: str, where: str, when: datetime) -> None:
        items = self.chance.sample(
            [("pill", 20.0), ("dear", 350.0), ("lab", 30.0)], self.chance.randint(1, 2)
        )
        lines = [(item, self.chance.randint(1, 6), price) for item, price in items]
        total = sum(cnt * price for _item, cnt, price in lines)
        visit = self.world.purchase(
            who, where, str(when), lines=lines, fund=total if self.chance.random() < 0.2 else None,
            chfpdr_code=self.chance.choice(DOCTORS),
        )  # fmt: skip
        paid = self.world.rows["setl_d"][-1]["setl_id"]
        if self.chance.random() < 0.8:
            for _ in range(self.chance.randint(1, 3)):
                self._sell(where, when, paid, 1)
        if self.chance.random() < 0.15:
            self._sell(where, when + timedelta(days=1), None, -1)
        self._regret(visit, total, when)

    def _sell(self, where: str, when: datetime, setl_id: str | None, count: int) -> None:
        code = self.chance.choice([f"T{n:02}" for n in range(30)] + [None] * 4)
        number = f"N{len(self.world.rows['drug_sel_d']):05}"
        self.world.add(
            "drug_sel_d", medins_prod_sel_no=number, setl_id=setl_id, fixmedins_code=where,
            hilist_code="pill", drug_trac_codg=code, sel_retn_cnt=count,
            trdn_flag=self.chance.choice(["0", "0", "0", "1"]), sel_retn_time=str(when),
            rxno=self.chance.choice([None, None, *PRESCRIPTIONS]),
        )  # fmt: skip

    def _regret(self, visit: str, total: float, when: datetime) -> None:
        """Now and then a payment is taken back, whole or in part."""
        back = self.chance.choice([None] * 12 + [1.0, 0.25])
        if back:
            self.world.settle(visit, str(when + timedelta(days=3)), -round(total * back, 2))

    def _consultation(self) -> None:
        who, where, when = self.chance.choice(PEOPLE), self.chance.choice(HOSPITALS), self._when()
        doctor = self.chance.choice(DOCTORS)
        if self.chance.random() < 0.35:
            lines = [("dialysis", self.chance.choice([1, 1, 1, 2]), 400.0)]
            self.world.visit(
                who, where, str(when), lines=lines, dscg_maindiag_code="Z49.1", chfpdr_code=doctor
            )
            if self.chance.random() < 0.6:
                self._sign(who, where, when)
            return
        lines = [("lab", 1, 30.0), ("pill", self.chance.randint(1, 3), 20.0)][: self.chance.randint(1, 2)]
        self.world.visit(who, where, str(when), lines=lines, dscg_maindiag_code="I10.x00", chfpdr_code=doctor)
        if self.chance.random() < 0.5:
            later = when + timedelta(minutes=self.chance.choice([5, 30, 45]))
            other = self.chance.choice(HOSPITALS)
            self.world.visit(
                self.chance.choice(PEOPLE), other, str(later), dscg_maindiag_code="J06", chfpdr_code=doctor
            )
        if self.chance.random() < 0.5:
            self._stay(who, when.replace(hour=0, minute=0) + timedelta(days=self.chance.randrange(4)))

    def _sign(self, who: str, where: str, when: datetime) -> None:
        number = f"G{len(self.world.rows['psn_sign_d']):05}"
        self.world.add(
            "psn_sign_d",
            sign_sn=number,
            psn_no=who,
            fixmedins_code=where,
            serv_type="1",
            sign_in_time=str(when),
        )

    def _stay(self, who: str | None = None, day: datetime | None = None) -> None:
        who, day = who or self.chance.choice(PEOPLE), day or self.chance.choice(self.days)
        length = self.chance.choice([1, 2, 4, 7, 11])
        lines = [("bed", 1, 50.0, str(day + timedelta(days=n, hours=12))) for n in range(length)]
        if self.chance.random() < 0.2:
            lines = [("bed", length, 50.0, str(day + timedelta(hours=12)))]
        for n in range(length):
            if self.chance.random() < 0.6:
                lines.append((self.chance.choice(["lab", "treat", "scan", "pill"]), 1, 80.0, lines[0][3]))
                lines[-1] = (*lines[-1][:3], str(day + timedelta(days=n, hours=13)))
        total = sum(cnt * price for _item, cnt, price, _time in lines)
        visit = self.world.stay(
            who, self.chance.choice(HOSPITALS[:2]), str(day), length, lines=lines,
            dscg_maindiag_code=self.chance.choice(["I10.x00", "J44.9", "E11.9", None]),
            chfpdr_code=self.chance.choice(DOCTORS), fund=total if self.chance.random() < 0.3 else None,
        )  # fmt: skip
        self._regret(visit, total, day + timedelta(days=length))

    def _edges_of_windows(self) -> None:
        """Purchases exactly 30, 90, 365 and 1095 days before the as-of date, and a second earlier."""
        for days in (30, 90, 365, 1095):
            edge = datetime(AS_OF.year, AS_OF.month, AS_OF.day) - timedelta(days=days)
            self.world.purchase("p00", "P1", str(edge), fee=10.0)
            self.world.purchase("p01", "P2", str(edge - timedelta(seconds=1)), fee=10.0)

    def _registers(self) -> None:
        for name, day in (("p03", "2024-08-01"), ("p07", "2024-05-05")):
            self.world.add("psn_die_regn_d", psn_no=name, die_date=day, data_souc="1")
        self.world.add("psn_die_regn_d", psn_no="p03", die_date="2024-08-03", data_souc="2")
        for number in PRESCRIPTIONS[:30]:
            self.world.add(
                "rx_d", hi_rxno=number, psn_no="p00", dr_code="D1", fixmedins_code="H1",
                prsc_time=str(self._when()), max_rept_cnt=self.chance.choice([None, 0, 2]),
            )  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """Facts and measures of a world as of a date."""

    world: World
    facts: pd.DataFrame
    measured: dict[str, pd.DataFrame]


def look(world: World, con: ibis.BaseBackend, tables: dict[str, ibis.Table]) -> Snapshot:
    """The facts and all measures as of the date from the tables that hold a world."""
    facts = visit_facts(claims_as_of(con, tables, AS_OF))
    measured = {subject: measure_subjects(facts, subject) for subject in SUBJECTS}
    measured["visit"] = measure_visits(facts).to_pandas().set_index("subject_id").sort_index()
    return Snapshot(world, facts.to_pandas().set_index("mdtrt_id").sort_index(), measured)
