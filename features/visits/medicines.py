"""Medicine bought: stock at hand, usual prices, trace codes, prescriptions, branches of a chain (M05,
M20-M22, M40, M42)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY, STAY, ClaimsAsOf
from features.visits.codelists import DRUGS
from features.visits.timestamps import CLOCK_MINUTES, SECONDS_A_DAY, has_time_of_day, is_later
from features.windows import YEAR

# Supply at hand beyond so many days is surplus (M05; own starting value: a month).
SURPLUS_STOCK_DAYS = 30
# A doctor who signs prescriptions so many seconds apart has read none of them (M22: more than one in ten
# seconds).
RUSH_SECONDS = 10
# The usual price of an item is known where so many pharmacies sell it (own starting value).
MIN_PHARMACIES = 3
# A pharmacy's own price of an item in a quarter is known from so many sales; a sale is off it where its price
# differs by more than this share (M18; own starting values).
MIN_SALES, OFF_PRICE_SHARE = 4, 0.1


def drug_ledger(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Days of supply bought and how many were still at hand, from a ledger per person and drug (M05):
    mdtrt_id, supply_days, days_on_hand (of the drug with most), n_drugs, oversupply_amount (yuan).

    Stock before a purchase is what was bought minus the days gone by since, never below nothing; with running
    sums of supply and time that is a running minimum, so no loop over purchases is needed. Surplus is paid
    for as far as the stock beyond SURPLUS_STOCK_DAYS has grown since the purchase before: who keeps a reserve
    of constant size buys no more than he takes.
    """
    visits = base.filter(base.kind != STAY).select("mdtrt_id", "psn_no", "second")
    ledger = _supplies(days).inner_join(visits, "mdtrt_id")
    order = ibis.window(
        group_by=["psn_no", "hilist_code"], order_by=["second", "mdtrt_id"], preceding=None, following=0
    )
    before = ledger.supply.sum().over(order) - ledger.supply
    ledger = ledger.mutate(drift=before - ledger.second / SECONDS_A_DAY)
    ledger = ledger.mutate(stock=ledger.drift - ledger.drift.min().over(order))
    ledger = ledger.mutate(beyond=ibis.greatest(ledger.stock - SURPLUS_STOCK_DAYS, 0))
    purchases = ibis.window(group_by=["psn_no", "hilist_code"], order_by=["second", "mdtrt_id"])
    grown = ibis.greatest(ledger.beyond - ledger.beyond.lag().over(purchases).fill_null(0), 0)
    ledger = ledger.mutate(surplus=ledger.spent * ibis.least(grown / ledger.supply, 1))
    return ledger.group_by("mdtrt_id").aggregate(
        supply_days=_.supply.sum(),
        days_on_hand=_.stock.max(),
        n_drugs=_.hilist_code.nunique(),
        # Rounded, so that the order in which an engine adds up does not show.
        oversupply_amount=_.surplus.sum().round(2),
    )


def _supplies(days: ibis.Table) -> ibis.Table:
    """Drugs of known daily dose on each bill: mdtrt_id, hilist_code, supply (days), spent (yuan)."""
    bought = days.filter(days.charge.isin(DRUGS), days.days_per_unit.notnull(), days.cnt > 0)
    bought = bought.mutate(supply=bought.cnt * bought.days_per_unit)
    return bought.group_by("mdtrt_id", "hilist_code").aggregate(supply=_.supply.sum(), spent=_.amount.sum())


def usual_prices(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """What the items of a purchase cost, and would cost at the pharmacies' median price, of items that
    MIN_PHARMACIES sell (M40): mdtrt_id, benchmarked_amount, amount_at_median_price (yuan). The median
    is that of the pharmacies' own medians."""
    purchases = base.filter(base.kind == PHARMACY).select("mdtrt_id", "fixmedins_code")
    sold = days.inner_join(purchases, "mdtrt_id").filter(_.cnt > 0, _.amount > 0)
    by_pharmacy = sold.group_by("hilist_code", "fixmedins_code").aggregate(price=(_.amount / _.cnt).median())
    usual = by_pharmacy.group_by("hilist_code").aggregate(usual=_.price.median(), pharmacies=_.count())
    sold = sold.inner_join(usual.filter(usual.pharmacies >= MIN_PHARMACIES), "hilist_code")
    # Whole cents before they are added up, so that the order of the sum cannot tip a half cent.
    sold = sold.mutate(usual=(sold.cnt * sold.usual).round(2))
    return sold.group_by("mdtrt_id").aggregate(
        benchmarked_amount=_.amount.sum().round(2), amount_at_median_price=_.usual.sum().round(2)
    )


def off_price_sales(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """What a purchase cost at other prices than the pharmacy's own usual one for the item in that quarter
    (M18: one code takes in whatever lay in the basket): mdtrt_id, off_price (yuan)."""
    purchases = base.filter(base.kind == PHARMACY)
    purchases = purchases.select("mdtrt_id", "fixmedins_code", quarter=_.begntime.truncate("Q"))
    sold = days.inner_join(purchases, "mdtrt_id").filter(_.cnt > 0, _.amount > 0)
    sold = sold.mutate(price=sold.amount / sold.cnt)
    keys = ["fixmedins_code", "hilist_code", "quarter"]
    usual = sold.group_by(*keys).aggregate(usual=_.price.median(), sales=_.count())
    known = sold.inner_join(usual.filter(usual.sales >= MIN_SALES), keys)
    off = (known.price - known.usual).abs().round(6) > (OFF_PRICE_SHARE * known.usual).round(6)
    return known.group_by("mdtrt_id").aggregate(off_price=known.amount.sum(where=off).fill_null(0).round(2))


def trace_codes(claims: ClaimsAsOf) -> ibis.Table:
    """Boxes sold under a trace code that had been sold before and not returned, and boxes sold without a code
    (M20, R105, R108): mdtrt_id, repeat_codes, boxes, uncoded."""
    sales = claims.sales
    again = _sold_again(sales).select("medins_prod_sel_no", "drug_trac_codg", _again=1)
    sold = sales.filter(sales.sel_retn_cnt > 0, sales.setl_id.notnull())
    sold = sold.left_join(again, ["medins_prod_sel_no", "drug_trac_codg"])
    sold = sold.inner_join(claims.settlements.select("setl_id", "mdtrt_id"), "setl_id")
    return sold.group_by("mdtrt_id").aggregate(
        repeat_codes=_._again.sum().fill_null(0), boxes=_.count(), uncoded=_.drug_trac_codg.isnull().sum()
    )


def _sold_again(sales: ibis.Table) -> ibis.Table:
    """Sales of a whole box whose code is out already; parts of a box (trdn_flag 1) share its code."""
    whole = sales.filter(sales.drug_trac_codg.notnull(), (sales.trdn_flag != "1").fill_null(True))
    order = ibis.window(
        group_by="drug_trac_codg",
        order_by=["sel_retn_time", "medins_prod_sel_no"],
        preceding=None,
        following=0,
    )
    step = (whole.sel_retn_cnt > 0).ifelse(1, -1)
    whole = whole.mutate(out=step.sum().over(order) - step)
    return whole.filter(whole.sel_retn_cnt > 0, whole.out > 0)


def prescription_use(claims: ClaimsAsOf) -> ibis.Table:
    """Sales on a prescription (M21, M22): mdtrt_id; rx_overused (visits for the same item beyond those it
    allows; its items may be fetched one by one, R109), sale_before_rx (written after the sale by more than
    CLOCK_MINUTES, as in R110), rapid_rx (written within RUSH_SECONDS of the doctor's one before)."""
    sales = claims.sales.filter(_.rxno.notnull(), _.sel_retn_cnt > 0, _.setl_id.notnull())
    paid = sales.inner_join(claims.settlements.select("setl_id", "mdtrt_id"), "setl_id")
    used = paid.group_by("rxno", "hilist_code").aggregate(times=_.mdtrt_id.nunique())
    joined = paid.inner_join(used, ["rxno", "hilist_code"]).left_join(_written(claims["rx_d"]), "rxno")
    return joined.group_by("mdtrt_id").aggregate(
        rx_overused=ibis.greatest(_.times - _.allowed.fill_null(1), 0).max(),
        sale_before_rx=is_later(joined.written, joined.sel_retn_time, CLOCK_MINUTES).any().fill_null(False),
        rapid_rx=_.rushed.any().fill_null(False),
    )


def _written(prescriptions: ibis.Table) -> ibis.Table:
    """Prescriptions: rxno, allowed (times it may be filled), written, rushed; a prescription that carries
    only its date neither is rushed nor hides the pace of the others."""
    written = prescriptions.mutate(_timed=has_time_of_day(prescriptions.prsc_time))
    order = ibis.window(group_by=["dr_code", "_timed"], order_by=["prsc_time", "hi_rxno"])
    seconds = written.prsc_time.epoch_seconds()
    gap = seconds - seconds.lag().over(order)
    return written.select(
        rxno=_.hi_rxno,
        allowed=_.max_rept_cnt.fill_null(0) + 1,
        written=_.prsc_time,
        rushed=written._timed & (gap <= RUSH_SECONDS),
    )


def chain_branches(facts: ibis.Table) -> ibis.Table:
    """Share of suspicious purchases in the other branches of a pharmacy's chain in the last year (M42):
    fixmedins_code, chain_anomalies."""
    stocked = facts.days_on_hand > SURPLUS_STOCK_DAYS
    odd = facts.burst | stocked | (facts.repeat_codes > 0) | (facts.rx_overused > 0)
    bought = facts.mutate(odd=odd.fill_null(False)).filter(
        _.kind == PHARMACY, _.days_ago <= YEAR, _.chain.notnull()
    )
    branches = bought.group_by("chain", "fixmedins_code").aggregate(n=_.count(), odd=_.odd.sum())
    n, odd = (branches[c].sum().over(group_by="chain") - branches[c] for c in ("n", "odd"))
    return branches.select("fixmedins_code", chain_anomalies=odd / n.nullif(0))
