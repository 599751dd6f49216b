"""Names of what findings and suspicions are called by (rules and schemes), and the legal bases of rules."""

from features.rules.declaration import RULES
from features.rules.legal_basis import basis
from reports.languages import text_in
from reports.scheme_texts import SCHEMES


def cause_names(language: str) -> dict[str, str]:
    """Names of the rules and schemes by id, in a language (zh, en)."""
    rules = {rule_id: (rule.zh, rule.en) for rule_id, rule in RULES.items()}
    return {key: text_in(language, pair) for key, pair in (rules | SCHEMES).items()}


def english_bases() -> dict[str, str]:
    """The legal basis of each rule in English, by id."""
    return {rule_id: basis(rule.article)[1] for rule_id, rule in RULES.items()}
