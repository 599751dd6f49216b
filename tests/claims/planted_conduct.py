"""A simulated city read back, and what each scheme does in it, as one number a subject."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from claims.synthetic import simulate

PERSONS = 1_500
STAYS = ["21", "22", "23", "24", "25", "26", "27", "28", "52"]
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Simulated:
    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    innocent: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Simulated":
        tables = {path.stem: pd.read_parquet(path) for path in (folder / "input").glob("*.parquet")}
        return cls(tables, *(pd.read_parquet(folder / f"{name}.parquet") for name in ("truth", "innocent")))

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A table without the rows planted twice or for the quarantine."""
        return self._clean[name]

    @cached_property
    def _clean(self) -> dict[str, pd.DataFrame]:
        visits = self.tables["mdtrt_d"]
        placed = visits.mdtrt_id[~(visits.endtime < visits.begntime)]
        clean = {name: table.drop_duplicates() for name, table in self.tables.items()}
        return {
            name: table[table.mdtrt_id.isin(placed)] if "mdtrt_id" in table else table
            for name, table in clean.items()
        }

    @cached_property
    def paid(self) -> pd.DataFrame:
        """Settlements that count, of visits that were not cancelled."""
        rows = self["setl_d"]
        rows = rows[(rows.vali_flag == "1") & (rows.setl_type != "3")]
        alive = rows.groupby("mdtrt_id").medfee_sumamt.sum() > 0
        return rows[(rows.refd_setl_flag == "0") & rows.mdtrt_id.isin(alive.index[alive])]

    def guilty(self, scheme: str, subject_type: str) -> pd.Series:
        truth = self.truth
        return truth.subject_id[(truth.scheme == scheme) & (truth.subject_type == subject_type)]


def made(folder: Path, **arguments: object) -> Simulated:
    simulate(folder, **{"persons": PERSONS, **arguments})
    return Simulated.read(folder)


# What each scheme does, as one number a subject; the guilty stand above the honest median.


def _stays(city: Simulated) -> pd.DataFrame:
    stays = city["mdtrt_d"][lambda t: t.med_type.isin(STAYS)]
    bills = city.paid.groupby("mdtrt_id")[["medfee_sumamt", "fund_pay_sumamt"]].sum()
    return stays.merge(bills, on="mdtrt_id").sort_values("begntime")


def free_of_charge(city: Simulated) -> pd.Series:
    """Share of a stay's bill that the fund pays."""
    stays = _stays(city).set_index("mdtrt_id")
    return stays.fund_pay_sumamt / stays.medfee_sumamt


def co_visitors(city: Simulated) -> pd.Series:
    """People admitted at the same hospital within two days of a person, at least twice."""
    stays = _stays(city)[["psn_no", "fixmedins_code", "begntime"]]
    pairs = stays.merge(stays, on="fixmedins_code")
    near = (pairs.begntime_x - pairs.begntime_y).abs() <= pd.Timedelta(days=2)
    met = pairs[near & (pairs.psn_no_x != pairs.psn_no_y)].groupby(["psn_no_x", "psn_no_y"]).size()
    often = met[met >= 2].groupby("psn_no_x").size()
    return often.reindex(stays.psn_no.unique(), fill_value=0)


def soon_again(city: Simulated) -> pd.Series:
    """Minus the days since the last discharge from the same hospital."""
    stays = _stays(city)
    before = stays.groupby(["psn_no", "fixmedins_code"]).endtime.shift()
    return -((stays.begntime - before).dt.days.fillna(999).set_axis(stays.mdtrt_id))


def _share_of_charges(city: Simulated, types: list[str]) -> pd.Series:
    lines = city["fee_list_d"].merge(city["hilist_b"][["hilist_code", "med_chrgitm_type"]])
    lines = lines[lines.mdtrt_id.isin(_stays(city).mdtrt_id)]
    chosen = lines.det_item_fee_sumamt.where(lines.med_chrgitm_type.isin(types), 0.0)
    return chosen.groupby(lines.mdtrt_id).sum() / lines.groupby("mdtrt_id").det_item_fee_sumamt.sum()


def examined(city: Simulated) -> pd.Series:
    """Share of examinations and laboratory in a stay's bill."""
    return _share_of_charges(city, ["03", "04"])


def supply(city: Simulated) -> pd.Series:
    """Days of supply of chronic drugs a person got."""
    items = city["hilist_b"].loc[lambda t: t.hilist_name.str.contains("用药") & t.days_per_unit.notna()]
    lines = city["fee_list_d"].merge(items[["hilist_code", "days_per_unit"]])
    return (lines.cnt * lines.days_per_unit).groupby(lines.psn_no).sum()


def after_death(city: Simulated) -> pd.Series:
    """Days from death to the end of a visit, of persons who died."""
    died = city["psn_die_regn_d"].groupby("psn_no").die_date.min().rename("died").reset_index()
    visits = city["mdtrt_d"].merge(died).set_index("mdtrt_id")
    return (visits.begntime - pd.to_datetime(visits.died)).dt.days


def idle_days(city: Simulated) -> pd.Series:
    """Share of the days of a stay with bed, nursing and rounds only."""
    lines = city["fee_list_d"].merge(city["hilist_b"][["hilist_code", "med_chrgitm_type"]])
    lines = lines[lines.mdtrt_id.isin(_stays(city).mdtrt_id)]
    day = lines.fee_ocur_time.dt.normalize()
    cared = ~lines.med_chrgitm_type.isin(["01", "02", "07"])
    days = day.groupby(lines.mdtrt_id).nunique()
    return 1 - day[cared].groupby(lines.mdtrt_id[cared]).nunique().reindex(days.index, fill_value=0) / days


def _gaps(city: Simulated) -> pd.DataFrame:
    shop = city.paid[city.paid.med_type == "41"].sort_values("setl_time")
    since = shop.groupby("fixmedins_code").setl_time.diff().dt.total_seconds().fillna(SECONDS_A_DAY)
    until = -shop.groupby("fixmedins_code").setl_time.diff(-1).dt.total_seconds().fillna(-SECONDS_A_DAY)
    return shop.assign(gap=np.minimum(since, until))


def back_to_back(city: Simulated) -> pd.Series:
    """Minus the seconds to the nearest other settlement at the pharmacy."""
    return -_gaps(city).set_index("mdtrt_id").gap


def back_to_back_person(city: Simulated) -> pd.Series:
    return -_gaps(city).groupby("psn_no").gap.median()


def back_to_back_pharmacy(city: Simulated) -> pd.Series:
    gaps = _gaps(city)
    return (gaps.gap < 180).groupby(gaps.fixmedins_code).mean()


def dear_drugs(city: Simulated) -> pd.Series:
    """Share of dear chronic drugs in a pharmacy's sales."""
    lines = city["fee_list_d"].merge(city["hilist_b"][["hilist_code", "hilist_name"]])
    lines = lines[lines.fixmedins_code.str.startswith("P")]
    dear = lines.det_item_fee_sumamt.where(lines.hilist_name.str.endswith("用药7"), 0.0)
    return (
        dear.groupby(lines.fixmedins_code).sum() / lines.groupby("fixmedins_code").det_item_fee_sumamt.sum()
    )


def repeated_codes(city: Simulated) -> pd.Series:
    """Sales of a pharmacy that show a trace code sold before, split packs and returned boxes aside."""
    sales = city["drug_sel_d"].dropna(subset="drug_trac_codg").sort_values("sel_retn_time")
    returned = set(sales.drug_trac_codg[sales.sel_retn_cnt < 0])
    plain = sales[(sales.trdn_flag == "0") & ~sales.drug_trac_codg.isin(returned)]
    return plain.duplicated("drug_trac_codg").groupby(plain.fixmedins_code).sum()


def light_for_its_group(city: Simulated) -> pd.Series:
    """Minus the log of a stay's bill over the median of the stays with the same severity mark and level."""
    stays = _stays(city).merge(city["fixmedins_b"][["fixmedins_code", "hosp_lv"]]).set_index("mdtrt_id")
    log = np.log(stays.medfee_sumamt)
    return log.groupby([stays.dise_no.str[-1], stays.hosp_lv]).transform("median") - log


def no_sign_in_dialysis(city: Simulated) -> pd.Series:
    """1 for a dialysis visit without a sign-in of that person that day, 0 for one with."""
    item = city["hilist_b"].loc[lambda t: t.hilist_name == "血液透析", "hilist_code"].iloc[0]
    lines = city["fee_list_d"][lambda t: t.hilist_code == item].drop_duplicates("mdtrt_id")
    signs = city["psn_sign_d"][lambda t: t.serv_type == "1"]
    near = lines.merge(signs, on="psn_no")
    near = near[(near.sign_in_time - near.fee_ocur_time).abs() < pd.Timedelta(minutes=30)]
    return (~lines.set_index("mdtrt_id").index.to_series().isin(near.mdtrt_id)).astype(float)


def dialysis_a_week(city: Simulated) -> pd.Series:
    item = city["hilist_b"].loc[lambda t: t.hilist_name == "血液透析", "hilist_code"].iloc[0]
    lines = city["fee_list_d"][lambda t: t.hilist_code == item]
    weeks = lines.groupby("psn_no").fee_ocur_time.agg(lambda t: (t.max() - t.min()).days / 7 + 1)
    return lines.groupby("psn_no").size() / weeks


def one_pharmacy(city: Simulated) -> pd.Series:
    """Purchases by a doctor's prescriptions at the one pharmacy that fills most, beyond two."""
    shop = city["mdtrt_d"][lambda t: (t.med_type == "41") & t.chfpdr_code.notna()]
    counts = shop.groupby(["chfpdr_code", "fixmedins_code"]).size().groupby("chfpdr_code")
    return counts.max() / (counts.sum() + 10)


SCHEMES = {
    "M01": [("visit", free_of_charge)],
    "M02": [("patient", co_visitors)],
    "M03": [("visit", soon_again)],
    "M04": [("visit", examined)],
    "M05": [("patient", supply)],
    "M09": [("visit", after_death)],
    "M10": [("visit", idle_days)],
    "M15": [("patient", back_to_back_person)],
    "M16": [("visit", back_to_back), ("pharmacy", back_to_back_pharmacy)],
    "M19": [("pharmacy", dear_drugs)],
    "M20": [("pharmacy", repeated_codes)],
    "M24": [("visit", light_for_its_group)],
    "M28": [("visit", no_sign_in_dialysis), ("patient", dialysis_a_week)],
    "M40": [("prescriber", one_pharmacy)],
}
