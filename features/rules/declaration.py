"""The declaration of an audit rule: its record, its parameters and the decorator that registers it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import ibis

# Severities of the national rule library: the data alone proves a violation, or it must be looked into.
CLEAR, SUSPECT = "明确违规", "高度可疑"

# A rule's function: (RuleContext, **parameters) → columns FINDING of `features.rules.findings_table`.
Find = Callable[..., ibis.Table]


@dataclass(frozen=True)
class Parameter:
    """A threshold that a bureau may set.

    Attributes:
        default: starting value; a date where the parameter is one.
        unit: of the value.
        source: where the default comes from ("own starting value" where nothing public says it).
    """

    default: float | date
    unit: str
    source: str


@dataclass(frozen=True)
class Rule:
    """One audit rule.

    Attributes:
        rule_id: id of `docs/rules.md`.
        zh, en: name.
        subject: who answers for it: patient, prescriber, pharmacy, hospital, or place (pharmacy or hospital).
        severity: CLEAR or SUSPECT.
        article: of 《医疗保障基金使用监督管理条例》 (国令735号), as `38(一)/41`
            (`features.rules.legal_basis`).
        official: code in the national rule library (国家医保智能监管规则库), if any.
        schemes: ids of `docs/schemes.md` for which its findings are evidence (our mapping).
        needs: tables without which the rule is skipped.
        filled: ``table.column`` that must hold a value somewhere (``table.column=value``: that value), or the
            rule is skipped for want of data; of several joined by ``|`` one is enough.
        parameters: by name.
        find: the function that returns the findings.
    """

    rule_id: str
    zh: str
    en: str
    subject: str
    severity: str
    article: str
    official: str | None
    schemes: tuple[str, ...]
    needs: tuple[str, ...]
    filled: tuple[str, ...]
    parameters: dict[str, Parameter]
    find: Find


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str,
    zh: str,
    en: str,
    subject: str,
    severity: str,
    article: str,
    *,
    official: str | None = None,
    schemes: str = "",
    needs: str = "",
    filled: str = "",
    **parameters: Parameter,
) -> Callable[[Find], Find]:
    """Register the decorated function in RULES (arguments as in `Rule`, several ids or names apart by
    blanks).

    Raises:
        ValueError: the id is taken.
    """

    def register(find: Find) -> Find:
        if rule_id in RULES:
            raise ValueError(f"rule {rule_id} is declared twice")
        RULES[rule_id] = Rule(
            rule_id, zh, en, subject, severity, article, official, tuple(schemes.split()),
            tuple(needs.split()), tuple(filled.split()), parameters, find,
        )  # fmt: skip
        return find

    return register


def rules_of_scheme(scheme: str) -> tuple[str, ...]:
    """Ids of the declared rules whose findings are evidence of a scheme, in order."""
    return tuple(sorted(rule_id for rule_id, entry in RULES.items() if scheme in entry.schemes))
