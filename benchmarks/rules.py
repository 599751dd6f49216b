"""What the audit rules cost, against one scan-and-group of the fee lines by the same engine.

    python benchmarks/rules.py [VISITS] [SEED]      VISITS of a year, 100,000 unless said otherwise

Makes a synthetic city, loads it, and prints: seconds of one scan of the fee lines grouped by visit, item
and day, seconds of all rules (and of the slowest), their ratio, how often the rules read the fee lines, and
which rules were skipped for want of data. `item_days`, the one grouping that all rules share, is made for the
measures anyway; it is counted among the reads.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis.expr.operations as ops

import features.rules  # noqa: F401  enters the rules
from claims.known import Known, known_on
from claims.store import Store, connect
from claims.synthetic import simulate
from features.facts import visit_facts
from features.rules.engine import RULES, Bench, RuleSettings, run_rules

# Visits of a person in a year, in the cities that `claims.synthetic` makes as in the bureau's own data.
VISITS_EACH = 5.2
NIGHT = date(2025, 1, 1)
# The bound on the ratio.
BOUND = 10
SHOWN = 10


def seconds(work: Callable):
    """What a call returned, and how long it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def scan_and_group(known: Known) -> int:
    """One scan of the fee lines, grouped by visit, item and day; returns the number of groups."""
    lines = known["fee_list_d"].mutate(day=known["fee_list_d"].fee_ocur_time.date())
    grouped = lines.group_by("mdtrt_id", "hilist_code", "day").aggregate(
        cnt=lines.cnt.sum(), amount=lines.det_item_fee_sumamt.sum()
    )
    known.con.create_table("scanned", grouped, overwrite=True)
    return known.con.table("scanned").count().execute()


def reads(bench: Bench, run: list[str]) -> dict[str, int]:
    """How often a rule's own query reads the fee lines, as it goes to the engine; others are left out."""
    stored = {op.name for op in bench.known["fee_list_d"].op().find(ops.PhysicalTable)}
    found = {}
    for rule_id, entry in RULES.items():
        if rule_id not in run:
            continue
        sql = bench.known.con.compile(entry.find(bench, **RuleSettings().of(entry)))
        times = sum(sql.count(f'"{name}"') for name in stored)
        if times:
            found[rule_id] = times
    return found


def main(visits: int, seed: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="fundguard-bench-") as folder:
        city, work = Path(folder) / "city", Path(folder) / "work"
        work.mkdir()
        _none, made = seconds(lambda: simulate(city, persons=round(visits / VISITS_EACH), seed=seed))
        store = Store(Path(folder) / "store")
        _report, loaded = seconds(lambda: store.ingest(city / "input"))
        con = connect(work)
        known = known_on(con, store.tables(con), NIGHT)
        n_visits, n_lines = known.visits.count().execute(), known["fee_list_d"].count().execute()
        print(f"{n_visits:,} visits, {n_lines:,} fee lines (made in {made:.0f} s, loaded in {loaded:.0f} s)")
        facts, measured = seconds(lambda: visit_facts(known))
        bench = Bench(known, facts, con.table("item_days"))
        groups, once = min((seconds(lambda: scan_and_group(known)) for _time in range(3)), key=lambda r: r[1])
        outcome, all_rules = seconds(lambda: run_rules(bench))
        print(f"facts, with the grouping all rules share      {measured:8.2f} s")
        print(f"one scan and group ({groups:,} groups)".ljust(46) + f"{once:8.2f} s")
        print(f"{len(outcome.run)} rules".ljust(46) + f"{all_rules:8.2f} s")
        print(f"ratio (at most {BOUND})".ljust(46) + f"{all_rules / once:8.1f}")
        own, compiled = seconds(lambda: reads(bench, outcome.run))
        print("    of it making the queries, whatever the rows".ljust(46) + f"{compiled:8.2f} s")
        print(f"reads of the fee lines: 1 shared + {sum(own.values())} by rules of their own {own or ''}")
        print(f"findings {outcome.hits.count().execute():,}; failed: {outcome.failed or 'none'}")
        alone = {}
        for rule_id in outcome.run:
            _done, alone[rule_id] = seconds(lambda: run_rules(bench, rules={rule_id: RULES[rule_id]}))  # noqa: B023
        slowest = sorted(alone, key=alone.get, reverse=True)[:SHOWN]
        print("slowest, each alone: " + ", ".join(f"{rule_id} {alone[rule_id]:.2f} s" for rule_id in slowest))
        print(
            f"skipped ({len(outcome.skipped)}): "
            + "; ".join(f"{r} {why}" for r, why in outcome.skipped.items())
        )
        con.disconnect()


if __name__ == "__main__":
    main(*map(int, (sys.argv[1:] + ["100000", "0"][len(sys.argv) - 1 :])))
