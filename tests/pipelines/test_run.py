"""A city run end to end: what is written keeps the contract, ranks the guilty first, and is whole or not
there."""

import json
import re

import openpyxl
import pandas as pd
import pytest

from claims.tables import TABLES
from pipelines.select.worklist import FLOOR
from reports.dossier import file_name
from reports.reasons import RULE_REASON, SUM_REASON
from reports.worklist_sheet import BELOW
from tests.conftest import AS_OF, City
from tests.pipelines.run_steps import COLUMNS, PARTS, place
from tests.reports.forbidden import cjk_in, names_of

STEPS = ["ingest", "measure", "train", "score", "monitor", "select", "explain", "publish"]
TYPES = {"visit", "patient", "prescriber", "pharmacy", "hospital", "group"}
REASON = {"code", "text_zh", "text_en", "value", "peer_median", "peer_percentile", "contribution"}
WITHOUT_VISITS = (RULE_REASON, SUM_REASON)
# Who the members of a group are, stands on their own sheet.
OF_MEMBERS = ("members_365d", "villages_365d")


@pytest.fixture(scope="module")
def suspects(city) -> pd.DataFrame:
    return city.result("suspects")


@pytest.fixture(scope="module")
def evidence(city) -> pd.DataFrame:
    return city.result("evidence")


@pytest.fixture(scope="module")
def summary(city) -> dict:
    return json.loads((city.run / "run.json").read_text(encoding="utf-8"))


# What is written


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_the_columns_of_the_contract(city, name):
    assert set(COLUMNS[name]) <= set(city.result(name).columns)
    assert len(city.result(name))


def test_every_list_is_ranked_from_one_without_ties_and_scores_never_rise(suspects):
    assert set(suspects.subject_type) == TYPES
    assert not suspects.duplicated(["subject_type", "subject_id"]).any()
    for _kind, rows in suspects.groupby("subject_type"):
        rows = rows.sort_values("rank")
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert (rows.score.diff().dropna() <= 0).all()
    assert suspects.score.between(0, 1).all()
    assert (suspects[PARTS].isna() | (suspects[PARTS] >= 0) & (suspects[PARTS] <= 1)).all(axis=None)


def test_lists_hold_everybody_who_was_seen(city, suspects):
    listed = {kind: set(rows.subject_id) for kind, rows in suspects.groupby("subject_type")}
    visits = city.table("mdtrt_d")
    assert listed["patient"] <= set(visits.psn_no) and len(listed["patient"]) > 0.98 * visits.psn_no.nunique()
    places = city.table("fixmedins_b")
    pharmacies = set(places.fixmedins_code[places.fixmedins_type == "2"])
    assert listed["pharmacy"] == pharmacies & set(visits.fixmedins_code)
    assert listed["hospital"] == set(visits.fixmedins_code) - pharmacies
    assert listed["prescriber"] <= set(visits.chfpdr_code)
    assert listed["group"] == set(city.result("group_members").group_id)


def test_everybody_down_to_the_explained_depth_has_reasons_in_words(suspects, summary):
    assert summary["explained_depth"]["patient"] == summary["explained_depth"]["visit"] == 500
    for kind, rows in suspects.groupby("subject_type"):
        count = rows.set_index("rank").reasons.map(len)
        depth = summary["explained_depth"][kind]
        assert depth == min(500, len(rows))
        assert count.loc[:depth].between(1, 5).all() and (count.loc[depth + 1 :] == 0).all()
    for reasons in suspects.reasons:
        for reason in reasons:
            assert set(reason) == REASON
            assert re.search("[一-鿿]", reason["text_zh"]) and not re.search("[一-鿿]", reason["text_en"])
            assert not re.search(r"\b(nan|None)\b", reason["text_zh"] + reason["text_en"])
            assert reason["peer_percentile"] is None or 0 <= reason["peer_percentile"] <= 1


def test_every_explained_suspect_opens_with_a_story(suspects):
    explained = suspects.reasons.map(len) > 0
    stories = suspects[["story_zh", "story_en"]]
    assert stories[explained].notna().all(axis=None) and stories[~explained].isna().all(axis=None)
    assert (suspects.story_zh.dropna().str.endswith("。")).all()


def test_everyone_with_a_place_reaches_the_floor_and_has_a_dossier_and_the_others_a_reason(city):
    listed = city.result("worklist")
    placed = listed.place.notna()
    assert placed.any() and (listed.score[placed] >= FLOOR).all() and (listed.expected[placed] > 0).all()
    assert listed.why_not[~placed].notna().all() and listed.why_not[placed].isna().all()
    first = listed[placed & (listed.place <= BELOW)]
    names = [file_name(row.subject_type, row.subject_id, "zh") for row in first.itertuples()]
    assert [name for name in names if not (city.run / "dossiers" / name).exists()] == []


def test_a_dossier_tells_the_registered_death_and_the_last_case_of_those_who_have_one(city):
    contents = [json.loads(text) for text in city.result("dossier_contents").content]
    died = city.table("psn_die_regn_d").groupby("psn_no").die_date.min()
    patients = [dossier for dossier in contents if dossier["subject"] == "patient"]
    told = {dossier["subject_id"]: str(dossier["profile"].get("die_date"))[:10] for dossier in patients}
    dead = {who: str(died[who])[:10] for who in told if who in died.index}
    assert dead and {who: day for who, day in told.items() if day != "None"} == dead
    cases = city.table("insp_case_d")
    closed = set(cases[cases.close_date.notna()].subject_id)
    inspected = {dossier["subject_id"] for dossier in contents if dossier["last_case"]}
    assert inspected and inspected == closed & {dossier["subject_id"] for dossier in contents}


def test_visits_to_begin_with_are_of_the_day_that_the_story_names(city):
    for dossier in (json.loads(text) for text in city.result("dossier_contents").content):
        day = re.search(r"建议先查([-0-9]+)的([0-9,]+)", dossier["story"][0])
        if day:
            assert {visit["day"] for visit in dossier["first_visits"]} == {day[1]}
            assert len(dossier["first_visits"]) == int(day[2].replace(",", ""))


def test_evidence_is_of_those_listed_and_disputes_no_more_than_they_have_at_risk(city, suspects, evidence):
    keys = ["subject_type", "subject_id"]
    assert not evidence.duplicated([*keys, "mdtrt_id"]).any()
    sums = evidence.groupby(keys).disputed.sum().rename("sum").reset_index()
    both = suspects.merge(sums, how="outer", on=keys, indicator=True)
    assert not (both._merge == "right_only").any()
    explained = both[both.reasons.map(len) > 0]
    assert (explained["sum"].fillna(0) <= explained.amount_at_risk + 0.005).all()
    assert (both.amount_at_risk >= 0).all() and (evidence.disputed <= evidence.amount + 0.005).all()
    # A sum of slight differences is made up by no single visit; findings have a table of their own.
    named = explained.reasons.map(lambda reasons: reasons[0]["code"] not in WITHOUT_VISITS)
    assert explained["sum"][named].notna().all() and (evidence.disputed == 0).any()
    settlements = city.table("setl_d").drop_duplicates("setl_id").set_index("setl_id")
    assert (settlements.mdtrt_id.reindex(evidence.setl_id).to_numpy() == evidence.mdtrt_id.to_numpy()).all()
    assert not evidence.why.str.contains(r"\b(?:nan|None)\b").any() and (evidence.why != "").all()


def test_every_reason_brings_a_few_visits_with_a_sentence_that_says_why(city, suspects, evidence):
    keys = ["subject_type", "subject_id"]
    codes = suspects.set_index(keys).reasons.map(lambda reasons: [reason["code"] for reason in reasons])
    supporting_records = evidence[evidence.nth.notna()]
    for row in supporting_records.itertuples():
        assert codes[row.subject_type, row.subject_id][int(row.nth) - 1] == row.reason
    assert supporting_records.groupby([*keys, "nth"]).size().max() <= 3
    # Whoever has reasons has papers for the first of them that visits make up, and they come first.
    visible = codes.map(
        lambda found: [c not in WITHOUT_VISITS and c.partition(".")[2] not in OF_MEMBERS for c in found]
    )
    first = visible.map(lambda shown: shown.index(True) + 1 if any(shown) else None).dropna()
    shown = supporting_records.groupby(keys)["nth"].agg(set)
    assert [subject for subject, nth in first.items() if nth not in shown[subject]] == []
    foremost = evidence.drop_duplicates(keys).set_index(keys)["nth"]
    assert foremost[shown.index].to_dict() == shown.map(min).to_dict()
    # Findings alone have papers where they dispute money.
    assert (supporting_records.reason == RULE_REASON).any()
    assert evidence.why.str.endswith("。").all() and evidence.why_en.str.endswith(".").all()
    assert cjk_in(evidence.why_en.unique(), names_of(city.run)) == []
    assert evidence.why.str.contains("[一-鿿]").all()
    named = evidence.dropna(subset="bkkp_sn")
    lines = city.table("fee_list_d").drop_duplicates("bkkp_sn").set_index("bkkp_sn").mdtrt_id
    assert len(named) and (lines.reindex(named.bkkp_sn).to_numpy() == named.mdtrt_id.to_numpy()).all()


def test_evidence_of_a_subject_is_of_visits_that_he_had_a_part_in(city, evidence):
    visits = city.table("mdtrt_d").drop_duplicates("mdtrt_id").set_index("mdtrt_id")
    members = city.result("group_members")
    members = members[members.member_type == "patient"].groupby("group_id").member_id.agg(set)
    of = {
        "patient": "psn_no",
        "prescriber": "chfpdr_code",
        "pharmacy": "fixmedins_code",
        "hospital": "fixmedins_code",
    }
    for kind, column in of.items():
        rows = evidence[evidence.subject_type == kind]
        assert (
            len(rows)
            and (visits[column].reindex(rows.mdtrt_id).to_numpy() == rows.subject_id.to_numpy()).all()
        )
    groups = evidence[evidence.subject_type == "group"]
    assert len(groups)
    assert all(visits.psn_no[row.mdtrt_id] in members[row.subject_id] for row in groups.itertuples())


def test_groups_are_described_guilty_and_innocent_ones(city, suspects):
    groups = city.result("groups").set_index("group_id")
    listed = suspects[suspects.subject_type == "group"].set_index("subject_id")
    assert set(groups.index) == set(listed.index) and (groups["rank"] == listed["rank"]).all()
    members = city.result("group_members")
    people = members[members.member_type == "patient"].groupby("group_id").member_id.agg(set)
    guilty, innocent = (
        set(of[of.subject_type == "patient"].subject_id) for of in (city.truth, city.innocent)
    )
    bad = groups.loc[[len(people[name] & guilty) * 2 > len(people[name]) for name in groups.index]]
    good = groups.loc[[len(people[name] & innocent) * 2 > len(people[name]) for name in groups.index]]
    assert len(bad) and bad.innocent.isna().all() and good.innocent.notna().any()
    assert (bad.pair_days > 3 * bad.pair_days_by_chance).any()
    # Where a ring goes is named; where the innocent meet is not.
    hubs = set(members[members.member_type != "patient"].group_id)
    assert hubs & set(bad.index) and hubs <= set(groups.index[groups.innocent.isna()])


def test_edges_are_kept_with_what_chance_would_bring(city):
    edges = city.result("edges")
    assert (edges.neg_log10_fdr > 2).all() and {"co_visit", "oversupply"} <= set(edges.kind)
    met = edges[edges.kind == "co_visit"]
    assert (met.a < met.b).all() and (met.observed > met.expected).all()


def test_findings_have_ids_of_their_own_and_the_national_words(city):
    hits = city.result("rule_hits")
    assert not hits.jr_id.duplicated().any()
    assert set(hits.sev_deg) <= {"明确违规", "高度可疑"} and set(hits.subject_type) <= TYPES


def test_the_summary_adds_up(city, summary):
    assert summary["as_of"] == AS_OF.isoformat() and summary["run_id"] and summary["checks_failed"] == {}
    for name, n in summary["tables"].items():
        assert (
            n["in"] == n["kept"] + n["quarantined"] + n["set_aside"] + n["identical"] == len(city.table(name))
        )
    refused = sum(n["quarantined"] for n in summary["tables"].values())
    assert refused == sum(summary["quarantine"].values()) > 0
    assert set(summary["models"]) == TYPES and all(re.search(r"/\d+$", m) for m in summary["models"].values())
    assert list(summary["seconds"]) == STEPS
    assert set(summary["tables_absent"]) == set(TABLES) - {
        path.stem for path in city.source.glob("*.parquet")
    }
    assert set(summary["checks_run"]) & {"R084", "R112"} and not set(summary["checks_run"]) & set(
        summary["checks_skipped"]
    )


def test_the_workbook_says_the_same(city, suspects):
    book = openpyxl.load_workbook(city.run / "suspects.xlsx", read_only=True)
    for title, kind in (("参保人", "patient"), ("药店", "pharmacy"), ("就诊", "visit")):
        rows = book[title].iter_rows(min_row=2, max_row=4, values_only=True)
        first = suspects[suspects.subject_type == kind].sort_values("rank").head(3)
        assert [row[:2] for row in rows] == list(zip(first["rank"], first.subject_id, strict=True))


def test_files_are_for_their_owner_alone(city):
    assert all(not path.stat().st_mode & 0o077 for path in (city.run, *city.run.rglob("*")))
    assert not city.store.path.stat().st_mode & 0o077


def test_every_step_logs_its_counts_and_seconds(city):
    log = (city.store.path / "run.log").read_text(encoding="utf-8")
    ended = re.findall(r"INFO fundguard\.(\w+) step=(\w+) event=end seconds=\d+\.\d\d (.+)", log)
    assert [name for name, _step, _figures in ended] == [step for _name, step, _figures in ended] == STEPS
    figures = dict(pair.split("=") for pair in ended[1][2].split())
    listed = city.result("suspects").subject_type.value_counts()
    assert int(figures["patient"]) == listed["patient"] and int(figures["rules_failed"]) == 0


# Whom it ranks first


def guilty(city: City, kind: str) -> set[str]:
    """Planted and not named by any outcome."""
    cases = city.table("insp_case_d")
    named = set(cases[cases.clue_stas.isin(["2", "4"])].subject_id)
    return set(city.truth[city.truth.subject_type == kind].subject_id) - named


@pytest.mark.parametrize("kind", ["patient", "visit"])
def test_guilty_stand_in_the_first_few_and_innocent_look_alikes_behind_them(city, suspects, kind):
    where = place(suspects, kind)
    found = where.reindex(sorted(guilty(city, kind)))
    alike = where.reindex(sorted(set(city.innocent[city.innocent.subject_type == kind].subject_id)))
    assert len(found) >= 25 and found.median() < 0.05
    assert alike.median() > 2 * found.median()


def test_patients_of_nearly_every_scheme_stand_in_front(city, suspects):
    planted = city.truth[city.truth.subject_type == "patient"]
    by_scheme = (
        planted.subject_id.map(place(suspects, "patient").to_dict())
        .astype(float)
        .groupby(planted.scheme)
        .median()
    )
    assert len(by_scheme) >= 6 and (by_scheme < 0.15).sum() >= len(by_scheme) - 1


@pytest.mark.parametrize("kind", ["prescriber", "pharmacy", "hospital"])
def test_guilty_institutions_and_doctors_stand_above_the_honest(city, suspects, kind):
    where = place(suspects, kind)
    planted = where.index.isin(set(city.truth[city.truth.subject_type == kind].subject_id))
    assert planted.any() and where[planted].median() < where[~planted].median()
