"""What happened, in one or two sentences: who did what, how often of how often, when, against what is usual,
and how much money is in dispute.

One template a kind of subject says who; one phrase a scheme (`reports.scheme_conduct`) says what.
"""

from dataclasses import dataclass

from features.measures.catalogue import Measure
from reports.contradictions import contradiction
from reports.formatting import measure_value, period, unit_of
from reports.languages import LANGUAGES, Texts
from reports.number_texts import yuan_text
from reports.reason_texts import by_mix, n_of_rows
from reports.scheme_conduct import CONDUCT, DURING_STAY, of_one
from reports.scheme_texts import dispute_name, mostly_disputed, scheme_name

# Kind of subject → what it did over the year: (Chinese, English); {n} visits, {persons}, {places}, in English
# with their nouns.
_DONE = {
    "hospital": ("近一年门诊、住院共{n}人次", "{visits} in the last year, stays included"),
    "pharmacy": ("近一年为{persons}人售药{n}人次", "{purchases} by {people} in the last year"),
    "prescriber": ("近一年为{persons}名患者看诊、开药共{n}人次", "{visits} by {patients} in the last year"),
    "patient": ("近一年在{places}家机构就诊、购药{n}次", "{visits} at {sites} in the last year"),
    "group": ("{persons}名成员近一年一同(或经同一医师、药店)就诊、购药{n}人次",
              "{members} made {n} linked visits in the last year"),
}  # fmt: skip
# The same where there were none in the year: those of a group that an honest reason explains do not count.
_NOTHING = dict.fromkeys(_DONE, ("近一年没有就诊", "No visits in the last year")) | {
    "group": ("{persons}名成员,近一年没有超出正常解释的一同就诊{excuse_zh}",
              "{members}, whose visits together all have an honest explanation{excuse_en}"),
}  # fmt: skip
# The same where what is in doubt lies before the year.
_BEFORE = _NOTHING | {
    "group": ("{persons}名成员近一年没有一同就诊", "{members} made no linked visits in the last year"),
}
# Said of visits that cost the fund nothing.
_UNPAID = (",费用由现金或个人账户支付", ", at no cost to the fund")
# Column of a visit → how a place or a doctor that visits share is told.
_SHARED = {"fixmedins_code": ("在{who}", "at {who}"), "dr_code": ("经医师{who}", "under doctor {who}")}
# Endings of names of measures that say that a number follows.
_NUMBERED = ("数", "比", "例", "额", "度", "率", "重", "值", ")")
# Kinds whose visits are counted with the people who make them.
_OF_PEOPLE = ("hospital", "pharmacy", "prescriber", "group")


@dataclass(frozen=True)
class Conduct:
    """The facts that a story is made of.

    Attributes:
        subject: kind of subject.
        scheme: named scheme; None where it is not decided.
        nearest: the schemes that come nearest, where none is named.
        visits, persons, places: of the last year; of a visit, its kind in words (`visit_words`).
        doubted, doubted_persons, doubted_days: visits in dispute for the named scheme (all of them, where
            none is named or none is for it), whose, on how many days.
        for_scheme: the visits in doubt are disputed for the named scheme; else for whatever else.
        unpaid: they cost the fund nothing, though others did.
        before: visits in dispute for the same before the last year, which are not counted, with the yuan in
            dispute.
        others: schemes that the other visits are in dispute for (of all of them, where none is named or none
            is for it), None for what has none of its own, with their number and the yuan in dispute.
        first, last: first and last day of them (ISO); None where there are none.
        disputed, paid: yuan of the fund in dispute, and paid for those visits.
        judged: yuan of those in dispute that decided cases have judged.
        begin_with: the day of them to look at first and how many it has; None where there are none.
        telling: the strongest measure with its window, value, the peers' median and how many rows a share is
            of; None without one.
        expected: what the subject's mix leads one to expect of it, which is then told instead of the median;
            None where that is not asked.
        peers: key of PEER_WORDS.
        excuse: of a group, the honest reason of its members to meet, in Chinese and English; empty without.
        person, place: of a visit, whose and where; of a doctor, where he practises.
        days_of_claims: how many days the claims go back, where that is known.
        shared: the place and the doctor that most of the visits in doubt have in common: column of a visit,
            name and code, number of visits.
        during_stay: of phantom bed stays, how many of the visits in doubt were made elsewhere during one, and
            what the finding of the dearest says of where and when the patient lay.
    """

    subject: str
    scheme: str | None
    nearest: tuple[str, ...]
    visits: int
    persons: int
    places: int
    doubted: int
    doubted_persons: int
    doubted_days: int
    others: tuple[tuple[str | None, int, float], ...]
    first: str | None
    last: str | None
    disputed: float
    paid: float
    begin_with: tuple[str, int] | None
    telling: tuple[Measure, int | None, float, float | None, float | None] | None
    peers: str
    visit_words: Texts = ("", "")
    excuse: Texts = ("", "")
    person: str = ""
    place: str = ""
    days_of_claims: int | None = None
    for_scheme: bool = True
    unpaid: bool = False
    before: tuple[int, float] = (0, 0.0)
    judged: float = 0.0
    shared: tuple[tuple[str, str, int], ...] = ()
    during_stay: tuple[int, Texts] = (0, ("", ""))
    expected: float | None = None


def story(conduct: Conduct) -> Texts:
    """The story in Chinese and English."""
    parts = [
        _done(conduct), _shared(conduct), _bed(conduct), _usual(conduct), _others(conduct), _money(conduct),
        _before(conduct), _judged(conduct), _first(conduct), _undecided(conduct),
    ]  # fmt: skip
    return "".join(zh for zh, _en in parts if zh), " ".join(en for _zh, en in parts if en)


def _done(c: Conduct) -> Texts:
    """Who did how much, and how much of it is in doubt."""
    if c.subject == "visit":
        return _visit(c)
    done = _DONE if c.visits else _BEFORE if c.doubted else _NOTHING
    zh, en = (text.format(**_given(c)) for text in done[c.subject])
    if c.subject == "prescriber" and c.place:
        zh, en = f"{c.place}医师,{zh}", f"Doctor at {c.place}: {en}"
    if not c.doubted:
        return f"{zh}。", f"{en}."
    unit = "人次" if c.subject in _OF_PEOPLE else "次"
    share = _share(c.doubted, c.visits)
    what_zh, what_en = _phrase(c, "", "")
    people = c.subject in _OF_PEOPLE and c.doubted_persons > 1
    of_zh = f",涉及{c.doubted_persons:,}人" if people else ""
    of_en = f"{c.doubted_persons:,} people" if people else ""
    span_zh, span_en = (_span(c, language) + _UNPAID[language == "en"] * c.unpaid for language in LANGUAGES)
    part_zh = f"{'其中' if c.visits else '此前'}{c.doubted:,}{unit}{share and f'({share})'}"
    part_en = f"{c.doubted:,} of them" if c.visits else f"before that, {c.doubted:,}"
    of_en = ", ".join(part for part in (share, of_en) if part)
    of_en = of_en and f" ({of_en})"
    if c.doubted == c.visits:
        part_zh, part_en = "均" if c.doubted > 1 else "", "all of them" if c.doubted > 1 else "it"
        of_en = f" ({c.doubted_persons:,} people)" if people else ""
    what_en = what_en or "are in doubt"
    what_en = of_one(what_en) if c.doubted == 1 else what_en
    return (
        f"{zh},{part_zh}{what_zh or '有疑点'}{of_zh}{span_zh}。",
        f"{en}; {part_en}{of_en} {what_en}{span_en}.",
    )


def _given(c: Conduct) -> dict[str, str]:
    """What stands for the names in _DONE and _NOTHING."""
    nouns = {
        "visits": c.visits, "purchases": c.visits, "people": c.persons, "patients": c.persons,
        "members": c.persons, "sites": c.places,
    }  # fmt: skip
    counted = {noun: f"{n:,} {unit_of(f'{n:,}', noun)}" for noun, n in nouns.items()}
    zh, en = c.excuse
    excuse = {"excuse_zh": zh and f"({zh})", "excuse_en": en and f": {en}"}
    return counted | excuse | {"n": f"{c.visits:,}", "persons": f"{c.persons:,}", "places": f"{c.places:,}"}


def _visit(c: Conduct) -> Texts:
    """A visit: when, whose, where, and what is in doubt; a contradiction has its own sentence."""
    zh, en = _phrase(c, ",", " ")
    en = f" {of_one(en.strip())}" if en else ""
    if c.telling and contradiction(c.telling[0], c.telling[2], c.peers):
        zh, en = "", " was billed"
    kind_zh, kind_en = c.visit_words
    whose_zh, whose_en = (f"参保人{c.person}", f" of {c.person}") if c.person else ("", "")
    where_zh, where_en = (f"在{c.place}", f" at {c.place}") if c.place else ("", "")
    day = c.first or ""
    return (
        f"{day}{',' if whose_zh else ''}{whose_zh}{where_zh}{kind_zh}{zh}。",
        f"The {kind_en}{whose_en}{where_en} on {day}{en or ' is in doubt'}.",
    )


def _shared(c: Conduct) -> Texts:
    """Where most of the visits in doubt led, and who signed them: the other end of a flow."""
    if not c.shared:
        return "", ""
    unit = "人次" if c.subject in _OF_PEOPLE else "次"
    parts_zh: list[str] = []
    parts_en: list[Texts] = []
    for column, who, n in c.shared:
        zh, en = (text.format(who=who) for text in _SHARED[column])
        parts_zh.append(_of_all(n, c.doubted, f"{n:,}{unit}", "均") + zh)
        parts_en.append((_of_all(n, c.doubted, f"{n:,} were", "all were"), en))
    return (
        f"这{c.doubted:,}{unit}{'' if c.shared[0][2] == c.doubted else '中,'}{','.join(parts_zh)}。",
        _shared_english(c, parts_en),
    )


def _shared_english(c: Conduct, parts: list[Texts]) -> str:
    """The sentence of how many visits in doubt were where: (how many, where) of each thing they share."""
    if all(n == c.doubted for _column, _who, n in c.shared):
        begin = "All of these were" if c.doubted > 1 else "It was"
        return f"{begin} {' and '.join(where for _n, where in parts)}."
    return f"Of these, {' and '.join(f'{n} {where}' for n, where in parts)}."


def _of_all(n: int, doubted: int, some: str, every: str) -> str:
    """How many of the visits in doubt; nothing of a single one."""
    return some if n < doubted else every if doubted > 1 else ""


def _bed(c: Conduct) -> Texts:
    """Where the patient lay when visits in doubt were made elsewhere: the stay is what is in doubt."""
    n, (zh, en) = c.during_stay
    if not n:
        return "", ""
    if n < c.doubted:
        return f"其中{n:,}次为住院期间在他院就医,如{zh}。", f"{n:,} of them during a stay elsewhere: {en}."
    return (f"如{zh}。", f"For example, {en}.") if n > 1 else (f"{zh}。", f"{en[0].upper()}{en[1:]}.")


def _others(c: Conduct) -> Texts:
    """What else is in dispute, or what the visits in doubt are disputed for where no scheme was told."""
    if not c.others:
        return "", ""
    zh = "、".join(f"{_other(c, s, 'zh')}{n:,}次({yuan_text(yuan, 'zh')})" for s, n, yuan in c.others)
    en = ", ".join(f"{_other(c, s, 'en')} ({n:,}, {yuan_text(yuan, 'en')})" for s, n, yuan in c.others)
    if c.scheme is None or not c.for_scheme:
        return f"上述疑点包括{zh}。", f"By scheme: {en}."
    if [scheme for scheme, _n, _yuan in c.others] == [None]:
        _none, n, yuan = c.others[0]
        en = f"{n:,} ({yuan_text(yuan, 'en')})"
    return f"另涉{zh}。", f"Other visits in dispute: {en}."


def _other(c: Conduct, scheme: str | None, language: str) -> str:
    """A scheme; what remains behind others may be of several."""
    if scheme is None and len(c.others) > 1:
        return "其余" if language == "zh" else "all others"
    return dispute_name(scheme, language)


def _phrase(c: Conduct, before_zh: str, before_en: str) -> Texts:
    """What the visits in doubt were; empty where no scheme is named or they are disputed for others."""
    if c.scheme is None or not c.for_scheme:
        return "", ""
    named = (f"疑似{scheme_name(c.scheme, 'zh')}", f"look like {scheme_name(c.scheme, 'en')}")
    during_stay = c.doubted and c.during_stay[0] == c.doubted
    zh, en = DURING_STAY if during_stay else CONDUCT.get(c.scheme, named)
    return before_zh + zh, before_en + en


def _share(part: int, whole: int) -> str:
    """A share in per cent; none where the visits reach further back than the whole is counted."""
    return f"{100 * part / whole:.0f}%" if whole >= 20 and whole / 100 <= part <= whole else ""


def _span(c: Conduct, language: str) -> str:
    if not c.first or c.first == c.last:
        return "" if not c.first else (f",在{c.first}" if language == "zh" else f", on {c.first}")
    if c.doubted_days == 2:
        return f",在{c.first}和{c.last}" if language == "zh" else f", on {c.first} and {c.last}"
    if language == "zh":
        return f",分布在{c.first}至{c.last}的{c.doubted_days:,}天"
    return f", on {c.doubted_days:,} dates from {c.first} to {c.last}"


def _usual(c: Conduct) -> Texts:
    """The strongest measure against what is usual."""
    if c.telling is None:
        return "", ""
    entry, days, value, median, rows = c.telling
    sentence = contradiction(entry, value, c.peers)
    if sentence:
        return f"{sentence[0]}。", f"{sentence[1][0].upper()}{sentence[1][1:]}."
    since_zh, since_en = period(days, c.days_of_claims)
    name_zh, name_en = f"{since_zh}{entry.zh}", f"{entry.en[0].upper()}{entry.en[1:]} {since_en}".strip()
    if entry.unit == "flag":
        return f"{name_zh},同类一般没有此情况。", f"{name_en}, which is unusual among its peers."
    zh, en = measure_value(entry, value, "zh"), measure_value(entry, value, "en")
    of_zh, of_en = n_of_rows((entry, days), value, rows)
    zh, en = zh + of_zh, en + of_en
    # A name that says what is counted takes a verb, one that says what was done takes its number.
    verb = "为" if name_zh.endswith(_NUMBERED) else ""
    if c.expected is not None:
        by_zh, by_en = by_mix(entry, c.expected)
        return f"{name_zh}{verb}{zh}{by_zh}。", f"{name_en}: {en}{by_en}."
    if median is None:
        return f"{name_zh}{zh}。", f"{name_en}: {en}."
    usual_zh, usual_en = measure_value(entry, median, "zh"), measure_value(entry, median, "en")
    if c.for_scheme and c.scheme in entry.schemes and value == c.doubted and c.subject != "visit":
        # The number has been stated, but not what it counts.
        return (
            f"同类{name_zh}通常为{usual_zh}。",
            f"{name_en}: median of its peers {usual_en}.",
        )
    return (
        f"{name_zh}{verb}{zh},同类通常为{usual_zh}。",
        f"{name_en}: {en}; median of its peers: {usual_en}.",
    )


def _money(c: Conduct) -> Texts:
    these_zh, these_en = ("本次", "this visit") if c.subject == "visit" else ("所涉就诊", "these visits")
    if not c.disputed and c.doubted and not c.paid:
        return "费用由现金或个人账户支付,统筹基金没有支付。", f"The fund paid nothing for {these_en}."
    if not c.disputed:
        return "目前没有列入争议的基金支付。", "Nothing that the fund paid is in dispute so far."
    zh, en = yuan_text(c.disputed, "zh"), yuan_text(c.disputed, "en")
    if yuan_text(c.paid, "zh") == zh:
        return (
            f"争议基金{zh},即{these_zh}的全部基金支付。",
            f"In dispute: {en}, all that the fund paid for {these_en}.",
        )
    return (
        f"争议基金{zh}({these_zh}基金共支付{yuan_text(c.paid, 'zh')})。",
        f"In dispute: {en} of the {yuan_text(c.paid, 'en')} that the fund paid for {these_en}.",
    )


def _before(c: Conduct) -> Texts:
    """What of the money lies before the year whose visits were counted."""
    n, yuan = c.before
    if not n or yuan < 0.5:
        return "", ""
    text = f"{n:,}"
    return (
        f"其中一年以前的{text}次,争议{yuan_text(yuan, 'zh')}。",
        f"Of that {yuan_text(yuan, 'en')} in {text} {unit_of(text, 'visits')} before that year.",
    )


def _judged(c: Conduct) -> Texts:
    """What of the money earlier cases have judged, so that it is not to be had again."""
    if c.judged < 0.5:
        return "", ""
    left = max(c.disputed - c.judged, 0.0)
    zh, en = (yuan_text(c.judged, language) for language in LANGUAGES)
    left_zh, left_en = (yuan_text(left, language) for language in LANGUAGES)
    return (
        f"其中{zh}已随既往案件结案,尚余{left_zh}。",
        f"Of it {en} were judged in closed cases; {left_en} remain.",
    )


def _first(c: Conduct) -> Texts:
    """Where to begin, where there is a choice."""
    if c.begin_with is None or c.doubted_days < 2:
        return "", ""
    (day, n), unit = c.begin_with, "人次" if c.subject in _OF_PEOPLE else "次"
    visits = "visit" if n == 1 else f"{n:,} visits"
    return f"建议先查{day}的{n:,}{unit}。", f"Begin with the {visits} of {day}."


def _undecided(c: Conduct) -> Texts:
    """That no scheme is named, and the one that most of the money is for, or the two nearest where the visits
    in doubt name none either; nothing of who did nothing that counts."""
    if c.scheme is not None or not c.visits:
        return "", ""
    mostly = mostly_disputed([(scheme, yuan) for scheme, _n, yuan in c.others])
    if mostly:
        return (
            f"疑似情形待定,争议以{scheme_name(mostly, 'zh')}为主。",
            f"No scheme stands out yet; the money is mostly for {scheme_name(mostly, 'en')}.",
        )
    near = [(scheme_name(s, "zh"), scheme_name(s, "en")) for s in c.nearest]
    # What the visits are in dispute for says more than signatures that do not stand.
    if not near or any(scheme for scheme, _n, _yuan in c.others):
        return "疑似情形待定。", "No scheme stands out yet."
    return (
        f"疑似情形待定,最接近{'、'.join(zh for zh, _en in near)}。",
        f"No scheme stands out yet; nearest: {', '.join(en for _zh, en in near)}.",
    )
