"""What the audit rules cost, against one scan-and-group of the fee lines by the same engine.

    python benchmarks/rules.py [VISITS] [LINES] [SEED]      100,000 visits of a year with 15 fee lines each

Makes a synthetic city, brings its bills to so many lines a visit, loads it, and prints: seconds of one scan
of the fee lines grouped by visit, item and day; seconds of all rules and the tables they share; their
ratio; how often they read the fee lines; the slowest rules, and those skipped for want of data.
`item_days`, the one grouping that all rules take lines from, is made for the measures anyway: its seconds
are printed, and the ratio with them as well.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.operations as ops
from ibis import _

import features.rules  # noqa: F401  enters the rules
from claims.as_of import ClaimsAsOf, claims_as_of
from claims.duckdb_backend import connect
from claims.store import Store
from claims.synthetic import simulate
from features.rules.declaration import RULES
from features.rules.engine import run_rules, unfused_selects
from features.rules.rule_context import RuleContext
from features.rules.rule_settings import RuleSettings
from features.visits.bill_lines import item_days
from features.visits.facts import visit_facts

# Visits of a person in a year, in the cities that `claims.synthetic` makes as in the bureau's own data.
VISITS_EACH = 5.2
AS_OF = date(2025, 1, 1)
# The bound on the ratio.
BOUND = 10
SHOWN = 10
# Columns and tables of the catalogue that limit an item; items without any are added to bills.
OWN_LIMITS = (
    "max_day_cnt",
    "excl_grp",
    "lmt_gend",
    "lmt_age_low",
    "lmt_age_high",
    "cycl_days",
    "year_uplmt_amt",
)
# Kinds of visit that are stays; numbers of added rows; a purchase in `inv_chg_d`, and what it brings.
STAYS, ADDED, PURCHASE, PLENTY = "2", 900_000_000_000_000_000, "3503", 1e6


def seconds(work: Callable):
    """What a call returned, and how long it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def fill_up(folder: Path, lines_each: float) -> None:
    """Bring the fee lines of a city to so many a visit, as a year of a real city has them.

    A day in a synthetic ward has about ten lines, in a real one thirty and more. Added to each day of a
    stay are ordinary items, drugs, tests and examinations that nothing limits, one yuan each, under numbers
    of their own; the drugs were bought by the hospital.
    """
    con = ibis.duckdb.connect()
    names = ("fee_list_d", "mdtrt_d", "hilist_b", "hilist_lmt_b", "hilist_rela_b", "inv_chg_d")
    table = {name: con.read_parquet(folder / f"{name}.parquet") for name in names}
    lines, items, pairs = table["fee_list_d"], table["hilist_b"], table["hilist_rela_b"]
    limited = table["hilist_lmt_b"].filter(_.lmt_type != "trac_prfx").select("hilist_code")
    for codes in (limited, pairs.select("hilist_code"), pairs.select(hilist_code="rela_hilist_code")):
        items = items.anti_join(codes, "hilist_code")
    items = items.filter(items.serv_type.isnull(), *[items[name].isnull() for name in OWN_LIMITS])
    free = lines.semi_join(items, "hilist_code").group_by("hilist_code")
    free = free.aggregate(own=_.medins_list_codg.min())
    free = con.create_table("free", free.mutate(nth=ibis.row_number().over(order_by="hilist_code")))
    days = lines.semi_join(table["mdtrt_d"].filter(_.med_type.startswith(STAYS)), "mdtrt_id")
    days = days.group_by("mdtrt_id", "psn_no", "fixmedins_code", day=_.fee_ocur_time.date()).aggregate(
        fee_ocur_time=_.fee_ocur_time.max(),
        **{name: lines[name].min() for name in ("setl_id", "bilg_dr_codg", "rx_drord_no")},
    )
    days = con.create_table("days", days)
    visits, have, n_days, n_free = (t.count().execute() for t in (table["mdtrt_d"], lines, days, free))
    each = max(round((lines_each * visits - have) / n_days), 0)
    more = days.mutate(turn=ibis.range(each).unnest(), start=_.mdtrt_id.hash().abs() % n_free)
    more = more.mutate(nth=(more.turn + more.start) % n_free).inner_join(free, "nth")
    number = (ibis.row_number() + ADDED).cast("string")
    price = dict.fromkeys(("cnt", "pric", "det_item_fee_sumamt", "inscp_amt"), 1.0)
    more = more.mutate(bkkp_sn=number, medins_list_codg=_.own, **price)
    moves = table["inv_chg_d"]
    bought = moves.group_by("fixmedins_code").aggregate(inv_chg_time=_.inv_chg_time.min()).cross_join(free)
    bought = bought.mutate(inv_chg_sn=number, inv_chg_type=ibis.literal(PURCHASE), cnt=PLENTY)
    for name, added in (("fee_list_d", more), ("inv_chg_d", bought)):
        both = folder / "both.parquet"
        ibis.union(table[name], added.select(*table[name].columns)).to_parquet(both)
        both.replace(folder / f"{name}.parquet")
    con.disconnect()


def scan_and_group(known: ClaimsAsOf) -> int:
    """One scan of the fee lines, grouped by visit, item and day; returns the number of groups."""
    lines = known["fee_list_d"].mutate(day=known["fee_list_d"].fee_ocur_time.date())
    grouped = lines.group_by("mdtrt_id", "hilist_code", "day").aggregate(
        cnt=lines.cnt.sum(), amount=lines.det_item_fee_sumamt.sum()
    )
    known.con.create_table("scanned", grouped, overwrite=True)
    return known.con.table("scanned").count().execute()


def counting(known: ClaimsAsOf, work: Callable):
    """What a call returned, and how often its queries read the fee lines from the store.

    Not counted is the look whether a column holds anything, which stops at the first value.
    """
    stored = {op.name for op in known["fee_list_d"].op().find(ops.PhysicalTable)}
    run, times = known.con.raw_sql, []

    def noted(query, **options):
        times.append(sum(str(query).count(f'"{name}"') for name in stored))
        return run(query, **options)

    known.con.raw_sql = noted
    try:
        return work(), sum(times)
    finally:
        del known.con.raw_sql


def queries(context: RuleContext, run: list[str]) -> None:
    """Make the queries of the rules without running them."""
    with unfused_selects():
        for rule_id in run:
            context.claims.con.compile(RULES[rule_id].find(context, **RuleSettings().of(RULES[rule_id])))


def main(visits: int, lines_each: float, seed: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="fundguard-bench-") as folder:
        city, work = Path(folder) / "city", Path(folder) / "work"
        work.mkdir()
        simulate(city, persons=round(visits / VISITS_EACH), seed=seed)
        fill_up(city / "input", lines_each)
        store = Store(Path(folder) / "store")
        store.ingest(city / "input")
        measure(store, work)


def measure(store: Store, work: Path) -> None:
    """Print the figures of a store.

    Args:
        work: empty folder for the scratch database.
    """
    con = connect(work)
    known = claims_as_of(con, store.tables(con), AS_OF)
    n_visits, n_lines = known.visits.count().execute(), known.lines.count().execute()
    print(f"{n_visits:,} visits, {n_lines:,} fee lines, {n_lines / n_visits:.1f} a visit")
    _days, grouped = seconds(lambda: item_days(known))
    con.drop_table("item_days")
    context = RuleContext(known, visit_facts(known), con.table("item_days"))
    groups, once = min((seconds(lambda: scan_and_group(known)) for _time in range(3)), key=lambda r: r[1])
    (outcome, own), all_rules = seconds(lambda: counting(known, lambda: run_rules(context)))
    _none, compiled = seconds(lambda: queries(context, outcome.run))
    print(f"one scan and group ({groups:,} groups)".ljust(46) + f"{once:8.2f} s")
    print("the grouping all rules share, made once".ljust(46) + f"{grouped:8.2f} s")
    print(f"{len(outcome.run)} rules with the tables they share".ljust(46) + f"{all_rules:8.2f} s")
    print("    of it making the queries, whatever the rows".ljust(46) + f"{compiled:8.2f} s")
    print(f"ratio (at most {BOUND})".ljust(46) + f"{all_rules / once:8.1f}")
    print("ratio with the shared grouping counted".ljust(46) + f"{(all_rules + grouped) / once:8.1f}")
    print(f"reads of the fee lines: 1 for the shared grouping + {own} by rules of their own")
    print(f"findings {outcome.hits.count().execute():,}; failed: {outcome.failed or 'none'}")
    alone = {}
    for rule_id in outcome.run:
        _done, alone[rule_id] = seconds(lambda: run_rules(context, rules={rule_id: RULES[rule_id]}))  # noqa: B023  called at once
    slowest = sorted(alone, key=alone.get, reverse=True)[:SHOWN]
    print(
        "slowest beyond shared tables: "
        + ", ".join(f"{rule_id} {alone[rule_id]:.2f} s" for rule_id in slowest)
    )
    print(
        f"skipped ({len(outcome.skipped)}): " + "; ".join(f"{r} {why}" for r, why in outcome.skipped.items())
    )
    con.disconnect()


if __name__ == "__main__":
    given = sys.argv[1:] + ["100000", "15", "0"][len(sys.argv) - 1 :]
    main(int(given[0]), float(given[1]), int(given[2]))
