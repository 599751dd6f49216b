"""Medicine that the fund does not cover for an illness, as a measure of those who get it and hand it out
(M07)."""

from datetime import date

from features.measures.aggregation import measure_subjects
from features.rules.declaration import RULES, rules_of_scheme
from features.rules.engine import run_rules
from features.rules.rule_context import RuleContext
from features.rules.visit_findings import by_visit
from features.visits.facts import visit_facts, with_counts
from tests.tiny import World


def test_who_gets_medicine_off_the_list_of_his_disease_is_told_from_who_keeps_to_it(claims_of):
    world = World()
    world.hospital("H1")
    for item in ("listed", "other"):
        world.add("hilist_b", hilist_code=item, hilist_name=item, med_chrgitm_type="11", list_type="101")
    world.add("hilist_lmt_b", hilist_code="listed", lmt_type="dise", lmt_value="M03900")
    shops = {"good": world.pharmacy("good"), "bad": world.pharmacy("bad")}
    for number in range(4):
        for kind, shop in shops.items():
            who = world.person(f"{kind}-{number}")
            for month in (3, 5, 8, 11):
                # Everybody buys something else once without the disease's benefit.
                off = kind == "bad" and month > 3
                more = {"dise_no": None if month == 11 else "M03900"}
                item = "other" if off or month == 11 else "listed"
                world.purchase(who, shop, f"2024-{month:02}-07 10:00:00", lines=[(item, 1, 80.0)], **more)
    claims = claims_of(world, date(2025, 1, 1))
    facts = visit_facts(claims)
    context = RuleContext(claims, facts, claims.con.table("item_days"))
    found = run_rules(context, rules={rule: RULES[rule] for rule in rules_of_scheme("M07")})
    assert found.run == ["R032"] and not found.failed
    facts = with_counts(claims.con, facts, by_visit(found.hits, facts), "facts_ruled")
    share = measure_subjects(facts, "patient").out_of_scope_share_365d
    assert {who: value for who, value in share.items() if value} == {
        f"bad-{number}": 0.5 for number in range(4)
    }
    assert measure_subjects(facts, "pharmacy").out_of_scope_share_365d.to_dict() == {"bad": 0.5, "good": 0.0}
