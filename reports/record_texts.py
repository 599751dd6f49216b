"""Papers to pull in words: why a visit is evidence, in a sentence for whoever has to fetch the file."""

from dataclasses import dataclass

import pandas as pd

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import Measure
from reports.reasons import number, period, spell

# Kind of visit → (Chinese, English).
KINDS = {STAY: ("住院", "stay"), PHARMACY: ("购药", "purchase"), OUTPATIENT: ("门诊", "outpatient visit")}
# Column by which a subject's visits are counted → what visits of one count have in common.
ALIKE = {
    "fixmedins_code": ("在同一机构", "at one institution"),
    "dr_code": ("出自同一医师", "under one doctor"),
    "psn_no": ("属于同一参保人", "of one person"),
    "village": ("来自同一村居", "from one village"),
    "emp_no": ("来自同一单位", "by staff of one employer"),
    "day": ("在同一天", "on one day"),
    "week": ("在同一周", "in one week"),
    "template": ("账单项目相同", "with the same items on the bill"),
    "exam_set": ("检查项目组合相同", "with the same examinations"),
    "dx3": ("为同一诊断", "for one diagnosis"),
    "dise_no": ("为同一病种", "for one disease"),
    "medfee_sumamt": ("金额相同", "with the same amount"),
    "los": ("住院天数相同", "of the same length"),
    "sent_to": ("随后住进同一医院", "followed by a stay in one hospital"),
}


@dataclass(frozen=True)
class Paper:
    """A visit to pull.

    Attributes:
        kind: of visit, key of KINDS.
        measure: what the reason measures, and its window; None for company and for a visit that stands by itself.
        alone: the measure of the visit alone; None where no visit carries it by itself.
        counts: the measure only counts visits.
        n: of a measure that counts visits by a column, visits of the count; else None.
        companions: people beyond chance who were there, where the reason is company; else None.
        co_oversupplied: people oversupplied through the same doctor or shop, where that is the reason; else None.
        finding: (rule id, Chinese name, English name, what was found in Chinese, yuan of the fund) where the reason
            is a rule's finding or its proof; else None.
        signs: what the visit shows by itself: measure, value, median of its peers.
    """

    kind: str
    measure: tuple[Measure, int | None] | None = None
    alone: float | None = None
    counts: bool = False
    n: int | None = None
    companions: int | None = None
    co_oversupplied: int | None = None
    finding: tuple[str, str, str, str, float] | None = None
    signs: tuple[tuple[Measure, float, float | None], ...] = ()


def why(paper: Paper) -> tuple[str, str]:
    """Why a visit is there, in Chinese and English."""
    this = KINDS[paper.kind]
    zh, en = _carried(paper, f"这次{this[0]}", f"This {this[1]}")
    signs = [sign for sign in paper.signs if not _repeats(paper, *sign)]
    if signs:
        joined = "、".join(_sign(*sign, 0) for sign in signs), ", ".join(_sign(*sign, 1) for sign in signs)
        alone = paper.measure is None and paper.companions is None and paper.co_oversupplied is None
        zh, en = zh + (":" if alone else ";") + joined[0], en + (": " if alone else "; ") + joined[1]
    return f"{zh}。", f"{en}."


def _repeats(paper: Paper, sign: Measure, value: float, _usual: float | None) -> bool:
    """Was it said already?"""
    if paper.measure is None:
        linked = {"companions": paper.companions, "co_oversupplied": paper.co_oversupplied}
        return linked.get(sign.name) is not None
    same = paper.alone == value and paper.measure[0].unit == sign.unit
    return same or (paper.finding is not None and sign.family == paper.measure[0].family)


def _carried(paper: Paper, zh: str, en: str) -> tuple[str, str]:
    if paper.finding:
        rule_id, name, english, message, yuan = paper.finding
        return (
            f"{zh}有规则 {rule_id}({name})的疑点:{message}",
            f"{en} has a finding of rule {rule_id} ({english}), {yuan:,.0f} yuan of the fund",
        )
    if paper.companions is not None:
        return (
            f"{zh}时有 {paper.companions} 名非偶然同行的人在场",
            f"{en} was made in the company of {paper.companions} people, beyond chance",
        )
    if paper.co_oversupplied is not None:
        return (
            f"{zh}所经的医师或药店另有 {paper.co_oversupplied} 人超量购药,远超偶然",
            f"{en} went through a doctor or shop by which {paper.co_oversupplied} others are oversupplied, beyond chance",
        )
    if paper.measure is None:
        return f"{zh}本身可疑", f"{en} is suspicious by itself"
    entry, days = paper.measure
    since = period(days)
    named = f"“{since[0]}{entry.zh}”", f'"{entry.en}{" " * bool(since[1])}{since[1]}"'
    if paper.alone is None:
        return (
            f"{named[0]}不由单次就诊构成,{zh}是所计期间内最可疑的之一",
            f"No single visit makes up {named[1]}; {en[0].lower()}{en[1:]} is among the most suspicious of its period",
        )
    if paper.n and paper.n > 1:
        alike = ALIKE[entry.base.split("/")[1]]
        return (
            f"{zh}与另外 {paper.n - 1} 次{alike[0]},共同构成{named[0]}",
            f"{en} is one of {paper.n} {alike[1]}, which make up {named[1]}",
        )
    if paper.counts or paper.n:
        return f"{zh}是{named[0]}所计的一次", f"{en} is one of those counted in {named[1]}"
    return (
        f"单看{zh},{entry.zh}为 {spell(paper.alone, entry.unit, 0)}",
        f"{en} alone: {entry.en} {_spelled(paper.alone, entry.unit)}",
    )


def _sign(entry: Measure, value: float, usual: float | None, language: int) -> str:
    name = (entry.zh, entry.en)[language]
    if entry.unit == "flag":
        return name
    told = f"{name} {_spelled(value, entry.unit) if language else spell(value, entry.unit, 0)}"
    if usual is None or pd.isna(usual):
        return told
    middle = number(usual, entry.unit)
    return f"{told} (usual {middle})" if language else f"{told}(同类 {middle})"


def _spelled(value: float, unit: str) -> str:
    """A value in English; where the name says already what is counted, the number is enough."""
    return spell(value, unit, 1) if unit in _SPELLED else number(value, unit)


_SPELLED = ("yuan", "days", "seconds", "yuan_per_day", "days_each", "yuan_each")
