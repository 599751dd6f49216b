"""A city run end to end: what is written keeps the contract, ranks the guilty first, and is whole or not
there."""

import json
import re
import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

from claims.store import Store, scratch
from claims.tables import TABLES
from models.registry import Registry
from pipelines.champions import registry
from pipelines.explain.explanation import Explanation, explain
from pipelines.ingest import ingest, last_load
from pipelines.measure import measure
from pipelines.monitor import Monitoring, monitor
from pipelines.publish.result_tables import digest
from pipelines.publish.run_folder import Published, RunInfo, publish
from pipelines.score import Scores, score
from pipelines.select.selection import Selection, select
from pipelines.select.worklist import FLOOR
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.train import fit_model, train
from reports.dossier import file_name
from reports.reasons import RULE_REASON, SUM_REASON
from reports.worklist_sheet import BELOW
from tests.conftest import AS_OF, City
from tests.identifiers import identifiers_in, identifiers_of

PARTS = ["model_score", "anomaly_score", "rule_score", "graph_score"]
COLUMNS = {
    "suspects": [
        "subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme", *PARTS, "reasons",
        "story_zh", "story_en", "explained_by",
    ],
    "evidence": ["subject_type", "subject_id", "scheme", "mdtrt_id", "setl_id", "bkkp_sn", "amount",
                 "disputed", "why"],
    "rule_hits": [
        "jr_id", "rule_id", "rule_name", "sev_deg", "subject_type", "subject_id", "psn_no", "fixmedins_code",
        "dr_code", "mdtrt_id", "setl_id", "bkkp_sn", "vola_amt", "vola_cont", "vola_evid",
    ],
    "group_members": ["group_id", "kind", "member_type", "member_id", "weight"],
}  # fmt: skip
STEPS = ["ingest", "measure", "train", "score", "monitor", "select", "explain", "publish"]
TYPES = {"visit", "patient", "prescriber", "pharmacy", "hospital", "group"}
REASON = {"code", "text_zh", "text_en", "value", "peer_median", "peer_percentile", "contribution"}
WITHOUT_VISITS = (RULE_REASON, SUM_REASON)
FEW_TABLES = ("psn_info_b", "fixmedins_b", "mdtrt_d", "setl_d")
AUTUMN = date(2024, 9, 1)


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
    first = codes.map(
        lambda found: next((n for n, c in enumerate(found, 1) if c not in WITHOUT_VISITS), None)
    )
    first = first.dropna()
    assert supporting_records.groupby(keys)["nth"].min().to_dict() == first.to_dict()
    foremost = evidence.drop_duplicates(keys).set_index(keys)["nth"]
    assert foremost[first.index].to_dict() == first.to_dict()
    assert evidence.why.str.endswith("。").all() and evidence.why_en.str.endswith(".").all()
    assert not evidence.why_en.str.contains("[一-鿿]").any() and evidence.why.str.contains("[一-鿿]").all()
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


def test_models_and_log_hold_nobodys_identifier(city):
    known = identifiers_of(city.source)
    kept = [city.store.path / "mlflow.db", *(city.store.path / "mlartifacts").rglob("*")]
    files = [path for path in (*kept, city.store.path / "run.log") if path.is_file()]
    assert len(files) > 20
    assert {str(path): found for path in files if (found := identifiers_in(path.read_bytes(), known))} == {}
    # The same search finds them in what is meant to name them.
    assert identifiers_in((city.run / "overview.html").read_bytes(), known)


@pytest.mark.parametrize("content", ["4208 H1234567890", "x4208000001y", "psn_no=4208000001", "44208000001"])
def test_the_search_finds_an_identifier_wherever_it_stands(content):
    known = {"4208000001", "H1234567890"}
    assert len(identifiers_in(content.encode(), known)) == 1
    assert identifiers_in(content.replace("0", "-").encode(), known) == set()


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


def place(ranked: pd.DataFrame, kind: str) -> pd.Series:
    """Where each subject stands in its list, from nought (first) to one."""
    rows = ranked[ranked.subject_type == kind].set_index("subject_id")
    return rows["rank"] / len(rows)


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


@pytest.mark.parametrize("kind", ["patient", "visit"])
def test_without_any_outcome_the_order_is_still_useful(city, city_snapshot, kind):
    measured = city_snapshot.subjects[kind]
    model = fit_model(kind, measured, pd.Series(dtype=int), Settings())
    assert model.learner is None
    found = model.score(model.parts(measured.differences, measured.graph, measured.rules))
    where = found.score.rank(ascending=False) / len(found)
    planted = set(city.truth[city.truth.subject_type == kind].subject_id)
    assert where.reindex(sorted(planted)).median() < 0.1


# The same run again, and runs that fail


@dataclass(frozen=True)
class Steps:
    """What the steps after measuring gave, and the run they were published as."""

    scores: Scores
    selection: Selection
    explanation: Explanation
    seen: Monitoring
    info: RunInfo
    published: Published


def steps_of(snapshot: Snapshot, store: Store, out: Store, settings: Settings, info: RunInfo) -> Steps:
    """Score with the champions of a store and publish into another."""
    past_runs = out.runs_before(info.as_of)
    scores = score(snapshot, registry(store, settings), settings)
    selection = select(snapshot, scores, past_runs, settings, info.as_of)
    found = explain(snapshot, scores, selection, past_runs, settings, info.origin)
    seen = monitor(snapshot, scores, out, info.load.report, settings, info.as_of)
    published = publish(snapshot, scores, selection, found, seen, out, settings, info)
    return Steps(scores, selection, found, seen, info, published)


@pytest.fixture(scope="module")
def again(city, city_snapshot, tmp_path_factory) -> Steps:
    """The shared run scored and written once more by the plain steps."""
    info = RunInfo("second-run", AS_OF, last_load(city.store), {})
    return steps_of(city_snapshot, city.store, Store(tmp_path_factory.mktemp("second-run")), Settings(), info)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_run_made_twice_gives_the_same_tables(city, again, name):
    pd.testing.assert_frame_equal(
        pd.read_parquet(again.published.folder / f"{name}.parquet"), city.result(name), check_exact=True
    )
    assert again.published.digests[name] == digest(city.run / f"{name}.parquet")


def test_a_run_made_twice_gives_the_same_summary_and_workbook(summary, again, city):
    other = json.loads((again.published.folder / "run.json").read_text(encoding="utf-8"))
    assert other["run_id"] != summary["run_id"]
    assert other | {"run_id": 0, "seconds": 0} == summary | {"run_id": 0, "seconds": 0}
    # Sums of the files within: pytest would compare two workbooks byte by byte for hours to show where they
    # differ.
    assert files_of(again.published.folder / "suspects.xlsx") == files_of(city.run / "suspects.xlsx")


def test_pages_of_a_run_made_twice_are_equal_byte_for_byte(summary, again, city):
    ids = (summary["run_id"], again.info.run_id)
    pages, others = (
        {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8").replace(run_id, "RUN")
            for path in folder.rglob("*")
            if path.suffix in (".html", ".json", ".svg") and path.name != "run.json"
        }
        for folder, run_id in zip((city.run, again.published.folder), ids, strict=True)
    )
    assert len(pages) > 10 and set(pages) == set(others)
    differing = {
        name: next((a, b) for a, b in zip(text.split(), others[name].split(), strict=False) if a != b)
        for name, text in pages.items()
        if text != others[name]
    }
    assert differing == {}


def files_of(workbook: Path) -> dict[str, tuple]:
    with ZipFile(workbook) as book:
        return {file.filename: (file.CRC, file.date_time) for file in book.infolist()}


def content(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.mark.parametrize("earlier", [True, False])
def test_a_write_that_fails_leaves_everything_as_it_was(city, city_snapshot, again, tmp_path, earlier):
    store = Store(tmp_path / "store")
    store.runs.mkdir(parents=True)
    if earlier:
        shutil.copytree(city.run, store.runs / AS_OF.isoformat())
    before = content(store.runs)
    # The tables are written by then; a suspect without an id breaks the pages.
    dossiers = tuple(replace(found, subject_id=None) for found in again.explanation.dossiers)
    with pytest.raises((TypeError, AttributeError)):
        publish(
            city_snapshot,
            again.scores,
            again.selection,
            replace(again.explanation, dossiers=dossiers),
            again.seen,
            store,
            Settings(),
            again.info,
        )
    assert content(store.runs) == before


# In the middle of the year, with nothing but the tables that must be there


@dataclass(frozen=True)
class Bare:
    """A run of the required tables alone, as of a day in the middle."""

    run: Path
    models: Registry
    visits: pd.DataFrame
    settlements: pd.DataFrame


@pytest.fixture(scope="module")
def bare(city, tmp_path_factory) -> Bare:
    folder = tmp_path_factory.mktemp("bare")
    (folder / "in").mkdir()
    for name in FEW_TABLES:
        shutil.copy(city.source / f"{name}.parquet", folder / "in")
    store, settings = Store(folder / "store"), Settings(capacity=400, random_share=0.05)
    store.path.mkdir()
    # A database of MLflow that is there already, for making one takes ten seconds; its champions are
    # replaced.
    shutil.copy(city.store.path / "mlflow.db", store.path)
    load = ingest(store, folder / "in", settings, AS_OF)
    with scratch() as work, closing(measure(store, AUTUMN, work)) as snapshot:
        train(snapshot, store, settings, AUTUMN)
        steps = steps_of(snapshot, store, store, settings, RunInfo("bare", AUTUMN, load, {}))
    tables = (city.table(name).drop_duplicates() for name in ("mdtrt_d", "setl_d"))
    return Bare(steps.published.folder, registry(store, settings), *tables)


def test_without_optional_tables_it_runs_and_says_what_was_missing(bare):
    summary = json.loads((bare.run / "run.json").read_text(encoding="utf-8"))
    assert set(summary["tables_absent"]) == set(TABLES) - set(FEW_TABLES)
    assert summary["checks_failed"] == {}
    why = summary["checks_skipped"]["R101"]
    assert why.startswith("no table") and "psn_sign_d" in why and "R084" in summary["checks_run"]


def test_in_the_middle_of_the_year_nothing_later_is_known(bare):
    settled = bare.settlements.groupby("mdtrt_id").setl_time.min()
    begun = bare.visits.set_index("mdtrt_id").begntime
    suspects = pd.read_parquet(bare.run / "suspects.parquet")
    evidence = pd.read_parquet(bare.run / "evidence.parquet")
    listed = suspects[suspects.subject_type == "visit"].subject_id
    for visits in (listed, evidence.mdtrt_id):
        assert (settled.reindex(visits) < pd.Timestamp(AUTUMN)).all()
        assert (begun.reindex(visits) < pd.Timestamp(AUTUMN)).all()
    later = set(bare.visits[bare.visits.begntime >= pd.Timestamp(AUTUMN)].psn_no)
    before = set(bare.visits[bare.visits.begntime < pd.Timestamp(AUTUMN)].psn_no)
    patients = set(suspects[suspects.subject_type == "patient"].subject_id)
    assert later - before and not patients & (later - before)
    paid = bare.settlements.drop_duplicates("setl_id").set_index("setl_id").setl_time
    assert (paid.reindex(evidence.setl_id) < pd.Timestamp(AUTUMN)).all()


def test_without_any_labels_guilty_patients_still_stand_in_front(city, bare):
    assert bare.models.champion("patient").model.learner is None
    where = place(pd.read_parquet(bare.run / "suspects.parquet"), "patient")
    planted = city.truth[(city.truth.subject_type == "patient") & city.truth.subject_id.isin(where.index)]
    assert len(planted) >= 20 and planted.subject_id.map(where.to_dict()).median() < 0.25


def test_the_drawn_are_no_suspects_and_have_a_dossier_papers_and_a_row_for_the_verdict(bare):
    random_sample = pd.read_parquet(bare.run / "audit_sample.parquet")
    lot = json.loads((bare.run / "run.json").read_text(encoding="utf-8"))["random_draw"]
    assert lot["share"] == 0.05 and lot["capacity"] == 400 and len(random_sample) > 10
    suspects = pd.read_parquet(bare.run / "suspects.parquet").set_index(["subject_type", "subject_id"])
    evidence = pd.read_parquet(bare.run / "evidence.parquet").set_index(["subject_type", "subject_id"])
    book = openpyxl.load_workbook(bare.run / "suspects.xlsx", read_only=True)
    today = [row[2] for row in book["今日"].iter_rows(values_only=True) if "随机抽查" in str(row[10])]
    assert sorted(today) == sorted(random_sample.subject_id)
    rows = {row[1]: row for row in book["参保人"].iter_rows(values_only=True)}
    below = with_papers = 0
    for row in random_sample.itertuples():
        assert (bare.run / f"dossiers/{row.subject_type}-{row.subject_id}.zh.html").exists()
        assert 0 < row.probability <= 1
        with_papers += (row.subject_type, row.subject_id) in evidence.index
        if row.subject_type == "patient" and suspects.loc[row.subject_type, row.subject_id]["rank"] > 500:
            below += 1
            # Nothing of it in the contract's table; the reasons are for whoever goes there.
            assert len(suspects.loc[row.subject_type, row.subject_id].reasons) == 0
            assert rows[row.subject_id][10]
    # Of somebody by whom nothing stands out there is nothing to pull.
    assert below and with_papers > len(random_sample) / 2
