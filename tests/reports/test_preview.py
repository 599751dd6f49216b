"""What `make demo` ends with."""

import pandas as pd

from reports.preview import preview


def suspect(subject_type: str, rank: int, **more) -> dict:
    reason = {"text_zh": f"理由{rank}", "text_en": f"reason {rank}"}
    row = {"subject_id": f"{subject_type}-{rank}", "score": 0.9, "amount_at_risk": 1234.4, "scheme": "M10"}
    return row | {"subject_type": subject_type, "rank": rank, "reasons": [reason, reason]} | more


def test_names_the_workbook_and_the_first_three_of_a_kind(tmp_path):
    rows = [suspect("patient", rank) for rank in (4, 3, 2, 1)]
    rows.append(suspect("hospital", 1, scheme=None, reasons=[]))
    pd.DataFrame(rows).to_parquet(tmp_path / "suspects.parquet")
    assert preview(tmp_path).splitlines() == [
        f"The workbook: {tmp_path / 'suspects.xlsx'}",
        "",
        "Hospitals",
        "  1  hospital-1  score 0.90  1,234 yuan of the fund in dispute",
        "",
        "Patients",
        "  1  patient-1  score 0.90  1,234 yuan of the fund in dispute  M10 phantom bed stay",
        "     reason 1",
        "  2  patient-2  score 0.90  1,234 yuan of the fund in dispute  M10 phantom bed stay",
        "     reason 2",
        "  3  patient-3  score 0.90  1,234 yuan of the fund in dispute  M10 phantom bed stay",
        "     reason 3",
    ]


def test_speaks_chinese_on_request(tmp_path):
    pd.DataFrame([suspect("pharmacy", 1)]).to_parquet(tmp_path / "suspects.parquet")
    assert preview(tmp_path, "zh").splitlines()[2:] == [
        "药店",
        "  1  pharmacy-1  分数 0.90  争议基金 1,234 元  M10 挂床住院",
        "     理由1",
    ]
