"""Pairs of items: contained, parts of a package, required together or before (R044, R045, R057, R059, R062,
R102)."""

import ibis
from ibis import _

from features.rules.billed_lines import DRUG, LINE, MATERIAL, charged_lines, goods_kind
from features.rules.declaration import CLEAR, SUSPECT, Parameter, rule
from features.rules.dictionary_values import CARE, MATERIALS
from features.rules.finding_text import figure, iso_date, item_name, line_finding, sentence
from features.rules.limits_table import with_limit
from features.rules.rule_context import RuleContext
from features.visits.codelists import DRUGS
from features.windows import YEAR

WINDOW = Parameter(7, "days", "own starting value: paid on one day, done on another")
# Relations of `hilist_rela_b`: the first item contains the second; the second is a part of the package that
# the first is; the first may be charged only where one of the second was; the first, a drug, requires the
# second, a test.
CONTAINS = "1"
PACKAGE = "2"
REQUIRES = "3"
TESTED = "4"


def _related_items(context: RuleContext, kind: str) -> ibis.Table:
    """Pairs of `hilist_rela_b`, one row each: hilist_code, other, rela_days, valid from and until."""
    pairs = context.claims["hilist_rela_b"].filter(_.rela_type == kind)
    return pairs.select(
        "hilist_code", other="rela_hilist_code", rela_days="rela_days", valid="begndate", until="enddate"
    )


def _relation_in_force(rows: ibis.Table) -> ibis.Value:
    from_then = (rows.valid.date() <= rows.day).fill_null(True)
    return from_then & (rows.until.date() >= rows.day).fill_null(True)


def _contained_items(context: RuleContext) -> ibis.Table:
    """Lines of items that another item charged on the same day contains."""
    pairs = _related_items(context, CONTAINS)
    rows = context.item_days.filter(_.cnt > 0)
    outer = rows.inner_join(pairs, "hilist_code").filter(_relation_in_force)
    outer = outer.select("mdtrt_id", "day", whole="hilist_code", hilist_code="other")
    both = rows.inner_join(outer, ["mdtrt_id", "day", "hilist_code"])
    names = context.claims["hilist_b"].select("hilist_code", "hilist_name")
    both = both.inner_join(names, "hilist_code")
    return both.inner_join(names.select(whole="hilist_code", whole_name="hilist_name"), "whole").order_by(
        "whole"
    )


def _without_related(context: RuleContext, kind: str, lookback_days: float) -> ibis.Table:
    """Lines of items that may be charged only where one of others was, and none was, so many days before."""
    pairs = _related_items(context, kind)
    who = context.facts.select("mdtrt_id", "psn_no")
    rows = context.item_days.filter(_.cnt > 0)
    needy = rows.inner_join(pairs, "hilist_code").filter(_relation_in_force).inner_join(who, "mdtrt_id")
    ground = rows.semi_join(pairs, rows.hilist_code == pairs.other).inner_join(who, "mdtrt_id")
    ground = ground.select("psn_no", other="hilist_code", done="day", there="mdtrt_id").mutate(
        at=_.done.epoch_days()
    )
    met = needy.left_join(ground, ["psn_no", "other"], rname="{name}_ground")
    behind = met.day.epoch_days() - met["at"]
    near = (met.there == met.mdtrt_id) | behind.between(0, ibis.coalesce(met.rela_days, lookback_days))
    keys = ["mdtrt_id", "hilist_code", "setl_id", "bkkp_sn", "day", "charge", "cnt", "amount"]
    found = met.mutate(near=near.fill_null(False)).group_by(keys).aggregate(any=_.near.any()).filter(~_.any)
    return found.inner_join(context.claims["hilist_b"].select("hilist_code", "hilist_name"), "hilist_code")


def _unaccompanied(context: RuleContext, which: str, window_days: float) -> ibis.Table:
    """Lines whose item makes no sense without another one, which the person did not get within days."""
    pairs = _related_items(context, REQUIRES).rename(need="other")
    persons = context.facts.select("mdtrt_id", "psn_no")
    lines = charged_lines(context)
    rows = lines.inner_join(pairs, "hilist_code").inner_join(persons, "mdtrt_id")
    rows = rows.filter(goods_kind(rows.charge, rows.list_type) == which, _relation_in_force(rows))
    had = lines.semi_join(pairs, [_.hilist_code == pairs.need]).inner_join(persons, "mdtrt_id")
    had = had.select("psn_no", need="hilist_code", had="day", where="mdtrt_id")
    met = rows.inner_join(had, ["psn_no", "need"])
    apart = (met.day.epoch_seconds() - met.had.epoch_seconds()).abs() / 86400
    met = met.filter((met.where == met.mdtrt_id) | (apart <= met.rela_days.fill_null(window_days)))
    bad = rows.anti_join(met, LINE)
    message = sentence(
        "{item}应与{need}等同时使用,前后{days}天内未见",
        "{item} goes with {need} or the like, none of which was charged within {days} days",
        item=item_name(bad.hilist_code), need=item_name(bad.need), days=f"{window_days:g}",
    )  # fmt: skip
    return bad.mutate(amount_in_question=bad.amount, message=message)


@rule(
    "R044", "项目与耗材重复收费", "Material that the service contains", "place", CLEAR, "38(三)",
    needs="fee_list_d hilist_b hilist_rela_b", filled="hilist_rela_b.rela_type=1",
)  # fmt: skip
def material_in_service(context: RuleContext) -> ibis.Table:
    """Materials charged in addition to a service that contains them."""
    rows = _contained_items(context).filter(_.charge == MATERIALS)
    message = sentence(
        "耗材“{item}”已含在项目“{whole}”中,{day}另行收费",
        "“{item}” is part of “{whole}” and was charged besides on {day}",
        item=rows.hilist_name, whole=rows.whole_name, day=iso_date(rows.day),
    )  # fmt: skip
    return line_finding(rows, rows.amount, message)


def _complete_sets(context: RuleContext) -> ibis.Table:
    """Packages (hilist_code) all parts of which were charged in a visit on a day, and not the package."""
    parts = _related_items(context, PACKAGE).select(
        whole="hilist_code", hilist_code="other", valid="valid", until="until"
    )
    size = parts.group_by("whole").aggregate(parts=_.hilist_code.nunique())
    rows = context.item_days.filter(_.cnt > 0)
    done = rows.inner_join(parts, "hilist_code").filter(_relation_in_force)
    sets = done.group_by("mdtrt_id", "day", "whole").aggregate(
        found=_.hilist_code.nunique(), amount=_.amount.sum(), bkkp_sn=_.bkkp_sn.max(), setl_id=_.setl_id.max()
    )
    sets = sets.inner_join(size, "whole").filter(_.found == _.parts, _.parts > 1)
    wholes = rows.semi_join(parts, rows.hilist_code == parts.whole)
    sets = sets.anti_join(wholes.select("mdtrt_id", "day", whole="hilist_code"), ["mdtrt_id", "day", "whole"])
    return sets.mutate(hilist_code=sets.whole)


@rule(
    "R045", "分解收费", "A package charged in parts", "place", SUSPECT, "38(三)", official="GZ10000102013000",
    needs="fee_list_d hilist_b hilist_rela_b", filled="hilist_rela_b.rela_type=2",
)  # fmt: skip
def package_in_parts(context: RuleContext) -> ibis.Table:
    """Packages charged in parts; what the parts cost above the package is in question."""
    sets = _complete_sets(context)
    priced = with_limit(context, sets, "pric_uplmt_amt").select(*LINE, price="pric_uplmt_amt")
    sets = sets.left_join(priced, LINE).drop(*[f"{name}_right" for name in LINE])
    sets = sets.inner_join(
        context.claims["hilist_b"].select("hilist_code", name="hilist_name"), "hilist_code"
    )
    return line_finding(
        sets,
        # What the parts cost above the package; nothing is certain where its price is not known.
        ibis.greatest(sets.amount - ibis.coalesce(sets.price, sets.amount), 0),
        sentence(
            "项目{item}于{day}分解为{parts}个项目收费{yuan}元",
            "“{item}” charged on {day} as {parts} items, {yuan} yuan in all",
            item=sets.name, day=iso_date(sets.day), parts=sets.parts, yuan=figure(sets.amount),
        ),
    )  # fmt: skip


@rule(
    "R057", "静脉置管护理违规收费", "Improper catheter care", "place", SUSPECT, "38(三)/40(三)",
    needs="fee_list_d hilist_b hilist_rela_b",
    lookback_days=Parameter(YEAR, "days", "own starting value: a catheter may stay in for a year"),
)  # fmt: skip
def care_without_ground(context: RuleContext, lookback_days: float) -> ibis.Table:
    """Catheter care without a catheter placed before, or contained in another item."""
    # Care of what nobody put in (the catalogue says what must have been), or that another item contains.
    unfounded = _without_related(context, REQUIRES, lookback_days).filter(_.charge == CARE)
    inside = _contained_items(context).filter(_.charge == CARE)
    lone = line_finding(
        unfounded, unfounded.amount, sentence(
            "护理项目{item}之前未见相应置管,{day}收费",
            "“{item}” charged on {day}, without the catheter placed before",
            item=unfounded.hilist_name, day=iso_date(unfounded.day),
        ),
    )  # fmt: skip
    double = line_finding(
        inside, inside.amount, sentence(
            "护理项目{item}已含在项目{whole}中,{day}另行收费",
            "“{item}” is part of “{whole}” and was charged besides on {day}",
            item=inside.hilist_name, whole=inside.whole_name, day=iso_date(inside.day),
        ),
    )  # fmt: skip
    return lone.union(double)


@rule(
    "R059", "耗材与项目不符", "Consumable without procedure", "place", SUSPECT, "38(四)/40(三)",
    schemes="M29", official="GZ10000303001000", needs="fee_list_d hilist_rela_b",
    filled="hilist_rela_b.rela_type=3", window_days=WINDOW,
)  # fmt: skip
def material_alone(context: RuleContext, window_days: float) -> ibis.Table:
    """Materials without a procedure that needs them."""
    return _unaccompanied(context, MATERIAL, window_days)


@rule(
    "R062", "药品与服务项目不符", "Drug needs procedure", "place", SUSPECT, "38(四)",
    official="GZ10000301001000", needs="fee_list_d hilist_rela_b", filled="hilist_rela_b.rela_type=3",
    window_days=WINDOW,
)  # fmt: skip
def drug_alone(context: RuleContext, window_days: float) -> ibis.Table:
    """Drugs without the procedure they are used in."""
    return _unaccompanied(context, DRUG, window_days)


@rule(
    "R102", "促红素无指征", "EPO without a blood test", "place", SUSPECT, "40(三)/38(三)", schemes="M28",
    needs="fee_list_d hilist_b hilist_rela_b", filled="hilist_rela_b.rela_type=4",
    lookback_days=Parameter(30, "days", "own starting value: no Hb in 30 d"),
)  # fmt: skip
def drug_without_test(context: RuleContext, lookback_days: float) -> ibis.Table:
    """Drugs without the blood test that must precede them."""
    # Which drug asks for which test stands in the catalogue (hilist_rela_b, kind 4).
    rows = _without_related(context, TESTED, lookback_days).filter(_.charge.isin(DRUGS))
    message = sentence(
        "药品“{item}”于{day}收费,此前{days}天内无规定的检验",
        "“{item}” charged on {day}, without the test required within {days} days before",
        item=rows.hilist_name, day=iso_date(rows.day), days=str(int(lookback_days)),
    )  # fmt: skip
    return line_finding(rows, rows.amount, message)
