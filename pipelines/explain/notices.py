"""Part of the step that explains: what an institution may be shown of its own findings."""

import re
from collections.abc import Iterator

import ibis
import pandas as pd
from ibis import _

from claims.as_of import institutions_closed, judged_visits
from features.rules.declaration import RULES
from features.rules.legal_basis import institution_basis
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch

# What stands in a sentence in place of another institution's code, by column.
OTHERS = {"vola_cont": "其他机构", "vola_cont_en": "another institution"}
_COLUMNS = ["rule_id", "rule_name", "sev_deg", "day", "mdtrt_id", "bkkp_sn", "vola_amt", *OTHERS]


def notices(
    snapshot: Snapshot, codes: list[str], names: pd.Series, least: float, cases: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Findings of each of some institutions that no case has judged yet, latest first; codes of other
    institutions are replaced by OTHERS.

    Args:
        codes: institutions.
        cases: of `claims.as_of.last_cases`, decided: what an institution did up to its last case, and visits
            with one of their own, are judged.
        names: of all institutions, by code.
        least: findings of an institution that add up to less (yuan of the fund) bring no notice.

    Yields:
        Code, and rule_id, rule_name, rule_en (its English name), sev_deg, day, mdtrt_id, bkkp_sn, vola_amt,
        vola_cont, vola_cont_en, basis, basis_en (as they bind an institution); institutions without findings
        are left out.
    """
    hits = snapshot.rules.hits.filter(_.fixmedins_code.isin(codes))
    days = snapshot.facts.select("mdtrt_id", day=_.day.strftime("%Y-%m-%d"))
    rows = hits.inner_join(days, "mdtrt_id").order_by("fixmedins_code", ibis.desc("day"), "rule_id", "jr_id")
    found = _unjudged(fetch(rows.select("fixmedins_code", *_COLUMNS)), cases)
    # Longest first, because one code may begin another; a name stands before its code (`place_name`).
    known = sorted(names.items(), key=lambda one: len(str(one[0])), reverse=True)
    any_code = re.compile("|".join(_as_written(str(code), str(name)) for code, name in known))
    for code, own in found.groupby("fixmedins_code"):
        if own.vola_amt.sum() < least:
            continue
        told = {
            column: _without_others(own[column], any_code, str(code), others)
            for column, others in OTHERS.items()
        }
        yield str(code), _with_rules(own[_COLUMNS].assign(**told))


def _unjudged(found: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Findings of visits after the institution's last closed case and without one of their own."""
    last = institutions_closed(cases).reindex(found.fixmedins_code).to_numpy()
    judged: pd.Series = found.mdtrt_id.isin(judged_visits(cases).index) | (pd.to_datetime(found.day) <= last)
    return found[~judged]


def _with_rules(own: pd.DataFrame) -> pd.DataFrame:
    """Findings with the English names of their rules, and the basis in both languages."""
    rules = [RULES[rule_id] for rule_id in own.rule_id]
    bases = [institution_basis(entry.article) for entry in rules]
    return own.assign(
        rule_en=[entry.en for entry in rules], basis=[zh for zh, _en in bases],
        basis_en=[en for _zh, en in bases],
    )  # fmt: skip


def _as_written(code: str, name: str) -> str:
    """An institution as a sentence of a finding writes it: its name and code, or its code alone."""
    return f"{re.escape(f'{name}({code})')}|{re.escape(code)}"


def _without_others(texts: pd.Series, any_code: re.Pattern[str], code: str, others: str) -> pd.Series:
    def shown(found: re.Match[str]) -> str:
        return found[0] if found[0] == code or found[0].endswith(f"({code})") else others

    return texts.str.replace(any_code, shown, regex=True)
