"""How good past lists were, as one page for the data scientist and the bureau's head."""

from datetime import date
from typing import Any

import pandas as pd

from features.measures.catalogue import measures_of
from reports import charts
from reports.formatting import period
from reports.languages import text_in
from reports.subject_words import SUBJECT_WORDS
from reports.templates import render

# Stem of a metric of `models.evaluation` → words.
_METRICS = {
    "auc": ("排序正确率(AUC)", "share of pairs in the right order (AUC)"),
    "average_precision": ("平均查准率", "average precision"),
    "brier": ("分数误差(Brier)", "error of the probability (Brier score)"),
    "lift": ("查实数为随机抽取的倍数", "times as many confirmed as at random"),
    "precision": ("中查实的比例", "share confirmed"),
    "recall": ("查到的查实对象占比", "share of all confirmed"),
    "recall_of_money": ("查到的查实金额占比", "share of all confirmed money"),
}
_POPULATIONS = {"all": ("全部", "all"), "new": ("此前未结案者", "never decided before")}


def page(
    how: dict[str, str],
    figures: pd.DataFrame,
    curves: dict[str, pd.DataFrame],
    suspicious: dict[str, dict[str, float]],
    recall_estimate: pd.DataFrame,
    as_of: date,
    language: str,
) -> str:
    """The evaluation as one HTML page.

    Args:
        how, figures, curves, suspicious, recall_estimate: as `pipelines.evaluate.Evaluation`.
    """
    words = WORDS[language]
    return render(
        "evaluation.html.j2",
        language=language,
        words=words,
        as_of=as_of.isoformat(),
        kinds=[
            (
                _kind(subject, language),
                words[how[subject]],
                _tables(rows, language),
                charts.reliability(curves[subject]),
                [column_name(subject, column, language) for column in suspicious[subject]],
            )
            for subject, rows in _by(figures, "subject_type")
        ],
        recall_estimate=[(_kind(row["subject_type"], language), row) for row in _records(recall_estimate)],
        metric=lambda name: metric_name(name, language),
    )


def metric_name(name: str, language: str) -> str:
    """A metric of `models.evaluation` in words; one with a depth says how many subjects were looked at."""
    stem, _at, depth = name.partition("_at_")
    zh, en = _METRICS[stem]
    if not depth:
        return text_in(language, (zh, en))
    percent = depth.removesuffix("pct")
    first = (f"前 {depth} 名", f"the first {depth}")
    if percent != depth:
        first = (f"名单前 {percent}% ", f"the first {percent}% of the list")
    return text_in(language, (f"{first[0]}{zh}", f"{en} among {first[1]}"))


def column_name(subject: str, column: str, language: str) -> str:
    """A column of the catalogue in words: period and name of its measure."""
    entry, days = measures_of(subject)[column]
    since_zh, since_en = period(days)
    return text_in(language, (f"{since_zh}{entry.zh}", f"{entry.en} {since_en}".rstrip()))


def _kind(subject: str, language: str) -> str:
    return text_in(language, SUBJECT_WORDS[subject])


def _tables(rows: pd.DataFrame, language: str) -> list[tuple[str, list[dict[Any, Any]]]]:
    """The figures of one kind of subject, a table a population."""
    return [
        (text_in(language, _POPULATIONS[name]), _records(table)) for name, table in _by(rows, "population")
    ]


def _by(rows: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), found) for name, found in rows.groupby(column, sort=False)]


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict("records")


WORDS = {
    "zh": {
        "title": "模型评估",
        "about": "以 {as_of} 之前结案的核查结果评判以往各夜的名单;只有核查过的对象有结果。"
        "方括号为95%误差范围。",
        "prequential": "以过去训练、以其后结案的对象检验,逐窗滚动。",
        "cross-validated": "结案日期跨度不足两个窗口,按对象交叉验证。",
        "tested": "检验 {n} 个,其中查实 {m} 个",
        "metric": "指标",
        "value": "值",
        "interval": "区间",
        "inspected": "依据核查数",
        "reliability": "分数与实际查实比例;数字为对象数,落在线上表示分数名副其实。",
        "recall_estimate": "名单遗漏了什么",
        "recall_note": "由随机抽查估计:每个抽中对象按抽中概率的倒数代表其余对象;方括号为95%误差范围。"
        "名单指每夜可核查的前若干名;已查实、正在核查和近期已排除的对象不在其内。只计抽中已满一个窗口的各夜。",
        "no_sample": "尚无已满一个窗口的随机抽查(设置 random_share),名单遗漏多少尚不可知。",
        "kind": "类别",
        "runs": "夜数",
        "random_sample": "抽中",
        "decided": "已有结论",
        "confirmed": "查实",
        "share": "名单之外的违规比例",
        "recall": "名单查到的比例",
        "not_yet": "尚不可知",
        "leaks": "以下指标单独即可区分查实与否,请核对其是否由结果产生:",
        "nothing": "结案对象太少,无法评估。",
    },
    "en": {
        "title": "Evaluation",
        "about": "Lists of past nights, judged by outcomes closed before {as_of}; only inspected subjects "
        "have one. In brackets 95 % intervals by bootstrap over subjects.",
        "prequential": "Trained on the past, tested on subjects decided later, window by window.",
        "cross-validated": "Outcomes cover less than two windows: cross-validated by subject.",
        "tested": "{n} tested, {m} of them confirmed",
        "metric": "Metric",
        "value": "Value",
        "interval": "Interval",
        "inspected": "Inspected",
        "reliability": "Predicted probability against the share confirmed; numbers are subjects. On the "
        "line, a score means what it says.",
        "recall_estimate": "What the list misses",
        "recall_note": "Estimated from subjects drawn at random: each stands for as many as one over the "
        "probability of its draw; in brackets 95 % intervals. The list is the first of each night, as many "
        "as could be visited; subjects confirmed, under inspection or cleared lately belong to neither "
        "side. Nights count once a window has passed.",
        "no_sample": "No night that drew at random (setting random_share) is a window old, so what the list "
        "misses is not yet known.",
        "kind": "Kind",
        "runs": "Nights",
        "random_sample": "Drawn",
        "decided": "Decided",
        "confirmed": "Confirmed",
        "share": "Guilty outside the list",
        "recall": "Recall of the list",
        "not_yet": "not yet known",
        "leaks": "These measures alone tell the confirmed from the others; find out whether they were made "
        "from the outcome:",
        "nothing": "Too few decided subjects to judge by.",
    },
}
