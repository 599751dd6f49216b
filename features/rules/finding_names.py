"""Names of items and institutions in place of their codes in the sentences of findings."""

import ibis

from features.rules.finding_text import CLOSE, OPEN
from features.rules.rule_context import RuleContext

# A sentence names so many items at most, and so many institutions.
_ITEMS, _PLACES = 2, 1


def with_names(context: RuleContext, found: ibis.Table) -> ibis.Table:
    """Findings (columns FOUND) whose sentences name items (in quotes) and institutions instead of their
    codes; of an unknown one the code stays."""
    items = context.claims["hilist_b"].select(_code="hilist_code", _name="hilist_name")
    places = context.claims["fixmedins_b"].select(_code="fixmedins_code", _name="fixmedins_name")
    for _time in range(_ITEMS):
        found = _named(found, "item", items, "“{}”")
    for _time in range(_PLACES):
        found = _named(found, "place", places, "{}")
    return found


def _named(found: ibis.Table, kind: str, names: ibis.Table, form: str) -> ibis.Table:
    """Findings with the first placeholder of a kind replaced."""
    code = found.message.re_extract(f"{OPEN}{kind}:([^{CLOSE}]*){CLOSE}", 1)
    rows = found.mutate(_of=code)
    rows = rows.left_join(names, rows._of == names._code)
    before, after = form.split("{}")
    name = ibis.literal(before) + ibis.coalesce(rows._name, rows._of) + after
    message = rows.message.replace(ibis.literal(f"{OPEN}{kind}:") + rows._of + CLOSE, name)
    return rows.select(*(n for n in found.columns if n != "message"), message=message)
