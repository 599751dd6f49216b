"""Measures of a pharmacy: who buys, how much, at what pace, on whose prescription, and which boxes."""

import ibis

from features.measures.catalogue import CONTEXT, FLOW, HINT, LOW, PROOF, STRONG, YEAR, measure

# All that a pharmacy sells is a purchase, so no measure here asks for the kind of visit.


def _share(part: ibis.Value, whole: ibis.Value) -> ibis.Value:
    return part / whole.nullif(0)


# How much


@measure(
    "pharmacy",
    "购药人次",
    "purchases",
    "visits",
    "M06 M16",
    materiality=100,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def visits(v, w):
    return v.mdtrt_id.count(where=w)


@measure(
    "pharmacy",
    "购药人数",
    "customers",
    "persons",
    "M06 M15",
    materiality=50,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def persons(v, w):
    return v.psn_no.nunique(where=w)


@measure(
    "pharmacy",
    "基金支付",
    "paid by the fund",
    "yuan",
    "M05 M16 M19",
    materiality=10_000,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def fund_pay(v, w):
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


@measure(
    "pharmacy",
    "次均基金支付",
    "paid by the fund for a purchase",
    "yuan_each",
    "M05 M16 M19",
    materiality=20,
    family="money",
    support="visits",
    evidence_weight=CONTEXT,
)
def fund_per_visit(v, w):
    return v.fund_pay_sumamt.mean(where=w)


@measure(
    "pharmacy",
    "人均购药次数",
    "purchases per customer",
    "visits_each",
    "M06 M15",
    materiality=0.5,
    family="frequency",
    windows=FLOW,
    support="persons",
)
def visits_each(v, w):
    return _share(v.mdtrt_id.count(where=w), v.psn_no.nunique(where=w))


@measure(
    "pharmacy",
    "营业日日均购药人次",
    "purchases on a day with any",
    "per_day",
    "M16 M15",
    materiality=5,
    family="frequency",
    evidence_weight=CONTEXT,
)
def visits_per_day(v, w):
    return _share(v.mdtrt_id.count(where=w), v.day.nunique(where=w))


@measure(
    "pharmacy",
    "购药最多一天与日均之比",
    "purchases on the busiest day against a usual one",
    "ratio",
    "M15 M16",
    materiality=1,
    family="terminal",
    base="purchases/day",
    support="visits",
)
def busiest_day(p, w):
    return p.n.max() / p.n.mean()


@measure(
    "pharmacy",
    "基金支付近季与此前一年之比",
    "fund pay of the last quarter against the year before",
    "ratio",
    "M16 M47",
    materiality=0.3,
    family="money",
    windows=(),
    evidence_weight=CONTEXT,
)
def fund_growth(v, w):
    # Per day; unknown without a quarter to compare with.
    span = ibis.least(v.days_ago.max(), 455) - 90
    recent = v.fund_pay_sumamt.sum(where=v.days_ago <= 90) / 90
    before = v.fund_pay_sumamt.sum(where=(v.days_ago > 90) & (v.days_ago <= 455))
    return recent / (before / (span >= 90).ifelse(span, None)).nullif(0)


@measure(
    "pharmacy",
    "十二月基金支付占全年比例",
    "share of the year's fund pay in December",
    "share",
    "M47",
    materiality=0.05,
    family="money",
    windows=(YEAR,),
    support="visits",
)
def december_share(v, w):
    return _share(v.fund_pay_sumamt.sum(where=w & (v.begntime.month() == 12)), v.fund_pay_sumamt.sum(where=w))


@measure(
    "pharmacy",
    "夜间购药占比",
    "share of purchases at night",
    "share",
    "M16 M22",
    materiality=0.05,
    family="terminal",
    support="visits",
    evidence_weight=CONTEXT,
)
def night_share(v, w):
    return v.night.mean(where=w)


# How much medicine


@measure(
    "pharmacy",
    "人均购药供应天数",
    "days of supply sold per customer",
    "days",
    "M05 M19",
    materiality=20,
    family="supply",
    support="persons",
)
def supply_each(v, w):
    return _share(v.supply_days.sum(where=w), v.psn_no.nunique(where=w))


@measure(
    "pharmacy",
    "每种药次均供应天数",
    "days of supply of a drug in a purchase",
    "days_each",
    "M05 M19",
    materiality=5,
    family="supply",
    support="visits",
)
def supply_per_drug(v, w):
    return _share(v.supply_days.sum(where=w), v.n_drugs.sum(where=w))


@measure(
    "pharmacy",
    "购药时平均余药天数",
    "mean days of supply still at hand when buying",
    "days",
    "M05 M19",
    materiality=5,
    family="supply",
    support="visits",
    evidence_weight=STRONG,
)
def stock_days(v, w):
    return v.stock_days.mean(where=w)


@measure(
    "pharmacy",
    "余药三十天以上仍购药的占比",
    "share of purchases with a month of the drug still at hand",
    "share",
    "M05 M19 M06",
    materiality=0.05,
    family="supply",
    support="visits",
    evidence_weight=STRONG,
)
def stocked_share(v, w):
    return (v.stock_days > 30).mean(where=w)


@measure(
    "pharmacy",
    "余药充足时售药金额占比",
    "share of medicine sold while a month of it was at hand",
    "share",
    "M05 M19",
    materiality=0.04,
    family="supply",
    support="visits",
    evidence_weight=STRONG,
)
def surplus_share(v, w):
    return _share(v.surplus_spent.sum(where=w), v.drug_amount.sum(where=w))


@measure(
    "pharmacy",
    "每供应日药价",
    "price of a day of supply",
    "yuan_per_day",
    "M19 M20",
    materiality=3,
    family="price",
    support="visits",
)
def price_per_day(v, w):
    # Resold medicine is dear medicine.
    return _share(v.drug_amount.sum(where=w & (v.supply_days > 0)), v.supply_days.sum(where=w))


@measure(
    "pharmacy",
    "次均药品种类",
    "kinds of medicine in a purchase",
    "items",
    "M05 M19",
    materiality=1,
    family="content",
    support="visits",
    evidence_weight=CONTEXT,
)
def drugs_per_visit(v, w):
    return v.n_drugs.mean(where=w)


@measure(
    "pharmacy",
    "非药品金额占比",
    "share of sales that is no medicine",
    "share",
    "M18",
    materiality=0.05,
    family="content",
    support="visits",
)
def other_goods_share(v, w):
    return 1 - _share(v.drug_amount.sum(where=w), v.billed.sum(where=w))


@measure(
    "pharmacy",
    "同一组药品的最大占比",
    "share of purchases with the most frequent basket",
    "share",
    "M18 M16",
    materiality=0.05,
    family="content",
    base="purchases/template",
    support="visits",
)
def top_basket_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "pharmacy",
    "超最高限价金额占比",
    "share of sales above the price ceiling",
    "share",
    "M40 M18",
    materiality=0.005,
    family="price",
    support="visits",
)
def over_ceiling_share(v, w):
    return _share(v.over_ceiling.sum(where=w), v.billed.sum(where=w))


@measure(
    "pharmacy",
    "药价高出药店通常价格的比例",
    "surplus of the prices over those of other pharmacies",
    "share",
    "M40 M18",
    materiality=0.03,
    family="price",
    support="visits",
)
def price_surplus(v, w):
    return _share(v.priced.sum(where=w), v.usual_price.sum(where=w)) - 1


# Cards and amounts


@measure(
    "pharmacy",
    "60秒内接续刷卡占比",
    "share of swipes within 60 seconds of another card",
    "share",
    "M15 M16",
    materiality=0.02,
    family="terminal",
    support="visits",
    evidence_weight=STRONG,
)
def burst_share(v, w):
    return v.burst.fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "三天以上跟随同一人的购药占比",
    "share of purchases right behind the same other person on three days or more",
    "share",
    "M15 M19",
    materiality=0.02,
    family="terminal",
    support="visits",
    evidence_weight=STRONG,
)
def follow_share(v, w):
    return (v.follow_days >= 3).fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "结伴购药占比",
    "share of purchases with companions",
    "share",
    "M15 M19",
    materiality=0.05,
    family="company",
    support="visits",
    evidence_weight=STRONG,
)
def company_share(v, w):
    return (v.companions > 0).fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "30分钟内另处刷卡占比",
    "share of cards used elsewhere within the 30 minutes before",
    "share",
    "M15 M16",
    materiality=0.005,
    family="terminal",
    support="visits",
    evidence_weight=STRONG,
)
def two_places_share(v, w):
    return v.two_places.fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "整额占比",
    "share of round amounts",
    "share",
    "M16 M18",
    materiality=0.02,
    family="terminal",
    support="visits",
)
def round_share(v, w):
    return v.round_amount.mean(where=w)


@measure(
    "pharmacy",
    "最常见金额占比",
    "share of purchases with the most frequent amount",
    "share",
    "M16 M18",
    materiality=0.03,
    family="terminal",
    base="purchases/medfee_sumamt",
    support="visits",
)
def top_amount_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "pharmacy",
    "任取两次购药金额相同的概率",
    "chance that two purchases have the same amount",
    "share",
    "M16 M18",
    materiality=0.005,
    family="terminal",
    base="purchases/medfee_sumamt",
    support="visits",
)
def same_amount_chance(p, w):
    return (p.n * p.n).sum() / (p.n.sum() * p.n.sum())


@measure(
    "pharmacy",
    "零现金购药占比",
    "share of purchases without any cash",
    "share",
    "M16 M18",
    materiality=0.1,
    family="money",
    support="visits",
    evidence_weight=CONTEXT,
)
def zero_cash_share(v, w):
    return (v.cash_payamt <= 0).mean(where=w)


@measure(
    "pharmacy",
    "统筹基金支付占比",
    "share of sales paid by the pooled fund",
    "share",
    "M16 M05",
    materiality=0.1,
    family="money",
    support="visits",
    evidence_weight=CONTEXT,
)
def pooled_share(v, w):
    return _share(v.hifp_pay.sum(where=w), v.medfee_sumamt.sum(where=w))


@measure(
    "pharmacy",
    "死亡后购药次数",
    "purchases after death",
    "visits",
    "M09 M15",
    materiality=2,
    family="identity",
    windows=FLOW,
    evidence_weight=HINT,
)
def after_death(v, w):
    return v.mdtrt_id.count(where=w & (v.days_dead > 1).fill_null(False))


@measure(
    "pharmacy",
    "死亡后基金与账户支付",
    "paid by fund and account after death",
    "yuan",
    "M09",
    materiality=200,
    family="identity",
    windows=FLOW,
    evidence_weight=HINT,
)
def fund_after_death(v, w):
    paid = v.fund_pay_sumamt + v.acct_pay.fill_null(0)
    return paid.sum(where=w & (v.days_dead > 1).fill_null(False)).fill_null(0)


# Boxes and prescriptions


@measure(
    "pharmacy",
    "售出药盒数",
    "boxes sold",
    "boxes",
    "M16 M20",
    materiality=200,
    family="trace",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def boxes(v, w):
    return v.boxes.sum(where=w).fill_null(0)


@measure(
    "pharmacy",
    "重复追溯码药盒",
    "boxes with a trace code sold before",
    "per_thousand",
    "M20 M16",
    materiality=2,
    family="trace",
    support="boxes",
    evidence_weight=PROOF,
)
def repeat_codes(v, w):
    return _share(v.repeat_codes.sum(where=w), v.boxes.sum(where=w)) * 1000


@measure(
    "pharmacy",
    "无追溯码药盒占比",
    "share of boxes without a trace code",
    "share",
    "M16 M18 M20",
    materiality=0.05,
    family="trace",
    support="boxes",
    evidence_weight=STRONG,
)
def uncoded_share(v, w):
    return _share(v.uncoded.sum(where=w), v.boxes.sum(where=w))


@measure(
    "pharmacy",
    "无药盒记录的购药占比",
    "share of purchases without any box on record",
    "share",
    "M16 M18",
    materiality=0.05,
    family="trace",
    support="visits",
    evidence_weight=CONTEXT,
)
def boxless_share(v, w):
    # Where nobody records boxes all pharmacies agree, and nobody differs from them.
    return v.boxes.isnull().mean(where=w)


@measure(
    "pharmacy",
    "处方超次使用占比",
    "share of purchases on a prescription used beyond what it allows",
    "share",
    "M21",
    materiality=0.01,
    family="trace",
    support="visits",
    evidence_weight=STRONG,
)
def rx_overused_share(v, w):
    return (v.rx_overused > 0).fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "先售药后开方占比",
    "share of purchases before their prescription was written",
    "share",
    "M22",
    materiality=0.01,
    family="trace",
    support="visits",
    evidence_weight=STRONG,
)
def rx_late_share(v, w):
    return v.rx_late.fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "10秒内连开处方占比",
    "share of purchases on a prescription written within 10 seconds of another",
    "share",
    "M22",
    materiality=0.01,
    family="trace",
    support="visits",
    evidence_weight=STRONG,
)
def rx_rushed_share(v, w):
    return v.rx_rushed.fill_null(False).mean(where=w)


@measure(
    "pharmacy",
    "有处方医师的购药占比",
    "share of purchases with a prescriber",
    "share",
    "M22 M18",
    materiality=0.15,
    family="trace",
    direction=LOW,
    support="visits",
    evidence_weight=CONTEXT,
)
def prescribed_share(v, w):
    return v.dr_code.notnull().mean(where=w)


# Who stands behind


@measure(
    "pharmacy",
    "凭处方购药人次",
    "purchases with a prescriber",
    "visits",
    "M22 M40",
    materiality=50,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def prescribed(v, w):
    return v.mdtrt_id.count(where=w & v.dr_code.notnull())


@measure(
    "pharmacy",
    "最多一名医师处方占比",
    "share of prescriptions by one doctor",
    "share",
    "M40 M22",
    materiality=0.08,
    family="concentration",
    base="purchases/dr_code",
    support="prescribed",
    evidence_weight=STRONG,
)
def top_prescriber_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "pharmacy",
    "与同一医师共有患者数",
    "most customers sent by one doctor",
    "persons",
    "M40 M19",
    materiality=10,
    family="concentration",
    base="purchases/dr_code",
)
def top_prescriber_persons(p, w):
    return p.persons.max()


@measure(
    "pharmacy",
    "一名医师的处方集中到本店超出患者习惯的占比",
    "most of a doctor's prescriptions filled here beyond what patients' habits and colleagues' patients explain",
    "share",
    "M40",
    materiality=0.08,
    family="concentration",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def steered_share(v, w):
    return v.prescription_steering.max(where=w)


@measure(
    "pharmacy",
    "任取两张处方同一医师的概率",
    "chance that two prescriptions are by one doctor",
    "share",
    "M40 M22 M19",
    materiality=0.04,
    family="concentration",
    base="purchases/dr_code",
    support="prescribed",
    evidence_weight=STRONG,
)
def prescriber_concentration(p, w):
    return (p.n * p.n).sum() / (p.n.sum() * p.n.sum())


@measure(
    "pharmacy",
    "支付最多一人占基金比例",
    "share of fund pay for one customer",
    "share",
    "M05 M16 M19",
    materiality=0.05,
    family="concentration",
    base="purchases/psn_no",
    support="visits",
)
def top_person_share(p, w):
    return p.fund.max() / p.fund.sum().nullif(0)


@measure(
    "pharmacy",
    "顾客间基金支付标准差与均值之比",
    "spread of fund pay over customers against its mean",
    "ratio",
    "M05 M19 M16",
    materiality=0.4,
    family="concentration",
    base="purchases/psn_no",
    support="visits",
)
def person_unevenness(p, w):
    return p.fund.std() / p.fund.mean().nullif(0)


@measure(
    "pharmacy",
    "月均两次以上顾客的购药占比",
    "share of purchases by customers who come twice a month",
    "share",
    "M06 M15",
    materiality=0.08,
    family="concentration",
    windows=(YEAR,),
    base="purchases/psn_no",
    support="visits",
)
def frequent_share(p, w):
    return p.n.sum(where=p.n >= 24).fill_null(0) / p.n.sum()


@measure(
    "pharmacy",
    "最多一病种购药占比",
    "share of purchases for the most frequent chronic disease",
    "share",
    "M19 M05",
    materiality=0.15,
    family="concentration",
    base="purchases/dise_no",
    support="visits",
    evidence_weight=CONTEXT,
)
def top_disease_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "pharmacy",
    "最多一单位职工购药占比",
    "share of purchases by staff of one employer",
    "share",
    "M15 M16",
    materiality=0.1,
    family="concentration",
    base="purchases/emp_no",
    support="visits",
)
def top_employer_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "pharmacy",
    "同连锁其他门店异常购药占比",
    "share of odd purchases in the other branches of the chain",
    "share",
    "M42",
    materiality=0.03,
    family="company",
    windows=(),
    evidence_weight=CONTEXT,
)
def chain_odd_share(v, w):
    return v.chain_odd.max()


@measure(
    "pharmacy",
    "超量购药人群的购药占比",
    "share of purchases by oversupplied people, where too many are",
    "share",
    "M19",
    materiality=0.02,
    family="company",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def co_oversupplied_share(v, w):
    return (v.co_oversupplied > 0).mean(where=w)
