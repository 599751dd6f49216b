"""That a suspect was inspected before, what came of it, and what is new since."""

from typing import NamedTuple

from reports.formatting import unit_of
from reports.languages import text_in
from reports.number_texts import yuan_text
from reports.scheme_texts import scheme_name
from reports.subject_words import PENDING, VERDICTS


class LastCase(NamedTuple):
    """The last case of a subject.

    Attributes:
        clue_stas: its outcome; PENDING while the case is open.
        close_date: ISO day; empty where it is not known.
        scheme: what was established, where that is recorded.
        visits, yuan: in dispute that began after it closed.
    """

    clue_stas: str
    close_date: str
    scheme: str | None
    visits: int
    yuan: float


def last_case_text(case: LastCase, language: str) -> str:
    """One sentence for the head of a dossier."""
    english = language == "en"
    if case.clue_stas == PENDING:
        return "A case is open." if english else "已立案,尚未结案。"
    verdict = text_in(language, VERDICTS[case.clue_stas])
    scheme = scheme_name(case.scheme, language) if case.scheme else ""
    yuan, n = yuan_text(case.yuan, language), f"{case.visits:,}"
    if english:
        of_what = f" ({scheme})" if scheme else ""
        since = f"in dispute since: {n} {unit_of(n, 'visits')}, {yuan}" if case.visits else "nothing since"
        return f"Inspected before, {verdict} on {case.close_date}{of_what}; {since}."
    of_what = f"({scheme})" if scheme else ""
    since = f"其后新增有争议的就诊{n}次,{yuan}" if case.visits else "其后无新增争议"
    return f"{case.close_date}曾核查,结果为{verdict}{of_what};{since}。"
