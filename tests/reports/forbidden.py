"""What must not stand on anything an inspector opens, and the texts of pages and workbooks to search.

`offences` takes one text; `page_offences`, `workbook_offences`, `reason_offences` and `run_offences` take
what a run writes. Each returns what is wrong with an excerpt, so that a test can say
`assert page_offences(page) == []`.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

import features  # noqa: F401  fills the catalogue
from features.measures.catalogue import CATALOGUE, measures_of
from reports.formatting import COUNTED_DAYS

# A duration above this is stated in months or years.
MOST_DAYS = 60
_MISSING = re.compile(r"(?<![\w-])(?:nan|NaN|NaT|None|null|<NA>|-?inf)(?![\w-])")
_MODEL = re.compile(r"对数几率|log-odds|\bSHAP\b|raw score", re.IGNORECASE)
# Every key of the product is in snake case; a setting is named where an operator has to set it.
_KEY = re.compile(r"(?<![\w./-])[a-z]+(?:_[a-z0-9]+)+(?![\w/])")
_SETTINGS = {"random_share"}
_FLOAT = re.compile(r"(?<![\w.])-?\d[\d,]*\.\d{3,}(?![\w.])")
_IDLE = re.compile(r"\d\.0(?=元|天|倍| yuan)")
# 第102天 is a day, not a duration.
_DURATION = re.compile(r"(?<![\w.,第-])(\d[\d,]*(?:\.\d+)?)\s?(天|小时|days?\b|hours?\b)")
# A place among fewer than five peers: the highest of four, above two of the three others.
_OF_FEW = re.compile(r"\b[1-4] 个同类中最|(?:high|low)est of [1-4]\b|其他 [1-3] 个同类中|of the [1-3] others")
# What a measure's name says already, or what needs no comparison.
_TAUTOLOGY = re.compile(r"死亡登记后天数 \d|Days after death: \d|详见规则疑点")
_THREE_YEARS = ("近三年", "in the last three years")
# Chinese characters and the punctuation that goes with them.
_CJK = re.compile("[\u3000-\u9fff\uff00-\uffef]")
# The first claims may be of a few days after three years ago.
_MONTHS_OF_THREE_YEARS = 36
_COUNTS = ("visits", "times", "sessions", "persons", "places", "boxes", "findings")
_HOURS = ("小时", "hour", "hours")


@cache
def _counts() -> re.Pattern[str]:
    """Names of the measures that count days of a calendar, which may be followed by any number of days."""
    named = [e for e in CATALOGUE.values() if e.name in COUNTED_DAYS]
    words = "|".join(re.escape(word) for e in named for word in (e.zh, e.en, e.en[1:]))
    return re.compile(rf"(?:{words})[^。;;]*(?:; median of [^。;;]*)?$")


def offences(text: str, before: str = "") -> list[str]:
    """What a text says that it must not; the text `before` it may name what its number counts."""
    found = [f"missing value: {_around(text, m)}" for m in _MISSING.finditer(text)]
    found += [f"model term: {_around(text, m)}" for m in _MODEL.finditer(text)]
    found += [f"internal key: {_around(text, m)}" for m in _KEY.finditer(text) if m[0] not in _SETTINGS]
    found += [f"idle decimal: {_around(text, m)}" for m in _IDLE.finditer(text)]
    found += [f"long fraction: {_around(text, m)}" for m in _FLOAT.finditer(text)]
    return found + [
        f"raw duration: {_around(text, m)}" for m in _DURATION.finditer(text) if _raw(text, m, before)
    ]


def _raw(text: str, found: re.Match[str], before: str) -> bool:
    amount = float(found[1].replace(",", ""))
    days = amount / 24 if found[2] in _HOURS else amount
    return days > MOST_DAYS and not _counts().search(f"{before} {text[: found.start()]}")


def _around(text: str, found: re.Match[str]) -> str:
    return text[max(found.start() - 30, 0) : found.end() + 15].replace("\n", " ")


class _Texts(HTMLParser):
    """The texts of a page that are seen: its title, its body, words of pictures."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style and data.strip():
            self.found.append(data.strip())


def texts_of_page(page: str) -> list[str]:
    """What a reader of an HTML page sees, text by text."""
    return _Texts(page).found


def texts_of_workbook(path: Path) -> list[str]:
    """What a reader of a workbook sees: titles of sheets and cells as their number format shows them."""
    book = openpyxl.load_workbook(path)
    cells = [
        cell for sheet in book.worksheets for row in sheet.rows for cell in row if cell.value is not None
    ]
    return [*book.sheetnames, *(_shown(cell.value, cell.number_format) for cell in cells)]


def _shown(value: Any, number_format: str) -> str:
    """A cell's value as its format shows it; without a format a fraction shows all its digits."""
    decimals = re.search(r"\.(0+)", number_format)
    if isinstance(value, float) and (decimals or number_format != "General"):
        return f"{value:,.{len(decimals[1]) if decimals else 0}f}"
    return str(value)


def cjk_in(texts: Iterable[str], names: re.Pattern[str] | None = None) -> list[str]:
    """English texts that say something in Chinese besides names that the data hold (`names_of`)."""
    bare = ((text, names.sub("", text) if names else text) for text in texts)
    return [f"Chinese in English: {text}" for text, without in bare if _CJK.search(without)]


def names_of(run: Path) -> re.Pattern[str]:
    """The names of items and institutions in the claims of a run's store, the longest first, because one may
    hold another."""
    tables = {"hilist_b": "hilist_name", "fixmedins_b": "fixmedins_name"}
    found: set[str] = set()
    for table, column in tables.items():
        for file in run.parents[1].glob(f"claims-*/{table}/**/*.parquet"):
            found.update(pd.read_parquet(file, columns=[column])[column].dropna())
    return re.compile("|".join(re.escape(name) for name in sorted(found, key=len, reverse=True)) or "(?!)")


def _english_offences(run: Path, reasons: list[dict[str, Any]], stories: Iterable[str]) -> list[str]:
    """What dossiers, reasons and stories in English say in Chinese besides names of the data."""
    names = names_of(run)
    found = [
        f"{path.name}: {offence}"
        for path in sorted(run.rglob("*.en.html"))
        for offence in cjk_in(texts_of_page(path.read_text(encoding="utf-8")), names)
    ]
    evidence = pd.read_parquet(run / "evidence.parquet", columns=["why_en"])["why_en"].dropna()
    hits = pd.read_parquet(run / "rule_hits.parquet", columns=["vola_cont_en"])["vola_cont_en"].dropna()
    texts = [*stories, *(reason["text_en"] for reason in reasons), *evidence.unique(), *hits.unique()]
    return found + cjk_in(texts, names)


def page_offences(page: str) -> list[str]:
    """What an HTML page shows that it must not."""
    texts = texts_of_page(page)
    return [
        found for before, text in zip(["", *texts], texts, strict=False) for found in offences(text, before)
    ]


def workbook_offences(path: Path) -> list[str]:
    """What a workbook shows that it must not."""
    return [found for text in texts_of_workbook(path) for found in offences(text)]


def reason_offences(reason: Mapping[str, Any]) -> list[str]:
    """What is wrong with a reason of a suspect: its texts, or where its value stands.

    The last only where the reason is of a measure and states a median of the peers.
    """
    found = [o for key in ("text_zh", "text_en") for o in offences(reason[key])]
    column, value, median = reason["code"].partition(".")[2], reason["value"], reason["peer_median"]
    direction = _directions().get(column)
    if direction is not None and value is not None and median is not None and not pd.isna(median):
        if direction * (value - median) <= 0:
            found.append(f"not beyond the peers' median: {reason['text_zh']}")
        if _OF_FEW.search(" ".join(_texts(reason))):
            found.append(f"a place among a few: {reason['text_zh']}")
    found += [f"tautology: {text}" for text in _texts(reason) if _TAUTOLOGY.search(text)]
    if reason["contribution"] < 0:
        found.append(f"in the subject's favour: {reason['text_zh']}")
    return found


def _texts(reason: Mapping[str, Any]) -> Iterable[str]:
    return reason["text_zh"], reason["text_en"]


@cache
def _directions() -> dict[str, int]:
    """Column → suspicious direction, where it is the same for every kind of subject."""
    found: dict[str, set[int]] = {}
    for entry in CATALOGUE.values():
        for column in entry.columns():
            found.setdefault(column, set()).add(entry.direction)
    return {column: next(iter(signs)) for column, signs in found.items() if len(signs) == 1}


def run_offences(run: Path) -> list[str]:
    """What is wrong with the pages, the workbook and the reasons of a run's folder, each with its file."""
    found = [
        f"{path.name}: {offence}"
        for path in sorted(run.rglob("*.html"))
        for offence in page_offences(path.read_text(encoding="utf-8"))
    ]
    found += [f"suspects.xlsx: {offence}" for offence in workbook_offences(run / "suspects.xlsx")]
    suspects = pd.read_parquet(run / "suspects.parquet", columns=["reasons", "story_zh", "story_en"])
    texts = [text for name in ("story_zh", "story_en") for text in suspects[name].dropna()]
    found += [f"story: {offence}" for text in texts for offence in offences(text)]
    reasons = [reason for row in suspects["reasons"] for reason in row]
    found += [f"reason: {offence}" for reason in reasons for offence in reason_offences(reason)]
    found += _english_offences(run, reasons, suspects["story_en"].dropna())
    return found + _window_offences(run, reasons) + _record_offences(run)


def _window_offences(run: Path, reasons: list[dict[str, Any]]) -> list[str]:
    """Reasons on a window that is longer than the claims go back."""
    months = pd.read_parquet(run / "supervision.parquet", columns=["month"])["month"]
    if months.empty or _months_back(run, str(months.min())) >= _MONTHS_OF_THREE_YEARS:
        return []
    texts = (text for reason in reasons for text in _texts(reason))
    return [f"reason: longer than the data: {text}" for text in texts if any(w in text for w in _THREE_YEARS)]


def _months_back(run: Path, first: str) -> int:
    return int((pd.Period(run.name, "M") - pd.Period(first, "M")).n)


def _record_offences(run: Path) -> list[str]:
    """Papers under a reason that says that there is too little of something: none can show that."""
    suspects = pd.read_parquet(run / "suspects.parquet", columns=["subject_type", "subject_id", "reasons"])
    evidence = pd.read_parquet(run / "evidence.parquet", columns=["subject_type", "subject_id", "nth"])
    papers = evidence.dropna().groupby(["subject_type", "subject_id"])["nth"].unique()
    reasons_of = suspects.set_index(["subject_type", "subject_id"])["reasons"]
    return [
        f"paper for too few: {reasons_of[subject][int(nth) - 1]['text_zh']}"
        for subject, numbers in papers.items()
        for nth in numbers
        if _of_too_few(subject[0], reasons_of[subject][int(nth) - 1]["code"])
    ]


def _of_too_few(subject: str, code: str) -> bool:
    """Does a reason say that something was counted too seldom?"""
    entry = measures_of(subject).get(code.partition(".")[2])
    return entry is not None and entry[0].direction < 0 and entry[0].unit in _COUNTS
