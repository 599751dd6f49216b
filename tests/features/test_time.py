"""What happens on the as-of date or later changes no fact and no measure."""

import copy
from datetime import datetime, timedelta

import ibis
import pandas as pd
import pytest

from claims.duckdb_backend import connect
from claims.tables import TABLES
from tests.features.town import AS_OF, PRESCRIPTIONS, SUBJECTS, Snapshot, look
from tests.tiny import World

LATER = [
    str(datetime(AS_OF.year, AS_OF.month, AS_OF.day) + timedelta(seconds=s)) for s in (0, 40, 86399, 10**7)
]


def add_later_rows(world: World) -> None:
    """Everything that can happen, to the same people, places and boxes, from midnight on."""
    world.person("newcomer", live_admdvs="village-1")
    settled = [row for row in world.rows["setl_d"] if row["medfee_sumamt"] > 0]
    lines = list(world.rows["fee_list_d"])
    for number, when in enumerate(LATER):
        box = {"hilist_code": "pill", "trdn_flag": "0", "sel_retn_time": when}
        for who in ("p00", "p01", "p02", "newcomer"):
            world.purchase(who, "P1", when, lines=[("pill", 30, 20.0), ("dear", 9, 350.0)], chfpdr_code="D1")
            sale = world.rows["setl_d"][-1]["setl_id"]
            for code in ("T00", "T01", None):
                sold = {"medins_prod_sel_no": f"later-{number}-{who}-{code}", "setl_id": sale, "rxno": "R01"}
                more = {"fixmedins_code": "P1", "drug_trac_codg": code, "sel_retn_cnt": 1}
                world.add("drug_sel_d", **box, **sold, **more)
            sick = {"chfpdr_code": "D2", "dscg_maindiag_code": "Z49.1"}
            world.visit(who, "H1", when, lines=[("dialysis", 2, 400.0)], **sick)
            world.visit(who, "H2", when, lines=[("lab", 1, 30.0)], **sick | {"dscg_maindiag_code": "I10.x00"})
            world.stay(
                who, "H1", when[:10], 9, lines=[("bed", 1, 50.0), ("scan", 1, 300.0)], chfpdr_code="D1"
            )
        # Refunds of earlier visits, whole and in part, and what an earlier visit earns later.
        world.settle(settled[number]["mdtrt_id"], when, -settled[number]["medfee_sumamt"])
        world.settle(settled[number + 9]["mdtrt_id"], when, -1.0)
        world.settle(settled[number + 19]["mdtrt_id"], when, 777.0)
        world.add("fee_list_d", **lines[number * 7] | {"bkkp_sn": f"later-{number}", "fee_ocur_time": when})
        owed = {"medins_prod_sel_no": f"owed-{number}", "setl_id": settled[number + 29]["setl_id"]}
        world.add("drug_sel_d", **box, **owed, fixmedins_code="P3", drug_trac_codg="T09", sel_retn_cnt=1)
        # A box of long ago that comes back, deaths, sign-ins, prescriptions, accidents, care and cases.
        back = {"medins_prod_sel_no": f"back-{number}", "setl_id": None}
        world.add("drug_sel_d", **box, **back, fixmedins_code="P2", drug_trac_codg="T02", sel_retn_cnt=-1)
        world.add("psn_die_regn_d", psn_no=f"p{number + 4:02}", die_date=when, data_souc="3")
        world.add("psn_die_regn_d", psn_no="newcomer", die_date=when, data_souc=str(number))
        at_h4 = {"psn_no": "p00", "fixmedins_code": "H4"}
        world.add("psn_sign_d", sign_sn=f"later-{number}", serv_type="1", sign_in_time=when, **at_h4)
        world.add("rx_d", hi_rxno=PRESCRIPTIONS[30 + number], dr_code="D1", prsc_time=when, **at_h4)
        world.add("acdt_rec_d", acdt_no=f"later-{number}", psn_no="p01", acdt_type="1", acdt_time=when)
        world.add("ltci_trt_d", psn_no="p02", trt_begndate="2024-01-01", serv_begntime=when)
        world.case("pharmacy", "P1", "30", when, scheme="M16")
    # Who was still in bed goes home.
    in_bed = next(row for row in world.rows["mdtrt_d"] if row["endtime"] is None and row["med_type"] == "21")
    in_bed["endtime"] = LATER[1]


@pytest.fixture(scope="module")
def once_more(town_snapshot, tmp_path_factory) -> Snapshot:
    """The same as-of date, measured from a store that also holds all that came later."""
    world = copy.deepcopy(town_snapshot.world)
    add_later_rows(world)
    con = connect(tmp_path_factory.mktemp("later"))
    return look(world, con, tables_of(world, con))


def tables_of(world: World, con: ibis.BaseBackend) -> dict[str, ibis.Table]:
    """A world's tables as a store holds them, without the way through files."""
    tables = {}
    for name in (name for name, rows in world.rows.items() if rows):
        types = ibis.schema(
            {column: declared.dtype.type for column, declared in TABLES[name].columns.items()}
        )
        rows = world.frame(name)[list(types)]
        tables[name] = con.create_table(f"stored_{name}", ibis.memtable(rows, schema=types))
    return tables


def test_the_later_rows_are_there(town_snapshot, once_more):
    later = [
        "mdtrt_d",
        "setl_d",
        "fee_list_d",
        "drug_sel_d",
        "rx_d",
        "psn_sign_d",
        "psn_die_regn_d",
        "insp_case_d",
    ]
    for table in [*later, "acdt_rec_d", "ltci_trt_d"]:
        assert len(once_more.world.rows[table]) >= len(town_snapshot.world.rows[table]) + len(LATER)


def test_facts_as_of_the_date_stay_as_they_were(town_snapshot, once_more):
    pd.testing.assert_frame_equal(town_snapshot.facts, once_more.facts, check_exact=True)


@pytest.mark.parametrize("subject", ["visit", *SUBJECTS])
def test_measures_as_of_the_date_stay_as_they_were(town_snapshot, once_more, subject):
    pd.testing.assert_frame_equal(
        town_snapshot.measured[subject], once_more.measured[subject], check_exact=True
    )
