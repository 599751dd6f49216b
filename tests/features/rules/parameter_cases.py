"""A case for each parameter of the rules: the last value that finds it lies in the claims."""

from datetime import datetime, timedelta

from tests.features.rules.planting import Planted


class Cases(Planted):
    """One case a parameter, by name."""

    def __init__(self):
        super().__init__(
            "H1 H2 H3 H9 BEDS STOCK ORDERS SIGNS REPORTS RATIO SHARED", " ".join(f"P{n}" for n in range(1, 9))
        )
        self.case: dict[str, str] = {}
        for row in self.world.rows["fixmedins_b"]:
            row["admdvs"] = "420601" if row["fixmedins_code"] == "H9" else "420801"
            row |= {"aprv_bed_cnt": 10} if row["fixmedins_code"] == "BEDS" else {}
        parts = (
            entitlement, limits, prices, stays, readmissions, beds, repeats, relations, stock, purchases,
            caps, trace_codes, prescriptions, cards, doctors, dialysis, presence,
        )  # fmt: skip
        for part in parts:
            part(self)


def after(day: str, days: float) -> str:
    return str(datetime.fromisoformat(day) + timedelta(days=days))


def entitlement(c: Cases) -> None:
    died = {"die_date": "2024-03-10 15:00", "data_souc": "1"}
    for name in ("dead", "kept"):
        c.world.add("psn_die_regn_d", psn_no=c.world.person(name), **died)
    c.case["three days dead"] = c.buy("2024-03-13 09:00", who="dead")
    c.world.rows["setl_d"][-1]["acct_pay"] = 20.0
    c.case["left three days after death"] = c.stay(("bed", 9, 30.0), who="kept", begin="2024-03-05", days=8)
    jailed = c.someone(surv_stas="3", surv_stas_ocur_date="2024-03-01")
    c.case["three days in prison"] = c.seen(("lab", 1, 9.0), who=jailed, when="2024-03-04 09:00")


def limits(c: Cases) -> None:
    for kind, limit in [("drug", "diag"), ("service", "diag"), ("material", "diag"), ("drug", "label_diag"),
                        ("service", "exam_diag")]:  # fmt: skip
        item, who = c.item(f"{kind}-{limit}", kind, (limit, "E11")), c.someone()
        c.seen(("lab", 1, 9.0), who=who, dscg_maindiag_code="E11.900")
        later = {"when": after("2024-03-01 09:00", 100), "dscg_maindiag_code": "J00.x00"}
        c.case[f"{kind} {limit}, 100 days"] = c.seen((item, 1, 90.0), who=who, **later)
    for kind in ("drug", "service"):
        item, who = c.item(f"{kind}-course", kind, ("course_days", "3")), c.someone()
        for day in (0, 1, 2, 22):
            visit = c.seen((item, 1, 50.0), who=who, when=after("2024-03-01 09:00", day))
        c.case[f"fourth day of {kind} after a pause of 20"] = visit
    c.case["ninety days of pills"] = c.seen(("pill", 9, 40.0))
    c.item("label-1", "drug", max_day_cnt=1)
    lines = [("label-1", 5, 2.0, f"2024-03-0{n} 10:00") for n in (1, 2, 3)]
    c.case["three times the label"] = c.stay(*lines)  # five days of one a day
    for n in range(4):
        c.item(f"mix-{n}", "drug")
    c.case["four drugs"] = c.seen(*[(f"mix-{n}", 1, 5.0) for n in range(4)])


def prices(c: Cases) -> None:
    c.item("capped", "service", pric_uplmt_amt=50)
    c.case["half a yuan above the ceiling"] = c.seen(("capped", 1, 50.5))
    for code in ("op-a", "op-b"):
        c.item(code, "06", pric_uplmt_amt=800)
    c.case["second operation at three quarters"] = c.seen(("op-a", 1, 800.0), ("op-b", 1, 600.0))
    c.case["quarter of a yuan too much on ten"] = c.seen(("lab", 10, 1.0))
    c.world.rows["fee_list_d"][-1]["det_item_fee_sumamt"] = 10.25
    c.item("breath", "service", prcunt="小时")
    c.case["twelve hours"] = c.seen(("breath", 12, 10.0))
    c.item("sleep", "05", serv_type="5", serv_mins=60)
    c.case["an hour more than recorded"] = stay = c.stay(("sleep", 3, 100.0))
    record = {"anst_begntime": "2024-03-01 10:00", "anst_endtime": "2024-03-01 12:00"}
    c.world.add("oprn_d", mdtrt_id=stay, oprn_oprt_code="1", **record)
    for price, sale in [(10.0, {"setl_id": None}), (11.0, {})]:
        sale |= {"finl_trns_pric": price}
        c.case["a tenth above cash"] = c.sell("2024-08-20 10:00:00", f"cash-{price}", where="P8", sale=sale)


def stays(c: Cases) -> None:
    early = [("lab", 1, 20.0, f"2024-03-{day:02} 10:00") for day in (7, 10, 11, 12, 13)]
    c.case["charged three days before"] = c.stay(*early, begin="2024-03-10", days=3)
    c.case["seven beds in four days"] = c.stay(("bed", 7, 30.0), ("lab", 1, 9.0, "2024-03-02 10:00"))
    idle = [("bed", 1, 30.0, f"2024-07-{day:02} 20:00") for day in range(1, 9)]
    idle += [("treat", 1, 50.0, f"2024-07-{day:02} 10:00") for day in (1, 2, 7, 8)]
    c.case["four idle days"] = c.stay(*idle, begin="2024-07-01", days=8)
    who = c.someone()
    c.world.stay(who, "H1", "2024-03-01", 9)
    c.case["four days in two hospitals"] = c.world.stay(who, "H2", "2024-03-06", 9)
    for _n in range(8):
        c.world.stay(c.someone(), "H3", "2024-03-01", 9, dscg_maindiag_code="M51.200", fee=6000.0)
    short = {"dscg_maindiag_code": "M51.200", "fee": 6500.0}
    c.case["one costly day"] = c.world.stay(c.someone(), "H3", "2024-04-01", 1, **short)


def readmissions(c: Cases) -> None:
    who = c.someone()
    c.world.stay(who, "H1", "2024-03-01", 5, dscg_maindiag_code="J18.900")
    c.case["back after ten days"] = c.world.stay(who, "H1", "2024-03-16", 5, dscg_maindiag_code="J18.900")
    who = c.someone()
    for begin in ("2024-03-01", "2024-03-15"):
        c.case["second stay for a tumour"] = c.world.stay(who, "H1", begin, 3, dscg_maindiag_code="C34.900")
    for place in ("B1", "B2", "B3", "B4"):
        c.world.hospital(place, hosp_lv="08")
        for n in range(10):
            who = c.someone()
            c.world.stay(who, place, "2024-02-01", 3, dscg_maindiag_code=f"E{n:02}.000")
            if n < 2:  # twelve stays everywhere; two of those at B4 are readmissions after twenty days
                other = {"who": who} if place == "B4" else {"who": c.someone()}
                again = c.world.stay(other["who"], place, "2024-02-24", 3, dscg_maindiag_code="N39.000")
    c.case["two of twelve back after twenty days"] = again


def beds(c: Cases) -> None:
    for n in range(13):
        begin = after("2024-09-01", n)[:10]
        c.case["thirteenth on ten beds"] = c.world.stay(
            c.someone(), "BEDS", begin, 15, dscg_maindiag_code="A01"
        )
    for n in range(9):
        c.world.stay(c.someone(), "SHARED", "2024-05-01", 5, dept_code="D", adm_bed=f"{n}")
    c.case["three days on a taken bed"] = c.world.stay(
        c.someone(), "SHARED", "2024-05-03", 9, dept_code="D", adm_bed="0"
    )


def repeats(c: Cases) -> None:
    who = c.someone()
    for day in (0, 5):
        visit = c.seen(("scan", 1, 300.0), who=who, when=after("2024-04-01 09:00", day))
    c.case["scanned again after five days"] = visit
    who = c.someone()
    for n in range(5):
        c.case["fifth visit in five days"] = c.seen(
            ("lab", 1, 9.0), who=who, when=after("2024-06-01 09:00", n)
        )
    who = c.someone()
    for n in range(3):
        day = after("2024-05-01 09:00:00", 3 * n)
        c.case["third purchase of the month"] = c.buy(day, who=who)
    who = c.someone()
    for n in range(3):
        begin, disease = after("2024-02-01", 20 * n)[:10], f"A0{n}.000"
        c.case["third stay in forty days"] = c.world.stay(who, "H1", begin, 2, dscg_maindiag_code=disease)


def relations(c: Cases) -> None:
    for code, kind in [("tube", "05"), ("tube-care", "07"), ("mesh", "material"), ("contrast", "drug"),
                       ("epo", "drug"), ("blood", "04"), ("cut", "06")]:  # fmt: skip
        c.item(code, kind)
    for kind, one, other in [("3", "tube-care", "tube"), ("3", "mesh", "cut"), ("3", "contrast", "cut"),
                             ("4", "epo", "blood")]:  # fmt: skip
        c.world.add("hilist_rela_b", rela_type=kind, hilist_code=one, rela_hilist_code=other)
    for name, ground, item, days in [
        ("tube placed 100 days ago", "tube", "tube-care", 100),
        ("mesh, operation five days ago", "cut", "mesh", 5),
        ("contrast, operation five days ago", "cut", "contrast", 5),
        ("blood test twenty days ago", "blood", "epo", 20),
    ]:
        who = c.someone()
        c.seen((ground, 1, 50.0), who=who)
        c.case[name] = c.seen((item, 1, 50.0), who=who, when=after("2024-03-01 09:00", days))


def stock(c: Cases) -> None:
    for kind in ("material", "drug"):
        code = c.item(f"{kind}-stock", kind)
        row = {"fixmedins_code": "STOCK", "hilist_code": code, "inv_chg_type": "3503", "cnt": 10}
        c.world.add("inv_chg_d", inv_chg_sn=code, inv_chg_time="2024-01-05", **row)
        c.case[f"twenty {kind}s of ten"] = c.seen((code, 20, 5.0), where="STOCK")
    for n in range(10):
        c.case["one line of ten without an order"] = c.stay(("lab", 1, 9.0), where="ORDERS")
        c.world.rows["fee_list_d"][-1]["rx_drord_no"] = None if n == 9 else f"o{n}"


def purchases(c: Cases) -> None:
    """A pharmacy of which three of four purchases cost 98 yuan, among four that cost 50."""
    for shop in ("C1", "C2", "C3", "C4", "C5"):
        c.world.pharmacy(shop)
        for n in range(4):
            price = 98.0 if shop == "C1" and n < 3 else 50.0
            visit = c.buy(after("2024-09-01 10:00:00", n), lines=[("dear", 1, price)], where=shop)
            if price == 98.0:
                c.case["just under the cap"] = visit


def caps(c: Cases) -> None:
    for name, insutype in [("an employee", "310"), ("a resident", "390")]:
        c.case[f"ninety yuan of {name}"] = c.stay(("lab", 1, 100.0), begin="2023-06-01", fund=90.0)
        c.world.rows["mdtrt_d"][-1]["insutype"] = insutype


def trace_codes(c: Cases) -> None:
    c.sell("2024-03-01 09:00:00", "moved")
    c.case["sold elsewhere after five days"] = c.sell("2024-03-06 09:00:00", "moved", where="P2")
    for n in range(4):
        code = f"scan-{n}" if n else None
        visit = c.sell("2024-07-10 10:00:00", code, item="dear", where="P7")
        if not code:
            c.case["one of four without a code"] = visit


def prescriptions(c: Cases) -> None:
    def sold(number: str, when: str, where: str, repeats: int = 0, **more) -> str:
        written = "2024-05-01 09:00:00"
        row = {
            "psn_no": "dead",
            "dr_code": "D1",
            "fixmedins_code": "H1",
            "prsc_time": written,
            "valid_days": 5,
        }
        c.world.add("rx_d", hi_rxno=number, max_rept_cnt=repeats, **(row | more))
        return c.sell(when, f"code-{number}", where=where, sale={"rxno": number})

    c.case["sold forty minutes before it was written"] = sold("R1", "2024-05-01 08:20:00", "P1")
    c.case["repeated after fifty days"] = sold("R2", "2024-06-20 08:20:00", "P1", 1)
    c.case["reviewed after eight seconds"] = sold(
        "R3", "2024-05-01 10:00:00", "P1", phar_code="PH1", phar_chk_time="2024-05-01 09:00:08"
    )
    for number, where, minute in [("R4", "P1", 20), ("R5", "P2", 30)]:
        row = {"phar_code": "PH2", "phar_chk_time": f"2024-05-02 09:{minute}:00"}
        c.case["reviewed elsewhere after ten minutes"] = sold(number, "2024-05-02 12:00:00", where, **row)


def cards(c: Cases) -> None:
    who = c.someone()
    c.buy("2024-03-20 10:00:00", who=who, where="P3")
    c.case["two shops in twenty minutes"] = c.buy("2024-03-20 10:20:00", who=who, where="P4")
    who = c.someone()
    for where, when in [("H1", "2024-03-20 10:00:00"), ("H9", "2024-03-20 10:20:00")]:
        c.case["two cities in twenty minutes"] = c.seen(("lab", 1, 9.0), who=who, where=where, when=when,
                                                        settled=when)  # fmt: skip
    for n in range(4):
        c.case["fourth card in a row"] = c.buy(f"2024-04-20 10:0{n // 2}:{30 * (n % 2):02}", where="P5")
    for n, village in enumerate(("v1", "v2", "v3")):
        who = c.someone(tel="t1", live_admdvs=village)
        c.case["third on a telephone, two days apart"] = c.buy(
            after("2024-09-01 10:00:00", 2 * n), who=who, where="P6"
        )


def doctors(c: Cases) -> None:
    for minute in range(3):
        c.case["third patient of the day"] = c.seen(
            ("lab", 1, 9.0), when=f"2024-07-01 08:0{minute}:00", chfpdr_code="D5"
        )
    able = c.someone()
    c.world.add("ltci_trt_d", psn_no=able, trt_begndate="2024-01-01", dsabasmt_lv="4")
    for day in (1, 2, 3):
        c.case["third visit of grade 4"] = c.seen(("lab", 1, 9.0), who=able, when=f"2024-02-0{day} 09:00")


def dialysis(c: Cases) -> None:
    for name, days in [
        ("twice on a day", (4, 4)),
        ("three in a week", (4, 6, 8)),
        ("three in a month", (4, 11, 18)),
    ]:
        who = c.someone()
        for day in days:
            c.case[name] = c.seen(("dialysis", 1, 400.0), who=who, where="H2", when=f"2024-03-{day:02} 08:00")
    who = c.someone()
    c.seen(("dialysis", 1, 400.0), ("dialyser", 1, 150.0), who=who, where="RATIO", when="2024-03-04 08:00")
    c.case["one dialyser for two"] = c.seen(
        ("dialysis", 1, 400.0), who=who, where="RATIO", when="2024-03-11 08:00"
    )


def presence(c: Cases) -> None:
    for row in c.world.rows["hilist_b"]:
        row |= {"serv_mins": 30} if row["hilist_code"] == "treat" else {}
    for service, item in [("1", "dialysis"), ("2", "scan"), ("3", "treat")]:
        row = {"psn_no": "dead", "fixmedins_code": "SIGNS", "serv_type": service}
        c.world.add("psn_sign_d", sign_sn=service, sign_in_time="2024-01-05 08:00", **row)
        for _patient in range(2):
            when = {"when": "2024-06-20 08:00"}
            c.case[f"two without a sign-in, {item}"] = c.seen((item, 1, 50.0), where="SIGNS", **when)
    for _patient in range(4):
        c.case["fourth half hour"] = c.seen(
            ("treat", 1, 50.0), where="H2", when="2024-07-01 08:00", chfpdr_code="THERAPIST"
        )
    c.world.add("exam_rpt_d", rpt_no="1", psn_no="dead", fixmedins_code="REPORTS", rpt_time="2024-07-01")
    who = c.someone()
    c.case["reported after five days"] = c.seen(
        ("scan", 1, 300.0), who=who, where="REPORTS", when="2024-08-01 09:00"
    )
    c.world.add("exam_rpt_d", rpt_no="2", psn_no=who, fixmedins_code="REPORTS", rpt_time="2024-08-06")
