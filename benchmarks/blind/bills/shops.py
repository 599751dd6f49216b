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
        Sales, a row a pack (sale, visit, psn, inst, item, time, cnt, code, split, rx), and prescriptions
        (number, psn, doctor, written, valid, repeats).
    """
    buys = city.buys.sort_values(["time", "basket"], kind="stable").reset_index(drop=True)
    buys["shop"] = buys.inst >= city.first_shop
    head = _visits(buys.drop_duplicates("basket"))
    number_of = pd.Series(sheet.enter(head), index=head.basket.to_numpy())
    buys["visit"], buys["sale"] = number_of.loc[buys.basket].to_numpy(), np.arange(len(buys))
    rx = _prescriptions(city, buys[buys["shop"] & buys.lead.notna()])
    buys["rx"] = buys["sale"].map(rx.set_index("sale")["number"])
    _charge(city, sheet, buys)
    clinic = head[~head["shop"]]
    visit, time = number_of.loc[clinic.basket].to_numpy(), clinic.begin.to_numpy()
    sheet.charge(visit, number("consult"), 1.0, time, doctor=clinic.doctor.to_numpy())
    kept = buys.recorded.astype(bool)
    kept &= city.rng.random(len(buys)) > city.places.unrecorded.fillna(0).to_numpy()[buys.inst]
    return _sales(city, buys[buys["shop"] & kept]), rx.drop_duplicates("number")


def _visits(head: pd.DataFrame) -> pd.DataFrame:
    """A visit for each basket: pharmacy purchases take no time, a sale without prescription has no doctor."""
    shop, begin = head["shop"].to_numpy(), head.time.to_numpy()
    return head.assign(
        med_type=np.where(shop, "41", "14"),
        begin=begin,
        end=begin + np.where(shop, 0, 1200).astype("timedelta64[s]"),
        icd=None,
        waived=False,
        lag=np.where(shop, 0, 300),
        doctor=np.where(shop & head.lead.isna(), -1, head.doctor),
    )


def _charge(city: City, sheet: Sheet, buys: pd.DataFrame) -> None:
    """A line for each drug; three in ten at the offer of the day, unless the price was planned."""
    rng, place = city.rng, city.places.iloc[buys.inst]
    shop, planned = buys["shop"].to_numpy(), buys.factor.to_numpy() != 1
    offer = np.exp(rng.normal(0, 1, len(buys)) * place.offers.fillna(0).to_numpy())
    factor = np.where(planned, buys.factor, np.where(rng.random(len(buys)) < 0.3, offer, 1))
    factor = factor * np.where(shop, place.price, 1)
    visit, item, cnt, time = (buys[name].to_numpy() for name in ("visit", "item", "cnt", "time"))
    doctor = np.where(shop & buys.lead.isna(), -1, buys.doctor)
    more = {"doctor": doctor, "sale": buys["sale"].to_numpy(), "rx": buys.rx.to_numpy(dtype=float)}
    sheet.charge(visit, item, cnt, time, factor, all_items=True, **more)


def _prescriptions(city: City, lines: pd.DataFrame) -> pd.DataFrame:
    """One prescription for each basket, or for all baskets that share one; the first sale dates it."""
    own = lines.rx < 0
    key = np.where(own, lines.basket + city.prescriptions, lines.rx)
    when = lines.time.to_numpy() - lines.lead.to_numpy().astype("timedelta64[s]")
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
    sales = lines.iloc[row][["sale", "visit", "psn", "inst", "item", "time", "split", "rx"]].reset_index(
        drop=True
    )
    item = sales["item"].astype(str).str.zfill(6)
    sales["code"] = pd.Series("8" + item + pd.Series(pack).astype(str).str.zfill(13)).where(scanned[row])
    sales["cnt"] = np.where(scanned[row], 1.0, lines.cnt.to_numpy()[row])
    return sales
