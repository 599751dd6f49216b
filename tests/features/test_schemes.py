"""Conduct and what only looks like it: up-coded stays, stays split under another name, a partner pharmacy,
padding."""

import pandas as pd
import pytest

from claims.as_of import claims_as_of
from claims.duckdb_backend import connect
from claims.store import Store
from features.measures.aggregation import measure_subjects, measure_visits
from features.visits.facts import visit_facts
from features.visits.stay_benchmarks import HIGH_COST_RATIO
from tests.features.town import AS_OF
from tests.tiny import World


class City:
    """A small city, and who does what in it."""

    def __init__(self):
        self.world, self.number, self.ids = World(), 0, {}
        for code in ("H1", "H2", "H3", "H4", "upcoder", "heavy"):
            self.world.hospital(code)
        for code in ("gate", "partner", "corner-1", "corner-2", "corner-3"):
            self.world.pharmacy(code)
        self.stays()
        self.returns()
        self.prescriptions()
        self.dialysis()

    def someone(self, **more) -> str:
        self.number += 1
        return self.world.person(f"p{self.number}", **more)

    def day(self) -> str:
        return f"2024-{self.number % 9 + 1:02}-{self.number % 27 + 1:02}"

    def admit(self, where: str, group: str, content: float, name: str = "", days: int = 6) -> None:
        lines = [("bed", days, 40.0), ("treat", 1, content * (0.9 + self.number % 3 / 10))]
        visit = self.world.stay(
            self.someone(), where, self.day(), days, lines=lines, dscg_maindiag_code="J18", dise_no=group
        )
        if name:
            self.ids.setdefault(name, []).append(visit)

    def stays(self) -> None:
        """A disease with a cheap and a dear group; one hospital treats the dear one best, one only claims
        it."""
        for where in ("H1", "H2", "H3", "H4"):
            for _ in range(12):
                self.admit(where, "J18-light", 1500, "light")
            for _ in range(4):
                self.admit(where, "J18-grave", 6000, "grave")
        for _ in range(20):
            self.admit("heavy", "J18-grave", 6000, "heavy", days=9)
            self.admit("upcoder", "J18-grave", 1500, "upcoded", days=4)

    def returns(self) -> None:
        """Twice in hospital within a week, for two diseases: under one doctor, or from one ward to
        another."""
        for name, doctors in (("kept", ("D1", "D1")), ("ill", ("D1", "D2"))):
            self.world.person(name)
            for day, dx, doctor in zip(("01", "09"), ("J18", "K29"), doctors, strict=True):
                self.world.stay(name, "H1", f"2024-10-{day}", 5, dscg_maindiag_code=dx, chfpdr_code=doctor)

    def prescriptions(self) -> None:
        """Patients buy at their corner; at H1's gate whoever the doctor is; the partner's only on one
        prescription."""
        for doctor, where in (("honest", "H1"), ("colleague", "H1"), ("partnered", "H2"), ("other", "H2")):
            for n in range(15):
                corner, home = f"corner-{n % 3 + 1}", f"village-{n % 3 + 1}"
                who = self.someone(live_admdvs=home)
                day = self.day()
                self.world.visit(who, where, f"{day} 09:00", chfpdr_code=doctor)
                for hour in (15, 16):
                    self.world.purchase(who, corner, f"{day} {hour}:00", lines=[("pill", 1, 20.0)])
                shop = {"H1": "gate", "H2": corner}[where] if doctor != "partnered" else "partner"
                price = 30.0 if doctor == "partnered" else 20.0
                bought = self.world.purchase(
                    who, shop, f"{day} 10:00", chfpdr_code=doctor, lines=[("pill", 2, price)]
                )
                self.ids.setdefault(doctor, []).append(bought)

    def dialysis(self) -> None:
        """Mondays, Wednesdays and Fridays for ten weeks; one Thursday is on the bill as well."""
        who = self.someone()
        monday = pd.Timestamp("2024-03-04 08:00")
        for week in range(10):
            for day in (0, 2, 4) + ((3,) if week == 5 else ()):
                when = monday + pd.Timedelta(weeks=week, days=day)
                visit = self.world.visit(who, "H3", str(when), med_type="14", lines=[("dialysis", 1, 400.0)])
                self.ids.setdefault("thursday" if day == 3 else "shift", []).append(visit)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Ids of visits by name, the facts, and the measures by kind of subject."""
    city = City()
    folder = tmp_path_factory.mktemp("schemes")
    store = Store(folder / "store")
    store.ingest(city.world.write(folder / "in"))
    con = connect(folder)
    facts = visit_facts(claims_as_of(con, store.tables(con), AS_OF))
    measured = {
        kind: measure_subjects(facts, kind) for kind in ("patient", "prescriber", "pharmacy", "hospital")
    }
    measured["visit"] = measure_visits(facts).to_pandas().set_index("subject_id")
    return city.ids, facts.to_pandas().set_index("mdtrt_id"), measured


def test_little_content_in_a_dear_group_is_up_coding_and_in_a_cheap_one_is_not(city):
    ids, facts, measured = city
    assert (
        facts.drg_cost_ratio[ids["grave"]].min() > HIGH_COST_RATIO > facts.drg_cost_ratio[ids["light"]].max()
    )
    content = measured["visit"].high_cost_drg_intensity_ratio
    assert content[ids["light"]].isna().all()
    assert content[ids["upcoded"]].max() < 0.5 < content[ids["heavy"] + ids["grave"]].min()
    assert (measured["visit"].high_cost_drg_los_ratio[ids["upcoded"]] < 0.8).all()
    share = measured["hospital"].unsupported_drg_share_365d
    assert share["upcoder"] > 0.9 and share.drop("upcoder").fillna(0).max() < 0.2


def test_a_hospital_with_half_of_a_group_is_left_out_of_its_benchmark(city):
    ids, facts, _measured = city
    # 36 of 56 grave stays have their content; without the up-coder, who has 20, they alone are the benchmark.
    assert facts.service_intensity_ratio[ids["upcoded"]].median() == pytest.approx(0.25, abs=0.06)


def test_another_diagnosis_under_the_same_doctor_continues_a_stay(city):
    _ids, _facts, measured = city
    patients = measured["patient"]
    assert (
        patients.same_doctor_readmission_365d["kept"] == 1
        and patients.same_doctor_readmission_365d["ill"] == 0
    )
    assert (patients.split_stays_365d[["kept", "ill"]] == 0).all()
    # That it was soon is said of both.
    assert (patients.excess_readmissions_365d[["kept", "ill"]] > 0.9).all()


def test_a_partner_pharmacy_is_not_the_one_at_the_gate(city):
    ids, facts, measured = city
    doctors, shops = measured["prescriber"], measured["pharmacy"]
    assert doctors.top_pharmacy_share_365d[["honest", "partnered"]].tolist() == [1, 1]
    assert doctors.steered_share_365d["partnered"] > 0.45
    assert doctors.steered_share_365d[["honest", "colleague", "other"]].max() < 0.2
    assert shops.steered_share_365d.idxmax() == "partner"
    assert doctors.price_excess_365d["partnered"] == pytest.approx(0.5) == shops.price_excess_365d["partner"]
    assert doctors.price_excess_365d["honest"] == 0
    assert (facts.prescription_steering[ids["partnered"]] > 0.45).all()


def test_a_session_off_the_days_of_the_shift_stands_out(city):
    ids, _facts, measured = city
    share = measured["visit"].usual_weekday_share
    assert share[ids["thursday"]].tolist() == [0.1] and (share[ids["shift"]] == 1).all()
