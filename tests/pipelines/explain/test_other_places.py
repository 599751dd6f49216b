"""Records name the other place that they are about: of the card, of the doctor, of the admission after."""

from types import SimpleNamespace

import ibis
import pandas as pd

from features.measures.catalogue import measures_of
from pipelines.explain.other_places import other_place, other_places
from tests.in_memory import engine

NAMES = pd.Series({"H2": "县医院"})
# Visit, day, card at two places, minutes, from, doctor at two sites, minutes, from, admitted to, stay.
VISITS = [
    ("doctor", "2024-05-01", False, None, None, True, 20.0, "H2", None, None),
    ("card", "2024-05-01", True, 26.0, "P7", False, None, None, None, None),
    ("one place", "2024-05-01", False, 90.0, "P7", False, 130.0, "H9", None, None),
    ("sent", "2024-05-01", False, None, None, False, None, None, "H2", "stay"),
    ("stay", "2024-05-03", False, None, None, False, None, None, None, None),
]


def town() -> SimpleNamespace:
    columns = ["mdtrt_id", "day", "two_places", "moved_minutes", "moved_from", "dr_two_sites"]
    columns += ["dr_moved_minutes", "dr_moved_from", "referred_to", "referred_stay"]
    frame = pd.DataFrame(VISITS, columns=columns)
    con = engine()
    facts = con.create_table("facts", ibis.memtable(frame.assign(day=pd.to_datetime(frame.day))))
    return SimpleNamespace(claims=SimpleNamespace(con=con), facts=facts)


def test_what_was_elsewhere_is_named_with_its_minute_or_day():
    found = other_places(town(), pd.Series(["doctor", "card", "one place", "sent"]), NAMES)
    assert {key: zh for key, (zh, _en) in found.items()} == {
        ("doctor", "doctor"): "该医师20分钟前在县医院 H2接诊",
        ("card", "card"): "同一医保卡26分钟前在P7刷卡",
        ("sent", "admitted"): "患者于2024-05-03住进县医院 H2",
    }
    assert found["card", "card"][1] == "the same card was used 26 minutes before at P7"
    assert found["sent", "admitted"][1] == "the patient was admitted on 2024-05-03 to 县医院 H2"


def test_a_record_names_the_place_that_its_measure_or_a_sign_is_about():
    places = {("v", "card"): ("此前在甲", "at A"), ("v", "admitted"): ("住进乙", "to B")}
    onward = measures_of("prescriber")["onward_admissions_90d"][0]
    total = measures_of("prescriber")["outpatient_visits_90d"][0]
    sign = (measures_of("visit")["two_places"][0], 1.0, 0.0)
    assert other_place(places, "v", onward, [sign]) == ("住进乙", "to B")
    assert other_place(places, "v", total, [sign]) == ("此前在甲", "at A")
    assert other_place(places, "v", total, []) is None and other_place(places, "w", onward, [sign]) is None
