"""Names of what findings and suspicions are called by: rules and schemes."""

from features.rules.declaration import RULES
from reports.languages import text_in
from reports.scheme_texts import SCHEMES


def cause_names(language: str) -> dict[str, str]:
    """Names of the rules and schemes by id, in a language (zh, en)."""
    rules = {rule_id: (rule.zh, rule.en) for rule_id, rule in RULES.items()}
    return {key: text_in(language, pair) for key, pair in (rules | SCHEMES).items()}
