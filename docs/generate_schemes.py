"""The schemes as a page: `python docs/generate_schemes.py > docs/schemes.md` (or `make docs`)."""

from generate import TITLES
from pages import row

import features
import features.rules  # noqa: F401  enters the rules
from features.measures.catalogue import CATALOGUE, SUBJECTS
from features.rules.declaration import rules_of_scheme
from reports.scheme_texts import HONEST, SCHEMES

HEAD = """\
# Schemes

Written by `docs/generate_schemes.py` from `reports/scheme_texts.py`, the catalogue of measures and the audit
rules; a test keeps it up to date. Ids M01-M50 are our own numbering of conduct named in public notices, the
national models and problem lists (医保函〔2025〕2号). What looks like a scheme and is **honest** is in
the dossier with what to check on site.

| scheme | 名称 | name | measures | rules | honest | 正常解释 |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(map(_row, SCHEMES)) + "\n"


def _row(scheme: str) -> str:
    zh, en = SCHEMES[scheme]
    honest_zh, honest_en = HONEST.get(scheme, ("", ""))
    return row(scheme, zh, en, _measures(scheme), _rules(scheme), honest_en, honest_zh)


def _measures(scheme: str) -> str:
    """How many measures of each kind of subject are evidence of a scheme, in the order of SUBJECTS."""
    speaking = [entry.subject for entry in CATALOGUE.values() if scheme in entry.schemes]
    counts = {subject: speaking.count(subject) for subject in SUBJECTS}
    return ", ".join(f"{n} of {TITLES[subject].lower()}" for subject, n in counts.items() if n)


def _rules(scheme: str) -> str:
    return " ".join(rules_of_scheme(scheme))


if __name__ == "__main__":
    print(page(), end="")
