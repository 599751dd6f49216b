"""Claims as of a date: refunds netted, void settlements gone with their lines and sales, nothing later."""

from datetime import date

import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY, ClaimsAsOf
from claims.tables import TABLES
from tests.tiny import World

AS_OF = date(2024, 6, 1)


class Ledger(World):
    """A world whose visits are called by name."""

    def __init__(self):
        super().__init__()
        self.person("anna")
        self.hospital("H1")
        self.pharmacy("P1")
        self.names: dict[str, str] = {}

    def named(self, name: str, begin: str = "2024-03-01 09:00", **more) -> str:
        self.names[name] = self.visit("anna", "H1", begin, **more)
        return self.names[name]

    def line(self, name: str, setl_id: str, code: str) -> None:
        """One more line of a visit, under another settlement."""
        self.add(
            "fee_list_d", bkkp_sn=f"{name}-{code}", setl_id=setl_id, mdtrt_id=self.names[name], psn_no="anna",
            fixmedins_code="H1", fee_ocur_time="2024-03-02", hilist_code=code, cnt=1, pric=80,
            det_item_fee_sumamt=80,
        )  # fmt: skip

    def sale(self, name: str, setl_id: str) -> None:
        self.add(
            "drug_sel_d", medins_prod_sel_no=name, setl_id=setl_id, fixmedins_code="P1", hilist_code="pill",
            drug_trac_codg=name, sel_retn_time="2024-03-02", sel_retn_cnt=1,
        )  # fmt: skip


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    world = Ledger()
    world.named("paid", lines=[("lab", 1, 100)])
    world.sale("paid", "S00001")

    visit = world.named("refunded", lines=[("lab", 1, 100)])
    world.sale("refunded", "S00002")
    world.settle(visit, "2024-03-05", -100)

    visit = world.named("settled again", lines=[("scan", 1, 100)])
    first = world.rows["setl_d"][-1]["setl_id"]
    world.sale("settled first", first)
    world.settle(visit, "2024-03-05", -100)
    again = world.settle(visit, "2024-03-06", 80)
    world.line("settled again", again, "lab")
    world.sale("settled again", again)

    visit = world.named("settled again for as much", lines=[("scan", 1, 80)])
    world.settle(visit, "2024-03-05", -80)
    world.line("settled again for as much", world.settle(visit, "2024-03-06", 80), "lab")

    visit = world.named("partly refunded", lines=[("lab", 1, 100)])
    world.settle(visit, "2024-03-05", -30)

    visit = world.named("void beside", lines=[("lab", 1, 100)])
    world.line("void beside", world.settle(visit, "2024-03-05", 999, vali_flag="0"), "scan")
    world.line("void beside", world.settle(visit, "2024-03-05", 999, setl_type="3"), "bed")

    world.named("negative", fee=-50)

    world.named("last second", begin="2024-05-31 23:00", settled="2024-05-31 23:59:59")
    world.named("midnight", begin="2024-05-31 23:00", settled="2024-06-01 00:00:00")
    world.named("not settled yet", begin="2024-05-20 09:00", settled="2024-06-03")
    world.named(
        "in bed", begin="2024-05-20 09:00", end="2024-06-04 10:00", med_type="21", settled="2024-05-30"
    )
    visit = world.named("refund to come", lines=[("lab", 1, 100)])
    world.settle(visit, "2024-06-01 00:00:00", -100)

    world.case("patient", "anna", "2", "2024-05-31", begndate="2024-01-01", enddate="2025-12-31")
    world.case("patient", "anna", "3", "2024-06-01", begndate="2024-01-01", enddate="2024-02-01")
    return world


@pytest.fixture(scope="module")
def known(ledger, claims_of) -> ClaimsAsOf:
    return claims_of(ledger, AS_OF)


@pytest.fixture(scope="module")
def visits(ledger, known) -> pd.DataFrame:
    frame = known.visits.to_pandas()
    return frame.assign(name=frame.mdtrt_id.map({v: k for k, v in ledger.names.items()})).set_index("name")


@pytest.mark.parametrize(
    "name, fee",
    [
        ("paid", 100),
        ("settled again", 80),
        ("settled again for as much", 80),
        ("partly refunded", 70),
        ("void beside", 100),
        ("last second", 100),
        ("in bed", 100),
        ("refund to come", 100),
    ],
)
def test_settlements_of_a_visit_are_summed(visits, name, fee):
    assert visits.medfee_sumamt[name] == fee
    assert visits.fund_pay_sumamt[name] == round(0.7 * fee, 2)


@pytest.mark.parametrize("name", ["refunded", "negative", "midnight", "not settled yet"])
def test_what_came_to_nothing_or_is_not_settled_is_not_known(visits, name):
    assert name not in visits.index
    assert "paid" in visits.index


def lines_of(ledger, known, name: str) -> set[str]:
    lines = known.lines.to_pandas()
    return set(lines[lines.mdtrt_id == ledger.names[name]].hilist_code)


@pytest.mark.parametrize(
    "name, items",
    [
        ("paid", {"lab"}),
        ("refunded", set()),
        ("settled again", {"lab"}),
        ("partly refunded", {"lab"}),
        ("void beside", {"lab"}),
        ("refund to come", {"lab"}),
    ],
)
def test_a_dead_settlement_takes_its_lines_with_it(ledger, known, name, items):
    assert lines_of(ledger, known, name) == items


def test_a_refund_undoes_the_payment_before_it_not_the_one_after(ledger, known):
    assert lines_of(ledger, known, "settled again for as much") == {"lab"}


def test_a_dead_settlement_takes_its_sales_with_it(known):
    assert set(known.sales.to_pandas().drug_trac_codg) == {"paid", "settled again"}


def test_an_end_after_the_as_of_date_has_not_happened(visits):
    assert pd.isna(visits.endtime["in bed"])
    assert visits.begntime["in bed"] == pd.Timestamp("2024-05-20 09:00")


def test_a_case_is_known_once_it_was_closed_whenever_the_conduct_was(known):
    assert known["insp_case_d"].to_pandas().clue_stas.tolist() == ["2"]


def test_the_next_date_knows_what_this_one_did_not(ledger, claims_of):
    later = claims_of(ledger, date(2024, 6, 5)).visits.to_pandas().set_index("mdtrt_id")
    name = ledger.names
    assert name["midnight"] in later.index and name["not settled yet"] in later.index
    assert name["refund to come"] not in later.index
    assert later.endtime[name["in bed"]] == pd.Timestamp("2024-06-04 10:00")


def test_absent_optional_tables_are_empty_with_their_columns(known):
    absent = set(TABLES) - known.present
    assert {"rx_d", "psn_die_regn_d", "psn_sign_d", "ltci_trt_d", "acdt_rec_d"} <= absent
    for name in absent:
        frame = known[name].to_pandas()
        assert frame.empty and list(frame.columns) == list(TABLES[name].columns)


@pytest.mark.parametrize(
    "med_type, kind",
    [
        ("21", STAY),
        ("2106", STAY),
        ("28", STAY),
        ("52", STAY),
        ("41", PHARMACY),
        ("11", OUTPATIENT),
        ("14", OUTPATIENT),
    ],
)
def test_the_first_two_digits_say_what_a_visit_is(claims_of, med_type, kind):
    world = Ledger()
    world.named("one", med_type=med_type)
    assert claims_of(world, AS_OF).visits.to_pandas().kind.tolist() == [kind]
