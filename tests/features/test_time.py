"""What happens on the day of the night or later changes no fact and no measure of it."""

import copy
import shutil
from datetime import datetime, timedelta

import pandas as pd
import pytest

from claims.store import Store
from tests.features.town import NIGHT, PRESCRIPTIONS, SUBJECTS, Night, look
from tests.tiny import World

LATER = [
    str(datetime(NIGHT.year, NIGHT.month, NIGHT.day) + timedelta(seconds=s)) for s in (0, 40, 86399, 10**7)
]


def add_later_rows(world: World) -> None:
    """Everything that can happen, to the same people, places and boxes, from midnight on."""
    world.person("newcomer", live_admdvs="village-1")
    settled = [row for row in world.rows["setl_d"] if row["medfee_sumamt"] > 0]
    lines = [row for row in world.rows["fee_list_d"] if row["cnt"] > 0]
    for number, when in enumerate(LATER):
        for who in ("p00", "p01", "p02", "newcomer"):
            world.purchase(who, "P1", when, lines=[("pill", 30, 20.0), ("dear", 9, 350.0)], chfpdr_code="D1")
            sale = world.rows["setl_d"][-1]["setl_id"]
            for code in ("T00", "T01", None):
                world.add(
                    "drug_sel_d", medins_prod_sel_no=f"later-{number}-{who}-{code}", setl_id=sale, rxno="R01",
                    fixmedins_code="P1", hilist_code="pill", drug_trac_codg=code, trdn_flag="0",
                    sel_retn_time=when, sel_retn_cnt=1,
                )  # fmt: skip
            world.visit(
                who, "H1", when, lines=[("dialysis", 2, 400.0)], dscg_maindiag_code="Z49.1", chfpdr_code="D2"
            )
            world.visit(
                who, "H2", when, lines=[("lab", 1, 30.0)], dscg_maindiag_code="I10.x00", chfpdr_code="D2"
            )
            day = when[:10]
            world.stay(who, "H1", day, 9, lines=[("bed", 1, 50.0), ("scan", 1, 300.0)], chfpdr_code="D1")
        # Refunds of earlier visits, whole and in part, and lines that an earlier visit earns later.
        world.settle(settled[number]["mdtrt_id"], when, -settled[number]["medfee_sumamt"])
        world.settle(settled[number + 9]["mdtrt_id"], when, -1.0)
        world.settle(settled[number + 19]["mdtrt_id"], when, 777.0)
        world.add("fee_list_d", **lines[number * 7] | {"bkkp_sn": f"later-{number}", "fee_ocur_time": when})
        # A box handed out later on an old bill, one of long ago that comes back, deaths, sign-ins, prescriptions, accidents, care and cases.
        world.add(
            "drug_sel_d", medins_prod_sel_no=f"owed-{number}", setl_id=settled[number]["setl_id"], fixmedins_code="P3",
            hilist_code="pill", drug_trac_codg=None, trdn_flag="0", sel_retn_time=when, sel_retn_cnt=1,
        )  # fmt: skip
        world.add(
            "drug_sel_d", medins_prod_sel_no=f"back-{number}", fixmedins_code="P2", hilist_code="pill",
            drug_trac_codg="T02", trdn_flag="0", sel_retn_time=when, sel_retn_cnt=-1,
        )  # fmt: skip
        world.add("psn_die_regn_d", psn_no=f"p{number + 4:02}", die_date=when, data_souc="3")
        world.add("psn_die_regn_d", psn_no="newcomer", die_date=when, data_souc=str(number))
        world.add(
            "psn_sign_d",
            sign_sn=f"later-{number}",
            psn_no="p00",
            fixmedins_code="H3",
            serv_type="1",
            sign_in_time=when,
        )
        world.add(
            "rx_d", hi_rxno=PRESCRIPTIONS[30 + number], psn_no="p00", dr_code="D1", fixmedins_code="H1",
            prsc_time=when, max_rept_cnt=0,
        )  # fmt: skip
        world.add("acdt_rec_d", acdt_no=f"later-{number}", psn_no="p01", acdt_type="1", acdt_time=when)
        world.add("ltci_trt_d", psn_no="p02", trt_begndate="2024-01-01", serv_begntime=when)
        world.case("pharmacy", "P1", "30", when, scheme="M16")
    # Who was still in bed goes home.
    in_bed = next(
        row
        for row in world.rows["mdtrt_d"]
        if row["psn_no"] == "p13" and row["begntime"] == "2024-12-20 09:00"
    )
    in_bed["endtime"] = LATER[1]


@pytest.fixture(scope="module")
def once_more(a_night, tmp_path_factory) -> Night:
    """The same night, looked at after everything that came later was loaded on top."""
    folder = tmp_path_factory.mktemp("later")
    shutil.copytree(a_night.store.path, folder / "store")
    world = copy.deepcopy(a_night.world)
    add_later_rows(world)
    return look(world, Store(folder / "store"), folder)


def test_the_later_rows_arrived(a_night, once_more):
    assert len(once_more.world.rows["mdtrt_d"]) > len(a_night.world.rows["mdtrt_d"])
    report = once_more.store.last_load().tables
    for table in (
        "mdtrt_d",
        "setl_d",
        "fee_list_d",
        "drug_sel_d",
        "rx_d",
        "psn_sign_d",
        "insp_case_d",
        "acdt_rec_d",
    ):
        assert report[table]["kept"] + report[table]["set_aside"] >= len(LATER), table


def test_facts_of_the_night_stay_as_they_were(a_night, once_more):
    pd.testing.assert_frame_equal(a_night.facts, once_more.facts, check_exact=True)


@pytest.mark.parametrize("subject", ["visit", *SUBJECTS])
def test_measures_of_the_night_stay_as_they_were(a_night, once_more, subject):
    pd.testing.assert_frame_equal(a_night.measured[subject], once_more.measured[subject], check_exact=True)
