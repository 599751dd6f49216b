"""Part of the step that explains: what the dossiers of one kind of subject need from the scratch database,
asked once."""

from collections.abc import Callable, Mapping
from typing import Any

import ibis
import pandas as pd
from ibis import _

from features.disputed_amounts import ON_RECORD
from features.graphs.group_profiles import linked
from features.measures.aggregation import of_subjects
from features.measures.catalogue import CATALOGUE
from features.rules.declaration import RULES
from features.rules.legal_basis import basis
from features.visits.timestamps import completed_years
from features.windows import YEAR
from pipelines.explain.reason_details import findings_by_subject
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch, fetch_by, records_by, tuples

# Hospitals, pharmacies and doctors are shown by the week; people by the day.
BUSY = ("hospital", "pharmacy", "prescriber")
# Kinds of subject whose doctors are told.
PLACES = ("hospital", "pharmacy")
DISPUTES = ibis.schema({"subject_id": "string", "mdtrt_id": "string", "disputed": "float64"})
COURSE = ("透析、放化疗等固定疗程", "a course of dialysis or chemotherapy")
# Schemes of which the course itself is what is in doubt, so that it explains nothing.
COURSE_IN_DOUBT = ("M28",)
MEDICAL_ASSISTANCE = ("医疗救助对象(免自付)", "a recipient of medical assistance, who pays nothing")
# Schemes of which paying nothing is a sign; of others it explains nothing who need not pay.
UNPAID_SIGNS = frozenset(s for entry in CATALOGUE.values() if entry.unpaid for s in entry.schemes)
# Honest explanations that the claims can show: (Chinese, English, which visits they fit).
LEGITIMATE_EXPLANATIONS: tuple[tuple[str, str, Callable[[ibis.Table], ibis.Value]], ...] = (
    (*COURSE, lambda v: v.course),
    ("上级或下级转诊、转院", "a referral or transfer",
     lambda v: v.refl_old_mdtrt_id.notnull() | (v.dscg_way == "2")),
    ("分娩及计划生育", "childbirth and family planning",
     lambda v: v.med_type.left(2).isin(["51", "52", "53"])),
    ("急诊", "an emergency", lambda v: v.med_type.left(2).isin(["13", "22"])),
    (*MEDICAL_ASSISTANCE, lambda v: v.poor),
)  # fmt: skip


class DossierSources:
    """The visits, events, details and findings of the listed subjects of one kind.

    Attributes:
        events: by subject_id: week, total, marked of busy subjects; day, lane, marked of the others. Marked
            are visits in dispute; of a group those that link its members, of a visit the visit itself.
        details: mdtrt_id → day, fixmedins_code, psn_no of the visits in evidence.
        innocent: subject_id → ``of`` (visits in evidence), ``fits_N`` (those that explanation N fits).
        profiles: subject_id → columns of `reports.profile_words.LABELS` that are known of it.
        findings: by subject_id: rule_id, rule_name, sev_deg, n, amount (yuan), example, example_en,
            rule_en, basis, basis_en.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        subject: str,
        listed: pd.DataFrame,
        evidence: pd.DataFrame,
        disputes: pd.DataFrame,
    ):
        """Query the sources.

        Args:
            listed: subject_id, scheme.
            evidence: subject_id, mdtrt_id of the listed.
            disputes: subject_id, mdtrt_id, disputed (yuan) of the listed: all visits in dispute, of which the
                evidence may have a part only.
        """
        self.snapshot, self.subject = snapshot, subject
        self.ids = self._stored(f"dossier_{subject}", listed[["subject_id"]])
        self.schemes = dict(zip(listed.subject_id, listed.scheme, strict=True))
        pulled = evidence[["subject_id", "mdtrt_id"]].astype("str")
        self.pulled = self._stored(f"pulled_{subject}", pulled)
        rows = ibis.memtable(disputes[list(DISPUTES.names)], schema=DISPUTES)
        self.disputed = snapshot.claims.con.create_table(f"dossier_disputes_{subject}", rows, overwrite=True)
        self.visits = self._visits()
        self.events = self._weeks() if subject in BUSY else self._days()
        self.profiles = self._profiles()
        self.details, self.innocent, self.findings = self._details(), self._innocent(), self._findings()

    def _stored(self, name: str, frame: pd.DataFrame) -> ibis.Table:
        schema = ibis.schema(dict.fromkeys(frame.columns, "string"))
        con = self.snapshot.claims.con
        return con.create_table(name, ibis.memtable(frame, schema=schema), overwrite=True)

    def _visits(self) -> ibis.Table:
        """Visits of the last year of the listed, with subject_id; of a visit, those of its patient."""
        # The pictures of a dossier cover a year.
        facts = self.snapshot.facts.filter(_.days_ago <= YEAR)
        if self.subject == "visit":
            patients = self.snapshot.facts.select("psn_no", subject_id=_.mdtrt_id)
            return facts.inner_join(patients.semi_join(self.ids, "subject_id"), "psn_no")
        return of_subjects(facts, self.subject).semi_join(self.ids, "subject_id")

    def _weeks(self) -> dict[str, pd.DataFrame]:
        rows = self.visits.left_join(self.disputed, ["subject_id", "mdtrt_id"])
        weeks = rows.group_by("subject_id", "week").aggregate(
            total=_.count(), marked=_.disputed.notnull().sum()
        )
        return by_subject(fetch(weeks.order_by("subject_id", "week")))

    def _days(self) -> dict[str, pd.DataFrame]:
        rows = self.visits.left_join(self.disputed, ["subject_id", "mdtrt_id"])
        lane = rows.psn_no if self.subject == "group" else rows.fixmedins_code
        marked = linked(rows) if self.subject == "group" else rows.disputed.notnull()
        if self.subject == "visit":
            marked = rows.mdtrt_id == rows.subject_id
        days = rows.select(subject_id=rows.subject_id, day=rows.day, lane=lane, marked=marked)
        return by_subject(fetch(days.order_by("subject_id", "day", "lane")))

    def _details(self) -> pd.DataFrame:
        facts = self.snapshot.facts.select("mdtrt_id", "day", "fixmedins_code", "psn_no")
        wanted = self.pulled.select("mdtrt_id").distinct()
        return fetch_by(facts.semi_join(wanted, "mdtrt_id"), "mdtrt_id")

    def _innocent(self) -> pd.DataFrame:
        rows = self.pulled.inner_join(self.snapshot.facts, "mdtrt_id")
        fits = {
            f"fits_{n}": test(rows).fill_null(False).sum()
            for n, (_z, _e, test) in enumerate(LEGITIMATE_EXPLANATIONS)
        }
        return fetch_by(rows.group_by("subject_id").aggregate(of=_.count(), **fits), "subject_id")

    def _profiles(self) -> dict[str, dict[str, Any]]:
        claims = self.snapshot.claims
        deaths = claims["psn_die_regn_d"].group_by("psn_no").aggregate(die_date=_.die_date.min())
        if self.subject == "patient":
            rows = claims["psn_info_b"]
            known = rows.select("gend", "live_admdvs", "insutype", "brdy", subject_id=rows.psn_no)
            known = known.left_join(deaths, known.subject_id == deaths.psn_no)
            # The dead grow no older.
            last = ibis.coalesce(known.die_date.date(), ibis.literal(claims.as_of))
            known = known.mutate(age=completed_years(known.brdy, last)).drop("psn_no", "brdy")
        elif self.subject in ("hospital", "pharmacy"):
            columns = ["hosp_lv", "biznet", "admdvs", "aprv_bed_cnt"]
            known = claims["fixmedins_b"].select(*columns, subject_id=_.fixmedins_code)
        elif self.subject == "prescriber":
            posts = claims["dr_info_b"].semi_join(self.ids, _.dr_code == self.ids.subject_id)
            return posts_of(fetch(posts), self.snapshot.subjects["prescriber"].places)
        elif self.subject == "visit":
            facts = self.snapshot.facts
            columns = ["psn_no", "fixmedins_code", "dr_code", "gend", "insutype"]
            known = facts.select(*columns, subject_id=_.mdtrt_id, age=_.years, live_admdvs=_.village)
            known = known.left_join(deaths, "psn_no").drop("psn_no_right")
        else:
            return {}
        frame = fetch(known.semi_join(self.ids, "subject_id")).drop_duplicates("subject_id")
        return records_by(frame.set_index("subject_id"))

    def doctors(self) -> dict[str, list[tuple[str, int, float]]]:
        """By institution, the doctors of its visits in dispute: code, visits, yuan; most in dispute first.
        Of other kinds of subject nothing."""
        if self.subject not in PLACES:
            return {}
        seen = self.snapshot.facts.filter(_.dr_code.notnull()).select("mdtrt_id", "dr_code")
        sums = self.disputed.inner_join(seen, "mdtrt_id").group_by("subject_id", "dr_code")
        sums = sums.aggregate(n=_.count(), disputed=_.disputed.sum().round(2))
        found: dict[str, list[tuple[str, int, float]]] = {}
        for row in tuples(fetch(sums.order_by("subject_id", ibis.desc("disputed"), "dr_code"))):
            found.setdefault(row.subject_id, []).append((row.dr_code, int(row.n), float(row.disputed)))
        return found

    def _findings(self) -> dict[str, pd.DataFrame]:
        hits = findings_by_subject(self.snapshot, self.subject).semi_join(
            self.ids, _.whose == self.ids.subject_id
        )
        order = ibis.window(group_by=["whose", "rule_id"], order_by=[ibis.desc("vola_amt"), "jr_id"])
        hits = hits.mutate(nth=ibis.row_number().over(order))
        rules = hits.group_by(subject_id=_.whose, rule_id=_.rule_id).aggregate(
            rule_name=_.rule_name.max(), sev_deg=_.sev_deg.max(), n=_.count(),
            amount=_.vola_amt.sum().round(2),
            example=_.vola_cont.max(where=_.nth == 0), example_en=_.vola_cont_en.max(where=_.nth == 0),
        )  # fmt: skip
        found = fetch(rules.order_by("subject_id", ibis.desc("amount"), "rule_id"))
        bases = [basis(RULES[rule_id].article) for rule_id in found.rule_id]
        told = found.assign(
            rule_en=[RULES[rule_id].en for rule_id in found.rule_id],
            basis=[zh for zh, _en in bases], basis_en=[en for _zh, en in bases],
        )  # fmt: skip
        return by_subject(told)

    def explanations(self, subject_id: str, most_disputed: str | None = None) -> list[tuple[Any, ...]]:
        """How many visits in evidence each honest explanation fits: (Chinese, English, visits, of how many).

        Args:
            most_disputed: the scheme with most in dispute, which counts where the subject has none.
        """
        if subject_id not in self.innocent.index:
            return []
        named = self.schemes[subject_id]
        scheme = named if isinstance(named, str) else most_disputed
        return honest_explanations(dict(self.innocent.loc[subject_id]), scheme)


def honest_explanations(counted: Mapping[str, Any], scheme: str | None) -> list[tuple[Any, ...]]:
    """How many visits each honest explanation fits, without those that explain nothing of the scheme: a
    course where it is in doubt itself, medical assistance where paying nothing is no sign, and all of them
    where a register or another record is the proof.

    Args:
        counted: of, fits_N, as `DossierSources.innocent`.
        scheme: that the subject is suspected of.

    Returns:
        Chinese, English, visits, of how many.
    """
    if scheme in ON_RECORD:
        return []
    return [
        (zh, en, int(counted[f"fits_{n}"]), int(counted["of"]))
        for n, (zh, en, _test) in enumerate(LEGITIMATE_EXPLANATIONS)
        if not (scheme in COURSE_IN_DOUBT and (zh, en) == COURSE)
        and not (scheme is not None and scheme not in UNPAID_SIGNS and (zh, en) == MEDICAL_ASSISTANCE)
    ]


def posts_of(posts: pd.DataFrame, places: pd.Series) -> dict[str, dict[str, Any]]:
    """By doctor, what the register says of all his posts, that at the institution he works for first:
    registered_at, dr_prac_type and caty, each a list without repetitions.

    Args:
        posts: rows of dr_info_b.
        places: the institution that each doctor works for, by code of the doctor.
    """
    posts = posts.assign(elsewhere=posts.fixmedins_code != posts.dr_code.map(places))
    ordered = posts.sort_values(["dr_code", "elsewhere", "fixmedins_code"], kind="stable")
    columns = {"registered_at": "fixmedins_code", "dr_prac_type": "dr_prac_type", "caty": "caty"}
    return {
        str(doctor): {label: list(rows[column].dropna().unique()) for label, column in columns.items()}
        for doctor, rows in ordered.groupby("dr_code", sort=False)
    }


def by_subject(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each subject_id."""
    return {str(subject_id): rows for subject_id, rows in frame.groupby("subject_id", sort=False)}
