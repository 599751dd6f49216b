"""A run at a glance, for the bureau's head and the data scientist: what drives the scores, where the money
is."""

from datetime import date

import pandas as pd
from markupsafe import Markup

from features.measures.catalogue import FAMILIES
from reports import charts
from reports.languages import text_in
from reports.scheme_texts import dispute_name
from reports.subject_words import SUBJECT_WORDS
from reports.templates import render
from reports.worklist_sheet import AUDIT_SAMPLE, STATUS_WORDS

PLACES = 12
# Aspects of less weight are not drawn (per cent).
LEAST_SHARE = 1.0
# Family of the parts of a score that are no measures.
_PART_FAMILIES = {"graph": "co_visit", "rule": "rules"}


def drivers(contributions: pd.DataFrame, families: dict[str, str]) -> pd.Series:
    """Mean size of what each family of measures adds to the raw score of the explained (log-odds), largest
    first.

    Args:
        contributions: subjects × (columns of the catalogue, graph, rule, base).
        families: column → family.
    """
    columns = [str(c) for c in contributions if c != "base"]
    groups = pd.Series({c: families.get(c) or _PART_FAMILIES[c] for c in columns}, dtype=object)
    sums: pd.DataFrame = contributions[columns].T.groupby(groups).sum()
    return sums.abs().mean(axis=1).sort_values(ascending=False)


def page(
    driven: dict[str, pd.Series],
    once: pd.DataFrame,
    names: pd.Series,
    listed: pd.DataFrame,
    random_sample: pd.DataFrame,
    as_of: date,
    language: str,
) -> str:
    """The overview as one HTML page.

    Args:
        driven: kind of subject → `drivers`.
        once: visits with money in dispute (`reports.disputed_visits.largest_by_visit`).
        names: of institutions, by code.
        listed: `pipelines.select.worklist.worklist`.
        random_sample: subject_type, subject_id of those drawn at random.
    """
    words = WORDS[language]
    by_place = once.groupby("fixmedins_code")["disputed"].sum()
    by_place = by_place.sort_values(ascending=False).head(PLACES)
    labels = [f"{code} {names.get(code, '')}".strip() for code in by_place.index]
    return render(
        "overview.html.j2",
        language=language,
        words=words,
        as_of=as_of.isoformat(),
        total=float(once["disputed"].sum()),
        paid=float(once["amount"].sum()),
        drivers=[(_kind(subject, language), _bars(found, language)) for subject, found in driven.items()],
        schemes=_by_scheme(once, language),
        places=charts.bars(labels, list(by_place), words["yuan"]),
        standing=_standing(listed, random_sample, language),
    )


def _kind(subject: str, language: str) -> str:
    return text_in(language, SUBJECT_WORDS[subject])


def _bars(found: pd.Series, language: str) -> Markup:
    """What each family of measures contributes to the scores, in per cent of all contributions."""
    shares = 100 * found / (float(found.sum()) or 1.0)
    shown = shares[shares >= LEAST_SHARE]
    labels = [text_in(language, FAMILIES[str(family)]) for family in shown.index]
    return charts.bars(labels, list(shown), WORDS[language]["unit"], digits=1)


def _by_scheme(once: pd.DataFrame, language: str) -> list[tuple[str, int, float, float]]:
    """Name of the scheme, visits, yuan in dispute and yuan paid for the visits; most in dispute first."""
    sums = once.groupby(once["scheme"].fillna("")).agg(
        n=("mdtrt_id", "size"), disputed=("disputed", "sum"), amount=("amount", "sum")
    )
    return [
        (dispute_name(scheme or None, language), int(n), float(disputed), float(amount))
        for scheme, n, disputed, amount in sums.sort_values("disputed", ascending=False).itertuples(name=None)
    ]


def _standing(listed: pd.DataFrame, random_sample: pd.DataFrame, language: str) -> list[tuple[str, str, int]]:
    """Kind, status, number of subjects; those drawn at random last."""
    counts = listed.groupby(["subject_type", "status"], as_index=False).size()
    kinds, statuses = list(SUBJECT_WORDS), list(STATUS_WORDS)
    place = counts.subject_type.map(kinds.index) * len(statuses) + counts.status.map(statuses.index)
    counts = counts.iloc[place.argsort(kind="stable")]
    sampled = random_sample.groupby("subject_type", as_index=False).size()
    return [
        (_kind(kind, language), text_in(language, STATUS_WORDS[status]), int(n))
        for kind, status, n in counts.itertuples(index=False, name=None)
    ] + [
        (_kind(kind, language), text_in(language, AUDIT_SAMPLE), int(n))
        for kind, n in sampled.itertuples(index=False, name=None)
    ]


WORDS = {
    "zh": {
        "title": "本夜总览",
        "about": "截至 {as_of} 早晨。疑点不是结论。",
        "drivers": "疑点主要在哪些方面",
        "drivers_note": "列明理由的对象,其疑点各方面所占的分量,合计为100%;不足1%的不列。",
        "unit": "分量(%)",
        "money": "争议基金",
        "total": "达到起点分数的对象合计争议基金 {total} 元(所涉就诊基金共支付 {paid} 元),"
        "每次就诊、每条明细只计一次。",
        "scheme": "情形",
        "visits": "就诊数",
        "yuan": "争议基金(元)",
        "whole": "就诊基金支付(元)",
        "places": "涉及机构",
        "places_note": "按机构合计各类对象(含其医师、患者)的争议,每次就诊只计一次,"
        "因此与该机构疑点档案的金额不同。",
        "standing": "新增与已知",
        "kind": "类别",
        "status": "状态",
        "count": "个数",
    },
    "en": {
        "title": "The night at a glance",
        "about": "On the morning of {as_of}. A suspicion is no verdict.",
        "drivers": "What the suspicions are about",
        "drivers_note": "How much each aspect weighs in the suspicions of those whose reasons are listed, "
        "100% in all; less than 1% is left out.",
        "unit": "share (%)",
        "money": "Money in dispute",
        "total": "{total} yuan of the {paid} yuan that the fund paid for the visits, of the suspects that "
        "reach the floor of the score; each visit and line once.",
        "scheme": "Scheme",
        "visits": "Visits",
        "yuan": "In dispute (yuan)",
        "whole": "Paid for the visits (yuan)",
        "places": "Institutions",
        "places_note": "Of suspects of every kind (doctors and patients, too), each visit once, so that the "
        "sum differs from that of the institution's own dossier.",
        "standing": "New and known",
        "kind": "Kind",
        "status": "Status",
        "count": "Subjects",
    },
}
