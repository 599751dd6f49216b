"""The rule engine: records, parameters, and findings in the national pre-review spelling.

A rule looks at a night (`RuleContext`) and returns the offending visits, settlements or lines with the offending amount
and a sentence; the engine adds who is concerned, the fund's share, a lasting id and the legal basis.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import ibis
from ibis import _

from claims.as_of import ClaimsAsOf
from claims.errors import StoreError
from features.rules.schemes import RULES_OF

# Words of the national library: the data alone proves it, or it must be looked into.
CLEAR, SUSPECT = "明确违规", "高度可疑"

# Of what `find` returns; only mdtrt_id, offending and says are mandatory.
FINDING = ("mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message")
FOUND = {
    "rule_id": "string", "mdtrt_id": "string", "setl_id": "string", "bkkp_sn": "string", "amount_in_question": "float64",
    "message": "string",
}  # fmt: skip
HITS = {
    "jr_id": "string", "rule_id": "string", "rule_name": "string", "sev_deg": "string", "subject_type": "string",
    "subject_id": "string", "psn_no": "string", "fixmedins_code": "string", "dr_code": "string",
    "mdtrt_id": "string", "setl_id": "string", "bkkp_sn": "string", "vola_amt": "float64", "vola_cont": "string",
    "vola_evid": "string",
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """A threshold that a bureau may set.

    Attributes:
        default: starting value.
        unit: of the value.
        source: where the default comes from (`domain/schemes.md` §9, or "own starting value").
    """

    default: float
    unit: str
    source: str


@dataclass(frozen=True)
class Rule:
    """One audit rule.

    Attributes:
        rule_id: id of `domain/schemes.md` §2.
        zh, en: name.
        subject: who answers for it: patient, prescriber, pharmacy, hospital, or place (pharmacy or hospital).
        severity: CLEAR or SUSPECT.
        article: of the regulation 国令735号, short form of `domain/schemes.md`.
        official: code in the national rule library, if any.
        needs: tables without which the rule is skipped.
        filled: ``table.column`` that must hold a value somewhere (``table.column=value``: that value), or the rule
            is skipped for want of data; of several with ``|`` between one is enough.
        parameters: by name.
        find: (bench, **parameters) → FINDING.
    """

    rule_id: str
    zh: str
    en: str
    subject: str
    severity: str
    article: str
    official: str | None
    needs: tuple[str, ...]
    filled: tuple[str, ...]
    parameters: dict[str, Parameter]
    find: Callable[..., ibis.Table]


@dataclass(frozen=True)
class RuleContext:
    """What a rule may look at: the claims as known, facts of the visits, and lines summed to visit, item and day.

    Attributes:
        known: tables as of the night (`claims.as_of.ClaimsAsOf`).
        facts: one row a visit (`features.visits.facts.visit_facts`).
        item_days: visit × item × day (`features.visits.bill_lines.item_days`); rules take lines from here, so that the fee
            lines are read once for all of them.
        made: tables that several rules look at, by name (`features.rules.limits.once`).
    """

    claims: ClaimsAsOf
    facts: ibis.Table
    item_days: ibis.Table
    cache: dict[str, ibis.Table] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Outcome:
    """What became of the rules on a night: ids run, id → why skipped, id → why failed, and the findings."""

    run: list[str]
    skipped: dict[str, str]
    failed: dict[str, str]
    hits: ibis.Table


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str,
    zh: str,
    en: str,
    subject: str,
    severity: str,
    article: str,
    *,
    official: str | None = None,
    needs: str = "",
    filled: str = "",
    **parameters: Parameter,
) -> Callable:
    """Enter the decorated function into RULES (see `Rule` for the words)."""

    def enter(find: Callable) -> Callable:
        if rule_id in RULES:
            raise ValueError(f"rule {rule_id} is declared twice")
        RULES[rule_id] = Rule(
            rule_id, zh, en, subject, severity, article, official, tuple(needs.split()), tuple(filled.split()),
            parameters, find,
        )  # fmt: skip
        return find

    return enter


@dataclass(frozen=True)
class RuleSettings:
    """Thresholds that a bureau has set: rule id → parameter → value; unknown ones are refused with StoreError."""

    values: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self):
        for rule_id, given in self.values.items():
            if rule_id not in RULES:
                raise StoreError(f"settings: unknown rule {rule_id}")
            for name in given:
                if name not in RULES[rule_id].parameters:
                    raise StoreError(f"settings: rule {rule_id} has no parameter {name}")

    def of(self, entry: Rule) -> dict[str, float]:
        """All parameters of a rule, set or default."""
        defaults = {name: parameter.default for name, parameter in entry.parameters.items()}
        return defaults | self.values.get(entry.rule_id, {})


def run_rules(
    context: RuleContext, settings: RuleSettings | None = None, rules: dict[str, Rule] | None = None
) -> Outcome:
    """Run every rule whose data is there; one that fails leaves the others alone.

    Returns:
        The findings as table ``rule_hits`` of the scratch database, columns HITS, one row a finding.
    """
    settings, con = settings or RuleSettings(), context.claims.con
    rules = RULES if rules is None else rules
    run, skipped, failed = [], {}, {}
    # Many rules ask for the same column.
    holds = functools.cache(functools.partial(_holds, context.claims))
    con.create_table("rule_found", schema=ibis.schema(FOUND), overwrite=True)
    with plain_queries():
        for rule_id, entry in sorted(rules.items()):
            reason = _missing(context, entry, holds)
            if reason:
                skipped[rule_id] = reason
                continue
            try:
                _enter(con, rule_id, entry.find(context, **settings.of(entry)))
                run.append(rule_id)
            except (
                Exception
            ) as error:  # a rule must not take the night with it; its text may quote a row, its type not
                failed[rule_id] = type(error).__name__
    hits = con.create_table("rule_hits", _hits(context, con.table("rule_found"), rules), overwrite=True)
    return Outcome(run, skipped, failed, hits)


@contextlib.contextmanager
def plain_queries() -> Iterator[None]:
    """Queries of nested selects as they were written: merging them is a third of making a query, and the engine
    merges them anyway."""
    fused = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = fused


def _enter(con: ibis.BaseBackend, rule_id: str, found: ibis.Table) -> None:
    """Put what a rule found into the table of all, whole or not at all."""
    for name in ("setl_id", "bkkp_sn"):
        if name not in found.columns:
            found = found.mutate(**{name: ibis.null("string")})
    rows = found.select(ibis.literal(rule_id).name("rule_id"), *FINDING)
    # `con.insert` would parse the compiled query a second time, which takes as long as the query itself.
    con.raw_sql(f"INSERT INTO rule_found BY NAME {con.compile(rows)}").fetchall()


def by_visit(hits: ibis.Table, facts: ibis.Table) -> ibis.Table:
    """Findings of each visit: mdtrt_id, findings, clear_findings, out_of_scope (lines, M07), findings_amount
    (yuan of fund payment).

    A line that breaks three rules costs the fund once, and a visit never more than was paid for it.
    """
    cached_table = hits.group_by("mdtrt_id", "setl_id", "bkkp_sn").aggregate(
        n=_.count(),
        clear=(_.sev_deg == CLEAR).sum(),
        outside=_.rule_id.isin(RULES_OF["M07"]).any(),
        amount=_.vola_amt.max(),
    )
    sums = cached_table.group_by("mdtrt_id").aggregate(
        findings=_.n.sum(), clear_findings=_.clear.sum(), out_of_scope=_.outside.sum(), amount=_.amount.sum()
    )
    paid = sums.inner_join(facts.select("mdtrt_id", "fund_pay_sumamt"), "mdtrt_id")
    capped = ibis.least(paid.amount, paid.fund_pay_sumamt)
    return paid.select(
        "mdtrt_id",
        *("findings", "clear_findings", "out_of_scope"),
        findings_amount=ibis.greatest(capped, 0).round(2),
    )


def visit_weights(hits: ibis.Table, facts: ibis.Table) -> ibis.Table:
    """The rule part of a visit: mdtrt_id, rule_part (0 to 1).

    A rule that one visit in ten thousand breaks tells much, one that every tenth breaks tells little; rules of a
    visit add up as independent chances do.
    """
    total = facts.count().as_scalar()
    broken = hits.group_by("rule_id").aggregate(visits=_.mdtrt_id.nunique())
    rarity = (-(broken.visits / total).log10() / 4).clip(0, 1)
    weights = broken.select("rule_id", weight=0.8 * rarity)
    pairs = hits.select("mdtrt_id", "rule_id").distinct().inner_join(weights, "rule_id")
    return pairs.group_by("mdtrt_id").aggregate(rule_part=1 - (1 - _.weight).ln().sum().exp())


def _missing(context: RuleContext, entry: Rule, holds: Callable[[str, str], bool]) -> str | None:
    """Why a rule cannot run: the tables or columns that hold nothing."""
    absent = [name for name in entry.needs if name not in context.claims.present]
    if absent:
        return f"no table {', '.join(absent)}"
    for places in entry.filled:
        found = [place.split(".") for place in places.split("|")]
        there = [place for place in found if place[0] in context.claims.present]
        if not there:
            return f"no table {', '.join(table for table, _column in found)}"
        if not any(holds(*place) for place in there):
            return f"no values in {' or '.join(places.split('|'))}"
    return None


def _holds(claims: ClaimsAsOf, table: str, column: str) -> bool:
    """Is there a value (``column``), or that value (``column=value``), in a table?"""
    column, _sep, value = column.partition("=")
    rows = claims[table].filter(_[column] == value if value else _[column].notnull())
    return bool(rows.limit(1).count().execute())


def _hits(context: RuleContext, found: ibis.Table, rules: dict[str, Rule]) -> ibis.Table:
    """Findings with who is concerned, the fund's share, the lasting id and the basis."""
    # Of two findings about one line the larger counts; the words break ties, so that a night repeats itself.
    order = ibis.window(
        group_by=["rule_id", "mdtrt_id", "setl_id", "bkkp_sn"],
        order_by=[ibis.desc("amount_in_question"), "message"],
    )
    found = found.mutate(_nth=ibis.row_number().over(order)).filter(_._nth == 0)
    visits = context.facts.select(
        "mdtrt_id", "psn_no", "fixmedins_code", "dr_code", "is_pharmacy", "fund_pay_sumamt", "medfee_sumamt"
    )
    paid = context.claims.settlements.select("setl_id", _fund=_.fund_pay_sumamt, _fee=_.medfee_sumamt)
    hits = found.inner_join(visits, "mdtrt_id").left_join(paid, "setl_id").drop("setl_id_right")
    hits = hits.inner_join(_records(rules), "rule_id")
    share = ibis.coalesce(
        hits._fund / hits._fee.nullif(0), hits.fund_pay_sumamt / hits.medfee_sumamt.nullif(0), 0
    )
    place = hits.is_pharmacy.ifelse("pharmacy", "hospital")
    patient = hits.answers == "patient"
    prescriber = (hits.answers == "prescriber") & hits.dr_code.notnull()
    parts = [hits.rule_id, hits.mdtrt_id, hits.setl_id.fill_null(""), hits.bkkp_sn.fill_null("")]
    return hits.select(
        jr_id=ibis.literal("|").join(parts).hexdigest("md5"),
        rule_id=hits.rule_id,
        rule_name=hits.rule_name,
        sev_deg=hits.sev_deg,
        subject_type=ibis.cases((patient, "patient"), (prescriber, "prescriber"), else_=place),
        subject_id=ibis.cases((patient, hits.psn_no), (prescriber, hits.dr_code), else_=hits.fixmedins_code),
        psn_no=hits.psn_no,
        fixmedins_code=hits.fixmedins_code,
        dr_code=hits.dr_code,
        mdtrt_id=hits.mdtrt_id,
        setl_id=hits.setl_id,
        bkkp_sn=hits.bkkp_sn,
        vola_amt=(hits.amount_in_question * share.clip(0, 1)).round(2),
        vola_cont=hits.message,
        vola_evid=hits.vola_evid,
    )


def _records(rules: dict[str, Rule]) -> ibis.Table:
    """What a finding says of its rule: rule_id, rule_name, sev_deg, answers (who for), vola_evid."""
    rows = [
        {
            "rule_id": entry.rule_id,
            "rule_name": entry.zh,
            "sev_deg": entry.severity,
            "answers": entry.subject,
            "vola_evid": basis(entry.article),
        }
        for entry in rules.values()
    ]
    names = ("rule_id", "rule_name", "sev_deg", "answers", "vola_evid")
    return ibis.memtable(rows, schema=ibis.schema(dict.fromkeys(names, "string")))


def basis(article: str) -> str:
    """The legal basis as a notice quotes it: 38(一)/41 → 《…条例》第三十八条(一)、第四十一条; other bases as they are."""
    numbers = {"36": "三十六", "37": "三十七", "38": "三十八", "40": "四十", "41": "四十一"}
    articles, others = [], []
    for part in article.split("/"):
        head, _sep, item = part.partition("(")
        if head in numbers:
            articles.append(f"第{numbers[head]}条" + (f"({item}" if item else ""))
        else:
            others.append(part)
    regulation = ["《医疗保障基金使用监督管理条例》" + "、".join(articles)] if articles else []
    return ";".join(regulation + others)
