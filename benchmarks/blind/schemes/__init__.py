"""The schemes of a city, by their ids in the domain notes; those that change honest stays come first."""

from collections.abc import Callable, Mapping

from benchmarks.blind.city import City
from benchmarks.blind.schemes import billing, drugs, persons, sessions, tills, wards

SCHEMES: Mapping[str, Callable[[City], None]] = {
    "M03": wards.split_stays,
    "M24": billing.upcoding,
    "M33": billing.blanket_examinations,
    "M29": billing.padded_implants,
    "M28": sessions.phantom_dialysis,
    "M01": wards.phantom_stays,
    "M02": wards.companions,
    "M04": wards.checkup_stays,
    "M10": wards.hanging_beds,
    "M11": wards.fetched_patients,
    "M34": billing.supplied_by_home,
    "M31": billing.sold_patients,
    "M45": sessions.phantom_therapy,
    "M08": sessions.care_in_ward,
    "M26": sessions.brought_together,
    "M40": drugs.kickbacks,
    "M22": drugs.forged_prescriptions,
    "M50": drugs.one_drug_doctors,
    "M05": drugs.lone_hoarders,
    "M19": drugs.hoarding_rings,
    "M21": drugs.one_prescription_many_shops,
    "M15": tills.card_drawers,
    "M16": tills.empty_swipes,
    "M18": tills.goods_as_drugs,
    "M20": tills.reused_codes,
    "M47": tills.year_end_rush,
    "M09": persons.after_death,
    "M14": persons.borrowed_cards,
    "M27": persons.hidden_third_party,
    "M48": persons.two_places_at_once,
}
