"""Measures of a pharmacy: how much it sells, which medicine, to which cards, for which amounts."""

from ibis import Table, Value

from features.measures import shared_medicines as medicines
from features.measures import shared_volume as volume
from features.measures.catalogue import ALL_WINDOWS, CONTEXT, HINT, STRONG, declare, measure
from features.measures.formulas import ratio, top_share
from features.windows import YEAR

# How much

declare("pharmacy", volume.visits, "M06 M16", materiality=100, zh="购药人次", en="purchases")
declare("pharmacy", volume.persons, "M06 M15", materiality=50, zh="购药人数", en="customers")
declare("pharmacy", volume.fund_pay, "M05 M16 M19", materiality=10_000)


@measure(
    "pharmacy", "次均基金支付", "paid by the fund for a purchase", "yuan_per_visit", "money", "M05 M16 M19",
    materiality=20, evidence_weight=CONTEXT, support="visits",
)  # fmt: skip
def fund_per_visit(v: Table, w: Value) -> Value:
    """Mean fund payment of a purchase, in yuan."""
    return v.fund_pay_sumamt.mean(where=w)


declare(
    "pharmacy", volume.visits_per_person, "M06 M15", materiality=0.5, zh="人均购药次数",
    en="purchases per customer", windows=ALL_WINDOWS,
)  # fmt: skip
declare(
    "pharmacy", volume.visits_per_day, "M16 M15", materiality=5, zh="营业日日均购药人次",
    en="purchases on a day with any", over="visits", support=None,
)  # fmt: skip
declare("pharmacy", volume.busiest_day_ratio, "M15 M16", materiality=1)
declare("pharmacy", volume.fund_growth, "M16 M47", materiality=0.3)


@measure(
    "pharmacy", "12月基金支付占全年比例", "share of the year's fund pay in December", "share", "money",
    "M47", materiality=0.05, windows=(YEAR,), support="visits",
)  # fmt: skip
def december_share(v: Table, w: Value) -> Value:
    """Fund payment in December ÷ fund payment of the year."""
    in_december = v.fund_pay_sumamt.sum(where=w & (v.begntime.month() == 12)).fill_null(0)
    return ratio(in_december, v.fund_pay_sumamt.sum(where=w))


declare(
    "pharmacy", volume.night_share, "M16 M22", materiality=0.05, zh="夜间购药占比",
    en="share of purchases at night", family="card_timing", over="visits", support="visits",
)  # fmt: skip


# How much medicine


@measure(
    "pharmacy", "人均购药可用天数", "days of supply sold per customer", "days", "supply", "M05 M19",
    materiality=20, support="persons",
)  # fmt: skip
def supply_days_per_person(v: Table, w: Value) -> Value:
    """Days of supply sold ÷ different customers."""
    return ratio(v.supply_days.sum(where=w), v.psn_no.nunique(where=w))


declare(
    "pharmacy", medicines.persons_with_known_supply, "M05 M19", materiality=20,
    zh="所购药量可计天数的顾客人数", en="customers whose medicine's days of supply are known",
)  # fmt: skip
declare(
    "pharmacy", medicines.supply_per_drug, "M05 M19", materiality=5, zh="每次每种药平均可用天数",
    en="days of supply of a drug in a purchase",
)  # fmt: skip
declare(
    "pharmacy", medicines.days_on_hand, "M05 M19", materiality=5, zh="再次购药时顾客余药平均可用",
    en="mean supply still at hand when buying",
)  # fmt: skip
declare(
    "pharmacy", medicines.early_refill_share, "M05 M19 M06", materiality=0.05,
    zh="家中余药够30天以上仍购药的占比", en="share of purchases with a month of the drug still at hand",
)  # fmt: skip


@measure(
    "pharmacy", "顾客余药超出一个月用量部分占药费",
    "share of medicine sold in excess of a month of it at hand", "share", "supply", "M05 M19",
    materiality=0.04, evidence_weight=STRONG, support="persons_with_known_supply",
)  # fmt: skip
def oversupply_share(v: Table, w: Value) -> Value:
    """Yuan for drugs in excess of a month at hand ÷ yuan for medicine."""
    return ratio(v.oversupply_amount.sum(where=w), v.drug_amount.sum(where=w))


declare("pharmacy", medicines.price_per_day, "M19 M20", materiality=3)
declare(
    "pharmacy", medicines.drugs_per_visit, "M05 M19", materiality=1, zh="次均药品种类",
    en="kinds of medicine in a purchase",
)  # fmt: skip


@measure(
    "pharmacy", "非药品金额占比", "share of sales that is no medicine", "share", "content", "M18",
    materiality=0.05, support="visits",
)  # fmt: skip
def other_goods_share(v: Table, w: Value) -> Value:
    """Yuan for what is no medicine ÷ yuan of all lines."""
    return 1 - ratio(v.drug_amount.sum(where=w), v.billed.sum(where=w))


@measure(
    "pharmacy", "无处方购药人次", "purchases without a prescription", "visits", "frequency", "M16 M18",
    materiality=20, evidence_weight=CONTEXT,
)  # fmt: skip
def unprescribed_purchases(v: Table, w: Value) -> Value:
    """Purchases that name no doctor."""
    return v.mdtrt_id.count(where=w & v.dr_code.isnull())


# What is sold on a prescription is its doctor's choice: a pharmacy for special drugs sells few baskets, at
# few amounts.
declare(
    "pharmacy", medicines.top_basket_share, "M18 M16", materiality=0.05,
    zh="无处方购药中药品组合完全相同的占比",
    en="share of purchases without a prescription that have the most frequent basket",
    base="unprescribed/template", support="unprescribed_purchases",
)  # fmt: skip
declare(
    "pharmacy", medicines.over_ceiling_share, "M40 M18", materiality=0.005, zh="超最高限价金额占比",
    en="share of sales above the price ceiling",
)  # fmt: skip
declare(
    "pharmacy", medicines.price_excess, "M40 M18", materiality=0.03, zh="药价高出其他药店通常价格的比例",
    en="surplus of the prices over those of other pharmacies", evidence_weight=HINT, over="visits",
    support="visits",
)  # fmt: skip


# Cards and amounts

declare(
    "pharmacy", medicines.burst_share, "M15 M16", materiality=0.02, zh="60秒内接连刷不同医保卡的占比",
    en="share of swipes within 60 seconds of another card", over="visits", support="visits",
)  # fmt: skip


@measure(
    "pharmacy", "有三天以上紧跟同一人刷卡的购药占比",
    "share of purchases right behind the same other person on three days or more", "share", "card_timing",
    "M15 M19", materiality=0.02, evidence_weight=STRONG, support="visits",
)  # fmt: skip
def same_predecessor_share(v: Table, w: Value) -> Value:
    """Purchases of a customer who came right behind the same other on three days or more ÷ purchases."""
    return (v.same_predecessor_days >= 3).fill_null(False).mean(where=w)


declare("pharmacy", volume.co_visit_fund, "M15 M19", materiality=2000, evidence_weight=CONTEXT)
declare("pharmacy", volume.co_visit_share, "M15 M19", materiality=0.05)


@measure(
    "pharmacy", "30分钟内曾在他处刷卡的购药占比",
    "share of cards used elsewhere within the 30 minutes before", "share",
    "card_timing", "M15 M16", materiality=0.005, evidence_weight=STRONG, support="visits",
)  # fmt: skip
def two_places_share(v: Table, w: Value) -> Value:
    """Purchases with a card used elsewhere within the 30 minutes before ÷ purchases."""
    return v.two_places.fill_null(False).mean(where=w)


@measure(
    "pharmacy", "整数金额占比", "share of round amounts", "share", "card_timing", "M16 M18", materiality=0.02,
    support="visits",
)  # fmt: skip
def round_share(v: Table, w: Value) -> Value:
    """Purchases of a round amount ÷ purchases."""
    return v.round_amount.mean(where=w)


@measure(
    "pharmacy", "买的药不同而金额雷同的程度", "how far purchases of different goods repeat the same amounts",
    "share", "card_timing", "M16 M18", materiality=0.005, support="visits",
)  # fmt: skip
def amount_concentration(v: Table, w: Value) -> Value:
    """Probability that another purchase there has the same amount for other goods, mean over purchases."""
    return v.same_amount_of_other_goods.mean(where=w)


@measure(
    "pharmacy", "购药不付现金的占比", "share of purchases without any cash", "share", "money", "M16 M18",
    materiality=0.1, evidence_weight=CONTEXT, support="visits", unpaid=True,
)  # fmt: skip
def zero_cash_share(v: Table, w: Value) -> Value:
    """Purchases without any cash payment ÷ purchases."""
    return (v.cash_payamt <= 0).mean(where=w)


@measure(
    "pharmacy", "统筹基金支付占比", "share of sales paid by the pooled fund", "share", "money", "M16 M05",
    materiality=0.1, evidence_weight=CONTEXT, support="visits",
)  # fmt: skip
def pooled_share(v: Table, w: Value) -> Value:
    """Payment of the pooled fund ÷ bills."""
    return ratio(v.hifp_pay.sum(where=w), v.medfee_sumamt.sum(where=w))


declare(
    "pharmacy",
    volume.visits_after_death,
    "M09 M15",
    materiality=2,
    zh="死亡后购药次数",
    en="purchases after death",
)


@measure(
    "pharmacy", "死亡后基金与账户支付", "paid by fund and account after death", "yuan", "identity", "M09",
    materiality=200, windows=ALL_WINDOWS,
)  # fmt: skip
def fund_and_account_after_death(v: Table, w: Value) -> Value:
    """Yuan paid by funds and personal accounts for purchases more than a day after death."""
    paid = v.fund_pay_sumamt + v.acct_pay.fill_null(0)
    return paid.sum(where=w & (v.days_since_death > 1).fill_null(False)).fill_null(0)


@measure(
    "pharmacy", "同一药品计价忽高忽低的金额占比",
    "share of sales at other prices than the pharmacy's own for the item", "share", "price", "M18 M16",
    materiality=0.03, evidence_weight=STRONG, support="visits",
)  # fmt: skip
def off_price_share(v: Table, w: Value) -> Value:
    """Yuan of lines at another than the pharmacy's own usual price of the item ÷ yuan of all lines."""
    return ratio(v.off_price.sum(where=w).fill_null(0), v.billed.sum(where=w))


@measure(
    "pharmacy", "无处方购药中金额最集中的一档(一成以内)的占比",
    "share of purchases without a prescription of much the same amount (within a tenth)", "share",
    "card_timing", "M16", materiality=0.05, base="unprescribed/amount_band", support="unprescribed_purchases",
)  # fmt: skip
def top_amount_band_share(p: Table, w: Value) -> Value:
    """Purchases in the band of amounts (steps of a tenth) with most of them ÷ purchases."""
    return top_share(p)
