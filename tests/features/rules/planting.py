"""Worlds in which each visit that a rule must find is noted under the rule."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pandas as pd

from features.rules.declaration import RULES
from features.rules.engine import run_rules
from features.rules.rule_context import RuleContext
from features.rules.rule_settings import RuleSettings
from features.visits.facts import visit_facts
from tests.in_memory import claims_in, engine
from tests.tiny import World

CHARGE = {"drug": "09", "herb": "10", "service": "05", "material": "08"}


class Planted:
    """A world under construction.

    Attributes:
        world: its tables.
        guilty: rule → visits that it must find; every other visit is innocent of the rule.
    """

    def __init__(self, hospitals: str = "H1 H2", pharmacies: str = "P1"):
        self.world, self.guilty, self.people = World(), defaultdict(set), 0
        for code in hospitals.split():
            self.world.hospital(code)
        for code in pharmacies.split():
            self.world.pharmacy(code)

    def someone(self, **more) -> str:
        """A new person."""
        self.people += 1
        return self.world.person(f"p{self.people}", **more)

    def item(self, code: str, kind: str, *limits: tuple, **columns) -> str:
        """An item of the catalogue, by kind or charge category, with its limits (kind, value[, more])."""
        row = {"hilist_code": code, "hilist_name": code, "med_chrgitm_type": CHARGE.get(kind, kind)}
        self.world.add("hilist_b", **(row | columns))
        for lmt_type, value, *more in limits:
            row = {"hilist_code": code, "lmt_type": lmt_type, "lmt_value": value}
            self.world.add("hilist_lmt_b", **(row | (more or [{}])[0]))
        return code

    def charged_under(self, dated: list[tuple], charged: list[tuple]) -> None:
        """Charges of a new person each, under limits that hold for a time or a level.

        Args:
            dated: item, kind of limit, value, level, first day, last day.
            charged: item, count, price, hospital, day, the rule that it breaks.
        """
        for code, kind, value, level, first, last in dated:
            limit = {"hilist_code": code, "lmt_type": kind, "lmt_value": value}
            self.world.add("hilist_lmt_b", **limit, medinslv=level, begndate=first, enddate=last)
        for code, count, price, where, day, guilty in charged:
            who = self.world.person(f"z{self.people}")
            self.people += 1
            self.seen((code, count, price), who=who, where=where, when=f"{day} 09:00", guilty=guilty)

    def mark(self, visit: str, rules: str) -> str:
        """Note a visit under the rules (ids apart by blanks) that must find it."""
        for rule in rules.split():
            self.guilty[rule].add(visit)
        return visit

    def seen(self, *lines: tuple, guilty="", who=None, where="H1", when="2024-03-01 09:00", **more) -> str:
        """An outpatient visit with lines (item, count, price[, time])."""
        visit = self.world.visit(who or self.someone(), where, when, lines=list(lines), **more)
        return self.mark(visit, guilty)

    def stay(self, *lines: tuple, guilty="", who=None, where="H1", begin="2024-03-01", days=4, **more) -> str:
        """A stay with lines."""
        visit = self.world.stay(who or self.someone(), where, begin, days, lines=list(lines), **more)
        return self.mark(visit, guilty)

    def visit(self, when, *rules: str, who=None, where="H2", **more) -> str:
        """An outpatient visit at a time, noted under rules."""
        return self.mark(self.world.visit(who or self.someone(), where, when, **more), " ".join(rules))

    def one(
        self, item: str | list, rule="", *, where="H2", day="2024-06-10", person: dict | None = None, **more
    ) -> str:
        """A visit with one item (or lines) of a new person, on a day, noted under the rule it breaks."""
        lines = [(item, 1, 100.0)] if isinstance(item, str) else item
        who = self.someone(**(person or {}))
        visit = self.world.visit(who, where, f"{day} 09:00:00", lines=lines, **more)
        return self.mark(visit, rule or "")

    def drug(self, code: str, charge: str = "09", limits: dict | None = None, **columns) -> str:
        """A drug with its limits by kind."""
        return self.item(code, charge, *(limits or {}).items(), **columns)

    def buy(
        self, when, *rules: str, where="P1", who=None, lines: Iterable[tuple] = (("pill", 1, 40.0),), **more
    ) -> str:
        """A purchase, settled at once."""
        row = {"settled": str(when), "lines": list(lines)} | more
        return self.mark(self.world.purchase(who or self.someone(), where, str(when), **row), " ".join(rules))

    def sell(
        self, when, code: str | None, *rules: str, item="pill", where="P1", sale: dict | None = None, **more
    ) -> str:
        """A purchase of one pack whose trace code was scanned; `sale` are other columns of the sale line."""
        visit = self.buy(when, *rules, where=where, lines=[(item, 1, 40.0)], **more)
        self.world.sell(visit, item, str(when), code, **(sale or {}))
        return visit


def context_of(world: World, as_of: str = "2025-01-01") -> RuleContext:
    """What rules may look at of a world, to be run again and again."""
    con = engine()
    claims = claims_in(con, world, date.fromisoformat(as_of))
    facts = visit_facts(claims)
    return RuleContext(claims, facts, con.table("item_days"))


def findings(world: World, rules: list[str], **settings) -> pd.DataFrame:
    """The findings of some rules over a world, and under `.attrs` what became of the rules (`RuleRun`).

    Args:
        rules: ids.
        settings: thresholds by rule id, `R084={"maximum_gap_days": 7}`.

    Raises:
        Exception: what a rule raised; a run goes on without it and states its type alone.
    """
    context, limits = context_of(world), RuleSettings(settings)
    outcome = run_rules(context, limits, {name: RULES[name] for name in rules})
    for name in outcome.failed:
        RULES[name].find(context, **limits.of(RULES[name])).execute()
    frame = outcome.hits.to_pandas()
    frame.attrs.update(run=outcome.run, skipped=outcome.skipped, failed=outcome.failed)
    context.claims.con.disconnect()
    return frame


def assert_told_in_both_languages(hits: pd.DataFrame) -> None:
    """Each finding has a sentence in Chinese and one in English, without what only a program would write."""
    for texts in (hits.vola_cont, hits.vola_cont_en):
        assert texts.notna().all() and not texts.str.contains("None|nan|[⟦⟧{}]").any()
    assert hits.vola_cont.str.contains("[\u4e00-\u9fff]").all()
    # Of the data: names of items in quotes, names of places before their codes.
    english = hits.vola_cont_en.str.replace(r"“[^”]*”|[^\s(]*(?=\()", "", regex=True)
    assert not english.str.contains("[\u3000-\u9fff\uff00-\uffef]").any(), english.unique()


def found_by(hits: pd.DataFrame, rule: str) -> set[str]:
    """Visits that a rule found."""
    return set(hits.mdtrt_id[hits.rule_id == rule])
