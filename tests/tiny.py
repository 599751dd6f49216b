"""A tiny world for tests: people, institutions and visits in a few readable lines.

    world = World()
    world.person("anna", live_admdvs="village-1")
    world.hospital("H1", hosp_lv="05")
    world.stay("anna", "H1", "2024-03-01", days=5, fee=4000, lines=[("bed", 5, 30)])
    world.write(folder)

Whatever is not said takes an unsuspicious default; ids are handed out in order.
"""

from pathlib import Path

import pandas as pd

from claims.tables import NUMBER, TABLES, TIME

# code: name, med_chrgitm_type, other fields of hilist_b
ITEMS = {
    "bed": ("普通病房床位费", "01", {"max_day_cnt": 1}),
    "care": ("Ⅱ级护理", "07", {"max_day_cnt": 1}),
    "round": ("住院诊查费", "02", {"max_day_cnt": 1}),
    "scan": ("CT平扫", "03", {"serv_type": "2"}),
    "lab": ("血常规", "04", {}),
    "treat": ("中频治疗", "05", {"serv_type": "3"}),
    "surgery": ("阑尾切除术", "06", {}),
    "dialysis": ("血液透析", "05", {"serv_type": "1"}),
    "dialyser": ("透析器", "08", {"list_type": "301"}),
    "pill": ("二甲双胍片", "09", {"days_per_unit": 10, "pric_uplmt_amt": 50}),
    "dear": ("降糖新药", "09", {"days_per_unit": 7, "pric_uplmt_amt": 400}),
}


class World:
    """Rows of the contract's tables, collected one call at a time."""

    def __init__(self):
        self.rows: dict[str, list[dict]] = {name: [] for name in TABLES}
        for code, (name, charge, more) in ITEMS.items():
            self.add("hilist_b", hilist_code=code, hilist_name=name, med_chrgitm_type=charge, **more)

    @classmethod
    def of_regulars(cls) -> "World":
        """Twelve people who see the hospital once a month, four times, and a pharmacy without customers."""
        world = cls()
        world.hospital("H1")
        world.pharmacy("P1")
        for number in range(12):
            world.person(f"p{number}")
            for month in range(1, 5):
                when = f"2024-{month:02}-{number + 1:02} 09:00"
                world.visit(f"p{number}", "H1", when, lines=[("lab", 1, 30)])
        return world

    def add(self, table: str, **row) -> dict:
        """Add one row as it is."""
        self.rows[table].append(row)
        return row

    def _next(self, table: str, letter: str) -> str:
        return f"{letter}{len(self.rows[table]) + 1:05d}"

    def person(self, psn_no: str, **more) -> str:
        """An insured person: a woman of 64 with employee insurance unless said otherwise."""
        row = {
            "gend": "2",
            "brdy": "1960-01-01",
            "insutype": "310",
            "psn_type": "12",
            "live_admdvs": "420800001001",
        }
        self.add("psn_info_b", psn_no=psn_no, **(row | more))
        return psn_no

    def hospital(self, code: str, **more) -> str:
        """A hospital of level 2 with 100 beds."""
        row = {
            "fixmedins_name": f"医院{code}",
            "fixmedins_type": "1",
            "hosp_lv": "05",
            "biznet": "3",
            "aprv_bed_cnt": 100,
        }
        self.add("fixmedins_b", fixmedins_code=code, **(row | more))
        return code

    def pharmacy(self, code: str, **more) -> str:
        """A retail pharmacy."""
        row = {"fixmedins_name": f"药店{code}", "fixmedins_type": "2", "hosp_lv": None, "biznet": "1"}
        self.add("fixmedins_b", fixmedins_code=code, **(row | more))
        return code

    def visit(
        self,
        psn_no: str,
        where: str,
        begin: str,
        *,
        end: str | None = None,
        med_type: str = "11",
        fee: float = 100.0,
        fund: float | None = None,
        lines: list[tuple] = (),
        settled: str | None = None,
        **more,
    ) -> str:
        """A settled visit; a line is (item, count, price[, time]). Returns its mdtrt_id.

        Args:
            more: other columns of the visit, or of its settlement.
        """
        mdtrt_id = self._next("mdtrt_d", "M")
        paid = {name: more.pop(name) for name in list(more) if name not in TABLES["mdtrt_d"].columns}
        start = pd.Timestamp(begin)
        self.add(
            "mdtrt_d", mdtrt_id=mdtrt_id, psn_no=psn_no, fixmedins_code=where, med_type=med_type,
            insutype="310", begntime=begin, endtime=end, **more,
        )  # fmt: skip
        if lines:
            fee = sum(count * price for _item, count, price, *_time in lines)
        setl_id = self.settle(
            mdtrt_id, settled or end or str(start + pd.Timedelta(minutes=20)), fee, fund, **paid
        )
        for item, count, price, *time in lines:
            self.add(
                "fee_list_d", bkkp_sn=self._next("fee_list_d", "L"), setl_id=setl_id, mdtrt_id=mdtrt_id,
                psn_no=psn_no, fixmedins_code=where, fee_ocur_time=time[0] if time else begin,
                hilist_code=item, cnt=count, pric=price, det_item_fee_sumamt=round(count * price, 2),
                bilg_dr_codg=more.get("chfpdr_code"),
            )  # fmt: skip
        return mdtrt_id

    def stay(self, psn_no: str, where: str, begin: str, days: int, **more) -> str:
        """An inpatient stay of so many days, from nine in the morning to ten."""
        start = pd.Timestamp(begin) + pd.Timedelta(hours=9)
        end = start.normalize() + pd.Timedelta(days=days, hours=10)
        row = {"med_type": "21", "fee": 5000.0, "dscg_maindiag_code": "I10.x00"} | more
        return self.visit(psn_no, where, str(start), end=str(end), **row)

    def purchase(self, psn_no: str, where: str, when: str, **more) -> str:
        """A purchase in a pharmacy."""
        return self.visit(psn_no, where, when, **({"med_type": "41"} | more))

    def settle(self, mdtrt_id: str, when: str, fee: float, fund: float | None = None, **more) -> str:
        """A settlement of a visit; a negative fee is a refund. Returns its setl_id."""
        if unknown := more.keys() - TABLES["setl_d"].columns.keys():
            raise TypeError(f"neither a visit nor its settlement has {', '.join(sorted(unknown))}")
        visit = next(row for row in self.rows["mdtrt_d"] if row["mdtrt_id"] == mdtrt_id)
        fund = round(fee * 0.7, 2) if fund is None else fund
        row = {
            "setl_id": self._next("setl_d", "S"), "mdtrt_id": mdtrt_id, "psn_no": visit["psn_no"],
            "fixmedins_code": visit["fixmedins_code"], "med_type": visit["med_type"], "setl_time": when,
            "medfee_sumamt": fee, "fund_pay_sumamt": fund, "hifp_pay": fund, "acct_pay": 0.0,
            "cash_payamt": round(fee - fund, 2), "refd_setl_flag": "1" if fee < 0 else "0", "vali_flag": "1",
            "setl_type": "2",
        }  # fmt: skip
        self.add("setl_d", **(row | more))
        return row["setl_id"]

    def sell(self, mdtrt_id: str, item: str, when: str, code: str | None, count: float = 1, **more) -> str:
        """A pack is sold, or returned (count -1), with its trace code. Returns the number of the sale."""
        visit = next(row for row in self.rows["mdtrt_d"] if row["mdtrt_id"] == mdtrt_id)
        setl = next((row["setl_id"] for row in self.rows["setl_d"] if row["mdtrt_id"] == mdtrt_id), None)
        lines = [
            row
            for row in self.rows["fee_list_d"]
            if row["mdtrt_id"] == mdtrt_id and row["hilist_code"] == item
        ]
        row = {
            "medins_prod_sel_no": self._next("drug_sel_d", "N"),
            "bkkp_sn": lines[0]["bkkp_sn"] if lines else None, "setl_id": setl,
            "psn_no": visit["psn_no"], "fixmedins_code": visit["fixmedins_code"],
            "hilist_code": item, "sel_retn_time": when, "sel_retn_cnt": count, "drug_trac_codg": code,
            "trdn_flag": "0",
        }  # fmt: skip
        self.add("drug_sel_d", **(row | more))
        return row["medins_prod_sel_no"]

    def case(self, subject_type: str, subject_id: str, clue_stas: str, close_date: str, **more) -> str:
        """The outcome of an inspection."""
        case_id = self._next("insp_case_d", "C")
        self.add(
            "insp_case_d", case_id=case_id, subject_type=subject_type, subject_id=subject_id,
            clue_stas=clue_stas, close_date=close_date, **more,
        )  # fmt: skip
        return case_id

    def frame(self, table: str) -> pd.DataFrame:
        """One table as a frame with the columns of the contract first."""
        frame = pd.DataFrame(self.rows[table])
        for name in TABLES[table].columns:
            if name not in frame:
                frame[name] = None
            kind = TABLES[table].kind(name)
            if kind == NUMBER:
                frame[name] = frame[name].astype("float64")
            elif kind == TIME:
                frame[name] = _times(frame[name])
        return frame

    def write(self, folder: Path, *, without: tuple[str, ...] = (), as_csv: str | None = None) -> Path:
        """Write the tables that have rows, required ones always; as Parquet, or as CSV in an encoding."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in TABLES.items():
            if name in without or not (self.rows[name] or table.required):
                continue
            frame = self.frame(name)
            if as_csv:
                frame.to_csv(folder / f"{name}.csv", index=False, encoding=as_csv)
            else:
                frame.to_parquet(folder / f"{name}.parquet", index=False)
        return folder


def _times(column: pd.Series) -> pd.Series:
    """A column as times; as it is where one cannot be read or they are of several time zones."""
    try:
        times = pd.to_datetime(column, format="mixed", errors="coerce")
    except ValueError:
        return column
    return times.astype("datetime64[us]") if times.notna().equals(column.notna()) else column
