"""Measures of a pharmacy: which boxes it hands out, on whose prescription, and who its customers are."""

from ibis import Table, Value

from features.measures import shared_admissions as admissions
from features.measures import shared_medicines as medicines
from features.measures import shared_volume as volume
from features.measures.catalogue import ALL_WINDOWS, CONTEXT, LOW, PROOF, STRONG, declare, measure
from features.measures.formulas import concentration, ratio, share_in, top_share
from features.windows import YEAR

# Boxes and prescriptions


@measure(
    "pharmacy", "售出药盒数", "boxes sold", "boxes", "trace", "M16 M20", materiality=200,
    evidence_weight=CONTEXT, windows=ALL_WINDOWS,
)  # fmt: skip
def boxes(v: Table, w: Value) -> Value:
    """Boxes on record as sold."""
    return v.boxes.sum(where=w).fill_null(0)


@measure(
    "pharmacy", "每千盒中追溯码已被售出过的药盒", "boxes with a trace code sold before", "per_thousand",
    "trace", "M20 M16", materiality=2, evidence_weight=PROOF, support="boxes",
)  # fmt: skip
def repeat_codes_per_1000(v: Table, w: Value) -> Value:
    """Boxes whose trace code an earlier sale carries, of a thousand boxes sold."""
    return ratio(v.repeat_codes.sum(where=w), v.boxes.sum(where=w)) * 1000


@measure(
    "pharmacy", "无追溯码药盒占比", "share of boxes without a trace code", "share", "trace", "M16 M18 M20",
    materiality=0.05, evidence_weight=STRONG, support="boxes",
)  # fmt: skip
def uncoded_share(v: Table, w: Value) -> Value:
    """Boxes without a trace code ÷ boxes sold."""
    return ratio(v.uncoded.sum(where=w), v.boxes.sum(where=w))


@measure(
    "pharmacy", "没有追溯码扫码记录的购药占比", "share of purchases without any box on record", "share",
    "trace", "M16 M18", materiality=0.05, evidence_weight=STRONG, support="visits",
)  # fmt: skip
def boxless_share(v: Table, w: Value) -> Value:
    """Purchases without any box on record ÷ purchases."""
    # Where nobody records boxes all pharmacies agree, and nobody differs from them.
    return v.boxes.isnull().mean(where=w)


@measure(
    "pharmacy", "使用超次处方的购药占比",
    "share of purchases on a prescription used beyond what it allows", "share", "trace", "M21",
    materiality=0.01, evidence_weight=STRONG, support="visits",
)  # fmt: skip
def rx_overused_share(v: Table, w: Value) -> Value:
    """Purchases on a prescription used more often than it allows ÷ purchases."""
    return (v.rx_overused > 0).fill_null(False).mean(where=w)


declare("pharmacy", medicines.sale_before_rx_share, "M22", materiality=0.01, over="visits", support="visits")
declare("pharmacy", medicines.rapid_rx_share, "M22", materiality=0.01, over="visits", support="visits")


@measure(
    "pharmacy", "有处方医师的购药占比", "share of purchases with a prescriber", "share", "trace", "M22 M18",
    materiality=0.15, evidence_weight=CONTEXT, direction=LOW, support="visits",
)  # fmt: skip
def prescribed_share(v: Table, w: Value) -> Value:
    """Purchases with a prescriber ÷ purchases."""
    return v.dr_code.notnull().mean(where=w)


# Who stands behind


@measure(
    "pharmacy", "凭处方购药人次", "purchases with a prescriber", "visits", "frequency", "M22 M40",
    materiality=50, evidence_weight=CONTEXT, windows=ALL_WINDOWS,
)  # fmt: skip
def ungrouped_prescriptions(v: Table, w: Value) -> Value:
    """Purchases with a prescriber, but for those of a group with an honest reason to come together."""
    return v.mdtrt_id.count(where=w & v.prescribing_dr.notnull())


@measure(
    "pharmacy", "处方最多的一名医师所占比例", "share of prescriptions by one doctor", "share",
    "concentration",
    "M40 M22", materiality=0.08, evidence_weight=STRONG, base="purchases/prescribing_dr",
    support="ungrouped_prescriptions",
)  # fmt: skip
def top_prescriber_share(p: Table, w: Value) -> Value:
    """Purchases on prescriptions of the doctor with most of them ÷ prescribed purchases."""
    return top_share(p)


@measure(
    "pharmacy", "与同一医师共有的患者数", "most customers sent by one doctor", "persons", "concentration",
    "M40 M19", materiality=10, base="purchases/prescribing_dr",
)  # fmt: skip
def top_prescriber_persons(p: Table, w: Value) -> Value:
    """Most customers who buy on one doctor's prescriptions (`p`: a row a doctor)."""
    return p.persons.max()


declare(
    "pharmacy", medicines.steered_share, "M40", materiality=0.08,
    zh="某医师处方集中到本店、超出患者平常去处的占比",
    en="most of a doctor's prescriptions filled here beyond what habits "
    "and colleagues' patients explain",
    over="visits",
)  # fmt: skip


@measure(
    "pharmacy", "处方集中于同一医师的程度", "how far the prescriptions come from one doctor", "share",
    "concentration", "M40 M22 M19", materiality=0.04, evidence_weight=STRONG, base="purchases/prescribing_dr",
    support="ungrouped_prescriptions",
)  # fmt: skip
def prescriber_concentration(p: Table, w: Value) -> Value:
    """Probability that two prescribed purchases are one doctor's (`formulas.concentration`)."""
    return concentration(p)


declare(
    "pharmacy", volume.top_person_share, "M05 M16 M19", materiality=0.05, zh="基金支付最多的一名顾客所占比例",
    en="share of fund pay for one customer", base="purchases/psn_no",
)  # fmt: skip


@measure(
    "pharmacy", "顾客之间基金支付的悬殊程度(人均额的倍数)", "how unevenly the fund pays for the customers",
    "ratio", "concentration", "M05 M19 M16", materiality=0.4, base="purchases/psn_no", support="visits",
)  # fmt: skip
def fund_per_person_cv(p: Table, w: Value) -> Value:
    """Coefficient of variation of the fund payment for a customer (`p`: a row a customer)."""
    return p.fund.std() / p.fund.mean().nullif(0)


@measure(
    "pharmacy", "每月来两次以上的顾客的购药占比", "share of purchases by customers who come twice a month",
    "share", "concentration", "M06 M15", materiality=0.08, windows=(YEAR,), base="purchases/psn_no",
    support="persons",
)  # fmt: skip
def frequent_customers_share(p: Table, w: Value) -> Value:
    """Purchases of customers with 24 or more in the year ÷ purchases (`p`: a row a customer)."""
    return share_in(p, p.n >= 24)


declare(
    "pharmacy", admissions.top_disease_share, "M19 M05", materiality=0.15, zh="最常见一个慢特病种的购药占比",
    en="share of purchases for the most frequent chronic disease", evidence_weight=CONTEXT,
    base="purchases/dise_no", support="visits",
)  # fmt: skip


@measure(
    "pharmacy", "在职职工购药人数", "customers with an employer", "persons", "concentration", "M15 M16",
    materiality=20, evidence_weight=CONTEXT,
)  # fmt: skip
def employed_customers(v: Table, w: Value) -> Value:
    """Different customers of whom the employer is known."""
    return v.psn_no.nunique(where=w & v.emp_no.notnull())


@measure(
    "pharmacy", "购药最多的一家单位的职工所占比例", "share of purchases by staff of one employer", "share",
    "concentration", "M15 M16", materiality=0.1, base="purchases/emp_no", support="employed_customers",
)  # fmt: skip
def top_employer_share(p: Table, w: Value) -> Value:
    """Purchases by staff of the employer with most of them ÷ purchases of the employed."""
    return top_share(p)


@measure(
    "pharmacy", "同连锁其他门店异常购药占比", "share of odd purchases in the other branches of the chain",
    "share", "co_visit", "M42", materiality=0.03, evidence_weight=CONTEXT, windows=(),
)  # fmt: skip
def chain_anomaly_share(v: Table, w: Value) -> Value:
    """Odd purchases in the other branches of the chain ÷ their purchases; missing outside chains."""
    return v.chain_anomalies.max()


declare(
    "pharmacy", medicines.co_oversupplied_share, "M19", materiality=0.02, over="visits", support="persons"
)
