"""The monitoring report of the last runs: in words for a terminal, and as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.languages import text_in
from reports.subject_words import SUBJECT_WORDS
from reports.templates import render, render_body

_TEMPLATE = "night_status.html.j2"
# Nights at most that the page and the terminal list.
SHOWN = 30
_TEXTS = {
    "no_data": (
        "{day}无结算数据（同一星期几通常为{usual:,.0f}次就诊）",
        "no visit was settled on {day} (usually {usual:,.0f} on this weekday)",
    ),
    "low_volume": (
        "{day}结算就诊{visits:,}次，不足通常（{usual:,.0f}次）的一半",
        "{visits:,} visits were settled on {day}, half of the usual {usual:,.0f} or less",
    ),
    "high_volume": (
        "{day}结算就诊{visits:,}次，达到通常（{usual:,.0f}次）的两倍以上",
        "{visits:,} visits were settled on {day}, twice the usual {usual:,.0f} or more",
    ),
    "quarantine": (
        "最近一次入库{rows:,}行中有{quarantined:,}行被隔离（{share:.1%}，通常为{usual_text}）",
        "{quarantined:,} of {rows:,} rows of the latest load were quarantined "
        "({share:.1%}, usually {usual_text})",
    ),
    "no_outcomes": (
        "检查结果{days_text}未回填（上限{limit}天）",
        "no outcome of an inspection came back for {days_text} (limit: {limit} days)",
    ),
    "old_model": (
        "模型已使用{days}天未重新训练（上限{limit}天）：{kinds}",
        "models were trained {days} days ago (limit: {limit} days): {kinds}",
    ),
    "drift": ("数据分布发生漂移：{drifted}", "distributions drift: {drifted}"),
}
_DRIFTED = (
    "{kind}：{n}个指标中{m}个，评分PSI {score:.2f}",
    "{kind}: {m} of {n} measures, PSI of the score {score:.2f}",
)
_UNKNOWN, _NEVER = ("未知", "unknown"), ("开始使用以来", "as long as nights are kept")


def alarm_texts(alarms: Mapping[str, Any], language: str) -> list[str]:
    """A sentence for each alarm of a night (`pipelines.monitor.Monitoring.alarms`)."""
    return [
        text_in(language, _TEXTS[code]).format(**_figures(code, found, language))
        for code, found in alarms.items()
    ]


def _figures(code: str, found: Mapping[str, Any], language: str) -> dict[str, Any]:
    figures = dict(found)
    if code == "quarantine":
        usual = found["usual"]
        figures["usual_text"] = text_in(language, _UNKNOWN) if usual is None else f"{usual:.1%}"
    if code == "no_outcomes":
        days = found["days"]
        figures["days_text"] = text_in(language, _NEVER if days is None else (f"已{days}天", f"{days} days"))
    if code == "old_model":
        figures["kinds"] = _joined([_kind(kind, language) for kind in found["kinds"]], language)
    if code == "drift":
        texts = [
            text_in(language, _DRIFTED).format(
                kind=_kind(kind, language), n=one["measures"], m=one["drifted"], score=one["score"]
            )
            for kind, one in found.items()
        ]
        return {"drifted": _joined(texts, language)}
    return figures


def _kind(kind: str, language: str) -> str:
    word = text_in(language, SUBJECT_WORDS[kind])
    return word.lower() if language == "en" else word


def _joined(texts: Sequence[str], language: str) -> str:
    return text_in(language, ("；", "; ")).join(texts)


def status_lines(nights: Sequence[Any]) -> list[str]:
    """The nights for a terminal, latest first, each with what is off.

    Args:
        nights: `pipelines.monitor.Monitoring` of each night, oldest first.
    """
    lines = []
    for night in [*nights][: -SHOWN - 1 : -1]:
        volume, quarantine = night.volume, night.quarantine
        usual = "" if volume["usual"] is None else f" (usually {volume['usual']:,.0f})"
        lines.append(
            f"{night.as_of}: {volume['visits']:,} visits on {volume['day']}{usual}, "
            f"{quarantine['share']:.1%} of rows quarantined, {_confirmed(night.outcomes)}, "
            f"{_age(night.models)}"
        )
        lines += [f"  ! {text}" for text in alarm_texts(night.alarms, "en")]
    return lines


def _confirmed(outcomes: Mapping[str, Any]) -> str:
    if not outcomes["decided"]:
        return "no case decided of late"
    return f"{outcomes['confirmed']} of {outcomes['decided']} decided cases confirmed"


def _age(models: Mapping[str, Any]) -> str:
    days = max((one["days"] for one in models.values()), default=None)
    return "no model" if days is None else f"models {days} days old"


def page(nights: Sequence[Any], language: str) -> str:
    """The status page of the last of the nights.

    Args:
        nights: `pipelines.monitor.Monitoring` of each night, oldest first; at least one.
    """
    return render(_TEMPLATE, **_printed(nights, language))


def body(nights: Sequence[Any], language: str) -> str:
    """The same without head and foot, for the console."""
    return render_body(_TEMPLATE, **_printed(nights, language))


def _printed(nights: Sequence[Any], language: str) -> dict[str, Any]:
    """What the template prints."""
    last = nights[-1]
    return dict(
        language=language,
        words=WORDS[language],
        as_of=last.as_of,
        alarms=alarm_texts(last.alarms, language),
        nights=[
            {
                "as_of": night.as_of,
                "visits": f"{night.volume['visits']:,}",
                "usual": "—" if night.volume["usual"] is None else f"{night.volume['usual']:,.0f}",
                "quarantine": f"{night.quarantine['share']:.1%}",
                "decided": f"{night.outcomes['confirmed']} / {night.outcomes['decided']}",
                "model": max((one["days"] for one in night.models.values()), default="—"),
                "alarms": len(night.alarms),
            }
            for night in [*nights][: -SHOWN - 1 : -1]
        ],
        drift=[
            {
                "kind": _kind(kind, language),
                "score": f"{one['score']:.2f}",
                "drifted": f"{one['drifted']} / {one['measures']}",
            }
            for kind, one in last.drift.items()
        ],
    )


WORDS = {
    "zh": {
        "title": "运行状态",
        "fine": "一切正常。",
        "off": "需要处理",
        "nights": "历次运行",
        "as_of": "截止日",
        "visits": "前一日结算就诊",
        "usual": "通常",
        "quarantine": "隔离比例",
        "decided": "近三个月查实 / 结案",
        "model": "模型天数",
        "alarms": "异常",
        "drift": "与模型首次使用时相比的分布变化（PSI，0.25以上为明显变化）",
        "kind": "对象",
        "score": "评分",
        "measures": "漂移指标 / 指标数",
        "no_drift": "模型首次使用，尚无可比数据。",
    },
    "en": {
        "title": "Status",
        "fine": "Nothing is off.",
        "off": "Needs attention",
        "nights": "Nights",
        "as_of": "As of",
        "visits": "Visits settled the day before",
        "usual": "Usually",
        "quarantine": "In quarantine",
        "decided": "Confirmed / decided in three months",
        "model": "Age of models (days)",
        "alarms": "Alarms",
        "drift": "Drift since the models' first night (PSI; above 0.25 much has moved)",
        "kind": "Kind",
        "score": "Score",
        "measures": "Drifting / all measures",
        "no_drift": "The models' first night: nothing to compare with yet.",
    },
}
