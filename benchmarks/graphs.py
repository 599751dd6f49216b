"""How the graphs grow with the city, and what a busy day costs, as a table.

    python benchmarks/graphs.py [PERSONS …]      cities of 20,000, 80,000 and 320,000 persons without
    arguments

The cities are drawn at random, with twelve visits a person and year, a place for every 400 persons (the
first ones larger), working hours, and one purchase in three with a box that was sold before; nobody is
guilty, so what is measured is the cost of looking. For each city: visits, pairs close in time, links found,
seconds for all links, and the seconds against visits × log(visits), the first city being one. The last row
is the first city again with a day on which 10,000 more people come to one institution.
"""

import sys
import time
from math import log
from pathlib import Path
from types import SimpleNamespace

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from claims.duckdb_backend import connect
from claims.store import scratch
from features.graphs.network import build_network

PERSONS = (20_000, 80_000, 320_000)
VISITS, PLACE_OF, BUSY, MEDICINES = 12, 400, 10_000, 500
# 2025-01-01 00:00 in seconds.
END = 1_735_689_600

_RANDOM_VISITS = f"""
SELECT CASE WHEN kind = '{PHARMACY}' THEN 'P' ELSE 'H' END || place AS fixmedins_code, kind, 'p' || person
AS psn_no,
       make_timestamp((second * 1000000)::BIGINT)::DATE AS day, second, 'm' || visit AS mdtrt_id, false AS
       course, ({END} - second) / 86400.0 AS days_ago, 'd' || place || '-' || visit % 5 AS dr_code, kind =
       '{PHARMACY}' AS is_pharmacy, CASE WHEN kind = '{PHARMACY}' THEN 30.0 END AS supply_days, CASE WHEN
       visit % 40 = 0 THEN 100.0 ELSE 0.0 END AS oversupply_amount,
       CASE WHEN visit % 90 = 0 THEN 'H' || visit % 17 END AS referred_to,
       '4208000' || person % 97 AS village, 'D' || visit % 61 AS dx3, visit AS template, 8 AS n_items,
       0.0 AS rehab, false AS operated, CASE WHEN kind = '{PHARMACY}' THEN visit % 45 END AS days_on_hand,
       CASE WHEN visit % 90 = 0 THEN 'm' || (visit + 1) END AS referred_stay
FROM (
    SELECT i AS visit, (hash(i) % {{persons}})::BIGINT AS person,
           floor(({{persons}} / {PLACE_OF}) * pow((hash(i, 1) % 100000) / 100000.0, 2))::BIGINT AS place,
           CASE hash(i, 2) % 10 WHEN 0 THEN '{STAY}' WHEN 1 THEN '{PHARMACY}' WHEN 2 THEN '{PHARMACY}'
                WHEN 3 THEN '{PHARMACY}' ELSE '{OUTPATIENT}' END AS kind,
           ({END} - 86400 * (1 + hash(i, 3) % 364) + 28800 + hash(i, 4) % 36000)::DOUBLE AS second
    FROM range({{persons}} * {VISITS}) AS t(i)
)
"""


def city(persons: int, work: Path, busy: bool = False) -> SimpleNamespace:
    """What the graphs look at of a random city: con, facts, sales, settlements."""
    con = connect(work)
    con.raw_sql(f"CREATE TABLE facts AS {_RANDOM_VISITS.format(persons=persons)}")
    if busy:
        con.raw_sql(
            f"""INSERT INTO facts SELECT 'H1', '{OUTPATIENT}', 'busy-' || i, DATE '2024-06-03',
                1717401600 + 3 * i,
            'busy-' || i, false, 211.0, 'd1', false, NULL, 0.0, NULL, '4208000' || i % 97,
            'D1', i, 8, 0.0, false, NULL, NULL FROM range({BUSY})
            AS t(i)"""
        )
    bought = con.table("facts").filter(_.is_pharmacy)
    sales = bought.select(
        "psn_no",
        "fixmedins_code",
        setl_id="mdtrt_id",
        medins_prod_sel_no="mdtrt_id",
        sel_retn_time=_.second.cast("int64").as_timestamp("s"),
        sel_retn_cnt=ibis.literal(1.0),
        drug_trac_codg=(_.mdtrt_id.hash() % (persons * VISITS)).cast("string"),
        trdn_flag=ibis.literal("0"),
    )
    # A medicine in each purchase, one in ten dear.
    kind = bought.mdtrt_id.hash() % MEDICINES
    con.create_table(
        "item_days",
        bought.select(
            "mdtrt_id",
            hilist_code=kind.cast("string"),
            charge=ibis.literal("11"),
            amount=(kind % 10 == 0).ifelse(300.0, 30.0),
        ),
    )
    facts = con.table("facts")
    return SimpleNamespace(
        con=con,
        facts=facts,
        sales=con.create_table("sales", sales),
        settlements=facts.select("mdtrt_id", setl_id="mdtrt_id"),
    )


def measure_city(persons: int, busy: bool = False) -> dict[str, float]:
    """Visits, pairs, links and seconds of a city."""
    with scratch() as work:
        synthetic = city(persons, work, busy)
        begin = time.perf_counter()
        network = build_network(synthetic, synthetic.facts)
        seconds = time.perf_counter() - begin
        counts = {
            "visits": synthetic.facts.count().execute(),
            "pairs": synthetic.con.table("meetings").count().execute(),
            "links": len(network.edges),
        }
        synthetic.con.disconnect()
    return counts | {"seconds": seconds}


def main(sizes: tuple[int, ...]) -> None:
    """Print the table."""
    rows = {f"{persons:,} persons": measure_city(persons) for persons in sizes}
    rows[f"{sizes[0]:,} persons and a day of {BUSY:,}"] = measure_city(sizes[0], busy=True)
    first = next(iter(rows.values()))
    print("| city | visits | pairs | links | seconds | seconds against visits × log visits |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, row in rows.items():
        growth = row["visits"] * log(row["visits"]) / (first["visits"] * log(first["visits"]))
        print(
            f"| {name} | {row['visits']:,} | {row['pairs']:,} | {row['links']:,} | {row['seconds']:.1f} "
            f"| {row['seconds'] / first['seconds'] / growth:.2f} |"
        )


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or PERSONS)
