"""What a synthetic city hides, and in what order a run and plain baselines name it; the benchmarks share
it."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest

from claims.as_of import CONFIRMED
from models.learner import Learner, out_of_fold
from models.training_data import training_set

KINDS = ("hospital", "pharmacy", "prescriber", "patient", "visit")
# Schemes whose patients come together: those who are brought to hospital, whose cards are swiped, who fetch
# drugs.
RING_SCHEMES = ("M02", "M15", "M19")
KEYS = {"patient": "psn_no", "visit": "mdtrt_id", "prescriber": "chfpdr_code"}
INSTITUTIONS = {"hospital": "H", "pharmacy": "P"}
MONEY = ["medfee_sumamt", "inscp_amt", "fund_pay_sumamt", "hifp_pay", "acct_pay", "cash_payamt"]
FUNDGUARD, FUND, FOREST, LEARNER = "fundguard", "by fund payment", "IsolationForest", "learnt on totals"


@dataclass(frozen=True)
class Planted:
    """A city and a run on it.

    Attributes:
        truth: subject_type, subject_id, scheme, strength.
        innocent: subject_type, subject_id, kind.
        cases: outcomes known as of the date of the run, as in `insp_case_d`.
        ranked: subject_type, subject_id, rank of the run.
        members: group_id, psn_no of the run's groups.
        visits: with the money of their settlements (yuan).
    """

    truth: pd.DataFrame
    innocent: pd.DataFrame
    cases: pd.DataFrame
    ranked: pd.DataFrame
    members: pd.DataFrame
    visits: pd.DataFrame

    @classmethod
    def read(cls, city: Path, run: Path) -> "Planted":
        """From CITY, what `fundguard simulate` wrote, and RUN, a folder STORE/runs/AS_OF."""
        as_of = json.loads((run / "run.json").read_text(encoding="utf-8"))["as_of"]
        cases = pd.read_parquet(city / "input/insp_case_d.parquet")
        members = pd.read_parquet(run / "group_members.parquet")
        paid = pd.read_parquet(city / "input/setl_d.parquet").groupby("mdtrt_id")[MONEY].sum()
        visits = pd.read_parquet(city / "input/mdtrt_d.parquet").drop_duplicates("mdtrt_id")
        return cls(
            pd.read_parquet(city / "truth.parquet"),
            pd.read_parquet(city / "innocent.parquet"),
            cases[pd.to_datetime(cases["close_date"]) < pd.Timestamp(as_of)],
            pd.read_parquet(run / "suspects.parquet", columns=["subject_type", "subject_id", "rank"]),
            members[members["member_type"] == "patient"].rename(columns={"member_id": "psn_no"}),
            visits.join(paid, "mdtrt_id").fillna(dict.fromkeys(MONEY, 0.0)),
        )

    def outcomes(self, kind: str) -> pd.Series:
        """1 confirmed or partly, 0 cleared, by subject_id."""
        cases = self.cases[self.cases["subject_type"] == kind]
        return cases.set_index("subject_id")["clue_stas"].isin(CONFIRMED).astype(int)

    def named(self, kind: str) -> set[str]:
        """Those a confirmed outcome names: nobody has to find them."""
        outcomes = self.outcomes(kind)
        return set(outcomes.index[outcomes == 1])

    def guilty(self, kind: str) -> pd.DataFrame:
        """The rows of the truth that are still to be found."""
        of_kind = self.truth[self.truth["subject_type"] == kind]
        return of_kind[~of_kind["subject_id"].isin(self.named(kind))]

    def look_alikes(self, kind: str) -> set[str]:
        """Innocent look-alikes; in a hard city some have a part in a scheme, too, and are none."""
        guilty = set(self.truth.loc[self.truth["subject_type"] == kind, "subject_id"])
        return set(self.innocent.loc[self.innocent["subject_type"] == kind, "subject_id"]) - guilty

    @cached_property
    def unjudged(self) -> set[str]:
        """Visits of guilty patients that the truth does not list: a farmer's purchase is guilty, his cold
        is not.

        The truth names visits only where each one by itself is the conduct, so these are no hits and no
        misses.
        """
        guilty = self.truth.loc[self.truth["subject_type"] == "patient", "subject_id"]
        listed = self.truth.loc[self.truth["subject_type"] == "visit", "subject_id"]
        visits = self.visits.loc[self.visits["psn_no"].isin(guilty), "mdtrt_id"]
        return set(visits) - set(listed)

    @cached_property
    def rings(self) -> list[set[str]]:
        """Patients by planted ring; two instances of a scheme differ in their strength."""
        rows = self.truth[(self.truth["subject_type"] == "patient") & self.truth["scheme"].isin(RING_SCHEMES)]
        return [set(ring) for _key, ring in rows.groupby(["scheme", "strength"])["subject_id"]]

    def totals(self, kind: str) -> pd.DataFrame:
        """What a bureau can add up without fundguard: subjects × counts, days, people, places and sums of
        money."""
        visits = self.visits
        if kind == "group":
            visits = visits.merge(self.members, on="psn_no")
        if kind in INSTITUTIONS:
            visits = visits[visits["fixmedins_code"].str.startswith(INSTITUTIONS[kind])]
        days = (visits["endtime"] - visits["begntime"]).dt.total_seconds().clip(lower=0) / 86_400
        visits = visits.assign(days=days, stay=days >= 1, bought=visits["fixmedins_code"].str.startswith("P"))
        key = "group_id" if kind == "group" else KEYS.get(kind, "fixmedins_code")
        subjects = visits.groupby(key)
        counts = subjects.agg(
            visits=("mdtrt_id", "size"),
            people=("psn_no", "nunique"),
            places=("fixmedins_code", "nunique"),
            days=("days", "sum"),
            stays=("stay", "sum"),
            bought=("bought", "sum"),
        )
        return counts.join(subjects[MONEY].sum())

    @cached_property
    def orders(self) -> dict[str, dict[str, list[str]]]:
        """Kind that the run ranks → list → subject ids, most suspect first; without those already named or
        open.

        The forest and the trees see the logarithms of the totals; the trees learn from the same outcomes as
        the run, score what they were trained on out of fold, and are missing where the run learns nothing
        either.
        """
        return {kind: self._orders(kind) for kind in self.ranked["subject_type"].unique()}

    def _orders(self, kind: str) -> dict[str, list[str]]:
        totals = self.totals(kind)
        logs = np.log1p(totals.clip(lower=0))
        forest = IsolationForest(n_estimators=200, random_state=0).fit(logs)
        ranked = self.ranked[self.ranked["subject_type"] == kind].sort_values("rank")["subject_id"]
        found = {
            FUNDGUARD: ranked,
            FUND: _ordered(totals["fund_pay_sumamt"]),
            FOREST: _ordered(pd.Series(-forest.score_samples(logs), logs.index)),
        }
        learnt = training_set(logs, self.outcomes(kind))
        if learnt is not None:
            score = Learner().fit(learnt.features, learnt.target, learnt.weight).raw(logs)
            score.update(out_of_fold(learnt))
            found[LEARNER] = _ordered(score)
        out = self.named(kind) | (self.unjudged if kind == "visit" else set())
        return {who: [x for x in order if x not in out] for who, order in found.items()}


def _ordered(score: pd.Series) -> pd.Index:
    return score.sort_values(ascending=False, kind="stable").index
