"""Measures of a prescriber: whom the doctor sees and admits, what is prescribed, and where it is filled."""

from ibis import Table, Value

from claims.as_of import PHARMACY, STAY
from features.measures import shared_admissions as admissions
from features.measures import shared_medicines as medicines
from features.measures import shared_volume as volume
from features.measures.catalogue import ALL_WINDOWS, CONTEXT, HINT, STRONG, declare, measure
from features.measures.formulas import concentration, ratio, top_share
from features.windows import YEAR

# How much

declare(
    "prescriber", volume.visits, "M19 M22", materiality=100, zh="看诊和开药人次", en="visits and purchases"
)
declare("prescriber", volume.persons, "M19 M22", materiality=50)
declare(
    "prescriber", volume.stays, "M01 M12", materiality=10, zh="收住院人次",
    en="stays outside courses of treatment",
)  # fmt: skip
declare(
    "prescriber", volume.purchases, "M05 M19 M40", materiality=50, zh="处方在药店购药人次",
    en="purchases on the doctor's prescriptions",
)  # fmt: skip
declare("prescriber", volume.outpatient_visits, "M22 M48", materiality=50)
declare("prescriber", volume.fund_pay, "M01 M05 M19 M24", materiality=20_000)
declare(
    "prescriber", medicines.drug_amount, "M05 M19", materiality=5000, zh="开药金额",
    en="spent on medicine outside hospital",
)  # fmt: skip


# Presence and pace

declare("prescriber", volume.visits_per_day, "M22 M48", materiality=10)


@measure(
    "prescriber", "最忙一天看诊和开药人次", "visits and purchases on the busiest day", "visits", "frequency",
    "M22 M48", materiality=20, base="visits/day",
)  # fmt: skip
def busiest_day_visits(p: Table, w: Value) -> Value:
    """Visits and purchases on the busiest day (`p`: a row a day)."""
    return p.n.max()


declare(
    "prescriber", volume.places, "M48 M31", materiality=1, zh="出诊机构数",
    en="institutions with outpatient visits", family="identity", evidence_weight=HINT, over="consultations",
)  # fmt: skip


@measure(
    "prescriber", "30分钟内两处出诊占比", "share of outpatient visits within 30 minutes of one elsewhere",
    "share", "identity", "M48", materiality=0.01, evidence_weight=STRONG, over="consultations",
    support="outpatient_visits",
)  # fmt: skip
def two_sites_share(v: Table, w: Value) -> Value:
    """Outpatient visits within 30 minutes of one of the doctor at another institution ÷ all."""
    return v.dr_two_sites.fill_null(False).mean(where=w)


declare("prescriber", volume.night_share, "M22 M48", materiality=0.08)
declare("prescriber", volume.weekend_share, "M48 M22", materiality=0.15)
declare(
    "prescriber", volume.visits_after_death, "M22 M28 M19", materiality=2, zh="患者死亡后就诊购药次数",
    en="visits and purchases of patients after their death",
)  # fmt: skip


# Medicine


@measure(
    "prescriber", "购药患者人均所购药量可用天数", "days of supply prescribed per patient", "days", "supply",
    "M05 M19", materiality=20, support="persons_with_known_supply",
)  # fmt: skip
def supply_days_per_person(v: Table, w: Value) -> Value:
    """Days of supply prescribed outside hospital ÷ patients who got any."""
    dosed = w & (v.kind != STAY) & (v.supply_days > 0)
    return ratio(v.supply_days.sum(where=dosed), v.psn_no.nunique(where=dosed))


declare("prescriber", medicines.persons_with_known_supply, "M05 M19", materiality=20)
declare("prescriber", medicines.supply_per_drug, "M05 M19", materiality=5)
declare("prescriber", medicines.days_on_hand, "M05 M19", materiality=5)
declare("prescriber", medicines.early_refill_share, "M05 M19", materiality=0.05)


@measure(
    "prescriber", "患者余药超出一个月用量部分占药费",
    "share of medicine prescribed in excess of a month of it at hand",
    "share", "supply", "M05 M19", materiality=0.04, evidence_weight=STRONG,
    support="persons_with_known_supply",
)  # fmt: skip
def oversupply_share(v: Table, w: Value) -> Value:
    """Yuan for drugs in excess of a month at hand ÷ yuan for medicine outside hospital."""
    return ratio(v.oversupply_amount.sum(where=w), v.drug_amount.sum(where=w & (v.kind != STAY)))


declare("prescriber", medicines.price_per_day, "M19 M40", materiality=3)
declare("prescriber", medicines.drugs_per_visit, "M05 M19", materiality=1)


@measure(
    "prescriber", "到药店购药的患者人数", "patients with a purchase on a prescription", "persons",
    "frequency", "M19 M40", materiality=20, evidence_weight=CONTEXT, over="purchases",
)  # fmt: skip
def buyers(v: Table, w: Value) -> Value:
    """Different patients who bought at a pharmacy what the doctor prescribed."""
    return v.psn_no.nunique(where=w)


@measure(
    "prescriber", "次均处方购药金额", "spent on a purchase", "yuan_per_visit", "money", "M05 M19 M40",
    materiality=30, over="purchases", support="purchases",
)  # fmt: skip
def amount_per_purchase(v: Table, w: Value) -> Value:
    """Mean bill of a purchase on the doctor's prescription, in yuan."""
    return v.medfee_sumamt.mean(where=w)


# Who treats one disease writes one set of medicines: a specialty is no evidence.
declare("prescriber", medicines.top_basket_share, "M22 M19", materiality=0.06, evidence_weight=CONTEXT)


@measure(
    "prescriber", "门诊诊断同为最常见一种的占比",
    "share of outpatient visits with the most frequent diagnosis",
    "share", "concentration", "M22", materiality=0.12, evidence_weight=CONTEXT, base="outpatient/dx3",
    support="outpatient_visits",
)  # fmt: skip
def top_diagnosis_share(p: Table, w: Value) -> Value:
    """Outpatient visits with the most frequent diagnosis ÷ outpatient visits; a specialty, like
    `top_basket_share`."""
    return top_share(p)


declare("prescriber", medicines.sale_before_rx_share, "M22", materiality=0.01)
declare("prescriber", medicines.rapid_rx_share, "M22", materiality=0.01)
declare(
    "prescriber", volume.co_visit_share, "M19 M40", materiality=0.05, over="purchases", support="purchases"
)
declare("prescriber", volume.co_visit_fund, "M01 M02 M19 M26", materiality=2000, evidence_weight=CONTEXT)
declare("prescriber", medicines.burst_share, "M19 M22", materiality=0.02, evidence_weight=HINT)


@measure(
    "prescriber", "使用超次处方的患者占比",
    "share of patients with a prescription used beyond what it allows", "share", "trace",
    "M22 M40 M19", materiality=0.01, evidence_weight=STRONG, support="persons",
)  # fmt: skip
def rx_overused_persons_share(v: Table, w: Value) -> Value:
    """Patients who used a prescription more often than it allows ÷ patients. One patient who does so many
    times says nothing of the doctor."""
    return ratio(v.psn_no.nunique(where=w & (v.rx_overused > 0)), v.psn_no.nunique(where=w))


# Where prescriptions are filled

declare(
    "prescriber", medicines.top_pharmacy_share, "M40 M19", materiality=0.15,
    zh="去得最多的一家药店的购药占比", en="share of purchases at one pharmacy", evidence_weight=HINT,
)  # fmt: skip


@measure(
    "prescriber", "与同一药店共有的患者数", "patients shared with one pharmacy", "persons", "concentration",
    "M40 M19", materiality=10, base="purchases/fixmedins_code",
)  # fmt: skip
def top_pharmacy_persons(p: Table, w: Value) -> Value:
    """Most patients of the doctor who buy at one pharmacy (`p`: a row a pharmacy)."""
    return p.persons.max()


# One patient who always buys at one pharmacy says nothing of the doctor.
declare("prescriber", medicines.steered_share, "M40", materiality=0.08, support="buyers", statistic="mean")
declare("prescriber", medicines.price_excess, "M40", materiality=0.03)


@measure(
    "prescriber", "处方集中到同一药店购药的程度", "how far the purchases go to one pharmacy", "share",
    "concentration", "M40", materiality=0.08, base="purchases/fixmedins_code", support="purchases",
)  # fmt: skip
def pharmacy_concentration(p: Table, w: Value) -> Value:
    """Probability that two purchases were at one pharmacy (`formulas.concentration`)."""
    return concentration(p)


declare(
    "prescriber", medicines.over_ceiling_share, "M40", materiality=0.005, over="purchases",
    support="purchases",
)  # fmt: skip
declare("prescriber", volume.top_person_share, "M05 M19", materiality=0.06)
declare("prescriber", volume.visits_per_person, "M05 M19 M28", materiality=1)


@measure(
    "prescriber", "门诊后三日内住进外院人次",
    "outpatient visits followed within three days by a stay elsewhere", "visits", "concentration", "M31",
    materiality=2, evidence_weight=STRONG, windows=ALL_WINDOWS, over="consultations",
    support="outpatient_visits", statistic="count",
)  # fmt: skip
def onward_admissions(v: Table, w: Value) -> Value:
    """Outpatient visits followed within three days by a stay elsewhere."""
    return v.mdtrt_id.count(where=w & v.referred_to.notnull())


@measure(
    "prescriber", "门诊后三日内住进外院占比",
    "share of outpatient visits followed within three days by a stay elsewhere", "share", "concentration",
    "M31", materiality=0.02, over="consultations", support="outpatient_visits",
)  # fmt: skip
def onward_admission_share(v: Table, w: Value) -> Value:
    """Outpatient visits followed within three days by a stay elsewhere ÷ outpatient visits."""
    return v.referred_to.notnull().mean(where=w)


@measure(
    "prescriber", "门诊后住院者住进同一家医院的占比",
    "share of the stays elsewhere that were in one hospital",
    "share", "concentration", "M31", materiality=0.2, base="outpatient/referred_to",
    support="onward_admissions",
)  # fmt: skip
def top_onward_hospital_share(p: Table, w: Value) -> Value:
    """Stays elsewhere in the hospital with most of them ÷ stays elsewhere within three days."""
    return top_share(p)


# Admissions


@measure(
    "prescriber", "住院占就诊比例", "share of patients' visits that are stays", "share", "frequency",
    "M12 M01", materiality=0.1, evidence_weight=CONTEXT, support="visits",
)  # fmt: skip
def stay_rate(v: Table, w: Value) -> Value:
    """Stays outside courses ÷ stays and outpatient visits outside courses."""
    return (v.kind == STAY).mean(where=w & (v.kind != PHARMACY) & ~v.course)


declare("prescriber", admissions.outpatient_rate_of_admissions, "M12", materiality=0.06)
declare("prescriber", admissions.admitted_from_outpatient_share, "M12", materiality=0.06)
declare("prescriber", admissions.split_share, "M03", materiality=0.04)
declare("prescriber", admissions.readmission_share, "M03", materiality=0.06)
declare("prescriber", admissions.idle_share, "M01", materiality=0.04)
declare("prescriber", admissions.outside_share, "M01", materiality=0.04)
declare("prescriber", admissions.stays_without_assistance, "M01", materiality=10)
declare("prescriber", admissions.non_surgical_zero_cash_share, "M01", materiality=0.06)
declare("prescriber", admissions.village_concentration, "M01", materiality=0.1)
declare("prescriber", admissions.village_batch_share, "M01", materiality=0.06)
declare("prescriber", admissions.non_surgical_stays, "M01", materiality=10)
declare("prescriber", admissions.template_share, "M01", materiality=0.1)
declare("prescriber", admissions.top_exam_set_share, "M33 M04", materiality=0.1)
declare("prescriber", admissions.checkup_share, "M04 M33", materiality=0.05)
declare("prescriber", admissions.exam_share, "M04 M33", materiality=0.08)
declare("prescriber", admissions.outpatient_exam_share, "M33", materiality=0.12)
declare("prescriber", admissions.drug_share, "M50", materiality=0.08)
declare("prescriber", admissions.outpatient_drug_share, "M50", materiality=0.12)
declare("prescriber", admissions.imaging_share, "M33", materiality=0.06)
declare("prescriber", admissions.cost_ratio, "M24", materiality=0.2)
declare("prescriber", admissions.service_intensity_ratio, "M01 M24", materiality=0.2)
declare("prescriber", admissions.charge_to_intensity_ratio, "M24", materiality=0.12)
declare("prescriber", admissions.overcharged_stay_share, "M24", materiality=0.06)
declare("prescriber", admissions.drg_cost_excess, "M24", materiality=0.05)
declare("prescriber", admissions.unsupported_drg_share, "M24", materiality=0.05)
declare("prescriber", admissions.top_disease_share, "M24 M12", materiality=0.15)
declare("prescriber", admissions.los, "M01 M12", materiality=3)


# Dialysis

declare("prescriber", admissions.dialysis_sessions, "M28", materiality=50)
declare("prescriber", admissions.no_sign_in_share, "M28", materiality=0.05)
declare("prescriber", admissions.weekly_dialysis_ratio, "M28", materiality=0.1)
declare("prescriber", admissions.double_dialysis_share, "M28", materiality=0.02)
declare("prescriber", admissions.dialysis_persons, "M28", materiality=5)
declare("prescriber", admissions.off_schedule_share, "M28", materiality=0.2)
declare("prescriber", admissions.rehab_visits, "M45", materiality=10)
declare("prescriber", admissions.no_sign_in_rehab_share, "M45", materiality=0.05)


@measure(
    "prescriber", "患者接受康复之日的治疗次数", "units of rehabilitation of a patient on a day with any",
    "per_day", "supply", "M45", materiality=2, support="rehab_visits",
)  # fmt: skip
def rehab_per_day(v: Table, w: Value) -> Value:
    """Units of rehabilitation ÷ days on which the patient had any."""
    return ratio(v.rehab.sum(where=w), v.rehab_days.sum(where=w))


declare("prescriber", volume.co_visit_consultation_share, "M26", materiality=0.05)
declare("prescriber", medicines.co_oversupplied_share, "M19", materiality=0.05, support="buyers")


@measure(
    "prescriber", "异常集中转往同一医院的门诊占比",
    "share of outpatients referred to one hospital beyond the colleagues' rate", "share", "concentration",
    "M31", materiality=0.02, evidence_weight=STRONG, windows=(YEAR,), over="consultations",
)  # fmt: skip
def outgoing_referral_excess(v: Table, w: Value) -> Value:
    """Mean over outpatient visits of the excess of their flow to a hospital (`referral_flows`)."""
    return v.referral_excess.mean(where=w)
