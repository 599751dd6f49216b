"""Pseudonyms for demonstrations: pages and sheets without a name or number of anybody."""

import hashlib
import re
from collections.abc import Iterable

import pandas as pd

_TOKEN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PART = re.compile(r"[A-Za-z0-9_]+")
_LONG = re.compile(r"[0-9]{18,}")
_DIGITS = 8


class Mask:
    """Replaces known identifiers, the same one always by the same pseudonym within a run.

    Args:
        identifiers: of persons, doctors, institutions (also their names), visits, settlements and lines; none
            to show all as it is.
        salt: of the run, so that pseudonyms of two runs cannot be joined.
    """

    def __init__(self, identifiers: Iterable[str], salt: str):
        self.known, self.salt = frozenset(identifiers), salt
        phrases = sorted((k for k in self.known if not _TOKEN.fullmatch(k)), key=lambda k: (-len(k), k))
        self._phrases = re.compile("|".join(map(re.escape, phrases))) if phrases else None

    def __call__(self, text: str) -> str:
        """A text with its identifiers replaced."""
        if not self.known:
            return text
        if self._phrases:
            text = self._phrases.sub(lambda found: self.one(found[0]), text)
        return _TOKEN.sub(self._token, text)

    def _token(self, found: re.Match[str]) -> str:
        """A word with its identifiers replaced, be it one or several joined by dots and dashes."""
        word = found[0]
        return self.one(word) if word in self.known else _PART.sub(lambda part: self.one(part[0]), word)

    def one(self, identifier: str) -> str:
        """The pseudonym of an identifier, or of a number so long that it can be nothing else (a trace code, a
        receipt); other words stay as they are."""
        if identifier not in self.known and not (self.known and _LONG.fullmatch(identifier)):
            return identifier
        digest = hashlib.sha256(f"{self.salt}|{identifier}".encode()).hexdigest()
        return f"X{digest[:_DIGITS]}"

    def columns(self, frame: pd.DataFrame, *names: str) -> pd.DataFrame:
        """A frame whose identifiers in these columns are replaced."""
        return frame.assign(
            **{name: frame[name].map(self.one, na_action="ignore") for name in names if name in frame}
        )

    def texts(self, frame: pd.DataFrame, *names: str) -> pd.DataFrame:
        """A frame without identifiers in the sentences of these columns."""
        if not self.known:
            return frame
        return frame.assign(**{name: frame[name].map(self, na_action="ignore") for name in names})

    def names(self, names: pd.Series) -> pd.Series:
        """Names by identifier → pseudonyms by both the identifier and its pseudonym."""
        if not self.known:
            return names
        shown = names.index.map(self.one)
        return pd.Series(list(shown) * 2, [*names.index, *shown]).groupby(level=0).first()
