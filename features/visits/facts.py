"""What is known of each visit: one row a visit, the base of every measure, rule and edge.

Lines are summed to (visit, item, day) once, in one scan; everything that looks at content starts from there.
"""

from functools import reduce
from operator import xor

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY, ClaimsAsOf
from features.visits.prescription_steering import prescription_steering
from features.visits.stay_benchmarks import PRIOR_STAYS, stay_benchmarks

DRUGS = ("09", "10", "11")
EXAMS = ("03", "04")
# Charges that a bed earns by itself: bed, round, care. A day with nothing else is idle (M10, R091).
HOUSEKEEPING = ("01", "02", "07")
# Who a visit has to do with; outcomes of each add when any became known, and a confirmed one.
ENDS = ("patient", "doctor", "place", "visit")
NEIGHBOUR_OUTCOME_COLUMNS = (
    *[f"{what}_{end}" for end in ENDS for what in ("closed", "confirmed")],
    "confirmed_linked",
)
# Facts that graphs and rules add: companions beyond chance; people oversupplied through the same doctor or shop; how far
# the way to a hospital, from a doctor or from a village, is one that too many go; findings of the audit rules, how many
# of them clear, lines with medicine out of scope, and the fund's money in findings (yuan, each line once); when outcomes of those the visit has to do with
# became known (`features.graphs.neighbour_outcomes`).
GRAPH_AND_RULE_COLUMNS = (
    *("companions", "co_oversupplied", "referred", "village_recruitment_excess"),
    *("findings", "clear_findings", "out_of_scope", "findings_amount"),
    *NEIGHBOUR_OUTCOME_COLUMNS,
)
DIALYSIS, LARGE_EXAM, REHAB = "1", "2", "3"
# Fact of a visit → which of its lines, summed to item and day (`item_days`), make it.
LINES = {
    "drug_amount": lambda days: days.charge.isin(DRUGS),
    "supply_days": lambda days: days.days_per_unit.notnull(),
    "exam_amount": lambda days: days.charge.isin(EXAMS),
    "large_exams": lambda days: days.serv_type == LARGE_EXAM,
    "material_amount": lambda days: days.charge == "08",
    "keeping_amount": lambda days: days.charge.isin(HOUSEKEEPING),
    "over_ceiling": lambda days: days.pric > days.ceiling,
    "dialysis": lambda days: days.serv_type == DIALYSIS,
}
# Facts made by the same lines as another.
LINES |= dict.fromkeys(("stock_days", "surplus_spent", "n_drugs"), LINES["supply_days"])
LINES |= dict.fromkeys(("unsigned", "week_sessions", "dialysis_days"), LINES["dialysis"])
# Courses that bring the same person back by plan: radio- and chemotherapy (Z51, V58), dialysis (Z49, V56). They
# are no split stays and their patients meet by schedule (schemes.md §6).
COURSES = ("Z49", "Z51", "V56", "V58")
# A readmission within so many days is looked at as a split stay (M03, R084).
SPLIT_DAYS = 15
# Cards that follow one another this fast at one terminal are one hand's work (M15, R113).
BURST_SECONDS = 60
# So many least hashes make a template of a bill.
TEMPLATE_HASHES = 6
# A doctor who signs prescriptions this fast has read none of them (M22).
RUSH_SECONDS = 10
# A readmission to the same hospital within so many days is looked at whatever its cause (R085, ZB10000205008000).
RETURN_DAYS = 31
# An admission elsewhere within so many days of a consultation is looked at as a referral (M31).
SENT_DAYS = 3
# What an item usually costs is known where so many pharmacies sell it.
LEAST_SHOPS = 3
# The same card cannot be in two institutions within this time (R112).
TRAVEL_MINUTES = 30


def item_days(claims: ClaimsAsOf) -> ibis.Table:
    """Fee lines summed to visit, item and day, with what the catalogue says of the item.

    Columns: mdtrt_id, hilist_code, day, cnt, amount (yuan), pric (highest), n_lines, bkkp_sn and setl_id (first),
    rx_no (order or prescription, first), own_code (of the institution's own catalogue, first), inscp (yuan), charge,
    list_type, serv_type, days_per_unit, ceiling.
    """
    lines = claims.lines.mutate(day=_.fee_ocur_time.date())
    summed = lines.group_by("mdtrt_id", "hilist_code", "day").aggregate(
        cnt=_.cnt.sum(),
        amount=_.det_item_fee_sumamt.sum().round(2),
        pric=_.pric.max(),
        n_lines=_.count(),
        bkkp_sn=_.bkkp_sn.min(),
        setl_id=_.setl_id.min(),
        rx_no=_.rx_drord_no.min(),
        own_code=_.medins_list_codg.min(),
        # Within the fund's scope, yuan; nothing of an item that the patient pays alone breaks a limit of payment.
        inscp=_.inscp_amt.sum(),
    )
    items = claims["hilist_b"].select(
        "hilist_code",
        charge=_.med_chrgitm_type,
        list_type=_.list_type,
        serv_type=_.serv_type,
        days_per_unit=_.days_per_unit,
        ceiling=_.pric_uplmt_amt,
    )
    return claims.con.create_table(
        "item_days", summed.left_join(items, "hilist_code").drop("hilist_code_right")
    )


def visit_facts(claims: ClaimsAsOf) -> ibis.Table:
    """Everything the measures need of a visit, keyed by mdtrt_id; stored as table ``facts``.

    Facts whose source table is absent are null, never zero.
    """
    base = claims.con.create_table("visit_base", _base(claims))
    days = item_days(claims)
    parts = [
        _content(days),
        _sets(days),
        _drugs(base, days),
        _idle(base, days),
        _sequence(base),
        _terminal(base),
        _swipes(base),
        _amounts(base),
    ]
    parts += [_elsewhere(base), _batches(base), _twins(base, days), _travel(base), _follow(base)]
    parts += [
        _deaths(claims, base),
        _trace(claims, base),
        _signs(claims, base, days),
        _prescribed(claims, base),
    ]
    parts += [_sessions(base, days)]
    parts += [_accidents(claims, base), _cared(claims, base), stay_benchmarks(base, _bills(days))]
    parts += [
        _sent(base),
        _converted(base),
        _light(base),
        _doctors(base),
        prescription_steering(base),
        _prices(base, days),
    ]
    for n, part in enumerate(parts):
        claims.con.create_table(f"facts_{n}", part)
    # By hand: making the query of so wide a join takes Ibis longer than the engine needs for a small city.
    joins = " ".join(f"LEFT JOIN facts_{n} USING (mdtrt_id)" for n in range(len(parts)))
    claims.con.raw_sql(f"CREATE TABLE facts_all AS SELECT * FROM visit_base {joins}")
    facts = claims.con.table("facts_all")
    facts = facts.mutate(
        course=facts.dx3.isin(COURSES).fill_null(False) | (facts.dialysis.fill_null(0) > 0),
    )
    facts = facts.left_join(_chains(facts), "fixmedins_code").drop("fixmedins_code_right")
    facts = facts.mutate(
        split=_split(facts),
        readmitted_31d=_readmitted(facts),
        same_doctor_readmission=_same_doctor_readmission(facts),
    )
    facts = claims.con.create_table("facts_split", facts)
    facts = facts.left_join(_returns(facts), "mdtrt_id").drop("mdtrt_id_right")
    # Graphs and rules need the other facts first; `with_counts` fills these in.
    return claims.con.create_table(
        "facts", facts.mutate(**{name: ibis.literal(0.0) for name in GRAPH_AND_RULE_COLUMNS})
    )


def with_counts(con: ibis.BaseBackend, facts: ibis.Table, counts: ibis.Table, name: str) -> ibis.Table:
    """Facts with columns of COUNTED replaced by what a graph or the rules counted; visits not counted have none.

    Args:
        counts: mdtrt_id and some of COUNTED.
        name: of the stored table.
    """
    filled = [column for column in counts.columns if column != "mdtrt_id"]
    joined = facts.drop(*filled).left_join(counts, "mdtrt_id").drop("mdtrt_id_right")
    return con.create_table(
        name, joined.mutate(**{c: joined[c].cast("float64").fill_null(0.0) for c in filled})
    )


def _base(claims: ClaimsAsOf) -> ibis.Table:
    persons = claims["psn_info_b"].select(
        "psn_no",
        gend=_.gend,
        brdy=_.brdy,
        village=_.live_admdvs,
        emp_no=_.emp_no,
        # Rescue groups: the poor whose stays cost them nothing (psn_idet_type 2301-2307, M30).
        poor=_.psn_idet_type.startswith("230").fill_null(False),
    )
    places = claims["fixmedins_b"].select(
        "fixmedins_code",
        level=_level(_.hosp_lv),
        beds=_.aprv_bed_cnt,
        chain=_.prnt_medins_code,
        is_pharmacy=(_.fixmedins_type == "2").fill_null(_.fixmedins_code.startswith("P")),
    )
    visits = claims.visits.left_join(persons, "psn_no").drop("psn_no_right")
    visits = visits.left_join(places, "fixmedins_code").drop("fixmedins_code_right")
    code = visits.dscg_maindiag_code.upper().re_replace("[^A-Z0-9]", "")
    night = ibis.literal(claims.as_of)
    return visits.mutate(
        dr_code=visits.chfpdr_code,
        dx3=code.left(3).nullif(""),
        dx_group=ibis.coalesce(visits.dise_no, code.left(3).nullif("")),
        age=(visits.begntime.epoch_seconds() - visits.brdy.epoch_seconds()) / (365.25 * 86400),
        years=_years(visits.brdy, visits.begntime),
        age_days=(visits.begntime.truncate("D").epoch_seconds() - visits.brdy.truncate("D").epoch_seconds())
        / 86400,
        day=visits.begntime.date(),
        week=visits.begntime.truncate("W"),
        month=visits.begntime.truncate("M"),
        days_ago=(night.epoch_seconds() - visits.begntime.epoch_seconds()) / 86400,
        # Between ten and six; a visit that only carries its date says nothing about the hour.
        night=(visits.begntime != visits.begntime.truncate("D")).ifelse(
            (visits.begntime.hour() >= 22) | (visits.begntime.hour() < 6), None
        ),
        second=visits.begntime.epoch_seconds(),
        end_second=visits.endtime.epoch_seconds(),
        los=ibis.ifelse(
            visits.kind == STAY,
            (
                (visits.endtime.truncate("D").epoch_seconds() - visits.begntime.truncate("D").epoch_seconds())
                / 86400
            ),
            None,
        ),
        fund_share=visits.fund_pay_sumamt / visits.medfee_sumamt,
        cash_share=visits.cash_payamt / visits.medfee_sumamt,
    ).drop("brdy", "chfpdr_code")


def _years(birth: ibis.Value, day: ibis.Value) -> ibis.Value:
    """Completed years of age; a birthday counts from its first hour."""
    early = (day.month() * 100 + day.day()) < (birth.month() * 100 + birth.day())
    return day.year() - birth.year() - early.cast("int64")


def _level(hosp_lv: ibis.Value) -> ibis.Value:
    """Third, second, first level or none, from the dictionary of `hosp_lv` (fields.md §16.6)."""
    code = hosp_lv.strip().lpad(2, "0")
    return ibis.cases(
        (code.isin(["01", "02", "03", "04"]), "3"),
        (code.isin(["05", "06", "07"]), "2"),
        (code.isin(["08", "09", "10"]), "1"),
        else_="0",
    )


def _content(days: ibis.Table) -> ibis.Table:
    """What a bill is made of."""

    def amount(charges: tuple[str, ...]) -> ibis.Value:
        return _.amount.sum(where=_.charge.isin(charges)).fill_null(0).round(2)

    over = ibis.greatest(days.pric - days.ceiling, 0) * days.cnt
    return days.group_by("mdtrt_id").aggregate(
        n_items=_.hilist_code.nunique(),
        billed=_.amount.sum().round(2),
        drug_amount=amount(DRUGS),
        exam_amount=amount(EXAMS),
        treat_amount=amount(("05", "06")),
        material_amount=amount(("08",)),
        keeping_amount=amount(HOUSEKEEPING),
        dialysis=_.cnt.sum(where=_.serv_type == DIALYSIS).fill_null(0),
        dialysis_days=_.day.nunique(where=_.serv_type == DIALYSIS),
        large_exams=_.cnt.sum(where=_.serv_type == LARGE_EXAM).fill_null(0),
        rehab=_.cnt.sum(where=_.serv_type == REHAB).fill_null(0),
        over_ceiling=over.sum().fill_null(0),
        active_days=_.day.nunique(where=~_.charge.isin(HOUSEKEEPING)),
    )


def _sets(days: ibis.Table) -> ibis.Table:
    """Marks that bills with (nearly) the same items, and those with the same examinations, share (M01, M33).

    Number, order and days of the items do not matter. A template is a set of least hashes: two bills that
    have nine items in ten in common agree in it about every other time, two with half in common hardly ever.
    """
    items = days.select("mdtrt_id", "hilist_code", "charge").distinct()
    least = [(_.hilist_code + f"/{n}").hash().min() for n in range(TEMPLATE_HASHES)]
    return items.group_by("mdtrt_id").aggregate(
        template=reduce(xor, least),
        exam_set=_.hilist_code.hash().bit_xor(where=_.charge.isin(EXAMS)),
    )


def _drugs(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Days of supply bought, and how many were still at hand: a ledger per person and drug (M05).

    Stock before a purchase is what was bought minus the days gone by since, never below nothing; with running
    sums of supply and time that is a running minimum, so no loop over purchases is needed.
    """
    bought = days.filter(days.charge.isin(DRUGS), days.days_per_unit.notnull(), days.cnt > 0)
    bought = bought.mutate(supply=bought.cnt * bought.days_per_unit)
    bought = bought.group_by("mdtrt_id", "hilist_code").aggregate(supply=_.supply.sum(), spent=_.amount.sum())
    visits = base.filter(base.kind != STAY).select("mdtrt_id", "psn_no", "second")
    ledger = bought.inner_join(visits, "mdtrt_id")
    order = ibis.window(
        group_by=["psn_no", "hilist_code"], order_by=["second", "mdtrt_id"], preceding=None, following=0
    )
    had = ledger.supply.sum().over(order) - ledger.supply
    ledger = ledger.mutate(drift=had - ledger.second / 86400)
    ledger = ledger.mutate(stock=ledger.drift - ledger.drift.min().over(order))
    return ledger.group_by("mdtrt_id").aggregate(
        supply_days=_.supply.sum(),
        stock_days=_.stock.max(),
        n_drugs=_.hilist_code.nunique(),
        # Money for medicine bought while a month of it was still at home.
        surplus_spent=_.spent.sum(where=_.stock > 30).fill_null(0),
    )


def _idle(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Days of a stay with nothing but bed, round and care (M10)."""
    stays = base.filter(base.kind == STAY, base.los.notnull()).select("mdtrt_id", "los")
    active = days.group_by("mdtrt_id").aggregate(
        active=_.day.nunique(where=~_.charge.isin(HOUSEKEEPING)), billed_days=_.day.nunique()
    )
    joined = stays.inner_join(active, "mdtrt_id")
    # Bills that carry one date for a whole stay say nothing about its days.
    told = (joined.billed_days > 1) | (joined.los <= 1)
    return joined.select(
        "mdtrt_id", idle_days=told.ifelse(ibis.greatest(joined.los - joined.active, 0), None)
    )


def _sequence(base: ibis.Table) -> ibis.Table:
    """The stay before: where, why, how long ago (M03)."""
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    stays = base.filter(base.kind == STAY)
    lagged = {
        name: stays[name].lag().over(order)
        for name in ("fixmedins_code", "dr_code", "dx3", "end_second", "fund_pay_sumamt")
    }
    stays = stays.mutate(**{f"last_{name}": value for name, value in lagged.items()})
    stays = stays.mutate(gap_days=(stays.second - stays.last_end_second) / 86400)
    return stays.select(
        "mdtrt_id",
        "gap_days",
        same_place=stays.fixmedins_code == stays.last_fixmedins_code,
        same_disease=stays.dx3 == stays.last_dx3,
        same_doctor=stays.dr_code == stays.last_dr_code,
        overlap=(stays.gap_days < -1).fill_null(False),
    )


def _split(facts: ibis.Table) -> ibis.Value:
    """Back in the same hospital with the same disease within days, outside a course of treatment."""
    return _again(facts, SPLIT_DAYS, facts.same_disease | facts.dx3.isnull())


def _readmitted(facts: ibis.Table) -> ibis.Value:
    """Back in the same hospital within a month for whatever cause, outside a course of treatment."""
    return _again(facts, RETURN_DAYS, ibis.literal(True))


def _same_doctor_readmission(facts: ibis.Table) -> ibis.Value:
    """Taken in again by the same doctor within days, for whatever disease; another disease is another doctor's."""
    return _again(facts, SPLIT_DAYS, facts.same_doctor)


def _again(facts: ibis.Table, days: int, alike: ibis.Value) -> ibis.Value:
    """A stay that follows another in the same hospital within so many days and is alike; null where it is no stay."""
    soon = facts.gap_days.between(-1, days) & facts.same_place & alike
    return ibis.ifelse(facts.kind == STAY, soon.fill_null(False) & ~facts.course, None)


def _returns(facts: ibis.Table) -> ibis.Table:
    """How often stays of the disease are such a return in other hospitals; a rare disease is drawn to all (M03)."""
    stays = facts.filter(facts.kind == STAY, ~facts.course)
    stays = stays.select(
        "mdtrt_id", "fixmedins_code", "dx3", readmitted_31d=stays.readmitted_31d.cast("float64"), stay=1.0
    )

    def elsewhere(value: ibis.Value, *by: str) -> ibis.Value:
        return value.sum().over(group_by=by) - value.sum().over(group_by=[*by, "fixmedins_code"])

    all_ = elsewhere(stays.readmitted_31d) / elsewhere(stays.stay).nullif(0)
    usual = (elsewhere(stays.readmitted_31d, "dx3") + PRIOR_STAYS * all_) / (
        elsewhere(stays.stay, "dx3") + PRIOR_STAYS
    )
    return stays.select("mdtrt_id", readmission_expected=usual)


def _terminal(base: ibis.Table) -> ibis.Table:
    """How fast a card follows another person's at the same institution (M15); nothing where only the day is known."""
    order = ibis.window(group_by="fixmedins_code", order_by=["second", "mdtrt_id"])
    visits = base.filter(base.kind != STAY, base.begntime != base.begntime.truncate("D")).mutate(
        _gap=_.second - _.second.lag().over(order), _other=_.psn_no != _.psn_no.lag().over(order)
    )
    gap = visits._other.ifelse(visits._gap, None)
    return visits.select("mdtrt_id", card_gap=gap, burst=(gap <= BURST_SECONDS).fill_null(False))


def _swipes(base: ibis.Table) -> ibis.Table:
    """How many persons paid in a row at the institution with less than a minute between them (M15, R113).

    Payments that only carry their date say nothing of seconds.
    """
    order = ibis.window(group_by="fixmedins_code", order_by=["_paid", "mdtrt_id"])
    visits = base.filter(base.kind != STAY, base.setl_time != base.setl_time.truncate("D"))
    visits = visits.select("mdtrt_id", "fixmedins_code", "psn_no", _paid=_.setl_time.epoch_seconds())
    visits = visits.mutate(_gap=visits._paid - visits._paid.lag().over(order))
    starts = (visits._gap < BURST_SECONDS).fill_null(False).ifelse(0, 1)
    runs = visits.mutate(_run=starts.cumsum(group_by="fixmedins_code", order_by=["_paid", "mdtrt_id"]))
    persons = runs.group_by("fixmedins_code", "_run").aggregate(swipe_persons=_.psn_no.nunique())
    return runs.inner_join(persons, ["fixmedins_code", "_run"]).select("mdtrt_id", "swipe_persons")


def _follow(base: ibis.Table) -> ibis.Table:
    """On how many days the same person came right after the same other person at the same place (M15, M26).

    Days of a course (dialysis shifts) do not count: such people follow one another by schedule. A bare date does not
    tell who came after whom.
    """
    order = ibis.window(group_by="fixmedins_code", order_by=["second", "mdtrt_id"])
    visits = base.filter(base.kind != STAY, ~base.dx3.isin(COURSES).fill_null(False), base.days_ago <= 365)
    visits = visits.filter(visits.begntime != visits.begntime.truncate("D"))
    visits = visits.select("mdtrt_id", "fixmedins_code", "psn_no", "day", "second").mutate(
        before=_.psn_no.lag().over(order), gap=_.second - _.second.lag().over(order)
    )
    near = visits.filter(visits.before != visits.psn_no, visits.gap <= 1800)
    pairs = near.group_by("fixmedins_code", "before", "psn_no").aggregate(follow_days=_.day.nunique())
    return near.inner_join(pairs, ["fixmedins_code", "before", "psn_no"]).select("mdtrt_id", "follow_days")


def _amounts(base: ibis.Table) -> ibis.Table:
    """How common the exact amount is at the institution, and whether it is round (M16, M18)."""
    alike = base.group_by("fixmedins_code", "kind", "medfee_sumamt").aggregate(_n=_.count())
    total = base.group_by("fixmedins_code", "kind").aggregate(_all=_.count())
    joined = base.inner_join(alike, ["fixmedins_code", "kind", "medfee_sumamt"])
    joined = joined.inner_join(total, ["fixmedins_code", "kind"])
    return joined.select(
        "mdtrt_id",
        same_amount=joined._n - 1,
        round_amount=(joined.medfee_sumamt % 10 == 0) & (joined.medfee_sumamt >= 20),
    )


def _elsewhere(base: ibis.Table) -> ibis.Table:
    """What the person did at other institutions between the first and the last day of a stay (M10, R089)."""
    stays = base.filter(base.kind == STAY, base.los >= 2).select(
        "mdtrt_id", "psn_no", "fixmedins_code", first=_.day, last=_.endtime.date()
    )
    others = base.filter(~base.dx3.isin(COURSES).fill_null(False)).select(
        "psn_no",
        where=_.fixmedins_code,
        other_day=_.day,
        other_kind=_.kind,
        other=_.mdtrt_id,
        paid=_.fund_pay_sumamt,
    )
    met = stays.inner_join(
        others,
        [stays.psn_no == others.psn_no, others.other_day > stays.first, others.other_day < stays.last],
    )
    met = met.filter(met.where != met.fixmedins_code)
    return met.group_by("mdtrt_id").aggregate(outside_visits=_.other.nunique())


def _batches(base: ibis.Table) -> ibis.Table:
    """People of the same village admitted to the same hospital within a day (M02, M11)."""
    stays = base.filter(base.kind == STAY, base.village.notnull())
    stays = stays.select("mdtrt_id", "psn_no", "fixmedins_code", "village", "day")
    # Each admission also stands on the day before and after, so that meeting is an equality.
    mates = ibis.union(
        *[
            stays.select("fixmedins_code", "village", mate=_.psn_no, day=_.day + ibis.interval(days=k))
            for k in (-1, 0, 1)
        ]
    )
    near = stays.inner_join(mates, ["fixmedins_code", "village", "day"])
    near = near.filter(near.mate != near.psn_no)
    return near.group_by("mdtrt_id").aggregate(village_batch=_.mate.nunique())


def _twins(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Stays that look copied: other people admitted to the hospital within a day with the same disease for the same
    time, and stays of the year there with the same set of items (M01)."""
    stays = base.filter(base.kind == STAY, ~base.dx3.isin(COURSES).fill_null(False))
    stays = stays.select("mdtrt_id", "psn_no", "fixmedins_code", "dx3", "los", "day", "days_ago")
    # Once each: an item billed on two days would cancel itself out.
    items = days.select("mdtrt_id", "hilist_code").distinct().group_by("mdtrt_id")
    items = items.aggregate(items=_.hilist_code.hash().bit_xor(), n=_.count())
    stays = stays.inner_join(items, "mdtrt_id")
    # A handful of items is the same for many honest stays; a long list is not.
    listed = stays.filter(stays.n >= 6, stays.days_ago <= 365)
    copies = listed.group_by("fixmedins_code", "items").aggregate(persons=_.psn_no.nunique())
    copies = listed.inner_join(copies, ["fixmedins_code", "items"]).select("mdtrt_id", copies=_.persons - 1)
    mates = ibis.union(
        *[
            stays.select("fixmedins_code", "dx3", "los", mate=_.psn_no, day=_.day + ibis.interval(days=k))
            for k in (-1, 0, 1)
        ]
    )
    near = stays.inner_join(mates, ["fixmedins_code", "dx3", "los", "day"])
    near = near.filter(near.mate != near.psn_no).group_by("mdtrt_id").aggregate(twins=_.mate.nunique())
    return (
        stays.select("mdtrt_id")
        .left_join(copies, "mdtrt_id")
        .drop("mdtrt_id_right")
        .left_join(near, "mdtrt_id")
        .select("mdtrt_id", twins=_.twins.fill_null(0), copies=_.copies.fill_null(0))
    )


def _travel(base: ibis.Table) -> ibis.Table:
    """Minutes since the same card was used at another institution (M15, R112)."""
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    visits = base.filter(base.kind != STAY)
    visits = visits.mutate(
        _gap=(visits.second - visits.second.lag().over(order)) / 60,
        _moved=visits.fixmedins_code != visits.fixmedins_code.lag().over(order),
        # A visit that only carries its date says nothing about minutes.
        _clock=visits.begntime != visits.begntime.truncate("D"),
    )
    minutes = (visits._moved & visits._clock).ifelse(visits._gap, None)
    return visits.select(
        "mdtrt_id",
        two_places=(minutes <= TRAVEL_MINUTES).fill_null(False),
        moved_minutes=minutes,
        moved_from=visits._moved.ifelse(visits.fixmedins_code.lag().over(order), None),
        moved_kind=visits._moved.ifelse(visits.kind.lag().over(order), None),
    )


def _deaths(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Days from death to the visit; the earliest record counts (M09)."""
    deaths = claims["psn_die_regn_d"].group_by("psn_no").aggregate(die_date=_.die_date.min())
    joined = base.inner_join(deaths, "psn_no")
    days = (
        joined.begntime.truncate("D").epoch_seconds() - joined.die_date.truncate("D").epoch_seconds()
    ) / 86400
    return joined.select("mdtrt_id", days_dead=ibis.greatest(days, 0))


def _trace(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Boxes sold that had been sold before without a return, and boxes sold without a code (M20, R105, R108)."""
    sales = claims.sales
    whole = sales.filter(sales.drug_trac_codg.notnull(), (sales.trdn_flag != "1").fill_null(True))
    order = ibis.window(
        group_by="drug_trac_codg",
        order_by=["sel_retn_time", "medins_prod_sel_no"],
        preceding=None,
        following=0,
    )
    step = (whole.sel_retn_cnt > 0).ifelse(1, -1)
    whole = whole.mutate(out=step.sum().over(order) - step)
    again = whole.filter(whole.sel_retn_cnt > 0, whole.out > 0).select(
        "medins_prod_sel_no", "drug_trac_codg", _again=1
    )
    sold = sales.filter(sales.sel_retn_cnt > 0, sales.setl_id.notnull())
    sold = sold.left_join(again, ["medins_prod_sel_no", "drug_trac_codg"])
    paid = claims.settlements.select("setl_id", "mdtrt_id")
    sold = sold.inner_join(paid, "setl_id")
    return sold.group_by("mdtrt_id").aggregate(
        repeat_codes=_._again.sum().fill_null(0), boxes=_.count(), uncoded=_.drug_trac_codg.isnull().sum()
    )


def _signs(claims: ClaimsAsOf, base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Dialysis sessions on days without a sign-in at the place (M28, R101); null where nobody signs at all."""
    signs = claims["psn_sign_d"].filter(_.serv_type == DIALYSIS)
    signs = signs.select("psn_no", "fixmedins_code", day=_.sign_in_time.date(), signed=True).distinct()
    sessions = days.filter(days.serv_type == DIALYSIS, days.cnt > 0).select("mdtrt_id", "day", "cnt")
    sessions = sessions.inner_join(base.select("mdtrt_id", "psn_no", "fixmedins_code"), "mdtrt_id")
    signing = signs.select("fixmedins_code").distinct()
    sessions = sessions.semi_join(signing, "fixmedins_code")
    sessions = sessions.left_join(signs, ["psn_no", "fixmedins_code", "day"])
    return sessions.group_by("mdtrt_id").aggregate(unsigned=_.cnt.sum(where=_.signed.isnull()).fill_null(0))


def _sessions(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Dialysis sessions of the person in the week of the visit (M28, R099: three a week are usual)."""
    sessions = days.filter(days.serv_type == DIALYSIS).group_by("mdtrt_id").aggregate(sessions=_.cnt.sum())
    visits = base.select("mdtrt_id", "psn_no", "week", weekday=_.begntime.day_of_week.index())
    visits = visits.inner_join(sessions, "mdtrt_id")
    person, week = ibis.window(group_by="psn_no"), ibis.window(group_by=["psn_no", "week"])
    weekday = ibis.window(group_by=["psn_no", "weekday"])
    return visits.select(
        "mdtrt_id",
        week_sessions=visits.sessions.sum().over(week),
        # Patients keep their days: in how many of the weeks of treatment the person came on this day of the week.
        weekday_share=visits.week.nunique().over(weekday) / visits.week.nunique().over(person),
    )


def _prescribed(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Sales on a prescription that was used before, not yet written, or written in a rush (M21, M22)."""
    sales = claims.sales.filter(_.rxno.notnull(), _.sel_retn_cnt > 0, _.setl_id.notnull())
    paid = sales.inner_join(claims.settlements.select("setl_id", "mdtrt_id"), "setl_id")
    used = paid.group_by("rxno").aggregate(times=_.mdtrt_id.nunique())
    order = ibis.window(group_by="dr_code", order_by=["prsc_time", "hi_rxno"])
    pace = claims["rx_d"].mutate(
        _gap=_.prsc_time.epoch_seconds() - _.prsc_time.epoch_seconds().lag().over(order)
    )
    allowed = pace.select(
        rxno=_.hi_rxno,
        allowed=_.max_rept_cnt.fill_null(0) + 1,
        written=_.prsc_time,
        rushed=_._gap <= RUSH_SECONDS,
    )
    joined = paid.left_join(used, "rxno").drop("rxno_right").left_join(allowed, "rxno")
    return joined.group_by("mdtrt_id").aggregate(
        rx_overused=ibis.greatest(_.times - _.allowed.fill_null(1), 0).max(),
        rx_late=(_.written.date() > _.sel_retn_time.date()).any().fill_null(False),
        rx_rushed=_.rushed.any().fill_null(False),
    )


def _accidents(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Admitted within a week of an accident on record without naming a third party (M27, R128)."""
    accidents = claims["acdt_rec_d"].select("psn_no", "acdt_time")
    joined = base.filter(base.kind == STAY).inner_join(accidents, "psn_no")
    gap = (joined.second - joined.acdt_time.epoch_seconds()) / 86400
    hurt = joined.filter(
        gap.between(0, 7), (joined.rel_ttp_flag != "1").fill_null(True), joined.dx3.re_search("^[STVWXY]")
    )
    return hurt.select("mdtrt_id", hidden_accident=1).distinct()


def _cared(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Long-term-care services on inner days of a stay (M08, R095)."""
    services = claims["ltci_trt_d"].filter(_.serv_begntime.notnull(), _.serv_begntime < claims.as_of)
    services = services.select(cared="psn_no", serv_day=_.serv_begntime.date())
    stays = base.filter(base.kind == STAY, base.los >= 2)
    joined = stays.inner_join(
        services,
        [
            stays.psn_no == services.cared,
            services.serv_day > stays.day,
            services.serv_day < stays.endtime.date(),
        ],
    )
    return joined.group_by("mdtrt_id").aggregate(care_days=_.serv_day.nunique())


def _bills(days: ibis.Table) -> ibis.Table:
    """What a bill holds beside keeping the patient: mdtrt_id, worth (yuan), n_distinct (items)."""
    return days.group_by("mdtrt_id").aggregate(
        worth=_.amount.sum(where=~_.charge.isin(HOUSEKEEPING)).fill_null(0).round(2),
        n_distinct=_.hilist_code.nunique(),
    )


def _sent(base: ibis.Table) -> ibis.Table:
    """Where a patient was admitted within days of an outpatient visit, if elsewhere (M31)."""
    stays = base.filter(base.kind == STAY, ~base.dx3.isin(COURSES).fill_null(False))
    stays = stays.select("psn_no", admitted=_.second, sent_to=_.fixmedins_code)
    seen = base.filter(base.kind == OUTPATIENT).select("mdtrt_id", "psn_no", "fixmedins_code", "second")
    met = seen.inner_join(stays, "psn_no")
    met = met.filter(
        (met.admitted - met.second).between(0, SENT_DAYS * 86400), met.sent_to != met.fixmedins_code
    )
    return met.group_by("mdtrt_id").aggregate(sent_to=_.sent_to.min())


def _converted(base: ibis.Table) -> ibis.Table:
    """Admitted on the day of an outpatient visit to the same hospital, or on the day after (M13)."""
    stays = base.filter(base.kind == STAY).select("mdtrt_id", "psn_no", "fixmedins_code", "day")
    seen = base.filter(base.kind == OUTPATIENT).select("psn_no", "fixmedins_code", "day")
    seen = ibis.union(seen, seen.mutate(day=_.day + ibis.interval(days=1)), distinct=True)
    return stays.semi_join(seen, ["psn_no", "fixmedins_code", "day"]).select("mdtrt_id", converted=True)


def _light(base: ibis.Table) -> ibis.Table:
    """How often the disease that led to a stay is treated without one, anywhere (M12)."""
    cared = base.filter(base.kind != PHARMACY, base.dx3.notnull())
    usual = cared.group_by("dx3").aggregate(_n=_.count(), outpatient_rate=(_.kind == OUTPATIENT).mean())
    stays = cared.filter(cared.kind == STAY).select("mdtrt_id", "dx3")
    return stays.inner_join(usual.filter(usual._n >= 8), "dx3").select("mdtrt_id", "outpatient_rate")


def _doctors(base: ibis.Table) -> ibis.Table:
    """Whether the doctor had been with a patient of another institution minutes before (M48).

    A prescription is filled where its author is not, so purchases say nothing of the doctor's place.
    """
    order = ibis.window(group_by="dr_code", order_by=["second", "mdtrt_id"])
    visits = base.filter(base.kind == OUTPATIENT, base.dr_code.notnull())
    visits = visits.mutate(
        _gap=(visits.second - visits.second.lag().over(order)) / 60,
        _moved=visits.fixmedins_code != visits.fixmedins_code.lag().over(order),
        _clock=visits.begntime != visits.begntime.truncate("D"),
    )
    minutes = (visits._moved & visits._clock).ifelse(visits._gap, None)
    return visits.select("mdtrt_id", dr_moved=(minutes <= TRAVEL_MINUTES).fill_null(False))


def _prices(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """What the medicine of a purchase would cost at the pharmacies' usual prices (M40); each pharmacy has one vote."""
    sold = days.inner_join(
        base.filter(base.kind == PHARMACY).select("mdtrt_id", "fixmedins_code"), "mdtrt_id"
    )
    sold = sold.filter(sold.cnt > 0, sold.amount > 0)
    shops = sold.group_by("hilist_code", "fixmedins_code").aggregate(price=(_.amount / _.cnt).median())
    usual = shops.group_by("hilist_code").aggregate(usual=_.price.median(), shops=_.count())
    sold = sold.inner_join(usual.filter(usual.shops >= LEAST_SHOPS), "hilist_code")
    # Whole cents before they are added up, so that the order of the sum cannot tip a half cent.
    sold = sold.mutate(usual=(sold.cnt * sold.usual).round(2))
    return sold.group_by("mdtrt_id").aggregate(
        priced=_.amount.sum().round(2), usual_price=_.usual.sum().round(2)
    )


def _chains(facts: ibis.Table) -> ibis.Table:
    """Share of odd purchases in the other branches of a pharmacy's chain, last year (M42)."""
    odd = facts.burst | (facts.surplus_spent > 0) | (facts.repeat_codes > 0) | (facts.rx_overused > 0)
    bought = facts.mutate(odd=odd.fill_null(False)).filter(
        _.kind == PHARMACY, _.days_ago <= 365, _.chain.notnull()
    )
    shops = bought.group_by("chain", "fixmedins_code").aggregate(n=_.count(), odd=_.odd.sum())
    others = {
        name: shops[name].sum().over(ibis.window(group_by="chain")) - shops[name] for name in ("n", "odd")
    }
    return shops.select("fixmedins_code", chain_odd=others["odd"] / others["n"].nullif(0))
