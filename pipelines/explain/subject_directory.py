"""Part of the step that explains: where each listed subject belongs and what it is called."""

import pandas as pd
import pyarrow as pa
from ibis import _

from pipelines.snapshot import SUBJECT, Snapshot
from pipelines.typed_frames import fetch

DIRECTORY = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("name", pa.string()),
        ("area", pa.string()), ("level", pa.string()),
    ]
)  # fmt: skip
_INSTITUTIONS = ("hospital", "pharmacy")


def directory_table(snapshot: Snapshot, suspects: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Every listed subject with its area and level: columns of DIRECTORY.

    An institution's are its own, a visit's those of its institution, a doctor's those of the institution he
    belongs to (`features.comparison.affiliation`); a person belongs to his village, a group to the village of
    most members.

    Args:
        suspects: subject_type, subject_id.
        names: of institutions, by code.

    Returns:
        Null ``name`` for all but institutions, null ``area`` and ``level`` where nobody said.
    """
    places = fetch(snapshot.claims["fixmedins_b"].select("fixmedins_code", area=_.admdvs, level=_.hosp_lv))
    places = places.drop_duplicates("fixmedins_code")
    homes = fetch(snapshot.claims["psn_info_b"].select("psn_no", area=_.live_admdvs))
    homes = homes.drop_duplicates("psn_no").rename(columns={"psn_no": "subject_id"})
    members = snapshot.network.members.rename(columns={"psn_no": "subject_id"})
    located = {
        "prescriber": _at(_doctors(snapshot), places),
        "visit": _at(_visits(snapshot), places),
        "patient": homes,
        "group": _usual(members.merge(homes, on="subject_id"), "group_id", "area"),
    }
    located |= dict.fromkeys(_INSTITUTIONS, places.rename(columns={"fixmedins_code": "subject_id"}))
    parts = [
        _part(kind, rows, located[str(kind)]) for kind, rows in suspects[SUBJECT].groupby("subject_type")
    ]
    found = pd.concat(parts, ignore_index=True) if parts else suspects[SUBJECT].head(0)
    known = found.subject_id.where(found.subject_type.isin(_INSTITUTIONS)).map(names)
    return found.assign(name=known.where(known != "")).reindex(columns=list(DIRECTORY.names))


def _part(kind: object, rows: pd.DataFrame, located: pd.DataFrame) -> pd.DataFrame:
    columns = ["subject_id", *(name for name in ("area", "level") if name in located)]
    return rows.merge(located[columns], how="left", on="subject_id")


def _doctors(snapshot: Snapshot) -> pd.DataFrame:
    """The institution of each doctor: subject_id, fixmedins_code."""
    if "prescriber" not in snapshot.subjects:
        return pd.DataFrame({"subject_id": [], "fixmedins_code": []}, dtype=object)
    places = snapshot.subjects["prescriber"].places
    return places.rename("fixmedins_code").rename_axis("subject_id").reset_index()


def _visits(snapshot: Snapshot) -> pd.DataFrame:
    return fetch(snapshot.facts.select("fixmedins_code", subject_id=_.mdtrt_id))


def _at(subjects: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    return subjects.merge(places, how="left", on="fixmedins_code")


def _usual(rows: pd.DataFrame, key: str, column: str) -> pd.DataFrame:
    """The most frequent value of each key, the first of the alphabet among equals: subject_id, column."""
    counted: pd.DataFrame = rows.groupby([key, column]).size().rename("n").reset_index()
    first = counted.sort_values([key, "n", column], ascending=[True, False, True]).drop_duplicates(key)
    return first.rename(columns={key: "subject_id"})[["subject_id", column]]
