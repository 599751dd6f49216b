"""Measures of stays, their bills and dialysis, shared by several kinds of subject."""

from ibis import Table, Value

from claims.as_of import STAY
from features.measures.catalogue import ALL_WINDOWS, CONTEXT, LOW, STRONG, shared
from features.measures.formulas import concentration, ratio, share_in, top_share, unoperated
from features.windows import YEAR


@shared("住院中无检查治疗的天数", "idle days in hospital", "days", "stay", evidence_weight=STRONG)
def idle_days(v: Table, w: Value) -> Value:
    """Days of stays without a line other than bed, nursing and round."""
    return v.idle_days.sum(where=w).fill_null(0)


@shared("透析次数", "dialysis sessions", "sessions", "supply", evidence_weight=CONTEXT, windows=ALL_WINDOWS)
def dialysis_sessions(v: Table, w: Value) -> Value:
    """Sessions of dialysis billed."""
    return v.dialysis.sum(where=w).fill_null(0)


@shared(
    "所收住院病种通常只需门诊治疗的比例",
    "how often the diseases admitted are treated as outpatients elsewhere",
    "share", "stay", over="admissions", support="stays",
)  # fmt: skip
def outpatient_rate_of_admissions(v: Table, w: Value) -> Value:
    """Mean over admissions of the share of the disease's patients treated as outpatients by others."""
    return v.outpatient_rate.mean(where=w)


@shared(
    "门诊当日或次日转住院占比", "share of stays right after an outpatient visit there", "share", "stay",
    over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def admitted_from_outpatient_share(v: Table, w: Value) -> Value:
    """Stays on the day of an outpatient visit there or the day after ÷ admissions."""
    return v.converted.fill_null(False).mean(where=w)


@shared(
    "15日内同院同病再入院占比", "share of stays that are back within 15 days with the same disease", "share",
    "stay", evidence_weight=STRONG, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def split_share(v: Table, w: Value) -> Value:
    """Stays within 15 days of one there for the same disease ÷ admissions."""
    return v.split.fill_null(False).mean(where=w)


@shared(
    "31日内同院再入院占比", "share of stays that are back within 31 days", "share", "stay", over="admissions",
    support="stays", case_mix=True,
)  # fmt: skip
def readmission_share(v: Table, w: Value) -> Value:
    """Stays within 31 days of one there ÷ admissions, against what the diseases lead one to expect."""
    return v.readmitted_31d.fill_null(False).mean(where=w)


@shared(
    "住院日中无检查治疗的比例", "share of bed days with nothing but bed, care and round", "share", "stay",
    evidence_weight=STRONG, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def idle_share(v: Table, w: Value) -> Value:
    """Idle days ÷ days of the stays whose lines are known."""
    known = w & v.idle_days.notnull()
    return ratio(v.idle_days.sum(where=known), v.los.sum(where=known))


@shared(
    "住院期间外出就医购药的住院占比", "share of stays with visits elsewhere during them", "share", "stay",
    evidence_weight=STRONG, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def outside_share(v: Table, w: Value) -> Value:
    """Stays of two days or more with a visit elsewhere inside ÷ such stays."""
    return (v.outside_visits.fill_null(0) > 0).mean(where=w & (v.los >= 2))


@shared(
    "非救助对象非手术住院次数", "stays without an operation of patients without medical assistance", "visits",
    "frequency", evidence_weight=CONTEXT, over="admissions",
)  # fmt: skip
def stays_without_assistance(v: Table, w: Value) -> Value:
    """Stays without an operation of patients who have to pay a part themselves."""
    return v.mdtrt_id.count(where=w & ~_exempt_or_operated(v))


@shared(
    "非救助对象非手术住院分文未付的占比",
    "share of stays without an operation that cost a patient without medical assistance nothing",
    "share", "money", evidence_weight=STRONG, over="admissions", support="stays_without_assistance",
    unpaid=True,
)  # fmt: skip
def non_surgical_zero_cash_share(v: Table, w: Value) -> Value:
    """Stays without an operation of patients without medical assistance and without any cash payment ÷
    such stays."""
    return (v.cash_payamt <= 0).mean(where=w & ~_exempt_or_operated(v))


def _exempt_or_operated(v: Table) -> Value:
    """Is the patient a recipient of medical assistance, or was he operated on? Paying nothing says little
    then: whoever was operated on was ill, and charities pay what their patients would."""
    return v.poor.fill_null(False) | v.operated.fill_null(False)


@shared(
    "住院集中于同一村居的程度", "how far the stays come from one village", "share", "concentration",
    base="stays/village", support="stays",
)  # fmt: skip
def village_concentration(p: Table, w: Value) -> Value:
    """Probability that two stays are of one village (`formulas.concentration`)."""
    return concentration(p)


@shared(
    "同村三人以上同日入院占比", "share of stays with three or more of a village admitted within a day",
    "share", "co_visit", evidence_weight=STRONG, over="admissions", support="stays",
)  # fmt: skip
def village_batch_share(v: Table, w: Value) -> Value:
    """Stays with two or more others of the village admitted within a day ÷ admissions."""
    return (v.village_batch.fill_null(0) >= 2).mean(where=w)


@shared(
    "非手术住院次数", "stays without an operation", "visits", "frequency", evidence_weight=CONTEXT,
)  # fmt: skip
def non_surgical_stays(v: Table, w: Value) -> Value:
    """Stays whose bills no operation makes alike: patients of one operation are all examined and treated by
    its clinical pathway."""
    return v.mdtrt_id.count(where=w & (v.kind == STAY) & unoperated(v))


@shared(
    "账单内容雷同的非手术住院占比",
    "share of stays without an operation whose bill has the same items as two or more others", "share",
    "content", evidence_weight=STRONG, base="unoperated/template", support="non_surgical_stays",
)  # fmt: skip
def template_share(p: Table, w: Value) -> Value:
    """Stays whose set of items three or more stays have ÷ stays (`p`: stays without an operation by set of
    items)."""
    return share_in(p, p.n >= 3)


@shared(
    "检查项目组合完全相同的非手术住院占比",
    "share of stays without an operation with the most frequent set of examinations", "share",
    "content", base="unoperated/exam_set", support="non_surgical_stays",
)  # fmt: skip
def top_exam_set_share(p: Table, w: Value) -> Value:
    """Stays with the most frequent set of examinations ÷ stays (`p`: stays without an operation by set of
    examinations)."""
    return top_share(p)


@shared(
    "体检式住院占比", "share of stays that are short and mostly examinations", "share", "content",
    evidence_weight=STRONG, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def checkup_share(v: Table, w: Value) -> Value:
    """Stays that are `checkup_like` ÷ admissions."""
    return checkup_like(v).mean(where=w)


def checkup_like(v: Table) -> Value:
    """Was it at most five days, and is half of the bill for examinations, the costliest of them left out? One
    costly examination (an angiography) is a diagnosis, many are a check-up (M04)."""
    others = v.exam_amount - v.costliest_exam
    mostly = (others > 0) & (others >= 0.5 * (v.billed - v.costliest_exam))
    return (mostly & (v.los <= 5)).fill_null(False)


@shared(
    "住院检查检验费占比", "share of inpatient bills for examinations and laboratory", "share", "content",
    over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def exam_share(v: Table, w: Value) -> Value:
    """Yuan for examinations and laboratory ÷ yuan of all lines, of stays."""
    return ratio(v.exam_amount.sum(where=w), v.billed.sum(where=w))


@shared(
    "门诊检查检验费占比", "share of outpatient bills for examinations and laboratory", "share", "content",
    evidence_weight=CONTEXT, over="consultations", support="outpatient_visits", case_mix=True,
)  # fmt: skip
def outpatient_exam_share(v: Table, w: Value) -> Value:
    """Yuan for examinations and laboratory ÷ yuan of all lines, of outpatient visits."""
    return ratio(v.exam_amount.sum(where=w), v.billed.sum(where=w))


@shared(
    "住院药费占比", "share of inpatient bills for medicine", "share", "content", over="admissions",
    support="stays", case_mix=True,
)  # fmt: skip
def drug_share(v: Table, w: Value) -> Value:
    """Yuan for medicine ÷ yuan of all lines, of stays."""
    return ratio(v.drug_amount.sum(where=w), v.billed.sum(where=w))


@shared(
    "门诊药费占比", "share of outpatient bills for medicine", "share", "content",
    over="consultations", support="outpatient_visits", case_mix=True,
)  # fmt: skip
def outpatient_drug_share(v: Table, w: Value) -> Value:
    """Yuan for medicine ÷ yuan of all lines, of outpatient visits."""
    return ratio(v.drug_amount.sum(where=w), v.billed.sum(where=w))


@shared(
    "做大型检查的就诊占比", "share of outpatient visits with a scan", "share", "content",
    evidence_weight=CONTEXT, over="consultations", support="outpatient_visits", case_mix=True,
)  # fmt: skip
def imaging_share(v: Table, w: Value) -> Value:
    """Visits with a large examination (CT, MR, …: `features.visits.codelists`) ÷ visits looked at."""
    return (v.large_exams > 0).mean(where=w)


@shared(
    "住院费用与同病组通常水平之比", "bills against the disease group", "ratio", "price",
    over="admissions", support="stays",
)  # fmt: skip
def cost_ratio(v: Table, w: Value) -> Value:
    """Median over stays of the bill ÷ the bill usual for the disease group."""
    return v.cost_ratio.median(where=w)


@shared(
    "诊疗项目量与同病组通常水平之比", "services on the bills against the disease group", "ratio",
    "price", direction=LOW, over="admissions", support="stays",
)  # fmt: skip
def service_intensity_ratio(v: Table, w: Value) -> Value:
    """Median over stays of the services billed (no bed, nursing, rounds) ÷ those usual for the DRG."""
    return v.service_intensity_ratio.median(where=w)


@shared(
    "收费与诊疗项目应有水平之比", "charges for the services against the disease group", "ratio",
    "price", evidence_weight=STRONG, over="admissions", support="stays",
)  # fmt: skip
def charge_to_intensity_ratio(v: Table, w: Value) -> Value:
    """Median over stays of `cost_ratio` ÷ `service_intensity_ratio`."""
    return v.charge_to_intensity_ratio.median(where=w)


@shared(
    "收费超出诊疗项目应有水平一半以上的住院占比",
    "share of stays charged half as much again as their content warrants",
    "share", "price", evidence_weight=STRONG, over="admissions", support="stays",
)  # fmt: skip
def overcharged_stay_share(v: Table, w: Value) -> Value:
    """Stays charged 1.5 times what their content warrants, or more ÷ stays with a benchmark."""
    return (v.charge_to_intensity_ratio >= 1.5).mean(where=w)


@shared(
    "入组费用高出所患疾病通常水平的比例",
    "mean surplus of what the disease groups usually cost over their diseases", "share", "content",
    over="admissions", support="stays",
)  # fmt: skip
def drg_cost_excess(v: Table, w: Value) -> Value:
    """Mean over stays of the usual cost of the group ÷ that of the disease, minus one."""
    return (v.drg_cost_ratio - 1).mean(where=w)


@shared(
    "入高费用病组而诊疗项目不足的住院占比",
    "share of stays in a high-cost disease group without the services for it",
    "share", "price", evidence_weight=STRONG, over="admissions", support="stays",
)  # fmt: skip
def unsupported_drg_share(v: Table, w: Value) -> Value:
    """Stays in a DRG costlier than the diagnosis whose services fall short of it ÷ stays."""
    return v.unsupported_drg.mean(where=w)


@shared(
    "最常见一个病种的住院占比", "share of stays with the most frequent disease", "share", "concentration",
    base="stays/dx3", support="stays",
)  # fmt: skip
def top_disease_share(p: Table, w: Value) -> Value:
    """Stays with the most frequent disease (three characters of the code) ÷ stays."""
    return top_share(p)


@shared(
    "平均住院日", "mean length of stay", "days", "stay", evidence_weight=CONTEXT, over="admissions",
    support="stays", case_mix=True,
)  # fmt: skip
def los(v: Table, w: Value) -> Value:
    """Mean days of a stay."""
    return v.los.mean(where=w)


@shared(
    "无签到透析占比", "share of dialysis sessions without sign-in", "share", "identity",
    evidence_weight=STRONG, support="dialysis_sessions",
)  # fmt: skip
def no_sign_in_share(v: Table, w: Value) -> Value:
    """Sessions of dialysis without a sign-in ÷ sessions, where sign-ins are recorded."""
    known = w & v.no_sign_in.notnull()
    return ratio(v.no_sign_in.sum(where=known), v.dialysis.sum(where=known))


@shared(
    "患者每周透析次数与每周三次之比", "dialysis visits in a patient's week against three", "ratio", "supply",
    evidence_weight=STRONG, base="dialysis/week", support="dialysis_sessions",
)  # fmt: skip
def weekly_dialysis_ratio(p: Table, w: Value) -> Value:
    """Visits for dialysis ÷ weeks of patients with any, against three a week (`p`: weeks)."""
    return p.n.sum() / p.persons.sum() / 3


@shared(
    "一日内透析多次的占比", "share of dialysis visits with more than one session a day", "share", "supply",
    evidence_weight=STRONG, support="dialysis_sessions",
)  # fmt: skip
def double_dialysis_share(v: Table, w: Value) -> Value:
    """Visits with more sessions of dialysis than days with one ÷ visits with dialysis."""
    return (v.dialysis > v.dialysis_days).mean(where=w & (v.dialysis > 0))


@shared("透析患者人数", "dialysis patients", "persons", "supply", evidence_weight=CONTEXT)
def dialysis_persons(v: Table, w: Value) -> Value:
    """Different patients with dialysis."""
    return v.psn_no.nunique(where=w & (v.dialysis > 0))


@shared(
    "不时在自身排班之外加做透析的患者占比",
    "share of dialysis patients with occasional sessions beyond their own usual week", "share", "supply",
    windows=(YEAR,), evidence_weight=STRONG, support="dialysis_persons",
)  # fmt: skip
def off_schedule_share(v: Table, w: Value) -> Value:
    """Patients with sessions beyond their own week's number now and then ÷ dialysis patients; 0 where there
    are none, for a county has too few places with dialysis to compare these alone
    (`features.visits.dialysis_schedules`)."""
    patients = v.psn_no.nunique(where=w & (v.dialysis > 0))
    return ratio(v.psn_no.nunique(where=w & v.off_schedule.notnull()), patients).fill_null(0.0)


@shared("收取康复费的就诊次数", "visits with rehabilitation", "visits", "supply", evidence_weight=CONTEXT)
def rehab_visits(v: Table, w: Value) -> Value:
    """Visits with units of rehabilitation."""
    return v.rehab.count(where=w & (v.rehab > 0))


@shared(
    "无签到康复治疗占比", "share of rehabilitation without sign-in", "share", "identity",
    evidence_weight=STRONG, support="rehab_visits",
)  # fmt: skip
def no_sign_in_rehab_share(v: Table, w: Value) -> Value:
    """Units of rehabilitation without a sign-in on the day ÷ units, where sign-ins are recorded.

    The units of a visit are one patient's course, so that as much is known as there are visits.
    """
    known = w & v.no_sign_in_rehab.notnull()
    return ratio(v.no_sign_in_rehab.sum(where=known), v.rehab.sum(where=known))
