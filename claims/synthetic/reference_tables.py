"""Reference tables beside the catalogue: limits of items and diagnoses, pairs of items, stock, cover.

The limits are those that honest care in this city keeps, as in a catalogue that has long been in force; kinds
as in `features/rules/limits_table.py` and docs/contract-additions.md.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from claims.synthetic.catalogue import CHRONIC, Catalogue
from claims.synthetic.clock import DAY
from claims.synthetic.drafts import NO_CODE
from claims.synthetic.ledger import Books
from claims.synthetic.lines import ENHANCED
from claims.synthetic.world import City

TRACE_PRODUCT = 8_100_000  # the product's part of a trace code: so much and seven times the item's number
STAYS = ("2", "52")  # kinds of visit that are stays, by their beginning

# (use, kind of limit, values): every item of the use has every value.
BY_USE = (
    ("chemo_drug", "medinslv", ("2",)),  # R026
    ("crrt", "medinslv", ("2",)),  # R027
    ("ward_drug", "med_type", STAYS),  # R028
    ("bed", "med_type", STAYS),  # R029
    ("nursing_1", "med_type", STAYS),
    ("nursing_2", "med_type", STAYS),
    ("nursing_3", "med_type", STAYS),
    ("ward_drug", "course_days", ("14",)),  # R030: <=14 d per episode
    ("rehab", "course_days", ("90",)),  # R039: <=30/90 d
    ("dialysis", "dept", ("A03",)),  # R036
    ("dialyser", "dept", ("A03",)),  # R037
    ("dialysis", "diag", ("N17", "N18", "N19")),  # R038
    ("dialyser", "diag", ("N17", "N18", "N19")),  # R063
    ("chemo_drug", "label_diag", ("C", "Z51")),  # R071
    ("implant", "visit_cnt", ("1",)),  # R058
)
# Price ceilings by level of care, times the list price: a little above the dearest place of the level.
CEILINGS = {"3": 1.5, "2": 1.3, "1": 1.1}
LEVELLED = ("exam", "scan")
# Ceilings and daily maxima that came in the middle of the period, at all levels (R046, R040).
LATER_CEILING, LATER_MAXIMUM, MIDDLE = "lab", "round", 0.5
HERB_NEVER, HERB_NOT_ALONE = -1, -2  # places in the family of herbs (R033, R034)
# The laboratory panel holds unusual tests; the last of all stands in for limited ones (R045).
PANEL_PARTS = slice(-6, -2)

# Of diagnoses: (beginning of the code, kind of limit, value): childbirth (R010, R011).
OF_DIAGNOSES = (("O80", "gend", "2"), ("O80", "age_low", "10"), ("O80", "age_high", "60"))
CONTAINS, PACKAGE, REQUIRES, TESTED = "1", "2", "3", "4"
STOCK_TAKE, PURCHASE = "3501", "3503"


def limits(catalogue: Catalogue, days: int) -> pd.DataFrame:
    """`hilist_lmt_b`: item, kind, value, level ("" for all) and begin (seconds, -1 for always)."""
    items = catalogue.items
    rows = [
        (item, kind, value) for use, kind, values in BY_USE for item in catalogue.of(use) for value in values
    ]
    drugs = items[items.disease >= 0]
    codes, icd = CHRONIC.code.to_numpy()[drugs.disease], CHRONIC.icd.str[:3].to_numpy()[drugs.disease]
    rows += [(item, "dise", code) for item, code in zip(drugs.index, codes, strict=True)]  # R032
    rows += [(item, "diag", dx) for item, dx, dear in zip(drugs.index, icd, drugs.dear, strict=True) if dear]
    rows += [(item, "trac_prfx", str(TRACE_PRODUCT + 7 * item)) for item in _packed(items)]  # R107
    herbs = catalogue.of("herb")
    rows += [(herbs[HERB_NEVER], "nopay", "1"), (herbs[HERB_NOT_ALONE], "nopay_alone", "1")]
    ever = pd.DataFrame(rows, columns=["item", "kind", "value"]).assign(level="", begin=-1)
    return pd.concat([ever, _dated(catalogue, round(days * MIDDLE) * DAY)], ignore_index=True)


def _dated(catalogue: Catalogue, middle: int) -> pd.DataFrame:
    """Ceilings that differ by level of care, and ceilings and daily maxima that begin in the middle."""
    items = catalogue.items
    capped = items.ceiling.notna()
    levelled = items.index[capped & items.use.isin(LEVELLED)]
    rows = [
        (item, "pric_uplmt_amt", f"{items.price[item] * times:.2f}", level, -1)
        for item in levelled
        for level, times in CEILINGS.items()
    ]
    later = items.index[capped & items.use.eq(LATER_CEILING)]
    rows += [(i, "pric_uplmt_amt", f"{items.price[i] * CEILINGS['3']:.2f}", "", middle) for i in later]
    rows += [(i, "max_day_cnt", "1", "", middle) for i in catalogue.of(LATER_MAXIMUM)]
    return pd.DataFrame(rows, columns=["item", "kind", "value", "level", "begin"])


def _packed(items: pd.DataFrame) -> Iterable[int]:
    return items.index[items.charge.isin(["09", "11"])]


def relations(catalogue: Catalogue) -> pd.DataFrame:
    """`hilist_rela_b`: item, kind, other."""
    parts = catalogue.of("lab")[PANEL_PARTS]
    care = catalogue.items.index[catalogue.items.charge.eq("07") & catalogue.items.use.eq("treatment")]
    enhanced = catalogue.items.index[catalogue.items.name.isin(ENHANCED)]
    rows = [
        *[(catalogue.one("contrast"), REQUIRES, scan) for scan in enhanced],  # R062
        (catalogue.one("epo"), TESTED, catalogue.one("haemoglobin")),  # R102
        *[(catalogue.one("dialysis"), CONTAINS, item) for item in care],  # R057
        (catalogue.one("dialysis"), CONTAINS, catalogue.of("consumable")[0]),  # R044
        *[(catalogue.one("panel"), PACKAGE, item) for item in parts],  # R045
        *[(i, REQUIRES, cut) for i in catalogue.of("implant") for cut in catalogue.of("surgery")],  # R059
    ]
    return pd.DataFrame(rows, columns=["item", "kind", "other"])


def diagnoses() -> pd.DataFrame:
    """`icd_lmt_b` of diagnoses: code, kind, value."""
    return pd.DataFrame(OF_DIAGNOSES, columns=["code", "kind", "value"])


def cover(city: City) -> pd.DataFrame:
    """`psn_insu_d`: everybody is insured from before the period; cover ends a month after death (R004)."""
    death = city.people.death.to_numpy()
    person = np.arange(len(city.people))
    return pd.DataFrame({"person": person, "end": np.where(death >= 0, death + 30 * DAY, -1)})


def stock(city: City, books: Books) -> pd.DataFrame:
    """`inv_chg_d`: opening stock and monthly purchases: place, item, kind, time, count.

    A place buys what it hands out: a box billed but not handed over, or bought back from a patient, never
    came from a supplier (schemes M16, M20).
    """
    rng = city.rng("stock")
    goods = city.catalogue.items.list_type.isin(["101", "102", "103", "301"]).to_numpy()
    lines = books.lines[goods[books.lines.item]]
    place = books.visits.place.to_numpy()[lines.visit]
    handed = np.where(lines.trace.isin([0, NO_CODE]), lines["count"], 0)
    month = lines.time.to_numpy() // (30 * DAY)
    used = pd.DataFrame({"place": place, "item": lines.item.to_numpy(), "month": month, "count": handed})
    used = used.groupby(["place", "item", "month"])["count"].sum().reset_index()
    # Bought for a month at its beginning, with a reserve; a shelf is not filled to the box.
    bought = np.ceil(used["count"] * rng.uniform(1.0, 1.25, len(used))) + 1
    arrivals = used.assign(count=bought, kind=PURCHASE, time=used.month * 30 * DAY + 6 * 3600)
    first = used.drop_duplicates(["place", "item"])
    opening = first.assign(count=rng.integers(0, 12, len(first)), kind=STOCK_TAKE, time=0)
    columns = ["place", "item", "kind", "time", "count"]
    return pd.concat([opening, arrivals])[columns].sort_values(["time", "place", "item"], ignore_index=True)
