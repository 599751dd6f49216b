"""Part of the step that scores: suspicious visits, the evidence they are against others, and the money in
dispute."""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import PHARMACY
from features.disputed_amounts import (
    ACCUMULATING,
    ON_RECORD,
    conduct_amount,
    disputed_amount,
    excess_shares,
    with_shares,
)
from features.graphs.group_profiles import linked
from features.measures.aggregation import of_subjects
from features.rules.declaration import RULES
from features.visits.excess_items import BILLERS, excess_column
from pipelines.signature_visits import signature_visits
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch, fetch_by

# A visit with this much evidence against it is evidence against whoever took part: one strong family of
# measures at one in a hundred, or a proof.
FLAGGED = 3.0
# With this much (two strong families at one in a hundred) it stands by itself, however many others there are.
STANDS_ALONE = 2 * FLAGGED
# Schemes that are proved by the company that a card is swiped in.
IN_COMPANY = ("M15",)
# Rules about a ward as a whole: which of its stays is one too many, a finding does not say.
OF_THE_WARD = ("R092",)
# Where none of a subject's visits is flagged, its strongest ones are shown: so many.
STRONGEST = 3
# The scratch database's table of visits with the evidence against each: _FACTS, evidence, scheme, doubt (how
# much of its conduct is in dispute, 0 to 1), the shares of `with_shares`, found (scheme of its costliest
# finding), own (yuan in dispute by the visit's own scheme and findings), conduct (by its scheme alone) and
# `_accumulated` of each scheme of ACCUMULATING.
MARKS = "visit_marks"
DISPUTES = (
    "subject_id", "mdtrt_id", "psn_no", "fixmedins_code", "dr_code", "day", "scheme", "amount", "disputed",
)  # fmt: skip
# Facts that the evidence and the disputes look at: few, for a wide table makes a query long to compile.
_FACTS = (
    "mdtrt_id", "psn_no", "dr_code", "fixmedins_code", "is_pharmacy", "kind", "day", "days_ago",
    "fund_pay_sumamt", "medfee_sumamt", "findings_amount", "co_visitors", "co_oversupplied", "co_fillers",
    "idle_days", "los", "oversupply_amount", "repeat_codes", "boxes", "charge_to_intensity_ratio",
    "drg_cost_ratio", "cost_ratio", "no_sign_in", "dialysis", "material_amount", "usual_material",
    "exam_amount", "benchmarked_amount", "amount_at_median_price",
    *(excess_column(biller, name) for biller in BILLERS for name in ("drug", "exam", "material")),
)  # fmt: skip
_PLACE = ["fixmedins_code", "kind"]


def mark_visits(snapshot: Snapshot, parts: pd.DataFrame) -> None:
    """Store the evidence against each visit, its scheme and how far it is in doubt in the scratch database.

    Args:
        parts: of the visits (`SubjectModel.parts`).
    """
    con = snapshot.claims.con
    frame = parts[["evidence", "scheme"]].reset_index(names="mdtrt_id")
    schema = ibis.schema({"mdtrt_id": "string", "evidence": "float64", "scheme": "string"})
    marks = con.create_table("visit_evidence", ibis.memtable(frame, schema=schema), overwrite=True)
    marked = snapshot.facts.select(*_FACTS).inner_join(marks, "mdtrt_id")
    flagged = marked.filter(_.evidence >= FLAGGED, _.scheme.notnull())
    excess = excess_shares(
        fetch(flagged.group_by(*_PLACE, "scheme").aggregate(n=_.count())),
        fetch(marked.group_by(*_PLACE).aggregate(total=_.count())),
    )
    schema = ibis.schema(dict.fromkeys([*_PLACE, "scheme"], "string") | {"excess": "float64"})
    joined = marked.left_join(ibis.memtable(excess, schema=schema), [*_PLACE, "scheme"])
    resale = ibis.greatest(joined.co_oversupplied, joined.co_fillers) > 0
    joined = joined.mutate(in_ring=resale.any().over(ibis.window(group_by="psn_no")))
    # Stored, for the amounts below look at each share many times, and a query holds an expression as often.
    shares = with_shares(joined.select(*_FACTS, "evidence", "scheme", doubt=doubt_of(joined)))
    rows = con.create_table("visit_doubts", shares, overwrite=True)
    rows = rows.left_join(_found_schemes(snapshot), "mdtrt_id").drop("mdtrt_id_right")
    # Every kind of subject asks for these amounts.
    con.create_table(
        MARKS,
        rows.mutate(
            own=disputed_amount(rows, rows.scheme, rows.doubt),
            conduct=conduct_amount(rows, rows.scheme, rows.doubt),
            **_amounts(rows),
        ),
        overwrite=True,
    )


def doubt_of(rows: ibis.Table) -> ibis.Value:
    """How far the conduct of visits is in doubt, 0 to 1.

    Args:
        rows: evidence, scheme, kind, co_visitors, in_ring (the patient is oversupplied together with others,
            or fills prescriptions in batches with them), excess (share beyond what chance explains at the
            place).
    """
    # Who comes along is counted beyond chance already (`features.graphs.covisit`). At a consultation people
    # meet for honest reasons, on market days for instance; at the till of a pharmacy their cards do. Who are
    # oversupplied together come along for it: of them the surplus is in dispute, not all that they buy.
    collected = rows.scheme.isin(IN_COMPANY) & (rows.kind == PHARMACY) & (rows.co_visitors > 0)
    collected = collected & ~rows.in_ring.fill_null(False)
    certain = (rows.evidence >= STANDS_ALONE) | rows.scheme.isin([*ACCUMULATING, *ON_RECORD])
    return ibis.cases(
        (collected.fill_null(False), 1.0),
        (rows.evidence < FLAGGED, 0.0),
        (certain, 1.0),
        else_=rows.excess.fill_null(0.0),
    )


def _amounts(rows: ibis.Table) -> dict[str, ibis.Value]:
    """Yuan in dispute in each visit, findings aside, if its subject is suspected of an accumulating
    scheme."""
    certain = ibis.literal(1.0)
    return {
        _accumulated(scheme): conduct_amount(rows, ibis.literal(scheme), certain, whole_class=False)
        for scheme in ACCUMULATING
    }


def _accumulated(scheme: str) -> str:
    return f"disputed_{scheme}"


def _found_schemes(snapshot: Snapshot) -> ibis.Table:
    """The first scheme of the rule with the costliest finding in each visit: mdtrt_id, found; of equally
    costly findings the scheme with most money in findings of the visit, then the first id. Rules of
    OF_THE_WARD name nothing."""
    rules = [
        (rule_id, rule.schemes[0])
        for rule_id, rule in RULES.items()
        if rule.schemes and rule_id not in OF_THE_WARD
    ]
    schemes = ibis.memtable(rules, schema=ibis.schema({"rule_id": "string", "found": "string"}))
    hits = snapshot.rules.hits.inner_join(schemes, "rule_id")
    sums = hits.group_by("mdtrt_id", "found").aggregate(
        costliest=_.vola_amt.max(), total=_.vola_amt.sum().round(2)
    )
    order = ibis.window(group_by="mdtrt_id", order_by=[ibis.desc("costliest"), ibis.desc("total"), "found"])
    first = sums.mutate(place=ibis.row_number().over(order)).filter(_.place == 0)
    return first.select("mdtrt_id", "found")


def store_disputes(snapshot: Snapshot, subject: str, schemes: pd.Series) -> None:
    """Store the visits in dispute of each subject of a kind in the scratch database, for `amounts_at_risk`
    and `disputes_of`.

    Args:
        schemes: the named scheme by subject_id, missing where none is.
    """
    rows = _disputed_rows(snapshot, subject, schemes)
    snapshot.claims.con.create_table(_disputes_table(subject), rows, overwrite=True)


def _disputes_table(subject: str) -> str:
    return f"disputes_of_{subject}"


def amounts_at_risk(snapshot: Snapshot, subject: str) -> pd.Series:
    """Yuan of the fund in dispute of each subject (`store_disputes`), each visit and line once."""
    rows = snapshot.claims.con.table(_disputes_table(subject))
    sums = rows.group_by("subject_id").aggregate(amount=_.disputed.sum().round(2))
    return fetch_by(sums, "subject_id")["amount"]


def visits_in_dispute(snapshot: Snapshot, subject: str) -> pd.DataFrame:
    """How many visits of each subject are in dispute by themselves, by scheme: subject_id × schemes."""
    rows = visits_by_subject(snapshot.claims.con.table(MARKS).filter(_.own > 0), subject)
    rows = rows.mutate(told=(rows.conduct > 0).ifelse(rows.scheme, rows.found)).filter(_.told.notnull())
    counts = fetch(rows.group_by("subject_id", "told").aggregate(n=_.count()).order_by("subject_id", "told"))
    return counts.pivot(index="subject_id", columns="told", values="n").fillna(0)


def disputes_of(snapshot: Snapshot, subject: str, ids: pd.Index) -> pd.DataFrame:
    """All visits of chosen subjects with money in dispute, or on record as wrong though the fund paid nothing
    (`store_disputes`).

    Returns:
        subject_type and DISPUTES: day, scheme (that puts it in dispute), amount (paid by the fund) and
        disputed (both in yuan); largest first within a subject.
    """
    rows = snapshot.claims.con.table(_disputes_table(subject))
    rows = rows.semi_join(_id_table(snapshot, subject, ids), "subject_id")
    frame = fetch(rows.order_by("subject_id", ibis.desc("disputed"), "mdtrt_id"))
    frame.insert(0, "subject_type", subject)
    return frame


def evidence_against(snapshot: Snapshot, subject: str, ids: pd.Index, most: int) -> pd.DataFrame:
    """The suspicious visits of chosen subjects, strongest first: those flagged (so many at most), and of the
    strongest those in dispute, or all where none is flagged: beside a proof, slight differences say nothing.

    Returns:
        subject_type, subject_id, scheme, mdtrt_id, amount (yuan paid by the fund), visit_score.
    """
    wanted = _id_table(snapshot, subject, ids)
    marked = snapshot.claims.con.table(MARKS).filter(_.evidence > 0)
    rows = visits_by_subject(marked, subject).semi_join(wanted, "subject_id")
    order = ibis.window(group_by="subject_id", order_by=[ibis.desc("evidence"), "mdtrt_id"])
    any_flagged = rows.evidence.max().over(ibis.window(group_by="subject_id")) >= FLAGGED
    rows = rows.mutate(place=ibis.row_number().over(order), telling=(rows.own > 0) | ~any_flagged)
    flagged = (rows.evidence >= FLAGGED) & (rows.place < most)
    rows = rows.filter(flagged | (rows.telling & (rows.place < STRONGEST)))
    rows = rows.select(
        subject_type=ibis.literal(subject),
        subject_id=rows.subject_id,
        scheme=rows.scheme,
        mdtrt_id=rows.mdtrt_id,
        amount=rows.fund_pay_sumamt.fill_null(0.0).clip(0.0),
        visit_score=rows.evidence,
    )
    return fetch(rows.order_by("subject_id", ibis.desc("visit_score"), "mdtrt_id"))


def _disputed_rows(snapshot: Snapshot, subject: str, schemes: pd.Series) -> ibis.Table:
    """Visits of subjects with something in dispute, or on record as wrong: columns of DISPUTES.

    A visit is disputed by what rules found in it, by its own scheme as far as it is in doubt, and by the
    scheme of its subject where that accumulates over all visits or is seen in this one. It bears the name of
    its conduct where that disputes anything of it, of its subject's where that disputes as much as rules do,
    else of the costliest rule's scheme.
    """
    rows = visits_by_subject(snapshot.claims.con.table(MARKS), subject)
    named = _schemes_table(snapshot, subject, schemes).rename(suspected="scheme")
    rows = rows.left_join(named, "subject_id").drop("subject_id_right")
    by_scheme = [(rows.suspected == scheme, rows[_accumulated(scheme)]) for scheme in ACCUMULATING]
    rows = _with_excess_share(rows, signature_visits(snapshot, subject, schemes))
    seen_in = conduct_amount(rows, rows.suspected, rows.excess_share)
    rows = rows.mutate(added=ibis.greatest(ibis.cases(*by_scheme, else_=0.0), seen_in))
    by_rule = _.found.notnull() & (_.findings_amount > 0)
    scheme = ibis.cases(
        (_.added > _.own, _.suspected),
        (_.conduct > 0, _.scheme),
        ((_.added > 0) & (_.added >= _.own), _.suspected),
        (by_rule, _.found),
        else_=_.scheme,
    )
    # What a register proves counts also where the fund paid nothing.
    proved = rows.scheme.isin(ON_RECORD) & (rows.evidence >= FLAGGED)
    rows = rows.mutate(disputed=ibis.greatest(_.own, _.added), scheme=scheme, proved=proved.fill_null(False))
    rows = rows.filter((_.disputed > 0) | _.proved)
    return rows.select(*(n for n in DISPUTES if n != "amount"), amount=_.fund_pay_sumamt)[list(DISPUTES)]


def _with_excess_share(rows: ibis.Table, found: ibis.Table | None) -> ibis.Table:
    """Visits with how much of each the scheme of its subject is seen in (`signature_visits`)."""
    if found is None:
        return rows.mutate(excess_share=ibis.literal(0.0))
    joined = rows.left_join(found, ["subject_id", "mdtrt_id"])
    return joined.drop("subject_id_right", "mdtrt_id_right")


def visits_by_subject(visits: ibis.Table, subject: str) -> ibis.Table:
    """Visits by subject; of a group only what its members did together."""
    return of_subjects(visits.filter(linked(visits)) if subject == "group" else visits, subject)


def _schemes_table(snapshot: Snapshot, subject: str, schemes: pd.Series) -> ibis.Table:
    frame = schemes.rename("scheme").rename_axis("subject_id").reset_index().astype(object)
    return _stored(snapshot, f"suspected_{subject}", frame.where(frame.notna(), None))


def _id_table(snapshot: Snapshot, subject: str, ids: pd.Index) -> ibis.Table:
    return _stored(snapshot, f"listed_{subject}", pd.DataFrame({"subject_id": ids}))


def _stored(snapshot: Snapshot, name: str, frame: pd.DataFrame) -> ibis.Table:
    schema = ibis.schema(dict.fromkeys(frame.columns, "string"))
    return snapshot.claims.con.create_table(name, ibis.memtable(frame, schema=schema), overwrite=True)
