"""Names of items and institutions in place of their codes in the sentences of findings."""

from collections.abc import Callable

import ibis

from features.rules.finding_text import CLOSE, OPEN
from features.rules.rule_context import RuleContext

# A sentence names so many items at most, and so many institutions.
_ITEMS, _PLACES = 2, 1


def with_names(context: RuleContext, found: ibis.Table) -> ibis.Table:
    """Findings (columns FOUND) whose sentences name items (in quotes) instead of their codes, and
    institutions with their codes; of an unknown one the code stays alone."""
    items = context.claims["hilist_b"].select(_code="hilist_code", _name="hilist_name")
    places = context.claims["fixmedins_b"].select(_code="fixmedins_code", _name="fixmedins_name")
    for _time in range(_ITEMS):
        found = _named(found, "item", items, _item)
    for _time in range(_PLACES):
        found = _named(found, "place", places, _place)
    return found


def _item(code: ibis.Value, name: ibis.Value) -> ibis.Value:
    return ibis.literal("“") + ibis.coalesce(name, code) + "”"


def _place(code: ibis.Value, name: ibis.Value) -> ibis.Value:
    """Name and code, as a notice to another institution can recognise and leave out."""
    return ibis.coalesce(name + "(" + code + ")", code)


def _named(
    found: ibis.Table, kind: str, names: ibis.Table, words: Callable[[ibis.Value, ibis.Value], ibis.Value]
) -> ibis.Table:
    """Findings with the first placeholder of a kind replaced."""
    code = found.message.re_extract(f"{OPEN}{kind}:([^{CLOSE}]*){CLOSE}", 1)
    rows = found.mutate(_of=code)
    rows = rows.left_join(names, rows._of == names._code)
    placeholder = ibis.literal(f"{OPEN}{kind}:") + rows._of + CLOSE
    message = rows.message.replace(placeholder, words(rows._of, rows._name))
    return rows.select(*(n for n in found.columns if n != "message"), message=message)
