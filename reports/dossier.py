"""A suspect's dossier: one page that an inspector takes along, in Chinese or English, that prints well.

Everything stands in the page itself, pictures too; it loads nothing and runs nothing.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from features.comparison.peers import PEER_WORDS
from reports.masking import Mask
from reports.scheme_texts import honest, on_site, scheme_name
from reports.templates import render
from reports.workbook import VERDICTS, one_of

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Dossier:
    """What is known of a suspect.

    Attributes:
        peers: key of PEER_WORDS; `peers_count` how many they are.
        of: how many subjects of this kind were ranked.
        random_sample: it is visited because it was drawn at random, whatever its rank.
        history: earlier nights, oldest first: night, rank, score.
        reasons: as the contract spells them, strongest first.
        favourable: what speaks for the subject, spelled as reasons.
        strips: where the subject stands among its peers, a strip a reason; None where none has a number.
        pictures: calendar, weeks or network.
        hub: of a group, the member who holds it together; else None.
        through: of a group, (kind of subject, code and name, share of its linked visits) of the doctors and institutions
            that much of it goes through.
        company: of a group, what holds it together: co_visit or drug_resale; else None.
        money: scheme, visits, yuan, each visit once.
        supporting_records: number of the reason → mdtrt_id, setl_id, lines, day, place, person, amount, why, why_en of what to
            pull for it.
        evidence: mdtrt_id, setl_id, day, place, person, amount, scheme, why, why_en; the first of those that serve no
            reason but are suspicious by themselves.
        evidence_count: how many visits there are in all.
        findings: rule_id, rule_name, rule_en (its English name), sev_deg, n, amount, example, basis; by rule.
        innocent: (Chinese, English) explanation, visits in evidence it fits, of how many; 0 where it is judged of
            the whole.
        similar: subject_id, clue_stas, close_date, scheme, likeness (0 to 1).
        origin: run, night, model, load.
    """

    subject: str
    subject_id: str
    name: str
    peers: str
    peers_count: int
    rank: int
    of: int
    score: float
    amount: float
    scheme: str | None
    random_sample: bool
    history: list[tuple]
    reasons: list[dict]
    favourable: list[dict]
    strips: Markup | None
    pictures: dict[str, Markup]
    hub: str | None
    through: list[tuple[str, str, float]]
    company: str | None
    money: list[tuple]
    supporting_records: dict[int, list[dict]]
    evidence: list[dict]
    evidence_count: int
    findings: list[dict]
    innocent: list[tuple]
    similar: list[dict]
    origin: dict[str, str]


def file_name(subject: str, subject_id: str, language: str) -> str:
    """Name of the page; an id that makes no file name is replaced by a digest of it."""
    plain = re.fullmatch(r"[A-Za-z0-9_-]{1,60}", subject_id)
    stem = subject_id if plain else hashlib.sha256(subject_id.encode()).hexdigest()[:16]
    return f"{subject}-{stem}.{language}.html"


def write(folder: Path, dossier: Dossier, mask: Mask) -> None:
    """Write a dossier in both languages."""
    for language in LANGUAGES:
        target = folder / file_name(dossier.subject, mask.one(dossier.subject_id), language)
        target.write_text(mask(page(dossier, language)), encoding="utf-8")


def page(dossier: Dossier, language: str) -> str:
    """The dossier as one HTML page."""
    english = language == "en"
    return render(
        "dossier.html.j2",
        d=dossier,
        language=language,
        words=WORDS[language],
        kind=one_of(dossier.subject, language),
        through=[(one_of(kind, language), name, f"{share:.0%}") for kind, name, share in dossier.through],
        peers=PEER_WORDS[dossier.peers][english],
        scheme=scheme_name(dossier.scheme, language),
        schemes=[
            (scheme_name(s, language) or WORDS[language]["none"], n, yuan) for s, n, yuan in dossier.money
        ],
        on_site=_on_site(dossier, language),
        text=f"text_{language}",
        rule="rule_en" if english else "rule_name",
        severity=lambda word: _SEVERITY[word] if english else word,
        why="why_en" if english else "why",
        whom=_CONCERNED.get(dossier.subject, "both"),
        concerned=lambda row: _concerned(dossier.subject, row),
        scheme_name=lambda scheme: scheme_name(scheme, language),
        verdict=lambda status: VERDICTS[status][english],
        fits=lambda n, of: WORDS[language]["fits"][0 if not n else 1 if n * 2 < of else 2],
    )


# Words of the national library, in English.
_SEVERITY = {"明确违规": "clear breach", "高度可疑": "highly suspicious"}
# Of a visit's place and person, the one that is not the suspect already: key of WORDS.
_CONCERNED = {"patient": "place", "hospital": "person", "pharmacy": "person"}


def _concerned(subject: str, row: dict) -> str:
    place, person = row["place"], row["person"]
    return {"place": place, "person": person}.get(_CONCERNED.get(subject), f"{place} / {person}")


def _on_site(dossier: Dossier, language: str) -> list[tuple[str, str, str]]:
    """What to check on site and what would be honest, for the suspected scheme and those that evidence speaks for."""
    schemes = [dossier.scheme, *(scheme for scheme, _n, _yuan in dossier.money)]
    named = list(dict.fromkeys(s for s in schemes if isinstance(s, str)))[:3] or [None]
    return [(scheme_name(s, language), on_site(s, language), honest(s, language)) for s in named]


WORDS = {
    "zh": {
        "title": "疑点档案",
        "caution": "疑点不是结论。本页说明为何应先核查、调阅哪些材料;是否违规须经核实。",
        "random_sample": "本对象为随机抽中,用于检验名单有无遗漏;抽中不说明可疑。",
        "rank": "排名", "of": "共 {of} 个", "score": "分数", "amount": "证据涉及基金(元)", "scheme": "疑似情形",
        "none": "无突出情形", "peers": "同类", "peers_count": "{n} 个(含本对象)",
        "reasons": "为何可疑", "strips_note": "图中每条对应一条理由:浅蓝为同类的第5至95百分位,深蓝为中间一半,白线为中位数,红点为本对象;刻度为平方根。",
        "favourable": "对其有利的情况", "nothing_favourable": "未见明显有利情况。",
        "alike": "可能的正常解释:", "innocent": "已核对的正常解释", "explanation": "解释", "result": "核对结果", "fits": ("不成立", "部分成立", "成立"),
        "counted": "证据就诊 {of} 次中 {n} 次符合",
        "on_site": "现场核查什么", "pull": "先调阅", "settlement": "结算", "line": "明细", "line_yuan": "{}元",
        "evidence": "其他本身可疑的就诊", "evidence_note": "不在上述理由之下、按可疑程度排列的前 {m} 次;证据就诊共 {n} 次。",
        "visit": "就诊号", "day": "日期", "place": "机构", "person": "参保人", "both": "机构 / 参保人", "why": "为何先查", "yuan": "基金支付(元)",
        "calendar": "就诊日历", "calendar_note": "每行为一家机构或一名成员,红点为证据就诊或结伴就诊。",
        "weeks": "每周就诊量", "weeks_note": "红色为证据就诊。",
        "network": "往来图", "network_note": {"co_visit": "线越粗,同行越不可能出于偶然。", "drug_resale": "连线为经同一医师或药店超量购药,不一定碰面;线越粗,越不可能出于偶然。"}, "through": "经由:", "comma": "、", "through_item": "{kind} {name}(占关联就诊 {share})", "hub": "红点为核心成员:{hub}。",
        "money": "涉及金额构成", "visits": "就诊数", "once": "每次就诊只计一次;与其他对象的证据可能重叠,不可相加。",
        "findings": "规则疑点", "rule": "规则", "severity": "程度", "count": "条数", "example": "举例", "basis": "依据", "no_findings": "无规则疑点。",
        "similar": "最相似的既往案件", "case": "对象", "outcome": "结果", "closed": "结案日期", "likeness": "相似度", "no_cases": "尚无可比的既往案件。",
        "history": "以往各夜", "night": "日期", "first": "首次上榜。",
        "origin": "来源",
    },
    "en": {
        "title": "Dossier",
        "caution": "A suspicion is no verdict. This page says why to look here first and which papers to pull; whether anything was wrong has to be established.",
        "random_sample": "Drawn at random, to learn what the list misses; to be drawn is no suspicion.",
        "rank": "Rank", "of": "of {of}", "score": "Score", "amount": "Fund in evidence (yuan)", "scheme": "Suspected scheme",
        "none": "none stands out", "peers": "Peers", "peers_count": "{n} with it",
        "reasons": "Why it is suspicious", "strips_note": "A strip a reason: pale from the 5th to the 95th of a hundred peers, blue the middle half, white the median, red this subject; square-root scale.",
        "favourable": "What speaks for it", "nothing_favourable": "Nothing stands out in its favour.",
        "alike": "What would be honest: ", "innocent": "Honest explanations that were checked", "explanation": "Explanation", "result": "Result", "fits": ("does not fit", "fits in part", "fits"),
        "counted": "{n} of {of} visits in evidence",
        "on_site": "What to check on site", "pull": "Pull first", "settlement": "settlement", "line": "line", "line_yuan": "{} yuan",
        "evidence": "Other visits that are suspicious by themselves", "evidence_note": "Not named above, the most telling first: {m} are listed; {n} visits are in evidence in all.",
        "visit": "Visit", "day": "Day", "place": "Institution", "person": "Insured person", "both": "Institution / insured person", "why": "Why first", "yuan": "Paid by the fund (yuan)",
        "calendar": "Calendar of visits", "calendar_note": "A row an institution or a member; red are visits in evidence or made together.",
        "weeks": "Visits a week", "weeks_note": "Red are those in evidence.",
        "network": "Who is linked to whom", "network_note": {"co_visit": "A line is company; the thicker, the less chance explains it.", "drug_resale": "A line is oversupply through the same doctor or shop, the two need not have met; the thicker, the less chance explains it."}, "through": "Goes through: ", "comma": ", ", "through_item": "{kind} {name} ({share} of the linked visits)", "hub": "Red is the member who holds it together: {hub}.",
        "money": "Money in evidence", "visits": "Visits", "once": "Each visit counts once; evidence of other subjects may overlap, so sums of dossiers mean nothing.",
        "findings": "Findings of the audit rules", "rule": "Rule", "severity": "Severity", "count": "Findings", "example": "Example", "basis": "Basis", "no_findings": "No findings.",
        "similar": "Most similar past cases", "case": "Subject", "outcome": "Outcome", "closed": "Closed", "likeness": "Likeness", "no_cases": "There is no past case to compare with.",
        "history": "Earlier nights", "night": "Snapshot", "first": "Listed for the first time.",
        "origin": "Origin",
    },
}  # fmt: skip
