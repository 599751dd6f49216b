"""A suspect's dossier: one page that an inspector takes along, in Chinese or English, that prints well.

Everything stands in the page itself, pictures too; it loads nothing and runs nothing.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from features.comparison.peer_groups import PEER_WORDS
from features.disputed_amounts import ON_RECORD
from reports.dispute_basis import dispute_basis
from reports.dossier_words import WORDS
from reports.languages import LANGUAGES, text_in
from reports.last_case import LastCase, last_case_text
from reports.masking import Mask
from reports.profile_words import profile
from reports.reason_texts import Reason
from reports.reasons import is_weak
from reports.scheme_conduct import shown_as
from reports.scheme_texts import (
    dispute_name,
    honest,
    mostly_disputed,
    on_site,
    scheme_name,
    scheme_or_pending,
)
from reports.subject_charts import Strip, strips
from reports.subject_words import VERDICTS, severity_word, subject_word
from reports.templates import render, render_body

_TEMPLATE = "dossier.html.j2"
# Rows of evidence and of findings on the page.
EVIDENCE_ROWS, FINDING_ROWS = 15, 12
# Doctors of an institution on the page.
DOCTORS = 5
# Visits to begin with on the page.
FIRST_ROWS = 20
# Earlier runs whose ranks the page shows.
RUNS = 10
# How many schemes the page says what to check on site for.
SCHEMES_SHOWN = 3
# Ends of the first clause of a reason, which says what it is about; a comma within a number ends none.
_CLAUSE_ENDS = re.compile(r";|(?<!\d),|,(?!\d)")
# An explanation that fits fewer visits than this share does not fit; fewer than that, in part only.
PART_FROM, FITS_FROM = 0.1, 0.5
# Of a visit's place and person, the one that is not the suspect already: key of WORDS.
_CONCERNED = {"patient": "place", "hospital": "person", "pharmacy": "person"}
Record = dict[str, Any]


@dataclass(frozen=True)
class Dossier:
    """What is known of a suspect.

    Attributes:
        peers: key of PEER_WORDS; None where it is not known.
        peers_count: how many they are, with the suspect.
        of: how many subjects of this kind were ranked.
        ward: the institution or the doctor has patients who stay.
        random_sample: it is visited because it was drawn at random, whatever its rank.
        history: earlier runs, oldest first: as-of date, rank, score.
        last_case: of whoever was inspected before; else None.
        reasons: as the contract spells them, strongest first.
        favourable: what is in the subject's favour, spelled as reasons.
        strips: where the subject stands among its peers, a strip a reason that has a number.
        pictures: calendar, weeks or network.
        lanes_left: institutions or members that the calendar has no room for.
        hub: of a group, the member who holds it together; else None.
        through: of a group, (kind of subject, code and name, share of its linked visits) of the doctors and
            institutions that much of it goes through.
        link_kind: of a group, what links its members: co_visit or drug_resale; else None.
        profile: what is known of it (`reports.profile_words.profile`).
        story: what happened, in Chinese and English; empty where there is none.
        money: scheme, visits, yuan in dispute, yuan paid for the visits; each visit once.
        doctors: of an institution, whoever saw or prescribed, with visits and yuan in dispute; most first.
        supporting_records: number of the reason → mdtrt_id, setl_id, lines, day, place, person, amount, why,
            why_en of what to pull for it.
        first_visits: mdtrt_id, day, place, person, amount, disputed of the visits that the story tells to
            begin with; most in dispute first.
        members: of a group, all of them.
        evidence: mdtrt_id, setl_id, day, place, person, amount, scheme, why, why_en; the first of those that
            serve no reason but are suspicious by themselves.
        evidence_count: how many visits there are besides those under a reason.
        findings: rule_id, rule_name, rule_en (its English name), sev_deg, n, amount, example, example_en,
            basis, basis_en; by rule.
        innocent: (Chinese, English) explanation, visits in evidence it fits, of how many; 0 where it is
            judged of the whole.
        similar: subject_id, clue_stas, close_date, scheme, likeness (0 to 1).
        origin: run, as_of, claims, model.
    """

    subject: str
    subject_id: str
    name: str
    peers: str | None
    peers_count: int
    rank: int
    of: int
    score: float
    amount: float
    scheme: str | None
    ward: bool
    random_sample: bool
    history: Sequence[tuple[str, int, float]]
    last_case: LastCase | None
    reasons: Sequence[Reason]
    favourable: Sequence[Reason]
    strips: Sequence[Strip]
    pictures: Mapping[str, Markup]
    lanes_left: int
    hub: str | None
    through: Sequence[tuple[str, str, float]]
    link_kind: str | None
    profile: Mapping[str, Any]
    story: tuple[str, str]
    money: Sequence[tuple[str | None, int, float, float]]
    doctors: Sequence[tuple[str, int, float]]
    supporting_records: Mapping[int, Sequence[Record]]
    first_visits: Sequence[Record]
    members: Sequence[str]
    evidence: Sequence[Record]
    evidence_count: int
    findings: Sequence[Record]
    innocent: Sequence[tuple[str, str, int, int]]
    similar: Sequence[Record]
    origin: Mapping[str, str]


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
    return render(_TEMPLATE, **_printed(dossier, language))


def body(dossier: Dossier, language: str, blind: bool = False, partial: bool = False) -> str:
    """The dossier without head and foot, for the console.

    Args:
        blind: leave out rank, score and their history, so that nobody tells who was drawn at random.
        partial: leave out what was not looked into rather than say that nothing was found, and of visits the
            day, place and person.
    """
    return render_body(_TEMPLATE, **_printed(dossier, language, blind, partial))


def _printed(dossier: Dossier, language: str, blind: bool = False, partial: bool = False) -> dict[str, Any]:
    """What the template prints."""
    words = WORDS[language]
    first_visits = dossier.first_visits if _begins_with(dossier) else []
    return dict(
        d=dossier,
        blind=blind,
        partial=partial,
        language=language,
        words=words,
        strips=strips(dossier.strips, language) if dossier.strips else None,
        kind=subject_word(dossier.subject, language),
        through=[
            (subject_word(kind, language), name, f"{share:.0%}") for kind, name, share in dossier.through
        ],
        peers=text_in(language, PEER_WORDS[dossier.peers]) if dossier.peers else None,
        story=text_in(language, dossier.story),
        profile=profile(dossier.profile, language),
        scheme=_scheme(dossier, language),
        first_visits=first_visits[:FIRST_ROWS],
        first_left=max(len(first_visits) - FIRST_ROWS, 0),
        findings=dossier.findings[:FINDING_ROWS],
        findings_left=max(len(dossier.findings) - FINDING_ROWS, 0),
        picture_notes=_picture_notes(dossier, words),
        doctors=dossier.doctors[:DOCTORS],
        schemes=[
            (
                _told_with(s, dossier, language),
                dispute_basis(s, language, disputed < paid - 0.5),
                n,
                disputed,
                paid,
            )
            for s, n, disputed, paid in dossier.money
        ],
        last_case=last_case_text(dossier.last_case, language) if dossier.last_case else "",
        weak=any(map(is_weak, dossier.reasons)),
        on_site=_on_site(dossier, language),
        text=f"text_{language}",
        in_short=lambda reason: _CLAUSE_ENDS.split(reason)[0],
        rule=text_in(language, ("rule_name", "rule_en")),
        example=text_in(language, ("example", "example_en")),
        basis=text_in(language, ("basis", "basis_en")),
        severity=lambda word: severity_word(word, language),
        why=text_in(language, ("why", "why_en")),
        whom=_CONCERNED.get(dossier.subject, "both"),
        concerned=lambda row: _concerned(dossier.subject, row),
        scheme_name=lambda scheme: scheme_name(scheme, language),
        verdict=lambda status: text_in(language, VERDICTS[status]),
        fitting=[
            (text_in(language, (zh, en)), words["fits"][_fit(n, of) - 1], n, of)
            for zh, en, n, of in dossier.innocent
            if _fit(n, of)
        ],
        on_record=dossier.scheme in ON_RECORD and not dossier.innocent,
        not_fitting=[text_in(language, (zh, en)) for zh, en, n, of in dossier.innocent if not _fit(n, of)],
    )


def _picture_notes(dossier: Dossier, words: Mapping[str, Any]) -> dict[str, str]:
    """What the colours and lines of each picture say, and how many rows it has no room for."""
    notes = {"weeks": words["weeks_note"]}
    if dossier.subject in words["calendar_note"]:
        left = dossier.lanes_left
        more = words["more_lanes"][dossier.subject].format(n=left) if left else ""
        notes["calendar"] = f"{words['calendar_note'][dossier.subject]} {more}".strip()
    if dossier.link_kind:
        notes["network"] = words["network_note"][dossier.link_kind]
    return notes


def _begins_with(dossier: Dossier) -> bool:
    """Is there a day to begin with, for there are others besides?"""
    return len(dossier.first_visits) < sum(row[1] for row in dossier.money)


def _told_with(scheme: str | None, dossier: Dossier, language: str) -> str:
    """A scheme that money is in dispute for, and that the story tells it with the named one."""
    name, named = dispute_name(scheme, language), dossier.scheme
    if scheme not in shown_as(dossier.subject, named):
        return name
    return f"{name}(情况说明计入{named})" if language == "zh" else f"{name} (told with {named})"


def _scheme(dossier: Dossier, language: str) -> str:
    """The named scheme; where none is decided, what most of the money is in dispute for."""
    mostly = mostly_disputed([(row[0], row[2]) for row in dossier.money])
    pending = scheme_or_pending(dossier.scheme, language)
    if dossier.scheme or mostly is None:
        return pending
    name = scheme_name(mostly, language)
    return f"{pending}(争议以{name}为主)" if language == "zh" else f"{pending} (money mostly for {name})"


def _fit(n: int, of: int) -> int:
    """Does an explanation fit hardly any, a part or most of the visits: 0, 1 or 2."""
    if not n or n < of * PART_FROM:
        return 0
    return 1 if n < of * FITS_FROM else 2


def _concerned(subject: str, row: Record) -> str:
    """Of a visit, whom it concerns besides the suspect."""
    place, person = row["place"], row["person"]
    named: dict[str, str] = {"place": place, "person": person}
    return named.get(_CONCERNED.get(subject, "both"), f"{place} / {person}")


def _on_site(dossier: Dossier, language: str) -> list[tuple[str, str, str]]:
    """What to check on site and what would be honest, for the suspected scheme and those that evidence
    speaks for."""
    schemes = [dossier.scheme, *(row[0] for row in dossier.money)]
    named: list[str | None] = list(dict.fromkeys(s for s in schemes if isinstance(s, str)))
    return [
        (scheme_name(s, language), on_site(s, language, dossier.subject, dossier.ward), honest(s, language))
        for s in named[:SCHEMES_SHOWN] or [None]
    ]
