"""Bills of purchases at pharmacies and of refills at hospitals; sales with trace codes; prescriptions."""

import numpy as np
import pandas as pd

from benchmarks.blind.bills.sheet import Sheet
from benchmarks.blind.catalogue import number
from benchmarks.blind.city import City

FIRST_PACK = 7_000_000_000


def bill_shops(city: City, sheet: Sheet) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits and lines of all purchases.

    Returns:
        Sales, a row a pack (sale, visit, psn, inst, item, time, cnt, code, split, number), and prescriptions
        (number, psn, doctor, written, valid, repeats).
    """
    buys = city.buys.sort_values(["time", "basket"], kind="stable").reset_index(drop=True)
    head = buys.drop_duplicates("basket")
    shop = head.inst.to_numpy() >= city.first_shop
    begin = head.time.to_numpy()
    visits = head.assign(
        med_type=np.where(shop, "41", "14"),
        begin=begin,
        end=begin + np.where(shop, 0, 1200).astype("timedelta64[s]"),
        icd=None,
        waived=False,
        lag=np.where(shop, 0, 300),
        doctor=np.where(shop & head.lead.isna(), -1, head.doctor),
    )
    number_of = pd.Series(sheet.enter(visits), index=head.basket.to_numpy())
    buys["visit"] = number_of.loc[buys.basket].to_numpy()
    buys["sale"] = np.arange(len(buys))
    at_shop = buys.inst.to_numpy() >= city.first_shop
    rx = _prescriptions(city, buys[at_shop & buys.lead.notna()])
    buys["number"] = buys.sale.map(rx.drop_duplicates("sale").set_index("sale")["number"])
    offer = np.exp(city.rng.normal(0, 1, len(buys)) * np.nan_to_num(city.places.offers.to_numpy()[buys.inst]))
    usual = np.where(buys.factor == 1, np.where(city.rng.random(len(buys)) < 0.3, offer, 1), buys.factor)
    factor = usual * np.where(at_shop, city.places.price.to_numpy()[buys.inst], 1)
    sheet.charge(
        buys.visit.to_numpy(),
        buys.item.to_numpy(),
        buys.cnt.to_numpy(),
        buys.time.to_numpy(),
        factor,
        all_items=True,
        doctor=np.where(at_shop & buys.lead.isna(), -1, buys.doctor),
        sale=buys["sale"].to_numpy(),
        rx=buys["number"].to_numpy(),
    )
    clinic = visits[~shop]
    sheet.charge(
        number_of.loc[clinic.basket].to_numpy(),
        number("consult"),
        1.0,
        clinic.begin.to_numpy(),
        doctor=clinic.doctor.to_numpy(),
    )
    kept = buys.recorded.astype(bool) & (
        city.rng.random(len(buys)) > city.places.unrecorded.to_numpy()[buys.inst]
    )
    return _sales(city, buys[at_shop & kept]), rx.drop_duplicates("number")


def _prescriptions(city: City, lines: pd.DataFrame) -> pd.DataFrame:
    """One prescription for each basket, or for all baskets that share one; the first sale dates it."""
    own = lines.rx < 0
    key = np.where(own, lines.basket + city.prescriptions, lines.rx)
    when = lines.time.to_numpy() - (lines.lead.to_numpy() * 1e0).astype("timedelta64[s]")
    table = lines.assign(number=key, written=when)
    first = table.groupby("number").written.transform("min")
    columns = ["sale", "number", "psn", "doctor", "written", "valid", "repeats"]
    return table.assign(written=first)[columns]


def _sales(city: City, lines: pd.DataFrame) -> pd.DataFrame:
    """A row for each pack with a trace code; one row without code for a line that was not scanned."""
    rng = city.rng
    careful = city.places.scanning.to_numpy()[lines.inst]
    scanned = (lines.scan.to_numpy() == 1) & (rng.random(len(lines)) < careful) | (
        lines.trace.to_numpy() >= 0
    )
    scanned |= lines.scan.to_numpy() == 2
    packs = np.where(scanned & ~lines.split.to_numpy(bool), lines.cnt.to_numpy(), 1).astype(int)
    row = np.repeat(np.arange(len(lines)), packs)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(packs) - packs, packs)
    given = lines.trace.to_numpy()[row]
    fresh = FIRST_PACK + np.cumsum(rng.integers(1, 40, len(row)))
    # Now and then the till takes the code of the pack before.
    slip = rng.random(len(row)) < city.places.repeats.to_numpy()[lines.inst.to_numpy()[row]]
    pack = np.where(given >= 0, given + turn, np.where(slip & (turn > 0), np.roll(fresh, 1), fresh))
    sales = lines.iloc[row][["sale", "visit", "psn", "inst", "item", "time", "split", "number"]].reset_index(
        drop=True
    )
    item = sales["item"].astype(str).str.zfill(6)
    sales["code"] = pd.Series("8" + item + pd.Series(pack).astype(str).str.zfill(13)).where(scanned[row])
    sales["cnt"] = np.where(scanned[row], 1.0, lines.cnt.to_numpy()[row])
    return sales
