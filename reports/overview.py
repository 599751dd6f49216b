"""The night at a glance, for the bureau's head and the data scientist: what drives the scores, where the money is."""

from datetime import date

import pandas as pd

from features.measures.catalogue import FAMILIES
from reports import charts
from reports.scheme_texts import scheme_name
from reports.templates import render
from reports.workbook import SUBJECT_WORDS
from reports.worklist_sheet import DRAWN, STANDING

PLACES = 12


def drivers(contributions: pd.DataFrame, families: dict[str, str]) -> pd.Series:
    """Mean size of what each family of measures adds to the raw score of the explained (log-odds), largest first.

    Args:
        contributions: subjects × (columns of the catalogue, graph, rule, base).
        families: column → family.
    """
    named = {"graph": "company", "rule": "rules"}
    columns = [c for c in contributions if c != "base"]
    groups = pd.Series({c: families.get(c) or named[c] for c in columns})
    return contributions[columns].T.groupby(groups).sum().abs().mean(axis=1).sort_values(ascending=False)


def page(
    driven: dict[str, pd.Series],
    evidence: pd.DataFrame,
    places: pd.Series,
    names: pd.Series,
    listed: pd.DataFrame,
    random_sample: pd.DataFrame,
    as_of: date,
    language: str,
) -> str:
    """The overview as one HTML page.

    Args:
        driven: kind of subject → `drivers`.
        evidence: as the contract's table; a visit counts once, however many subjects it is evidence against.
        places: institution by mdtrt_id.
        listed: `pipelines.select.worklist.worklist`.
        random_sample: subject_type, subject_id of those drawn at random.
    """
    english = language == "en"
    words = WORDS[language]
    once = evidence.sort_values("amount", ascending=False, kind="stable").drop_duplicates("mdtrt_id")
    by_scheme = (
        once.groupby(once.scheme.fillna("")).amount.agg(["size", "sum"]).sort_values("sum", ascending=False)
    )
    by_place = once.groupby(once.mdtrt_id.map(places)).amount.sum().sort_values(ascending=False).head(PLACES)
    labels = [f"{code} {names.get(code, '')}".strip() for code in by_place.index]
    standing = listed.groupby(["subject_type", "status"]).size()
    return render(
        "overview.html.j2",
        language=language,
        words=words,
        as_of=as_of.isoformat(),
        total=float(once.amount.sum()),
        drivers=[
            (
                SUBJECT_WORDS[kind][english],
                charts.bars([FAMILIES[f][english] for f in found.index], list(found), words["unit"], digits=2, key=kind),
            )
            for kind, found in driven.items()
        ],
        schemes=[(scheme_name(s or None, language) or words["none"], int(r["size"]), r["sum"]) for s, r in by_scheme.iterrows()],
        places=charts.bars(labels, list(by_place), words["yuan"], key="places"),
        standing=[
            (SUBJECT_WORDS[kind][english], STANDING[status][english], int(n)) for (kind, status), n in standing.items()
        ]
        + [
            (SUBJECT_WORDS[kind][english], DRAWN[english], len(rows)) for kind, rows in random_sample.groupby("subject_type")
        ],
    )  # fmt: skip


WORDS = {
    "zh": {
        "title": "本夜总览", "about": "截至 {as_of} 早晨。疑点不是结论。",
        "drivers": "分数由什么推动", "drivers_note": "已解释对象中,各类指标对原始分数(对数几率)的平均贡献大小。", "unit": "平均贡献",
        "money": "证据涉及金额", "total": "合计 {total} 元,每次就诊只计一次。", "scheme": "情形", "none": "无突出情形",
        "visits": "就诊数", "yuan": "基金支付(元)", "places": "涉及机构", "standing": "新增与已知", "kind": "类别",
        "status": "状态", "count": "个数",
    },
    "en": {
        "title": "The night at a glance", "about": "On the morning of {as_of}. A suspicion is no verdict.",
        "drivers": "What drives the scores", "drivers_note": "Mean size of what each family of measures adds to the raw score (log-odds) of the explained.", "unit": "mean contribution",
        "money": "Money in evidence", "total": "{total} yuan in all, each visit once.", "scheme": "Scheme", "none": "none stands out",
        "visits": "Visits", "yuan": "Paid by the fund (yuan)", "places": "Institutions", "standing": "New and known", "kind": "Kind",
        "status": "Standing", "count": "Subjects",
    },
}  # fmt: skip
