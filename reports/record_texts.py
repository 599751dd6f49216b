"""Supporting records in words: why a visit is evidence, in a sentence for whoever has to fetch its file."""

from dataclasses import dataclass

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import Measure
from reports.contradictions import contradiction
from reports.formatting import measure_value, number, period, unit_of
from reports.languages import Texts
from reports.number_texts import is_missing
from reports.other_place_texts import OTHER_PLACE_OF
from reports.scheme_conduct import CONDUCT, of_one
from reports.subject_words import VERDICTS

# Kind of visit → (Chinese, English).
KINDS = {STAY: ("住院", "stay"), PHARMACY: ("购药", "purchase"), OUTPATIENT: ("门诊", "outpatient visit")}
# Column by which a subject's visits are counted → what visits of one count have in common.
SHARED = {
    "fixmedins_code": ("在同一机构", "at one institution"),
    "dr_code": ("出自同一医师", "under one doctor"),
    "prescribing_dr": ("由同一医师开方", "prescribed by one doctor"),
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
    "amount_band": ("金额相近(相差不到一成)", "of amounts within a tenth of each other"),
    "los": ("住院天数相同", "of the same length"),
    "referred_to": ("随后住进同一医院", "followed by a stay in one hospital"),
}


@dataclass(frozen=True)
class Link:
    """How a visit links its patient to others: a clause after the kind of visit, with the number of
    ``people``, in English with their noun (``others``), and the measures of a visit that say the same."""

    zh: str
    en: str
    signs: tuple[str, ...]


# Fact of a visit that counts those it is linked to → the clause; the first one there is is told.
LINKS = {
    "co_visitors": Link(
        "与另外{people}人同时就诊,这些人多次同行,难以用巧合解释",
        "was made together with {others}, and they meet more often than chance explains",
        ("co_visitors", "co_admitted"),
    ),
    "co_fillers": Link(
        "与另外{people}人的处方出自同一医师、在同一药店成批取药,每批多为同一批人",
        "was filled in one batch with prescriptions of one doctor for {others}; batches at this "
        "pharmacy hold the same people again and again",
        ("co_fillers",),
    ),
    "co_oversupplied": Link(
        "的医师或药店另有{people}人超量购药,远多于同类",
        "went through a doctor or shop that oversupplies {others}, far more than elsewhere",
        ("co_oversupplied",),
    ),
}
# Rule → measures of a visit that its sentence states.
_STATED = {
    "R001": ("days_since_death",), "R002": ("days_since_death",), "R003": ("days_since_death",),
    "R031": ("supply_days",),
    "R046": ("over_ceiling",), "R084": ("split_stay", "days_since_discharge"), "R090": ("overlapping_stay",),
    "R091": ("idle_days",), "R095": ("long_term_care_days",), "R101": ("no_sign_in_dialysis",),
    "R105": ("repeat_codes",), "R109": ("rx_overused",), "R112": ("two_places",),
    "R128": ("undeclared_accident",),
}  # fmt: skip
# Measures whose value of one visit is that of the flow of patients it belongs to.
_OF_FLOWS = (
    "steered_share",
    "incoming_referral_excess",
    "outgoing_referral_excess",
    "village_recruitment_excess_mean",
)
# Units that the name of a measure does not say already, in English.
_UNITS_WRITTEN = ("yuan", "days", "seconds", "yuan_per_day", "days_per_visit", "yuan_per_visit")
Sign = tuple[Measure, float, float | None]


@dataclass(frozen=True)
class FindingTold:
    """A finding of a rule: its name and what was found, in Chinese and English."""

    rule_id: str
    name: Texts
    found: Texts


@dataclass(frozen=True)
class SupportingRecord:
    """A visit to pull.

    Attributes:
        kind: of visit, key of KINDS.
        measure: what the reason measures, and its window; None for links to others and for a visit that is
            suspicious by itself.
        alone: the measure of the visit alone; None where no single visit makes it up.
        counts: the measure only counts visits.
        n: of a measure that counts visits by a column, visits of the count; else None.
        link: where the reason is a link to others, its kind (key of LINKS) and how many they are; else None.
        finding: where the reason is a rule's finding or its proof; else None.
        conduct: scheme that the visit is in dispute for, where it is not suspicious by itself, or beside a
            finding that disputes less than half of the money; else None.
        signs: what the visit shows by itself: measure, value, median of its peers.
        judged: where a closed case of its own has judged it, the outcome (clue_stas) and ISO day.
        days_of_claims: how many days the claims go back, where that is known.
        elsewhere: the other place that the measure or a sign is about (`reports.other_place_texts`), where it
            is about one.
    """

    kind: str
    measure: tuple[Measure, int | None] | None = None
    alone: float | None = None
    counts: bool = False
    n: int | None = None
    link: tuple[str, int] | None = None
    finding: FindingTold | None = None
    conduct: str | None = None
    signs: tuple[Sign, ...] = ()
    judged: tuple[str, str] | None = None
    days_of_claims: int | None = None
    elsewhere: Texts | None = None


def record_text(record: SupportingRecord) -> Texts:
    """Why a visit is there, in Chinese and English."""
    zh, en = _main_clause(record)
    signs = [sign for sign in record.signs if not _said_already(record, *sign)]
    if signs:
        joined = (
            "、".join(_sign(record.kind, *sign, "zh") for sign in signs),
            ", ".join(_sign(record.kind, *sign, "en") for sign in signs),
        )
        told = (record.finding, record.measure, record.link, record.conduct)
        alone = all(one is None for one in told)
        zh, en = zh + (":" if alone else ";") + joined[0], en + (": " if alone else "; ") + joined[1]
    if record.elsewhere:
        zh, en = f"{zh};{record.elsewhere[0]}", f"{en}; {record.elsewhere[1]}"
    judged_zh, judged_en = _judged(*record.judged) if record.judged else ("", "")
    return f"{zh}。{judged_zh}", f"{en}.{judged_en}"


def _judged(clue_stas: str, day: str) -> Texts:
    """What came of the visit's own case."""
    zh, en = VERDICTS[clue_stas]
    return f"此次就诊已于{day}结案:{zh}。", f" Its own case closed on {day}: {en}."


def _said_already(record: SupportingRecord, sign: Measure, value: float, _usual: float | None) -> bool:
    if record.finding and (sign.family == "rules" or sign.name in _STATED.get(record.finding.rule_id, ())):
        return True
    if record.measure and record.elsewhere and _about_same_place(record.measure[0], sign):
        return True
    if record.measure is None:
        return record.link is not None and sign.name in LINKS[record.link[0]].signs
    same = record.alone == value and record.measure[0].unit == sign.unit
    return same or (record.finding is not None and sign.family == record.measure[0].family)


def _about_same_place(measure: Measure, sign: Measure) -> bool:
    """Do a measure and a sign speak of the same thing elsewhere?"""
    return sign.name in OTHER_PLACE_OF and OTHER_PLACE_OF.get(measure.name) == OTHER_PLACE_OF[sign.name]


def _main_clause(record: SupportingRecord) -> Texts:
    visit = f"这次{KINDS[record.kind][0]}", f"This {KINDS[record.kind][1]}"
    if record.finding:
        return _found(visit, record.finding, record.conduct)
    if record.link is not None:
        kind, people = record.link
        others = f"{people:,} {unit_of(f'{people:,}', 'others')}"
        return (
            visit[0] + LINKS[kind].zh.format(people=people),
            f"{visit[1]} {LINKS[kind].en.format(others=others)}",
        )
    if record.conduct in CONDUCT:
        zh, en = CONDUCT[record.conduct]
        return visit[0] + zh, f"{visit[1]} {of_one(en)}"
    if record.measure is None and not record.signs:
        return f"{visit[0]}单项不突出,多项指标略偏离同类", f"{visit[1]} deviates slightly in several ways"
    if record.measure is None:
        return f"{visit[0]}本身可疑", f"{visit[1]} is suspicious by itself"
    return _measured(visit, record, *record.measure)


def _found(visit: Texts, told: FindingTold, conduct: str | None) -> Texts:
    (name_zh, name_en), (found_zh, found_en) = told.name, told.found
    more_zh, more_en = CONDUCT.get(conduct or "", ("", ""))
    return (
        f"{visit[0]}有规则 {told.rule_id}({name_zh})的疑点:{found_zh}"
        + (more_zh and f";争议金额主要因这次就诊{more_zh}"),
        f"{visit[1]} has a finding of rule {told.rule_id} ({name_en}): {found_en}"
        + (more_en and f"; most of the money is in dispute because it {of_one(more_en)}"),
    )


def _measured(visit: Texts, record: SupportingRecord, entry: Measure, days: int | None) -> Texts:
    """What the visit has to do with a measure of its subject."""
    (zh, en), (since_zh, since_en) = visit, period(days, record.days_of_claims)
    name = f"“{since_zh}{entry.zh}”", f'"{entry.en}{" " * bool(since_en)}{since_en}"'
    if record.alone is None:
        return (
            f"{name[0]}要把多次就诊合起来看,{zh}是同期最可疑的之一",
            f"{name[1][0]}{name[1][1].upper()}{name[1][2:]} shows in several visits together; "
            f"{en[0].lower()}{en[1:]} is among the most suspicious of its period",
        )
    if record.n and record.n > 1:
        shared = SHARED[entry.base.split("/")[1]]
        return (
            f"{zh}与另外{record.n - 1}次{shared[0]},共同构成{name[0]}",
            f"{en} is one of {record.n} {shared[1]}, which make up {name[1]}",
        )
    whole = entry.unit == "share" and record.alone == 1
    if record.counts or record.n or whole:
        return f"{zh}是{name[0]}所计的一次", f"{en} is one of those counted in {name[1]}"
    if entry.unit == "flag":
        return f"{zh}:{entry.zh}", f"{en}: {entry.en}"
    if entry.name in _OF_FLOWS:
        beyond = number(record.alone, entry.unit)
        return (
            f"{zh}属于{name[0]}所指的集中流向,这一流向超出通常的部分占{beyond}",
            f"{en} belongs to a flow counted in {name[1]}, of which {beyond} is beyond the usual",
        )
    return (
        f"{zh}计入{name[0]},本次为{measure_value(entry, record.alone, 'zh')}",
        f"{en} is counted in {name[1]}, with {measure_value(entry, record.alone, 'en')}",
    )


def _sign(kind: str, entry: Measure, value: float, usual: float | None, language: str) -> str:
    english = language == "en"
    name = entry.en if english else entry.zh
    sentence = contradiction(entry, value, kind)
    if sentence:
        return sentence[english]
    if entry.unit == "flag":
        return name
    text = f"{name} {_english(entry, value) if english else measure_value(entry, value, 'zh')}"
    if usual is None or is_missing(float(usual)):
        return text
    if english:
        return f"{text} (median of its peers {_english(entry, usual)})"
    return f"{text}(同类 {measure_value(entry, usual, 'zh')})"


def _english(entry: Measure, value: float) -> str:
    """A value in English; where the name says already what is counted, the number is enough."""
    if entry.unit in _UNITS_WRITTEN or is_missing(float(value)):
        return measure_value(entry, value, "en")
    return number(value, entry.unit)
