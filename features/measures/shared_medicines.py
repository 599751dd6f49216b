"""Measures of medicine and prescriptions, shared by several kinds of subject."""

from ibis import Table, Value

from claims.as_of import STAY
from features.measures.catalogue import ALL_WINDOWS, CONTEXT, STRONG, shared
from features.measures.formulas import ratio, top_share
from features.visits.medicines import SURPLUS_STOCK_DAYS
from features.windows import YEAR


@shared("药费", "spent on medicine", "yuan", "money", evidence_weight=CONTEXT, windows=ALL_WINDOWS)
def drug_amount(v: Table, w: Value) -> Value:
    """Yuan for medicine outside hospital."""
    return v.drug_amount.sum(where=w & (v.kind != STAY)).fill_null(0)


@shared(
    "余药超出一个月用量部分的药费", "spent on medicine in excess of a month of it at hand", "yuan", "supply",
    evidence_weight=STRONG, windows=ALL_WINDOWS,
)  # fmt: skip
def oversupply_amount(v: Table, w: Value) -> Value:
    """Yuan by which the supply at hand grew beyond a month."""
    return v.oversupply_amount.sum(where=w).fill_null(0)


@shared(
    "最常用药店占比", "share of purchases at the most used pharmacy", "share", "concentration",
    evidence_weight=CONTEXT, base="purchases/fixmedins_code", support="purchases",
)  # fmt: skip
def top_pharmacy_share(p: Table, w: Value) -> Value:
    """Purchases at the pharmacy used most ÷ purchases."""
    return top_share(p)


@shared(
    "每次每种药平均可用天数", "days of supply of a drug in a prescription", "days_per_visit", "supply",
    support="visits",
)  # fmt: skip
def supply_per_drug(v: Table, w: Value) -> Value:
    """Days of supply ÷ drugs, summed over prescriptions."""
    return ratio(v.supply_days.sum(where=w), v.n_drugs.sum(where=w))


@shared(
    "所配药量可计天数的患者人数", "patients whose medicine's days of supply are known", "persons",
    "frequency", evidence_weight=CONTEXT,
)  # fmt: skip
def persons_with_known_supply(v: Table, w: Value) -> Value:
    """Different patients with a prescription of known supply. Who hoards does so time and again, so patients
    are the independent rows of what is at hand (clusters, Kish 1965, Survey Sampling, ch. 5)."""
    return v.psn_no.nunique(where=w & v.days_on_hand.notnull())


@shared(
    "再次开药时患者余药平均可用", "mean supply still at hand when prescribing", "days", "supply",
    evidence_weight=STRONG, support="persons_with_known_supply",
)  # fmt: skip
def days_on_hand(v: Table, w: Value) -> Value:
    """Mean days of supply that the patient still had, over prescriptions whose supply is known."""
    return v.days_on_hand.mean(where=w)


@shared(
    "患者余药够30天以上仍开药的占比", "share of prescriptions with a month of the drug still at hand",
    "share", "supply", evidence_weight=STRONG, support="persons_with_known_supply",
)  # fmt: skip
def early_refill_share(v: Table, w: Value) -> Value:
    """Prescriptions with more than 30 days of the drug at hand ÷ those whose supply is known."""
    return (v.days_on_hand > SURPLUS_STOCK_DAYS).mean(where=w)


@shared("每日用量药价", "price of a day of supply", "yuan_per_day", "price", support="visits")
def price_per_day(v: Table, w: Value) -> Value:
    """Yuan for medicine of known dose ÷ days that it lasts."""
    # Resold medicine is costly medicine.
    return ratio(v.drug_amount.sum(where=w & (v.supply_days > 0)), v.supply_days.sum(where=w))


@shared(
    "次均药品种类", "kinds of medicine in a prescription", "items", "content", evidence_weight=CONTEXT,
    support="visits",
)  # fmt: skip
def drugs_per_visit(v: Table, w: Value) -> Value:
    """Mean number of different medicines of a prescription."""
    return v.n_drugs.mean(where=w)


@shared(
    "药品组合完全相同的购药占比", "share of purchases with the most frequent set of medicines", "share",
    "content", base="purchases/template", support="purchases",
)  # fmt: skip
def top_basket_share(p: Table, w: Value) -> Value:
    """Purchases with the most frequent set of medicines ÷ purchases."""
    return top_share(p)


@shared(
    "先售药后开方占比", "share of purchases before their prescription was written", "share", "trace",
    evidence_weight=STRONG, over="purchases", support="purchases",
)  # fmt: skip
def sale_before_rx_share(v: Table, w: Value) -> Value:
    """Purchases before their prescription was written ÷ purchases."""
    return v.sale_before_rx.fill_null(False).mean(where=w)


@shared(
    "10秒内连开处方占比", "share of purchases on a prescription written within 10 seconds of another",
    "share", "trace", evidence_weight=STRONG, over="purchases", support="purchases",
)  # fmt: skip
def rapid_rx_share(v: Table, w: Value) -> Value:
    """Purchases on a prescription written within 10 seconds of the doctor's last ÷ purchases."""
    return v.rapid_rx.fill_null(False).mean(where=w)


@shared(
    "60秒内接连刷不同医保卡购药的占比", "share of purchases within 60 seconds of another card", "share",
    "card_timing", evidence_weight=STRONG, over="purchases", support="purchases",
)  # fmt: skip
def burst_share(v: Table, w: Value) -> Value:
    """Purchases within 60 seconds of another card at the till ÷ purchases."""
    return v.burst.fill_null(False).mean(where=w)


@shared(
    "处方集中到一家药店、超出患者平常去处的占比",
    "share of purchases at one pharmacy beyond what patients' habits and colleagues' patients explain",
    "share", "concentration", evidence_weight=STRONG, windows=(YEAR,), over="purchases",
)  # fmt: skip
def steered_share(v: Table, w: Value) -> Value:
    """Largest share of a doctor's prescriptions at one pharmacy beyond what habits explain."""
    return v.prescription_steering.max(where=w)


@shared(
    "购药价格高出其他药店通常价格的比例",
    "surplus of the price of the medicine over that of other pharmacies",
    "share", "price", evidence_weight=STRONG, over="purchases", support="purchases",
)  # fmt: skip
def price_excess(v: Table, w: Value) -> Value:
    """Price paid ÷ what the same medicines usually cost in other pharmacies, minus one."""
    return ratio(v.benchmarked_amount.sum(where=w), v.amount_at_median_price.sum(where=w)) - 1


@shared(
    "购药超最高限价金额占比", "share of purchases above the price ceiling", "share", "price",
    support="visits",
)  # fmt: skip
def over_ceiling_share(v: Table, w: Value) -> Value:
    """Yuan charged above price ceilings ÷ yuan of all lines."""
    return ratio(v.over_ceiling.sum(where=w), v.billed.sum(where=w))


@shared(
    "由成批超量购药者购买的占比", "share of purchases by oversupplied people, where too many are", "share",
    "co_visit", evidence_weight=STRONG, windows=(YEAR,), over="purchases",
)  # fmt: skip
def co_oversupplied_share(v: Table, w: Value) -> Value:
    """Purchases that oversupplied people share a doctor or shop in, beyond chance ÷ purchases."""
    return (v.co_oversupplied > 0).mean(where=w)
