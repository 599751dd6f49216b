"""Identifiers on a page: replaced by pseudonyms where somebody may not see them, and linked to where they
lead.

A page is made whole, from the same templates as the files; then every word of it that the run knows as an
identifier is looked at once.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from html import escape, unescape

from console.run_reader import Run
from console.tokens import salt
from reports.masking import Mask
from reports.subject_words import SUBJECT_WORDS

_TAG = re.compile(r"(<[^>]*>)")
_WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
# A number so long is an identifier, even if the run does not know it.
_LONG = re.compile(r"\d{9,}")
_PLACES = ("hospital", "pharmacy")
# Codes of areas are as long as identifiers.
AREA = "area"
_KNOWN = f"""
WITH words AS (SELECT unnest($words::VARCHAR[]) AS id),
known AS (
    SELECT subject_id AS id, subject_type AS kind FROM read_parquet($suspects)
    UNION ALL SELECT mdtrt_id, '' FROM read_parquet($evidence)
    UNION ALL SELECT setl_id, '' FROM read_parquet($evidence)
    UNION ALL SELECT bkkp_sn, '' FROM read_parquet($evidence)
    UNION ALL SELECT member_id, '' FROM read_parquet($members)
    UNION ALL SELECT DISTINCT area, '{AREA}' FROM read_parquet($directory)
    UNION ALL SELECT unnest([psn_no, dr_code, mdtrt_id, setl_id, bkkp_sn]), '' FROM read_parquet($hits)
)
SELECT k.id, max(k.kind) AS kind, max(d.area) AS area, max(d.name) AS name
FROM known k SEMI JOIN words w ON w.id = k.id
LEFT JOIN read_parquet($directory) d ON d.subject_id = k.id AND d.subject_type = k.kind
GROUP BY k.id
"""


_NAMED = """SELECT subject_id AS id, subject_type AS kind, area, name FROM read_parquet($directory)
    WHERE contains($text, name)"""


class Shown(Enum):
    """Which identifiers somebody sees."""

    NONE = "none"
    PLACES = "places"
    ALL = "all"


@dataclass(frozen=True)
class Identifier:
    """What the run knows of an identifier; ``kind`` is empty where it names no listed subject."""

    kind: str
    area: str | None
    name: str | None


# The address of a subject, by kind, identifier and area; None where it leads nowhere.
Link = Callable[[str, str, str | None], str | None]


def known_in(run: Run, text: str) -> dict[str, Identifier]:
    """The identifiers of the run that a page names, and the institutions that it names without their code."""
    words = {unescape(word) for part in _texts(text) for word in _WORD.findall(part)}
    pieces = {piece for word in words for piece in re.split(r"[.-]", word)}
    files = {
        "suspects": "suspects",
        "evidence": "evidence",
        "members": "group_members",
        "hits": "rule_hits",
        "directory": "directory",
    }
    values = {name: run.table(table) for name, table in files.items()}
    rows = run.rows(_KNOWN, {**values, "words": sorted(words | pieces)})
    rows += run.rows(_NAMED, {"directory": values["directory"], "text": text})
    return {row["id"]: Identifier(row["kind"], row["area"], row["name"]) for row in rows}


def hidden(subject_id: str, kind: str, shown: Shown) -> str:
    """An identifier as somebody may see it."""
    if shown is Shown.ALL or kind == "group" or (shown is Shown.PLACES and kind in (*_PLACES, AREA)):
        return subject_id
    return Mask({subject_id}, salt()).one(subject_id)


@lru_cache(maxsize=8)
def by_pseudonym(run: Run, kind: str) -> dict[str, list[str]]:
    """The identifiers of a list by the pseudonyms under which pages show them."""
    sql = "SELECT subject_id FROM read_parquet($suspects) WHERE subject_type = $kind"
    found: dict[str, list[str]] = {}
    for row in run.rows(sql, {"suspects": run.table("suspects"), "kind": kind}):
        found.setdefault(hidden(row["subject_id"], kind, Shown.NONE), []).append(row["subject_id"])
    return found


def rewritten(
    text: str, known: dict[str, Identifier], shown: Shown, link: Link, more: Iterable[str] = ()
) -> str:
    """A page with its identifiers as somebody may see them, each that is a subject linked to its page.

    Args:
        more: identifiers that are not in the run's tables.
    """
    found = {word: Identifier("", None, None) for word in more} | known
    names = sorted({i.name for i in found.values() if i.name}, key=len, reverse=True)
    hide = re.compile("|".join(map(re.escape, names))) if names and shown is Shown.NONE else None
    by_name = {identifier.name: word for word, identifier in found.items() if identifier.name}

    def one(word: str) -> str:
        identifier = found.get(word)
        if identifier is None:
            return hidden(word, "", shown) if _LONG.search(word) else word
        label = escape(hidden(word, identifier.kind, shown))
        target = link(identifier.kind, word, identifier.area) if identifier.kind in SUBJECT_WORDS else None
        return f'<a href="{target}">{label}</a>' if target else label

    def word_of(match: re.Match[str]) -> str:
        word = match[0]
        if word in found:
            return one(word)
        return "".join(piece if piece in ".-" else one(piece) for piece in re.split(r"([.-])", word))

    def text_of(part: str) -> str:
        if hide:
            part = hide.sub(lambda name: hidden(by_name[name[0]], "", shown), part)
        return _WORD.sub(word_of, part)

    return "".join(part if part.startswith("<") else text_of(part) for part in _TAG.split(text))


def _texts(text: str) -> list[str]:
    return [part for part in _TAG.split(text) if not part.startswith("<")]
