"""How good the lists of past nights were, as one page for the data scientist and the bureau's head."""

from datetime import date

import pandas as pd

from reports import charts
from reports.templates import render
from reports.workbook import SUBJECT_WORDS

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
        how, figures, curves, suspicious, missed: as `pipelines.evaluate.Evaluation`.
    """
    english = language == "en"
    words = WORDS[language]
    kinds = []
    for subject, rows in figures.groupby("subject_type", sort=False):
        tables = [
            (_POPULATIONS[name][english], table.to_dict("records"))
            for name, table in rows.groupby("population", sort=False)
        ]
        picture = charts.reliability(curves[subject], key=f"reliability-{subject}")
        kinds.append(
            (SUBJECT_WORDS[subject][english], words[how[subject]], tables, picture, suspicious[subject])
        )
    return render(
        "evaluation.html.j2",
        language=language,
        words=words,
        as_of=as_of.isoformat(),
        kinds=kinds,
        recall_estimate=[
            (SUBJECT_WORDS[row.subject_type][english], row) for row in recall_estimate.itertuples()
        ],
        shown=lambda value: "—" if pd.isna(value) else f"{value:.3f}",
    )


WORDS = {
    "zh": {
        "title": "模型评估", "about": "以 {as_of} 之前结案的核查结果评判以往各夜的名单;只有核查过的对象有结果。方括号为按对象自助抽样的95%区间。",
        "prequential": "以过去训练、以其后结案的对象检验,逐窗滚动。", "cross-validated": "结案日期跨度不足两个窗口,按对象交叉验证。",
        "tested": "检验 {n} 个,其中查实 {m} 个", "metric": "指标", "value": "值", "interval": "区间",
        "reliability": "预测概率与实际查实比例;数字为对象数,落在线上表示分数名副其实。",
        "missed": "名单遗漏了什么", "missed_note": "由随机抽查估计:每个抽中对象按抽中概率的倒数代表其余对象;方括号为95%区间。名单指每夜可核查的前若干名;已查实、正在核查和近期已排除的对象不在其内。只计抽中已满一个窗口的各夜。",
        "no_draws": "尚无已满一个窗口的随机抽查(设置 random_share),名单遗漏多少尚不可知。", "kind": "类别", "nights": "夜数", "random_sample": "抽中", "decided": "已有结论", "confirmed": "查实",
        "share": "名单之外的违规比例", "recall": "名单查到的比例", "not_yet": "尚不可知",
        "leaks": "以下指标单独即可区分查实与否,请核对其是否由结果产生:", "nothing": "结案对象太少,无法评估。",
    },
    "en": {
        "title": "Evaluation", "about": "Lists of past nights, judged by outcomes closed before {as_of}; only inspected subjects have one. In brackets 95 % intervals by bootstrap over subjects.",
        "prequential": "Trained on the past, tested on subjects decided later, window by window.", "cross-validated": "Outcomes cover less than two windows: cross-validated by subject.",
        "tested": "{n} tested, {m} of them confirmed", "metric": "Metric", "value": "Value", "interval": "Interval",
        "reliability": "Predicted probability against the share confirmed; numbers are subjects. On the line, a score means what it says.",
        "missed": "What the list misses", "missed_note": "Estimated from subjects drawn at random: each stands for as many as one over the probability of its draw; in brackets 95 % intervals. The list is the first of each night, as many as could be visited; subjects confirmed, under inspection or cleared lately belong to neither side. Nights count once a window has passed.",
        "no_draws": "No night that drew at random (setting random_share) is a window old, so what the list misses is not yet known.", "kind": "Kind", "nights": "Nights", "random_sample": "Drawn", "decided": "Decided", "confirmed": "Confirmed",
        "share": "Guilty outside the list", "recall": "Recall of the list", "not_yet": "not yet known",
        "leaks": "These measures alone tell the confirmed from the others; find out whether they were made from the outcome:", "nothing": "Too few decided subjects to judge by.",
    },
}  # fmt: skip
