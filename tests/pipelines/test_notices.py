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
    found = dict(notices(seen, ["P1", "P2", "P3"], pd.Series({"P1": "一", "P2": "二", "P22": "三"}), 1.0))
    assert set(found) == {"P1", "P2"} and list(found["P1"].mdtrt_id) == ["v1"]
    assert found["P1"].vola_cont.item() == "追溯码81已于2024-01-02在其他机构结算,又在其他机构售出"
    assert found["P1"].vola_cont_en.item() == (
        "trace code 81 settled at another institution, sold at another institution"
    )
    assert found["P2"].vola_cont.item() == "二(P2)自己"
    assert found["P1"].rule_en.item() == "Trace code repeated"
    assert found["P1"].basis.item().endswith("第四十条、第三十八条第(五)项")
    assert found["P1"].basis_en.item().endswith("article 40, article 38, item (5)")
    assert dict(notices(seen, ["P1", "P2"], pd.Series({"P1": "一"}), 1.01)) == {}
