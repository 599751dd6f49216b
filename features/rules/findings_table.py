"""The table of findings in the national pre-review spelling, and the English of their sentences."""

from collections.abc import Mapping

import ibis
from ibis import _

from features.rules.declaration import Rule
from features.rules.finding_names import with_names
from features.rules.finding_text import BETWEEN
from features.rules.legal_basis import basis
from features.rules.rule_context import RuleContext

# Of what a rule returns; only mdtrt_id, amount_in_question and message are mandatory.
FINDING = ("mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message")
FOUND = {
    "rule_id": "string", "mdtrt_id": "string", "setl_id": "string", "bkkp_sn": "string",
    "amount_in_question": "float64", "message": "string",
}  # fmt: skip
HITS = {
    "jr_id": "string", "rule_id": "string", "rule_name": "string", "sev_deg": "string",
    "subject_type": "string", "subject_id": "string", "psn_no": "string", "fixmedins_code": "string",
    "dr_code": "string", "mdtrt_id": "string", "setl_id": "string", "bkkp_sn": "string",
    "vola_amt": "float64", "vola_cont": "string", "vola_evid": "string", "vola_cont_en": "string",
}  # fmt: skip
_RULE_TEXTS = ("rule_id", "rule_name", "sev_deg", "answers", "vola_evid")


def rule_hits(context: RuleContext, found: ibis.Table, rules: Mapping[str, Rule]) -> ibis.Table:
    """Findings (columns FOUND) with who is concerned, the fund's share, the lasting id and the basis.

    Returns:
        Columns HITS, one row a rule and place (visit, settlement, line). The fund's share of the amount in
        question is that of the settlement, else of the visit, between 0 and 1.
    """
    visits = context.facts.select(
        "mdtrt_id", "psn_no", "fixmedins_code", "dr_code", "is_pharmacy", "fund_pay_sumamt", "medfee_sumamt"
    )
    paid = context.claims.settlements.select("setl_id", _fund=_.fund_pay_sumamt, _fee=_.medfee_sumamt)
    hits = with_names(context, _one_per_place(found)).inner_join(visits, "mdtrt_id")
    hits = hits.left_join(paid, "setl_id").drop("setl_id_right")
    hits = hits.inner_join(_rule_texts(rules), "rule_id")
    share = ibis.coalesce(
        hits._fund / hits._fee.nullif(0), hits.fund_pay_sumamt / hits.medfee_sumamt.nullif(0), 0
    )
    kind, who = _subject(hits)
    parts = [hits.rule_id, hits.mdtrt_id, hits.setl_id.fill_null(""), hits.bkkp_sn.fill_null("")]
    made = {
        "jr_id": ibis.literal("|").join(parts).hexdigest("md5"),
        "subject_type": kind,
        "subject_id": who,
        "vola_amt": (hits.amount_in_question * share.clip(0, 1)).round(2),
        "vola_cont": hits.message.split(BETWEEN)[0],
        "vola_cont_en": hits.message.split(BETWEEN)[1],
    }
    return hits.select(**{name: made[name] if name in made else hits[name] for name in HITS})


def _one_per_place(found: ibis.Table) -> ibis.Table:
    """Of several findings of a rule about one place the largest; the words break ties, so that a run repeats
    itself."""
    order = ibis.window(
        group_by=["rule_id", "mdtrt_id", "setl_id", "bkkp_sn"],
        order_by=[ibis.desc("amount_in_question"), "message"],
    )
    return found.mutate(_nth=ibis.row_number().over(order)).filter(_._nth == 0)


def _subject(hits: ibis.Table) -> tuple[ibis.Value, ibis.Value]:
    """Type and id of who answers; where no prescriber is on record, the institution."""
    patient = hits.answers == "patient"
    prescriber = (hits.answers == "prescriber") & hits.dr_code.notnull()
    place = hits.is_pharmacy.ifelse("pharmacy", "hospital")
    return (
        ibis.cases((patient, "patient"), (prescriber, "prescriber"), else_=place),
        ibis.cases((patient, hits.psn_no), (prescriber, hits.dr_code), else_=hits.fixmedins_code),
    )


def _rule_texts(rules: Mapping[str, Rule]) -> ibis.Table:
    """What a finding says of its rule: rule_id, rule_name, sev_deg, answers (who for), vola_evid."""
    rows = [
        (entry.rule_id, entry.zh, entry.severity, entry.subject, basis(entry.article)[0])
        for entry in rules.values()
    ]
    return ibis.memtable(rows, schema=ibis.schema(dict.fromkeys(_RULE_TEXTS, "string")))
