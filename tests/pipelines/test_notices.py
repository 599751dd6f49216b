"""Notices: an institution reads its own findings, and not a word about others."""

from dataclasses import dataclass

import ibis
import pandas as pd

from pipelines.explain.notices import notices


@dataclass
class Rules:
    """Findings alone."""

    hits: ibis.Table


@dataclass
class Snapshot:
    """As much of a snapshot as notices look at."""

    facts: ibis.Table
    rules: Rules


NO_CASES = pd.DataFrame(
    {"subject_type": [], "subject_id": [], "clue_stas": [], "close_date": pd.to_datetime([])}
).astype(dict.fromkeys(["subject_type", "subject_id", "clue_stas"], object))


def test_a_notice_tells_an_institution_nothing_of_others():
    rows = [
        ("j1", "R105", "P1", "v1", "追溯码81已于2024-01-02在三(P22)结算,又在P2售出",
         "trace code 81 settled at 三(P22), sold at P2"),
        ("j2", "R105", "P2", "v2", "二(P2)自己", "二(P2) itself"),
    ]  # fmt: skip
    columns = ["jr_id", "rule_id", "fixmedins_code", "mdtrt_id", "vola_cont", "vola_cont_en"]
    hits = pd.DataFrame(rows, columns=columns)
    hits = hits.assign(rule_name="追溯码重复结算", sev_deg="高度可疑", bkkp_sn="b", vola_amt=1.0)
    facts = pd.DataFrame({"mdtrt_id": ["v1", "v2"], "day": pd.to_datetime(["2024-05-01", "2024-05-02"])})
    seen = Snapshot(ibis.memtable(facts), Rules(ibis.memtable(hits)))
    found = dict(
        notices(seen, ["P1", "P2", "P3"], pd.Series({"P1": "一", "P2": "二", "P22": "三"}), 1.0, NO_CASES)
    )
    assert set(found) == {"P1", "P2"} and list(found["P1"].mdtrt_id) == ["v1"]
    assert found["P1"].vola_cont.item() == "追溯码81已于2024-01-02在其他机构结算,又在其他机构售出"
    assert found["P1"].vola_cont_en.item() == (
        "trace code 81 settled at another institution, sold at another institution"
    )
    assert found["P2"].vola_cont.item() == "二(P2)自己"
    assert found["P1"].rule_en.item() == "Trace code repeated"
    assert found["P1"].basis.item().endswith("第四十条、第三十八条第(五)项")
    assert found["P1"].basis_en.item().endswith("article 40, article 38, item (5)")
    assert dict(notices(seen, ["P1", "P2"], pd.Series({"P1": "一"}), 1.01, NO_CASES)) == {}


def test_a_notice_asks_only_about_what_no_closed_case_has_judged():
    visits = pd.DataFrame(
        [("before", "P1", "2024-05-01"), ("same", "P1", "2024-06-01"), ("after", "P1", "2024-07-01"),
         ("own", "P1", "2024-08-01"), ("other", "P2", "2024-01-05"), ("open", "P3", "2024-01-05")],
        columns=["mdtrt_id", "fixmedins_code", "day"],
    )  # fmt: skip
    hits = visits[["mdtrt_id", "fixmedins_code"]].assign(
        jr_id=visits.mdtrt_id, rule_id="R105", rule_name="追溯码重复结算", sev_deg="高度可疑", bkkp_sn="b",
        vola_amt=1.0, vola_cont="一", vola_cont_en="one",
    )  # fmt: skip
    facts = visits[["mdtrt_id", "day"]].assign(day=pd.to_datetime(visits.day))
    cases = pd.DataFrame(
        [("pharmacy", "P1", "2024-06-01"), ("visit", "own", "2024-09-01"), ("pharmacy", "P3", None)],
        columns=["subject_type", "subject_id", "close_date"],
    ).assign(clue_stas="2", close_date=lambda rows: pd.to_datetime(rows.close_date))
    seen = Snapshot(ibis.memtable(facts), Rules(ibis.memtable(hits)))
    found = dict(notices(seen, ["P1", "P2", "P3"], pd.Series({"P1": "一"}), 1.0, cases))
    assert {code: list(own.mdtrt_id) for code, own in found.items()} == {
        "P1": ["after"], "P2": ["other"], "P3": ["open"],
    }  # fmt: skip
